//! What comes in: events become calls, content goes to its readers, faults to whoever answers for them.

use super::job::Job;
use super::{HttpService, Serving};
use crate::body::{BodyError, Incoming, Slot};
use crate::options::Ended;
use crate::record::Record;
use crate::sending::BATCH;
use crate::trace::{self, RequestSpan};
use crate::upgraded::Upgraded;
use crate::{Body, Timer, Transport};
use http::Request;
use http_proto::{Event, Expectation, Framing, MethodKind, RecvError, State, Step};
use std::sync::Arc;
use std::task::Context;

impl<S, Io, T> Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    /// Takes the next event, if it is wanted now; whether there was one.
    pub(super) fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(link) = &mut self.link else { return false };
        // At its end the input may be looked at unasked: no further request can come of that.
        let over = self.inbox.has_ended() && self.inbox.unread_len() == 0;
        let room = link.out.len() < BATCH;
        let in_flight = self.jobs.len();
        let wanted = match self.jobs.newest() {
            // What still comes is swallowed, whoever is still at work.
            _ if link.core.state() == State::Closing => true,
            Some(Job { waiting: Some(_), .. }) => false,
            Some(Job { content: Some(content), swallow, .. }) => *swallow || content.is_wanted(cx),
            // The end of a request without content lies in its head; what state it is in shows to others.
            Some(_) => (room && in_flight < self.options.max_in_flight) || link.core.state() == State::ReceivingBody,
            // What is left of a body is swallowed in any case.
            None => room || link.core.outstanding() > 0,
        };
        // Nor behind HTTP, where what has come is the beginning of the other protocol.
        if !wanted && !over && link.core.state() != State::Upgraded {
            return false;
        }
        if over && !std::mem::replace(&mut self.told_half_closed, true) {
            self.jobs.iter_mut().for_each(|job| job.exchange.set_half_closed());
        }
        loop {
            let Some(link) = &mut self.link else { return true };
            match link.core.step(self.inbox.buffer()) {
                Ok(Step::Event) => self.take_event(cx),
                Ok(Step::NeedInput | Step::Paused | Step::Closed) => return false,
                Err(error) => return self.take_error(error, cx),
            }
            // The end of a request that is answered already, or what it left unread, is nobody's business.
            let outstanding = self.link.as_ref().is_some_and(|link| link.core.outstanding() > 0);
            if !self.jobs.is_empty() || !(room || outstanding) {
                return true;
            }
        }
    }

    fn take_event(&mut self, cx: &mut Context<'_>) {
        let Some(link) = &mut self.link else { return };
        let newest = self.jobs.newest();
        match link.core.event(self.inbox.buffer()) {
            Event::HeadersComplete(_) => self.begin(),
            Event::Payload(_) => {
                // Else it is what is left of a body that nobody reads.
                if let Some(Job { content: Some(content), swallow: false, .. }) = newest {
                    content.give(self.inbox.retain(), cx);
                    self.stirred = true;
                }
            }
            Event::MessageComplete(trailers) => {
                link.head_at = link.read_at;
                if let Some(job) = newest
                    && let Some(content) = job.content.take()
                {
                    job.held_back = false;
                    // Two limits of the core are below that of the map.
                    let trailers = (!trailers.is_empty()).then(|| trailers.to_header_map().unwrap_or_default());
                    content.end(trailers, cx);
                    self.stirred = true;
                }
            }
            Event::UpgradeTail(_) => {
                let tail = self.inbox.retain();
                if let (Some(mut job), Some(mut link)) = (self.jobs.pop(), self.link.take()) {
                    let out = link.take_out();
                    // What is not written yet goes with the connection.
                    self.finishing.extend(job.record.take().map(|record| (job.marks.clone(), record)));
                    self.end_records(true, link.now);
                    let io = Upgraded::new(link.io, tail, out).map(|io| Box::new(io) as _);
                    self.end(Ended { error: None, transport: None, cut_off: 0, upgraded: true });
                    job.exchange.set_upgraded(io);
                }
            }
            Event::NeedInput | Event::Paused | Event::Closed => {}
        }
    }

    /// Makes a call of a head. What no service should see is answered on the spot.
    fn begin(&mut self) {
        let Some(link) = &mut self.link else { return };
        let number = self.info.count_request();
        let job = self.jobs.begin(&self.info, number);
        job.marks.head(link.head_at, link.read_at);
        link.head_at = link.read_at;
        let Event::HeadersComplete(head) = link.core.event(self.inbox.buffer()) else { return };
        job.span = RequestSpan::new(&head, &self.info, number);
        job.head_only = head.method_kind() == MethodKind::Head;
        job.connect = head.method_kind() == MethodKind::Connect;
        job.held_back = head.expectation() == Expectation::Continue;
        if self.options.keeps_records() {
            job.record = Some(Box::new(Record::new(&head, number)));
        }
        if self.options.keep_heads {
            job.exchange.keep_head(&head);
        }
        let length = match head.framing() {
            Framing::Length(0) | Framing::None | Framing::Tunnel => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let mut body = Body::empty();
        if length != Some(0) {
            let slot = Arc::<Slot>::default();
            job.content = Some(Arc::clone(&slot));
            body = Body::incoming(Incoming::new(slot, length));
        }
        if self.overloaded {
            link.core.shutdown();
            job.failed = Some(503);
            return;
        }
        if head.expectation() == Expectation::Unknown {
            // RFC 9110 section 10.1.1
            job.failed = Some(417);
            return;
        }
        let timeout = self.options.handler_timeout;
        job.deadline = timeout.map(|timeout| link.timer.now().saturating_add(timeout));
        let request = job.waiting.insert(Request::new(body));
        std::mem::swap(request.headers_mut(), &mut job.spare.headers);
        if head.write_http(request, &mut job.spare.octets).is_err() {
            job.waiting = None;
            job.failed = Some(400);
            return;
        }
        request.extensions_mut().insert(job.exchange.clone());
    }

    /// Receiving has failed. Requests before that are answered; then the failure is, in its place in the order.
    fn take_error(&mut self, error: RecvError, cx: &mut Context<'_>) -> bool {
        if let Some(content) = self.jobs.newest().and_then(|job| job.content.take()) {
            // Its handler answers for it.
            (self.refused, self.stirred) = (true, true);
            self.note_error(error);
            return content.fail(BodyError::Received(error), cx);
        }
        if !self.jobs.is_empty() || self.refused {
            return false;
        }
        self.note_error(error);
        self.refused = true;
        self.refuse(error);
        true
    }

    fn note_error(&self, error: RecvError) {
        trace::refused(&self.info, error);
        self.options.broke_the_protocol(&self.info, error);
    }
}
