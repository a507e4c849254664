//! How a thread waits: for a socket, for whoever wakes it, and until a deadline, all at the same time. Every thread has a
//! bell by which wakers reach it in `poll`.

use crate::clock;
use crate::wire::Wire;
use http_proto::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::cell::RefCell;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The rest when the system has no memory to wait with.
const PAUSE: Duration = Duration::from_millis(10);

/// Wakes the thread that has it.
#[derive(Debug)]
pub(crate) struct Bell {
    wire: Wire,
    rung: AtomicBool,
}

impl Bell {
    /// One for a thread that takes it.
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Bell { wire: Wire::new()?, rung: AtomicBool::new(false) }))
    }

    /// Makes it the bell of this thread.
    pub(crate) fn install(self: Arc<Self>) {
        BELL.set(Some(self));
    }

    /// Forgets that it was rung: who waits looks at everything now.
    fn reset(&self) {
        self.wire.hear();
        self.rung.swap(false, AcqRel);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, AcqRel) {
            self.wire.ring();
        }
    }
}

thread_local! {
    static BELL: RefCell<Option<Arc<Bell>>> = const { RefCell::new(None) };
}

/// The bell of this thread. Without descriptors it has none, and looks around from time to time.
fn bell() -> Option<Arc<Bell>> {
    BELL.with_borrow_mut(|bell| {
        if bell.is_none() {
            *bell = Bell::new().ok();
        }
        bell.clone()
    })
}

/// Wakes this thread.
pub(crate) fn waker() -> Waker {
    bell().map_or_else(|| Waker::noop().clone(), Waker::from)
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
    let bell = bell();
    let deadline = match &bell {
        Some(_) => deadline,
        None => Some(clock::now().saturating_add(PAUSE)),
    };
    let left = deadline.map(|deadline| deadline.saturating_since(clock::now()));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    let mut flags = PollFlags::empty();
    if let Some(watch) = watch {
        flags.set(PollFlags::IN, watch.readable);
        flags.set(PollFlags::OUT, watch.writable);
    }
    // What is not there is looked at in the place of the other, once more.
    let heard = bell.as_ref().map(|bell| PollFd::from_borrowed_fd(bell.wire.as_fd(), PollFlags::IN));
    let found = watch.map(|watch| PollFd::from_borrowed_fd(watch.socket, flags));
    let mut both = match (heard, found) {
        (Some(heard), Some(found)) => [heard, found],
        (Some(one), None) | (None, Some(one)) => [one.clone(), one],
        (None, None) => {
            std::thread::sleep(left.unwrap_or(PAUSE));
            return Ready::default();
        }
    };
    if poll(&mut both, timeout.as_ref()).is_err() {
        // A signal; or no memory, which passes.
        return Ready::default();
    }
    let [heard, found] = both.map(|fd| fd.revents());
    if let Some(bell) = bell.filter(|_| heard.contains(PollFlags::IN)) {
        bell.reset();
    }
    let found = if watch.is_some() { found } else { PollFlags::empty() };
    Ready { readable: found.contains(PollFlags::IN), broken: found.intersects(PollFlags::ERR | PollFlags::HUP) }
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
