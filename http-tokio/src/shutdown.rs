//! The news that a server shuts down, for all of its connections at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The server's end.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    begun: Arc<AtomicBool>,
    notify: Arc<Notify>,
}

impl Shutdown {
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    pub(crate) fn signal(&self) -> Signal {
        Signal {
            begun: Arc::clone(&self.begun),
            notified: Box::pin(Arc::clone(&self.notify).notified_owned()),
            registered: None,
        }
    }
}

/// A connection's end. Asked on every turn, so it stays clear of the lock that all connections share: the waker is
/// registered once.
#[derive(Debug)]
pub(crate) struct Signal {
    begun: Arc<AtomicBool>,
    notified: Pin<Box<OwnedNotified>>,
    registered: Option<Waker>,
}

impl Signal {
    /// Whether the shutdown has begun; if not, the task is woken when it does.
    pub(crate) fn has_begun(&mut self, cx: &mut Context<'_>) -> bool {
        if self.begun.load(Ordering::Acquire) {
            return true;
        }
        if self.registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return false;
        }
        self.registered = Some(cx.waker().clone());
        self.notified.as_mut().poll(cx).is_ready()
    }
}
