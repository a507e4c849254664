//! The clock of all transports here.

use http_proto::Instant;
use std::sync::OnceLock;
use std::time;

/// The time since this was first asked.
pub(crate) fn now() -> Instant {
    static ORIGIN: OnceLock<time::Instant> = OnceLock::new();
    // Not at the origin itself, which stands for what has passed.
    Instant::from(ORIGIN.get_or_init(time::Instant::now).elapsed() + time::Duration::from_nanos(1))
}
