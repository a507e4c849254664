//! How exchanges and the connection come to an end, and who is told.

use super::{Conn, Content, Current, News, Shared};
use crate::{BlockingTransport, Exchange, Upgraded};
use http_driver::Ended;
use http_driver::parts::lock;
use http_proto::{Event, State, Step};
use std::sync::atomic::Ordering::SeqCst;

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
    /// Whether somebody may still read the content of the request that is being answered.
    pub(super) fn has_reader(&self) -> bool {
        let let_go = self.let_go.load(SeqCst);
        self.with(|conn| conn.current.as_ref().is_some_and(|current| !current.is_complete() && current.number > let_go))
    }

    /// The answer is in the buffer; false: it was cut off, and so is the connection.
    pub(super) fn finish_exchange(&self) -> bool {
        self.with(|conn| {
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
        })
    }

    /// The connection goes on with another protocol.
    pub(super) fn finish_http(&self) {
        let upgraded = self.with(|conn| conn.finish_http(self));
        if let Some((exchange, upgraded)) = upgraded {
            exchange.slot().settle(Some(upgraded));
            exchange.inner().set_over();
        }
    }

    /// Ends the connection at once.
    pub(crate) fn cut_off(&self) {
        self.with(|conn| conn.cut_off(self));
    }
}

impl Conn {
    /// Gives the connection up to another protocol; `None`: it was cut off instead.
    fn finish_http(&mut self, shared: &Shared) -> Option<(Exchange, Upgraded)> {
        while let Ok(Step::Event) = self.link.core.step(self.inbox.buffer()) {
            match self.link.core.event(self.inbox.buffer()) {
                Event::UpgradeTail(_) => {
                    let tail = self.inbox.retain();
                    let out = self.link.out.take();
                    let (mut current, io) = (self.current.take()?, self.link.io.take()?);
                    // What is not written yet goes with the connection.
                    self.finishing.extend(current.record.take().map(|record| (current.marks.clone(), record)));
                    self.end_records(true);
                    self.upgraded = true;
                    self.close(shared, Ended::new(true));
                    lock(&shared.waited).take();
                    return Some((current.exchange, Upgraded::new(io, tail, out)));
                }
                // The end of a request that was complete.
                Event::MessageComplete(_) => {}
                Event::HeadersComplete(_) | Event::Payload(_) | Event::NeedInput | Event::Paused | Event::Closed => {
                    break;
                }
            }
        }
        self.cut_off(shared);
        None
    }

    /// Tells of exchanges whose last octet has reached the kernel, and lets others see where the connection stands.
    pub(super) fn settle(&mut self) {
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
                self.news.push(News::Finished(record));
            }
        }
        self.report();
    }

    /// Ends the connection, by whomever: what is over in good order says so, what is outstanding is given up.
    pub(super) fn cut_off(&mut self, shared: &Shared) {
        if self.ended {
            return;
        }
        self.link.say_goodbye();
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
        let mut ended = Ended::new(false);
        ended.transport = self.link.error.take().map(|error| *error);
        ended.error = self.link.core.failure();
        ended.cut_off = cut_off;
        self.end_records(false);
        self.close(shared, ended);
        // Who waits for it lets go of it, too, when he is woken.
        self.link.io.take();
        lock(&shared.waited).take();
        self.wake_reader();
        shared.info.wake();
    }

    /// Tells of all exchanges whose last octets were on their way: whether the connection carries them on, or not.
    fn end_records(&mut self, complete: bool) {
        let now = self.link.now;
        for (marks, mut record) in std::mem::take(&mut self.finishing) {
            record.end(marks.timings, complete, now);
            self.news.push(News::Finished(record));
        }
    }

    /// The connection is no longer one of the server's. Said exactly once.
    fn close(&mut self, shared: &Shared, ended: Ended) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.report();
        if self.overloaded {
            shared.options.registry.remove_overloaded();
        }
        shared.options.registry.remove(shared.info.id());
        if self.begun {
            self.news.push(News::Closed(ended));
        }
    }

    /// Lets others see where the connection stands.
    fn report(&mut self) {
        let state = match self {
            Conn { upgraded: true, .. } => State::Upgraded,
            Conn { ended: true, .. } => State::Closed,
            Conn { link, .. } => link.core.state(),
        };
        self.info.set_transferred(self.link.read, self.link.written);
        if self.info.set_state(state) && self.begun {
            self.news.push(News::State(state));
        }
    }
}
