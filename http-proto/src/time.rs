//! Points in time, as the caller counts them. The core never reads a clock.

use core::time::Duration;

/// Nanoseconds since an origin of the caller's choice; the same origin for all calls on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The origin.
    pub const ORIGIN: Instant = Instant(0);

    /// The instant `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// `self + duration`, at the end of time if that is out of range.
    pub fn saturating_add(self, duration: Duration) -> Self {
        Instant(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Instant {
    /// The instant that lies `since_origin` after the origin.
    fn from(since_origin: Duration) -> Self {
        Instant::ORIGIN.saturating_add(since_origin)
    }
}
