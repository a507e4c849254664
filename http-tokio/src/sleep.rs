//! [`Sleep`]: tokio's clock as a [`Timer`].

use http_driver::Timer;
use http_proto::Instant;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time;

/// The clock of a connection. Made inside of a tokio runtime with time enabled.
#[derive(Debug)]
pub struct Sleep {
    origin: time::Instant,
    /// Made when a wake-up is first asked for.
    sleep: Option<Pin<Box<time::Sleep>>>,
    /// Whom it wakes. It is not polled again for the same task.
    wakes: Option<Waker>,
}

impl Default for Sleep {
    fn default() -> Self {
        Sleep { origin: time::Instant::now(), sleep: None, wakes: None }
    }
}

impl Timer for Sleep {
    fn now(&self) -> Instant {
        self.origin.elapsed().into()
    }

    fn reset(&mut self, at: Instant) {
        self.wakes = None;
        let Some(at) = self.origin.checked_add(Duration::from_nanos(at.as_nanos())) else {
            self.sleep = None;
            return;
        };
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.sleep = Some(Box::pin(time::sleep_until(at))),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        if self.wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        // A timer that is polled when the task has spent its share of this turn wakes it again, but registers nothing.
        self.wakes = tokio::task::coop::has_budget_remaining().then(|| cx.waker().clone());
        ready!(sleep.as_mut().poll(cx));
        self.wakes = None;
        Poll::Ready(())
    }
}
