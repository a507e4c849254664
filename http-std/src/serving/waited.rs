//! [`Waited`]: the socket of a connection, for those who wait for it without holding the connection: the set of all that are
//! put down, a thread, futures.

use super::Shared;
use crate::Socket;
use crate::link::Awaited;
use crate::waiting::{self, Alarm, For, Ready, Running, Watch, Watched};
use http_driver::parts::lock;
use http_proto::Instant;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::task::Context;

/// What is waited for.
pub(super) struct Waited {
    socket: Socket,
    /// The set, which tells of a socket once whenever something happens there, and what it tells of this one.
    set: Arc<Registry>,
    told: Option<Interest>,
    /// By a future that reads content among others.
    watched: Option<Watched>,
    alarm: Option<Alarm>,
}

impl Waited {
    pub(super) fn new(socket: Socket, set: Arc<Registry>) -> Self {
        Waited { socket, set, told: None, watched: None, alarm: None }
    }

    fn enter_set(&mut self, token: Token, interest: Interest) -> io::Result<()> {
        let all = self.told.map_or(interest, |told| told | interest);
        let descriptor = self.socket.as_fd().as_raw_fd();
        match self.told {
            Some(told) if told == all => return Ok(()),
            Some(_) => self.set.reregister(&mut SourceFd(&descriptor), token, all)?,
            None => self.set.register(&mut SourceFd(&descriptor), token, all)?,
        }
        self.told = Some(all);
        Ok(())
    }

    fn leave_set(&mut self) {
        if self.told.take().is_some() {
            let _ = self.set.deregister(&mut SourceFd(&self.socket.as_fd().as_raw_fd()));
        }
    }
}

/// The socket may live on with another protocol.
impl Drop for Waited {
    fn drop(&mut self) {
        self.leave_set();
    }
}

impl Shared {
    /// The socket, while the connection lasts.
    pub(super) fn socket(&self) -> Option<Socket> {
        lock(&self.waited).as_ref().map(|waited| waited.socket.clone())
    }

    /// Has the set tell of the connection, by its number, what happens from now on.
    ///
    /// # Errors
    /// The connection is over; or the system watches no more sockets.
    pub(crate) fn enter_set(&self, readable: bool, writable: bool) -> io::Result<()> {
        let interest = match (readable, writable) {
            (_, false) => Interest::READABLE,
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
        };
        let mut waited = lock(&self.waited);
        let waited = waited.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        waited.enter_set(Token(self.info.id() as usize), interest)
    }

    /// The set need not tell of it, until it is to do so again.
    pub(super) fn leave_set(&self) {
        if let Some(waited) = &mut *lock(&self.waited) {
            waited.leave_set();
        }
    }

    /// Waits for what a turn has left undone.
    pub(super) fn wait(&self, awaited: Awaited) -> Ready {
        self.wait_by(awaited, |watch, deadline| waiting::wait(Some(watch), deadline))
    }

    /// The same with a future on this thread.
    pub(super) fn wait_running(&self, running: &Running, awaited: Awaited) -> Ready {
        self.wait_by(awaited, |watch, deadline| running.wait(Some(watch), deadline))
    }

    fn wait_by(&self, awaited: Awaited, wait: impl FnOnce(Watch<'_>, Option<Instant>) -> Ready) -> Ready {
        let Awaited { readable, writable, deadline } = awaited;
        // Who waits here hears of all that happens there: nobody else needs to.
        self.leave_set();
        // Without a socket it is over, and that is to be noticed.
        let Some(socket) = self.socket() else { return Ready { broken: true, ..Ready::default() } };
        wait(Watch { socket: socket.as_fd(), readable, writable }, deadline)
    }

    /// Has `cx` woken by what a turn has left undone; false: the connection is over.
    pub(super) fn register(&self, cx: &Context<'_>, awaited: Awaited) -> bool {
        let Awaited { readable, writable, deadline } = awaited;
        let mut waited = lock(&self.waited);
        let Some(waited) = &mut *waited else { return false };
        waited.leave_set();
        let Waited { socket, watched, alarm, .. } = waited;
        let watched = watched.get_or_insert_with(|| Watched::new(socket.clone()));
        *alarm = deadline.map(|deadline| Alarm::set(deadline, cx));
        let reads = !readable || watched.register(cx, For::Reading).is_ok();
        let writes = !writable || watched.register(cx, For::Writing).is_ok();
        reads && writes && (readable || !watched.is_reset(cx))
    }
}
