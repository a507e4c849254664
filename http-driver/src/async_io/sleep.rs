//! [`Sleep`]: the clock as a [`Timer`], woken by async-io.

use crate::Timer;
use http_proto::Instant;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{self, Duration};

/// The clock of a connection.
#[derive(Debug)]
pub struct Sleep {
    origin: time::Instant,
    timer: async_io::Timer,
}

impl Default for Sleep {
    fn default() -> Self {
        Sleep { origin: time::Instant::now(), timer: async_io::Timer::never() }
    }
}

impl Timer for Sleep {
    fn now(&self) -> Instant {
        self.origin.elapsed().into()
    }

    fn reset(&mut self, at: Instant) {
        match self.origin.checked_add(Duration::from_nanos(at.as_nanos())) {
            Some(at) => self.timer.set_at(at),
            None => self.timer = async_io::Timer::never(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}
