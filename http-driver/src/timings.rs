//! When an exchange passed its stations. The clock is read once a turn, so times are those of turns.

use crate::link::{Link, Reading};
use crate::pool::Inbox;
use crate::side::Side;
use crate::{Timer, Transport};
use http_proto::{Event, Instant};
use std::task::{Context, Poll};

/// When an exchange passed its stations, on the clock of the connection's [`Timer`]; what has not happened yet is
/// `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Timings {
    /// The first octet of the peer's head was read.
    pub first_octet_in: Option<Instant>,
    /// The peer's head was complete.
    pub head_in: Option<Instant>,
    /// The handler was called; `None` where there is none.
    pub dispatched: Option<Instant>,
    /// The first octet of our message was written.
    pub first_octet_out: Option<Instant>,
    /// The last octet of our message was written.
    pub done: Option<Instant>,
}

/// A position that is never reached.
const NOWHERE: u64 = u64::MAX;

/// Collects the timings of one exchange.
#[derive(Debug, Clone)]
pub struct Marks {
    /// What is known so far.
    pub timings: Timings,
    /// Our message begins, and ends, behind so many octets written.
    begins: u64,
    ends: u64,
}

impl Default for Marks {
    fn default() -> Self {
        Marks { timings: Timings::default(), begins: NOWHERE, ends: NOWHERE }
    }
}

impl Marks {
    /// Forgets everything.
    pub fn renew(&mut self) {
        *self = Marks::default();
    }

    /// The peer's head has come, with its first and its last octet at these times.
    pub fn head(&mut self, first: Instant, last: Instant) {
        self.timings.first_octet_in = Some(first);
        self.timings.head_in = Some(last);
    }

    /// Notes a head of the peer, or the end of its message.
    pub(crate) fn event<R: Side, Io, T>(&mut self, link: &mut Link<R, Io, T>, inbox: &mut Inbox) {
        match link.core.event(inbox.buffer()) {
            Event::HeadersComplete(_) => {
                if R::SERVER {
                    self.renew();
                }
                self.head(link.head_at, link.read_at);
                // What lies behind the head came with the same read, or is still to come.
                link.head_at = link.read_at;
            }
            // What lies behind it came with its end, not with its beginning.
            Event::MessageComplete(_) => link.head_at = link.read_at,
            Event::Payload(_) | Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => {}
        }
    }

    /// Our message begins behind so many octets.
    pub fn begun(&mut self, queued: u64) {
        self.begins = queued;
    }

    /// Our message ends behind so many octets.
    pub fn ended(&mut self, queued: u64) {
        self.ends = queued;
    }

    /// So many octets have been written by now; whether all of our message has.
    pub fn settle(&mut self, written: u64, now: Instant) -> bool {
        if written > self.begins {
            self.timings.first_octet_out = Some(now);
            self.begins = NOWHERE;
        }
        if written >= self.ends {
            self.timings.done = Some(now);
            self.ends = NOWHERE;
        }
        self.timings.done.is_some()
    }

    /// A turn of the link, noted.
    pub(crate) fn turn<R: Side, Io: Transport, T: Timer>(
        &mut self,
        link: &mut Link<R, Io, T>,
        cx: &mut Context<'_>,
        inbox: &mut Inbox,
        reading: Reading,
    ) -> Poll<()> {
        let turn = link.poll_turn(cx, inbox, reading);
        self.settle(link.written, link.now);
        turn
    }
}
