//! [`Waiting`]: the wait for a connection, where there may be no further one.

use super::connect::Connect;
use super::shared::{Granted, Shared};
use super::target::Target;
use crate::watched::Watched;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Somebody who waits, as the pool knows them.
pub(super) struct Waiter<C: Connect> {
    target: Target,
    given: Watched<Given<C>>,
}

enum Given<C: Connect> {
    Nothing,
    Granted(Granted<C>),
    /// Nobody waits any more.
    Unwanted,
}

impl<C: Connect> Waiter<C> {
    pub(super) fn new(target: Target) -> Self {
        Waiter { target, given: Watched::new(Given::Nothing) }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Hands over what was granted; returns it if nobody wants it any more.
    pub(super) fn give(&self, granted: Granted<C>) -> Option<Granted<C>> {
        let mut back = None;
        self.given.change(|given| match given {
            Given::Nothing | Given::Granted(_) => *given = Given::Granted(granted),
            Given::Unwanted => back = Some(granted),
        });
        back
    }
}

/// Ready with what was granted. Dropped, it passes on what came too late.
pub(super) struct Waiting<C: Connect> {
    waiter: Arc<Waiter<C>>,
    shared: Arc<Shared<C>>,
}

impl<C: Connect> Waiting<C> {
    pub(super) fn new(waiter: Arc<Waiter<C>>, shared: Arc<Shared<C>>) -> Self {
        Waiting { waiter, shared }
    }
}

impl<C: Connect> Future for Waiting<C> {
    type Output = Granted<C>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Granted<C>> {
        self.waiter.given.poll(cx, |given| match std::mem::replace(given, Given::Nothing) {
            Given::Granted(granted) => {
                *given = Given::Unwanted;
                Some(granted)
            }
            Given::Nothing | Given::Unwanted => None,
        })
    }
}

impl<C: Connect> Drop for Waiting<C> {
    fn drop(&mut self) {
        if self.shared.cancel(&self.waiter) {
            return;
        }
        let given = self.waiter.given.with(|given| std::mem::replace(given, Given::Unwanted));
        match given {
            Given::Granted(granted) => self.shared.give_back(granted, Some(&self.waiter.target)),
            Given::Nothing | Given::Unwanted => {}
        }
    }
}
