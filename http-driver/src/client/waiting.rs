//! [`Waiting`]: the wait for a connection, where there may be no further one.

use super::connect::Connect;
use super::places::Places;
use super::waiter::{Granted, Waiter};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Ready with what was granted. Dropped, it passes on what came too late.
pub(super) struct Waiting<C: Connect> {
    waiter: Arc<Waiter<C>>,
    places: Arc<Places<C>>,
}

impl<C: Connect> Waiting<C> {
    pub(super) fn new(waiter: Arc<Waiter<C>>, places: Arc<Places<C>>) -> Self {
        Waiting { waiter, places }
    }
}

impl<C: Connect> Future for Waiting<C> {
    type Output = Granted<C>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Granted<C>> {
        self.waiter.poll(cx)
    }
}

impl<C: Connect> Drop for Waiting<C> {
    fn drop(&mut self) {
        if self.places.cancel(&self.waiter) {
            return;
        }
        if let Some(granted) = self.waiter.leave() {
            self.places.give_back(granted, Some(self.waiter.target()));
        }
    }
}
