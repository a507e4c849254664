//! Deadlines: one per kind, each armed and disarmed by what the connection is doing, never by the hot path.

use super::recv::BodyIn;
use super::state::{RecvHalf, SendHalf};
use super::{Connection, Role};
use crate::buffer::SendBuf;
use crate::error::RecvErrorKind as Kind;
use crate::time::Instant;
use core::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Head,
    Body,
    Write,
    Idle,
    ExpectContinue,
    Drain,
    Linger,
}

const TIMERS: [Timer; 7] =
    [Timer::Head, Timer::Body, Timer::Write, Timer::Idle, Timer::ExpectContinue, Timer::Drain, Timer::Linger];

/// The deadlines, by timer, and the marks that steps and commands have left.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: [Option<core::num::NonZeroU64>; TIMERS.len()],
    /// What had been written when the write deadline was armed.
    written: u64,
    /// Content has been consumed since the body deadline was armed.
    pub(super) body_progress: bool,
    /// A head was completed, or begun anew, since the head deadline was armed.
    pub(super) head_renewed: bool,
    /// Content is held back, since the deadline of waiting was armed for another request.
    pub(super) expect_begun: bool,
    /// A body is swallowed, since the drain deadline was armed for another one.
    pub(super) drain_begun: bool,
    /// The connection did something since the idle deadline was armed.
    pub(super) active: bool,
}

impl Timers {
    #[expect(clippy::indexing_slicing, reason = "an enum of as many variants as there are deadlines")]
    fn slot(&mut self, timer: Timer) -> &mut Option<core::num::NonZeroU64> {
        &mut self.deadlines[timer as usize]
    }

    fn earliest(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().map(|nanos| Instant::from_nanos(nanos.get()))
    }
}

/// A deadline that begins now; none if it is switched off.
fn deadline(now: Instant, duration: Duration) -> Option<core::num::NonZeroU64> {
    let nanos = now.saturating_add(duration).as_nanos().max(1);
    core::num::NonZeroU64::new(nanos).filter(|_| duration != Duration::MAX)
}

impl<R: Role> Connection<R> {
    /// When [`Connection::handle_timeout`] must be called if nothing happens before; `None`: never. Ask after every
    /// round of steps and commands, with the present time: what they left undone is what deadlines start to run for. A
    /// late call only makes a deadline later.
    pub fn poll_timeout(&mut self, now: Instant, out: &SendBuf) -> Option<Instant> {
        self.settle(out);
        if self.wants(Timer::Idle, out) {
            // Then no other one is, and this is asked once for every exchange.
            let running = self.timers.slot(Timer::Idle).filter(|_| !self.timers.active);
            self.timers.active = false;
            self.timers.deadlines = Default::default();
            *self.timers.slot(Timer::Idle) = running.or_else(|| deadline(now, self.config.timeouts.idle));
            return self.timers.earliest();
        }
        for timer in TIMERS {
            let wanted = self.wants(timer, out);
            let renewed = self.take_renewal(timer, out);
            let duration = self.duration(timer);
            let slot = self.timers.slot(timer);
            if !wanted {
                *slot = None;
            } else if slot.is_none() || renewed {
                *slot = deadline(now, duration);
            }
        }
        self.timers.earliest()
    }

    /// Acts on every deadline that has passed: answers are then due to a server's [`crate::RecvErrorKind::HeadTimeout`]
    /// and [`crate::RecvErrorKind::BodyTimeout`], which the next step returns; a connection that was idle or could not
    /// write closes. A call too early, or too often, does no harm.
    pub fn handle_timeout(&mut self, now: Instant, out: &SendBuf) {
        self.poll_timeout(now, out);
        for timer in TIMERS {
            let passed = self.timers.slot(timer).is_some_and(|nanos| nanos.get() <= now.as_nanos());
            if passed && self.wants(timer, out) {
                *self.timers.slot(timer) = None;
                self.expire(timer);
            }
        }
        self.settle(out);
    }

    /// Closing becomes Closed when the last octet is out and nothing is left to be swallowed.
    fn settle(&mut self, out: &SendBuf) {
        if self.send == SendHalf::Closing && self.is_finished(out) {
            self.close_now();
        }
    }

    fn wants(&self, timer: Timer, out: &SendBuf) -> bool {
        let over = matches!(self.send, SendHalf::Upgraded | SendHalf::Closed);
        match timer {
            Timer::Head => !over && self.recv == RecvHalf::Head && self.flags.waiting && self.flags.parsing,
            Timer::Body => !over && self.recv == RecvHalf::Body && self.flags.waiting && !self.flags.draining,
            Timer::Write => !over && !out.is_empty() && !self.flags.undeliverable,
            Timer::Idle => {
                self.recv == RecvHalf::Head
                    && self.send == SendHalf::Idle
                    // An empty line, or half of one, is no head: octet by octet it would keep a connection for ever.
                    && !self.flags.parsing
                    && self.exchanges.is_empty()
                    && out.is_empty()
            }
            Timer::ExpectContinue => !over && self.flags.awaiting_continue,
            // What has come whole needs no octet to end, only the next step.
            Timer::Drain => {
                let whole = matches!(self.body_in, BodyIn::Length(0));
                !over && self.recv == RecvHalf::Body && self.flags.draining && !whole
            }
            Timer::Linger => self.send == SendHalf::Closing && self.recv == RecvHalf::Linger && out.is_empty(),
        }
    }

    /// Whether the deadline starts anew, because there was progress.
    fn take_renewal(&mut self, timer: Timer, out: &SendBuf) -> bool {
        match timer {
            Timer::Head => core::mem::take(&mut self.timers.head_renewed),
            Timer::Body => core::mem::take(&mut self.timers.body_progress),
            Timer::Write => core::mem::replace(&mut self.timers.written, out.written()) != out.written(),
            Timer::Idle => core::mem::take(&mut self.timers.active),
            Timer::ExpectContinue => core::mem::take(&mut self.timers.expect_begun),
            Timer::Drain => core::mem::take(&mut self.timers.drain_begun),
            Timer::Linger => false,
        }
    }

    fn duration(&self, timer: Timer) -> Duration {
        let timeouts = &self.config.timeouts;
        match timer {
            Timer::Head => timeouts.head,
            Timer::Body => timeouts.body,
            Timer::Write => timeouts.write,
            Timer::Idle => timeouts.idle,
            Timer::ExpectContinue => timeouts.expect_continue,
            Timer::Drain => timeouts.drain,
            Timer::Linger => timeouts.linger,
        }
    }

    fn expire(&mut self, timer: Timer) {
        match timer {
            Timer::Head => self.fail(Kind::HeadTimeout, 0),
            Timer::Body => self.fail(Kind::BodyTimeout, 0),
            Timer::Write => {
                self.fail(Kind::WriteTimeout, 0);
                self.flags.aborted = true;
            }
            Timer::ExpectContinue => self.flags.awaiting_continue = false,
            Timer::Drain => R::on_undrainable(self),
            Timer::Idle | Timer::Linger => self.close_now(),
        }
    }
}
