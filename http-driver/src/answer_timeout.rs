//! [`AnswerTimeout`]: how long a client waits for the first octet of an answer. The core has a deadline for all that it
//! hears of a message, and none while it hears nothing.

use http_proto::{Client, Connection, Instant, SendBuf, Server};
use std::fmt;
use std::time::Duration;

/// A deadline of a role beside those of the core; a server has none.
pub trait Waits<R: http_proto::Role>: Default + fmt::Debug {
    /// When it passes, as things stand now; `None`: it does not run.
    fn deadline(&mut self, core: &Connection<R>, out: &SendBuf, now: Instant) -> Option<Instant>;
}

impl Waits<Server> for () {
    fn deadline(&mut self, _: &Connection<Server>, _: &SendBuf, _: Instant) -> Option<Instant> {
        None
    }
}

/// The deadline for the first octet of an answer. It runs while the oldest request is written as a whole and nothing of
/// its answer is there, and begins anew with every interim response.
#[derive(Debug)]
pub struct AnswerTimeout {
    limit: Duration,
    since: Option<Instant>,
    /// What the core had received then: an answer or an interim one that has come and gone shows in it.
    received: u64,
}

impl AnswerTimeout {
    /// As other clients have it: a server may work on its answer for minutes.
    const DEFAULT: Duration = Duration::from_secs(300);

    /// Sets the limit, of a deadline that runs as well.
    pub fn set(&mut self, limit: Duration) {
        self.limit = limit;
    }
}

impl Default for AnswerTimeout {
    fn default() -> Self {
        AnswerTimeout { limit: AnswerTimeout::DEFAULT, since: None, received: 0 }
    }
}

impl Waits<Client> for AnswerTimeout {
    fn deadline(&mut self, core: &Connection<Client>, out: &SendBuf, now: Instant) -> Option<Instant> {
        if !core.awaits_answer(out) {
            self.since = None;
            return None;
        }
        if self.received != core.received() {
            self.received = core.received();
            self.since = None;
        }
        let since = *self.since.get_or_insert(now);
        (self.limit != Duration::MAX).then(|| since.saturating_add(self.limit))
    }
}
