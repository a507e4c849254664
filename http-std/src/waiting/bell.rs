//! [`Bell`]: by which wakers of any make reach a thread that waits in `poll`. Every thread has one.

use crate::wire::Wire;
use std::cell::RefCell;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::task::{Wake, Waker};

/// The thread does something, and looks at the bell before it waits.
const AWAKE: u8 = 0;
/// It waits, or is about to.
const ASLEEP: u8 = 1;
/// It has been woken, and has not taken note of that.
const RUNG: u8 = 2;

/// Wakes the thread that has it.
#[derive(Debug)]
pub(crate) struct Bell {
    wire: Wire,
    state: AtomicU8,
}

impl Bell {
    /// One for a thread that takes it.
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Bell { wire: Wire::new()?, state: AtomicU8::new(AWAKE) }))
    }

    /// Makes it the bell of this thread.
    pub(crate) fn install(self: Arc<Self>) {
        BELL.set(Some(self));
    }

    /// The thread is about to wait; false: it was woken before.
    pub(super) fn fall_asleep(&self) -> bool {
        self.state.compare_exchange(AWAKE, ASLEEP, SeqCst, SeqCst).is_ok()
    }

    /// The thread waits no longer, and looks at everything now; whether it was woken. `heard`: the descriptor says so.
    pub(super) fn wake_up(&self, heard: bool) -> bool {
        let rung = self.state.swap(AWAKE, SeqCst) == RUNG;
        if heard {
            self.wire.hear();
        }
        rung || heard
    }

    /// What can be read when the thread is woken while it waits.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Who is awake needs no call of the system to be told.
        if self.state.swap(RUNG, SeqCst) == ASLEEP {
            self.wire.ring();
        }
    }
}

thread_local! {
    static BELL: RefCell<Option<Arc<Bell>>> = const { RefCell::new(None) };
}

/// The bell of this thread. Without descriptors it has none, and looks around from time to time.
pub(super) fn bell() -> Option<Arc<Bell>> {
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

/// Whether this is the waker of this thread itself, rather than one that leads to it by detours, or elsewhere.
pub(crate) fn is_own(waker: &Waker) -> bool {
    bell().is_some_and(|bell| std::ptr::eq(waker.data(), Arc::as_ptr(&bell).cast()))
}
