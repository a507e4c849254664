//! How a thread waits: for a socket, for whoever wakes it, and until a deadline, all at the same time. Every thread has a
//! bell, a pair of sockets, by which wakers reach it in `poll`.

use crate::clock;
use http_proto::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The rest when the system has no memory to wait with.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
struct Bell {
    ring: UnixStream,
    hear: UnixStream,
    rung: AtomicBool,
}

impl Bell {
    fn new() -> io::Result<Self> {
        let (ring, hear) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        hear.set_nonblocking(true)?;
        Ok(Bell { ring, hear, rung: AtomicBool::new(false) })
    }

    /// Forgets that it was rung: who waits looks at everything now.
    fn reset(&self) {
        let mut room = [0; 16];
        let _ = (&self.hear).read(&mut room);
        self.rung.swap(false, AcqRel);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, AcqRel) {
            let _ = (&self.ring).write(&[1]);
        }
    }
}

thread_local! {
    /// Without descriptors a thread has no bell, and looks around from time to time.
    static BELL: Option<Arc<Bell>> = Bell::new().ok().map(Arc::new);
}

/// Wakes this thread.
pub(crate) fn waker() -> Waker {
    BELL.with(|bell| bell.clone().map_or_else(|| Waker::noop().clone(), Waker::from))
}

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

/// Waits for the socket, for a waker of this thread, or until the deadline. It may return early.
pub(crate) fn wait(watch: Option<Watch<'_>>, deadline: Option<Instant>) -> Ready {
    BELL.with(|bell| {
        let deadline = match bell {
            Some(_) => deadline,
            None => Some(clock::now().saturating_add(PAUSE)),
        };
        let left = deadline.map(|deadline| deadline.saturating_since(clock::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        // What is not there is looked at in the place of it: the bell itself, once more.
        let Some(fallback) = bell.as_ref().map(|bell| bell.hear.as_fd()).or(watch.map(|watch| watch.socket)) else {
            std::thread::sleep(left.unwrap_or(PAUSE));
            return Ready::default();
        };
        let mut flags = PollFlags::empty();
        if let Some(watch) = watch {
            flags.set(PollFlags::IN, watch.readable);
            flags.set(PollFlags::OUT, watch.writable);
        }
        let socket = watch.map_or(fallback, |watch| watch.socket);
        let heard = if bell.is_some() { PollFlags::IN } else { PollFlags::empty() };
        let mut both = [PollFd::from_borrowed_fd(fallback, heard), PollFd::from_borrowed_fd(socket, flags)];
        if poll(&mut both, timeout.as_ref()).is_err() {
            // A signal; or no memory, which passes.
            return Ready::default();
        }
        let [heard, found] = both.map(|fd| fd.revents());
        if let Some(bell) = bell.as_ref().filter(|_| heard.contains(PollFlags::IN)) {
            bell.reset();
        }
        Ready {
            readable: found.contains(PollFlags::IN),
            broken: watch.is_some() && found.intersects(PollFlags::ERR | PollFlags::HUP),
        }
    })
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = waker();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        wait(None, None);
    }
}
