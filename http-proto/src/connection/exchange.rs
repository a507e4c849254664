//! Exchanges, one per request, and the short queue of those outstanding.

use crate::syntax::MethodKind;
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// What an exchange still has to remember. Made anew for every request: nothing leaks from one to the next.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) method: MethodKind,
    /// The request speaks 1.1 or later.
    pub(super) http11: bool,
    /// Falls from true to false, never back.
    pub(super) keep_alive: bool,
    /// May overlap with others: a safe method without content.
    pub(super) safe: bool,
    /// The whole message of the peer has been received.
    pub(super) received: bool,
    /// Our whole message has been sent.
    pub(super) sent: bool,
    /// An octet of a final answer has been sent, or received.
    pub(super) answer_begun: bool,
    pub(super) expect: Expect,
    pub(super) interim: u8,
    /// Client: octets of the request handed to the send buffer so far.
    pub(super) queued: u64,
    pub(super) offer: Offer,
    /// The protocols offered, as the field lists them; a client need not remember them. Apart from `offer`, which keeps
    /// the connection within four cache lines.
    pub(super) protocols: Box<[u8]>,
}

/// 100 (Continue) of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Not asked for.
    No,
    /// Asked for, and not decided: content is held back.
    Pending,
    /// Asked for, but content comes anyway, or there is none.
    Moot,
    /// Sent.
    Sent,
}

/// Another protocol that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    None,
    /// CONNECT.
    Tunnel,
    /// Upgrade.
    Protocols,
}

/// The outstanding exchanges, oldest first. Only a second one at the same time allocates.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    front: Option<Exchange>,
    /// Behind a pointer: most connections never have more than one at a time, and all are smaller for it.
    #[expect(clippy::box_collection, reason = "an eighth of a connection, and mostly not there")]
    rest: Option<Box<VecDeque<Exchange>>>,
}

impl Exchanges {
    pub(super) fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    /// Adds what `make` makes, where it will lie: a move would cost more than the making.
    #[inline(always)]
    pub(super) fn push(&mut self, make: impl FnOnce() -> Exchange) {
        if self.front.is_none() {
            self.front = Some(make());
        } else {
            self.rest.get_or_insert_default().push_back(make());
        }
    }

    pub(super) fn pop(&mut self) -> Option<Exchange> {
        core::mem::replace(&mut self.front, self.rest.as_mut().and_then(|rest| rest.pop_front()))
    }

    pub(super) fn front(&self) -> Option<&Exchange> {
        self.front.as_ref()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Exchange> {
        self.front.as_mut()
    }

    pub(super) fn back_mut(&mut self) -> Option<&mut Exchange> {
        self.rest.as_mut().and_then(|rest| rest.back_mut()).or(self.front.as_mut())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Exchange> {
        self.front.iter().chain(self.rest.iter().flat_map(|rest| rest.iter()))
    }

    /// Whether another one may overlap with all of these.
    pub(super) fn are_safe(&self) -> bool {
        // Only the oldest can be unsafe: any other had to be safe to join.
        self.front.as_ref().is_none_or(|front| front.safe)
            && self.rest.as_ref().and_then(|rest| rest.back()).is_none_or(|back| back.safe)
    }
}
