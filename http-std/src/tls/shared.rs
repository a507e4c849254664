//! [`SharedTls`]: TLS on a socket for several threads, of which one can read while another writes. Nobody waits while he
//! holds the session: the socket does not block, and who has to wait waits for it in `poll`.

use super::{AT_ONCE, Tls};
use crate::waiting::{For, Watch, Watched, wait};
use crate::{BlockingTransport, Socket, Stream, clock};
use http_driver::TlsInfo;
use http_driver::parts::lock;
use http_proto::Instant;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll};

#[derive(Debug)]
pub(crate) struct SharedTls {
    socket: Socket,
    tls: Mutex<Tls<Stream<Socket>>>,
    /// Held as long as a write goes on: what TLS has taken has to leave before it takes more.
    writing: Mutex<()>,
    /// By futures, if there are such.
    watched: OnceLock<Watched>,
}

impl SharedTls {
    pub(crate) fn new(tls: Tls<Stream<Socket>>) -> Self {
        SharedTls {
            socket: tls.get_ref().get_ref().clone(),
            tls: Mutex::new(tls),
            writing: Mutex::new(()),
            watched: OnceLock::new(),
        }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn info(&self) -> Option<TlsInfo> {
        lock(&self.tls).info()
    }

    pub(crate) fn read(&self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            let read = lock(&self.tls).read(room, AT_ONCE);
            match read {
                Err(error) if error.kind() == ErrorKind::TimedOut => self.wait(false, deadline)?,
                read => return read,
            }
        }
    }

    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let _turn = lock(&self.writing);
        let mut written = 0;
        loop {
            let mut tls = lock(&self.tls);
            match tls.write_vectored(slices, AT_ONCE) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(error) => return Err(error),
            }
            let over = written > 0 && !tls.is_writing();
            drop(tls);
            if over {
                return Ok(written);
            }
            if let Err(late) = self.wait(true, deadline) {
                return if written > 0 { Ok(written) } else { Err(late) };
            }
        }
    }

    pub(crate) fn shutdown(&self, deadline: Option<Instant>) -> io::Result<()> {
        loop {
            let shut = lock(&self.tls).shutdown(AT_ONCE);
            match shut {
                Err(error) if error.kind() == ErrorKind::TimedOut => self.wait(true, deadline)?,
                shut => return shut,
            }
        }
    }

    pub(crate) fn abort(&self) {
        lock(&self.tls).abort();
    }

    pub(crate) fn has_buffered(&self) -> bool {
        lock(&self.tls).has_buffered()
    }

    /// What cannot be done at once is noted for the thread that polls.
    pub(crate) fn poll<V>(&self, cx: &Context<'_>, done: io::Result<V>, what: For) -> Poll<io::Result<V>> {
        match done {
            Err(error) if error.kind() == ErrorKind::TimedOut => match self.watched().register(cx, what) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            done => Poll::Ready(done),
        }
    }

    pub(crate) fn watched(&self) -> &Watched {
        self.watched.get_or_init(|| Watched::new(self.socket.clone()))
    }

    /// Waits until the socket can be read, or written; an error if it is too late for that.
    fn wait(&self, writes: bool, deadline: Option<Instant>) -> io::Result<()> {
        if deadline.is_some_and(|deadline| deadline <= clock::now()) {
            return Err(ErrorKind::TimedOut.into());
        }
        let watch = Watch { socket: self.socket.as_fd(), readable: !writes, writable: writes };
        wait(Some(watch), deadline);
        Ok(())
    }
}
