//! [`within`]: work with a deadline.

use crate::Timer;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// What `work` comes to, and how long that took; `None`: longer than `limit`, and it was dropped.
pub(crate) async fn within<W: Future>(
    limit: Duration,
    mut timer: impl Timer,
    work: W,
) -> Option<(W::Output, Duration)> {
    let mut work = pin!(work);
    let began = timer.now();
    timer.reset(began.saturating_add(limit));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some((output, timer.now().saturating_since(began)))),
        Poll::Pending => timer.poll(cx).map(|()| None),
    })
    .await
}
