//! [`Waiter`]: somebody who waits for a connection, as the pool knows them.

use super::connect::Connect;
use super::flight::Flight;
use super::pool::Grant;
use super::target::Target;
use crate::watched::Watched;
use std::task::{Context, Poll};

/// What somebody who waited gets.
pub(super) type Granted<C> = Grant<Box<Flight<C>>>;

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

    /// Ready with what was granted.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Granted<C>> {
        self.given.poll(cx, |given| match std::mem::replace(given, Given::Nothing) {
            Given::Granted(granted) => {
                *given = Given::Unwanted;
                Some(granted)
            }
            Given::Nothing | Given::Unwanted => None,
        })
    }

    /// Waits no longer; returns what was granted meanwhile.
    pub(super) fn leave(&self) -> Option<Granted<C>> {
        match self.given.with(|given| std::mem::replace(given, Given::Unwanted)) {
            Given::Granted(granted) => Some(granted),
            Given::Nothing | Given::Unwanted => None,
        }
    }
}
