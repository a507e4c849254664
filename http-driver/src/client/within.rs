//! [`within`]: a future with a deadline.

use crate::Timer;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// The output of `future`, unless it takes longer than `limit`; [`Duration::MAX`] is no limit.
pub(super) async fn within<T: Timer + Default, F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if limit == Duration::MAX {
            return Poll::Pending;
        }
        let timer = timer.get_or_insert_with(|| {
            let mut timer = T::default();
            timer.reset(timer.now().saturating_add(limit));
            timer
        });
        timer.poll(cx).map(|()| None)
    })
    .await
}
