//! Waiting, in virtual time.

use crate::memory::Ticker;
use http_driver::Timer;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// A timer that goes off after so long.
pub fn timer(time: Duration) -> Ticker {
    let mut timer = Ticker::default();
    timer.reset(timer.now().saturating_add(time));
    timer
}

/// Waits.
pub async fn sleep(time: Duration) {
    let mut timer = timer(time);
    poll_fn(|cx| timer.poll(cx)).await;
}

/// What `work` comes to; `None`: it took longer, and was dropped.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut timer) = (pin!(work), timer(time));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.poll(cx).map(|()| None),
    })
    .await
}
