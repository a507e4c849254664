//! [`Sleep`]: the clock as a [`Timer`], kept by the thread that polls it.

use crate::clock;
use crate::waiting::Alarm;
use http_driver::Timer;
use http_proto::Instant;
use std::task::{Context, Poll};

/// The clock of a connection.
#[derive(Debug, Default)]
pub struct Sleep {
    at: Option<Instant>,
    alarm: Option<Alarm>,
}

impl Timer for Sleep {
    fn now(&self) -> Instant {
        clock::now()
    }

    fn reset(&mut self, at: Instant) {
        (self.at, self.alarm) = (Some(at), None);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        if at <= clock::now() {
            return Poll::Ready(());
        }
        match &self.alarm {
            Some(alarm) => alarm.renew(at, cx),
            None => self.alarm = Some(Alarm::set(at, cx)),
        }
        Poll::Pending
    }
}
