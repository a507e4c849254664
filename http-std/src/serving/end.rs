//! How exchanges and the connection come to an end, and who is told.

use super::{Conn, Content, Current, Shared};
use crate::{BlockingTransport, Stream, Upgraded};
use http_driver::Ended;
use http_driver::parts::{closed, lock};
use http_proto::{Event, Instant, State, Step};

impl Current {
    /// Whether the request is there as a whole.
    pub(super) fn is_complete(&self) -> bool {
        match self.content {
            Content::Arriving => false,
            Content::Over(_) => true,
        }
    }
}

impl Shared {
    /// The answer is in the buffer; false: it was cut off, and so is the connection.
    pub(super) fn finish_exchange(&self) -> bool {
        let mut guard = lock(&self.conn);
        let conn = &mut *guard;
        if conn.link.interest().abort || conn.ended {
            return false;
        }
        if let Some(mut current) = conn.current.take() {
            current.marks.ended(conn.link.queued());
            if let Some(record) = current.record.take() {
                conn.finishing.push_back((current.marks, record));
            }
            current.exchange.slot().settle(None);
            current.exchange.inner().set_over();
        }
        conn.wake_reader();
        true
    }

    /// The connection goes on with another protocol.
    pub(super) fn finish_http(&self) {
        let mut guard = lock(&self.conn);
        let conn = &mut *guard;
        let tail = match conn.link.core.step(conn.inbox.buffer()) {
            Ok(Step::Event) => match conn.link.core.event(conn.inbox.buffer()) {
                Event::UpgradeTail(_) => Some(true),
                // The end of a request that was complete.
                Event::MessageComplete(_) => Some(false),
                Event::HeadersComplete(_) | Event::Payload(_) | Event::NeedInput | Event::Paused | Event::Closed => {
                    None
                }
            },
            Ok(Step::NeedInput | Step::Paused | Step::Closed) | Err(_) => None,
        };
        match tail {
            Some(true) => {}
            Some(false) => {
                drop(guard);
                return self.finish_http();
            }
            None => return conn.cut_off(self),
        }
        let tail = conn.inbox.retain();
        let out = conn.link.out.take();
        let Some(mut current) = conn.current.take() else { return };
        // What is not written yet goes with the connection.
        conn.finishing.extend(current.record.take().map(|record| (current.marks.clone(), record)));
        let now = conn.link.now;
        conn.end_records(self, true, now);
        conn.upgraded = true;
        conn.close(self, &Ended::new(true));
        current.exchange.slot().settle(Some(Upgraded::new(Stream::from(self.socket.clone()), tail, out)));
        current.exchange.inner().set_over();
    }

    /// Ends the connection at once.
    pub(crate) fn cut_off(&self) {
        lock(&self.conn).cut_off(self);
    }
}

impl Conn {
    /// Tells of exchanges whose last octet has reached the kernel, and lets others see where the connection stands.
    pub(super) fn settle(&mut self, shared: &Shared) {
        let (written, now) = (self.link.written, self.link.now);
        if let Some(current) = &mut self.current {
            current.marks.settle(written, now);
        }
        while let Some((marks, record)) = self.finishing.front_mut() {
            if !marks.settle(written, now) {
                break;
            }
            record.end(marks.timings, true, now);
            if let Some((_, record)) = self.finishing.pop_front() {
                shared.options.finished(&shared.info, record);
            }
        }
        self.report(shared);
    }

    /// The connection is closed in good order, or by its client.
    pub(super) fn end(&mut self, shared: &Shared) {
        self.link.say_goodbye();
        self.cut_off(shared);
    }

    /// Gives up what is outstanding, and tells of it.
    pub(super) fn cut_off(&mut self, shared: &Shared) {
        if self.ended {
            return;
        }
        if self.link.is_cut_off() {
            self.link.io.abort();
        }
        let mut cut_off = 0;
        if let Some(mut current) = self.current.take() {
            current.span.cut_off();
            current.exchange.inner().set_gone();
            current.exchange.slot().settle(None);
            current.exchange.inner().set_over();
            self.finishing.extend(current.record.take().map(|record| (current.marks.clone(), record)));
            cut_off = 1;
        }
        self.link.core.abort();
        while self.link.core.outstanding() > 0 {
            self.link.core.abandon();
        }
        let now = self.link.now;
        let mut ended = Ended::new(false);
        ended.transport = self.link.error.take().map(|error| *error);
        ended.error = self.link.core.failure();
        ended.cut_off = cut_off;
        self.end_records(shared, false, now);
        self.close(shared, &ended);
        self.wake_reader();
    }

    /// Tells of all exchanges whose last octets were on their way: whether the connection carries them on, or not.
    fn end_records(&mut self, shared: &Shared, complete: bool, now: Instant) {
        for (marks, mut record) in std::mem::take(&mut self.finishing) {
            record.end(marks.timings, complete, now);
            shared.options.finished(&shared.info, record);
        }
    }

    /// The connection is no longer one of the server's. Said exactly once.
    fn close(&mut self, shared: &Shared, ended: &Ended) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.report(shared);
        if self.overloaded {
            shared.options.registry.remove_overloaded();
        }
        shared.options.registry.remove(shared.info.id());
        closed(&shared.info, ended);
        shared.options.closed(&shared.info, ended);
    }

    fn report(&self, shared: &Shared) {
        let state = match self {
            Conn { upgraded: true, .. } => State::Upgraded,
            Conn { ended: true, .. } => State::Closed,
            Conn { link, .. } => link.core.state(),
        };
        shared.info.set_transferred(self.link.read, self.link.written);
        if shared.info.set_state(state) {
            shared.options.changed(&shared.info, state);
        }
    }
}
