//! [`Permits`]: a count that handlers wait for without a runtime, and tests on their own thread within the deadline.

use super::DEADLINE;
use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Permits that one side adds and the other takes.
#[derive(Debug, Default)]
pub struct Permits {
    inner: Mutex<Inner>,
    added: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    count: usize,
    waiting: Vec<Waker>,
}

impl Permits {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Adds some.
    pub fn add(&self, permits: usize) {
        let mut inner = self.lock();
        inner.count += permits;
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        self.added.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// How many there are.
    pub fn available(&self) -> usize {
        self.lock().count
    }

    /// Takes one as soon as there is one.
    pub async fn taken(&self) {
        poll_fn(|cx| self.poll_taken(cx)).await;
    }

    /// The same.
    pub fn poll_taken(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        match inner.count.checked_sub(1) {
            Some(left) => {
                inner.count = left;
                Poll::Ready(())
            }
            None => {
                inner.waiting.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Takes one as soon as there is one; the test fails if there is none in time.
    #[track_caller]
    pub fn take(&self) {
        let until = Instant::now() + DEADLINE;
        let mut inner = self.lock();
        while inner.count == 0 {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nobody adds a permit");
            inner = self.added.wait_timeout(inner, left).unwrap().0;
        }
        inner.count -= 1;
    }
}
