//! [`Clock`]: time that moves when it is told to; [`Ticker`]: a [`Timer`] on it that counts what is asked of it.

use http_driver::Timer;
use http_proto::Instant;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The date on every such clock.
pub const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

thread_local! {
    /// The clock of timers that are made out of nothing.
    static CURRENT: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

/// Time that moves when it is told to.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: Instant,
    alarms: Vec<Alarm>,
    /// Alarms that nobody has.
    free: Vec<usize>,
    resets: usize,
    polls: usize,
}

#[derive(Debug, Default)]
struct Alarm {
    at: Option<Instant>,
    waker: Option<Waker>,
}

impl Clock {
    /// A clock, from now on that of all new timers of this thread.
    #[expect(clippy::new_without_default, reason = "it does more than to make one")]
    pub fn new() -> Self {
        let now = Instant::from_nanos(1_000_000_007);
        let inner = Inner { now, alarms: Vec::new(), free: Vec::new(), resets: 0, polls: 0 };
        let clock = Clock(Arc::new(Mutex::new(inner)));
        CURRENT.set(Some(clock.clone()));
        clock
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// The present time.
    pub fn now(&self) -> Instant {
        self.inner().now
    }

    /// When the next timer goes off.
    pub fn next(&self) -> Option<Instant> {
        let inner = self.inner();
        inner.alarms.iter().filter_map(|alarm| alarm.at).filter(|at| *at > inner.now).min()
    }

    /// Moves on, and wakes whom that concerns.
    pub fn advance(&self, by: Duration) {
        let to = self.now().saturating_add(by);
        self.advance_to(to);
    }

    /// Moves on to a time, and wakes whom that concerns.
    pub fn advance_to(&self, to: Instant) {
        assert!(to >= self.now(), "time does not go back");
        self.inner().now = to;
        while let Some(waker) = self.take_passed() {
            waker.wake();
        }
    }

    /// Whom to wake next. One by one, so that time goes by without an allocation.
    fn take_passed(&self) -> Option<Waker> {
        let mut inner = self.inner();
        let now = inner.now;
        let passed = inner.alarms.iter_mut().filter(|alarm| alarm.at.is_some_and(|at| at <= now));
        passed.filter_map(|alarm| alarm.waker.take()).next()
    }

    /// How often timers were set.
    pub fn resets(&self) -> usize {
        self.inner().resets
    }

    /// How often timers were polled.
    pub fn polls(&self) -> usize {
        self.inner().polls
    }

    /// A timer on this clock.
    pub fn ticker(&self) -> Ticker {
        let mut inner = self.inner();
        let index = inner.free.pop().unwrap_or(inner.alarms.len());
        if index == inner.alarms.len() {
            inner.alarms.push(Alarm::default());
        }
        drop(inner);
        Ticker { clock: self.clone(), index }
    }
}

/// A timer on a [`Clock`].
#[derive(Debug)]
pub struct Ticker {
    clock: Clock,
    index: usize,
}

impl Default for Ticker {
    fn default() -> Self {
        let clock = CURRENT.with_borrow(Clone::clone);
        clock.expect("a clock has been made on this thread").ticker()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let mut inner = self.clock.inner();
        inner.alarms[self.index] = Alarm::default();
        inner.free.push(self.index);
    }
}

impl Timer for Ticker {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn reset(&mut self, at: Instant) {
        let mut inner = self.clock.inner();
        inner.resets += 1;
        inner.alarms[self.index] = Alarm { at: Some(at), waker: None };
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.clock.inner();
        inner.polls += 1;
        let now = inner.now;
        let alarm = &mut inner.alarms[self.index];
        match alarm.at {
            Some(at) if at <= now => Poll::Ready(()),
            Some(_) | None => {
                alarm.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn date(&self) -> Option<[u8; 29]> {
        DATE.as_bytes().try_into().ok()
    }
}
