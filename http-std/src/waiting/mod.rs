//! How a thread waits: for sockets, for whoever wakes it, and until a deadline, all at the same time, in one call of
//! `poll`. [`block_on`] runs a future on the thread that calls it, which needs no other.

mod awaited;
mod bell;

pub(crate) use awaited::{Alarm, For, Place, Watched, place};
pub(crate) use bell::{Bell, is_own, waker};

use crate::clock;
use http_proto::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The rest when the system has no memory to wait with.
const PAUSE: Duration = Duration::from_millis(10);

/// What has become of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ready {
    /// It can be read.
    pub(crate) readable: bool,
    /// It is broken, or both ends have closed it.
    pub(crate) broken: bool,
}

/// What is awaited of a socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) socket: BorrowedFd<'a>,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

impl Watch<'_> {
    fn flags(&self) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.readable);
        flags.set(PollFlags::OUT, self.writable);
        flags
    }
}

/// Waits for the socket, for a waker of this thread, for what its futures wait for, or until the deadline. It may return
/// early.
pub(crate) fn wait(watch: Option<Watch<'_>>, deadline: Option<Instant>) -> Ready {
    wait_if(true, watch, deadline)
}

/// The same, without waiting unless `sleeps`.
fn wait_if(sleeps: bool, watch: Option<Watch<'_>>, deadline: Option<Instant>) -> Ready {
    let bell = bell::bell();
    let (held, alarm) = awaited::held();
    let asleep = sleeps && bell.as_ref().is_none_or(|bell| bell.fall_asleep());
    if !asleep && held.is_empty() && watch.is_none() {
        bell.inspect(|bell| _ = bell.wake_up(false));
        awaited::note_woken();
        return Ready::default();
    }
    let look_around = bell.is_none().then(|| clock::now().saturating_add(PAUSE));
    let deadline = [deadline, alarm, look_around].into_iter().flatten().min();
    let left = match deadline {
        _ if !asleep => Some(Duration::ZERO),
        Some(deadline) => Some(deadline.saturating_since(clock::now())),
        None => None,
    };
    let mut fds = Vec::with_capacity(2 + held.len());
    fds.extend(bell.as_ref().map(|bell| PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)));
    fds.extend(watch.map(|watch| PollFd::from_borrowed_fd(watch.socket, watch.flags())));
    fds.extend(held.iter().map(|held| PollFd::from_borrowed_fd(held.socket(), held.flags())));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    // A signal; or no memory, which passes.
    let failed = poll(&mut fds, timeout.as_ref()).is_err();
    let mut found = fds.iter().map(|fd| if failed { PollFlags::empty() } else { fd.revents() });
    let heard = bell.is_some() && found.next().is_some_and(|flags| flags.contains(PollFlags::IN));
    let watched = watch.and_then(|_| found.next()).unwrap_or(PollFlags::empty());
    let found: Vec<_> = found.collect();
    drop(fds);
    if bell.as_ref().is_some_and(|bell| bell.wake_up(heard)) {
        awaited::note_woken();
    }
    awaited::wake(held.into_iter().zip(found).filter(|(_, flags)| !flags.is_empty()));
    // Whoever waits looks at everything now.
    if let Some(bell) = bell {
        bell.wake_up(false);
    }
    Ready { readable: watched.contains(PollFlags::IN), broken: watched.intersects(PollFlags::ERR | PollFlags::HUP) }
}

/// A future that this thread runs, within others perhaps. When it is dropped, nothing is awaited any more of what that
/// future has waited for.
#[derive(Debug)]
pub(crate) struct Running {
    /// How often the thread had been woken when the future was polled.
    woken: u64,
}

impl Running {
    pub(crate) fn new() -> Self {
        awaited::enter();
        Running { woken: awaited::woken() }
    }

    /// Polls it.
    pub(crate) fn poll<V>(&mut self, poll: impl FnOnce() -> V) -> V {
        self.woken = awaited::woken();
        poll()
    }

    /// Waits as [`wait`] does, unless the future has been woken since it was polled: others that it has run meanwhile have
    /// waited, too.
    pub(crate) fn wait(&self, watch: Option<Watch<'_>>, deadline: Option<Instant>) -> Ready {
        wait_if(self.woken == awaited::woken(), watch, deadline)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        awaited::leave();
    }
}

/// Runs a future to its end on this thread, with all that it needs of a runtime: sockets, time, and whoever wakes it from
/// elsewhere. In a future that is run so, it holds up whatever that one waits for besides.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = waker();
    let mut running = Running::new();
    loop {
        if let Poll::Ready(output) = running.poll(|| future.as_mut().poll(&mut Context::from_waker(&waker))) {
            return output;
        }
        running.wait(None, None);
    }
}

/// Polls what this thread runs, and waits for what is polled by others, who know nothing of its sockets.
pub(crate) fn poll_here<V>(cx: &mut Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<V>) -> Poll<V> {
    if is_own(cx.waker()) { poll(cx) } else { Poll::Ready(block_on(std::future::poll_fn(poll))) }
}

/// Whether something can be written to the socket, or it is known that nothing ever can.
pub(crate) fn is_writable(socket: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(socket, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}
