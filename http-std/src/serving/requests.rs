//! What comes in: events become requests, faults go to whoever answers for them.

use super::{Conn, Content, Current, News, Shared};
use crate::Body;
use crate::body::Incoming;
use crate::exchange::{Attend, Exchange};
use crate::link::{Awaited, Reading};
use http::Request;
use http_driver::parts::{BATCH, Marks, RequestSpan};
use http_driver::{Fault, Record};
use http_proto::{Event, Expectation, Framing, MethodKind, RecvError, State, Step};
use std::sync::{Arc, Weak};

/// What there is to do for a connection.
pub(super) enum Next {
    /// A request to be answered; or, in its place, a status.
    Request(Result<Box<Request<Body>>, u16>),
    /// Nothing before this comes.
    Wait(Awaited),
    /// What the client sent is to be refused.
    Refuse(RecvError),
    Over,
}

impl Shared {
    /// Takes the next request in, as far as that can be done without waiting.
    pub(super) fn next(self: &Arc<Self>) -> Next {
        self.with(|conn| conn.next(self))
    }

    /// Notices that the socket is broken, where a read would not.
    pub(super) fn lose(&self) {
        self.with(|conn| conn.link.lose(&mut conn.inbox));
    }

    /// Answers what the client did wrong, in the place of an answer.
    pub(super) fn refuse(&self, error: RecvError) {
        let page = error.status().and_then(|status| self.options.page(&Fault::new(status, Some(error))));
        self.with(|conn| {
            if page.and_then(|page| conn.respond_whole(page, true)).is_none() && error.status().is_some() {
                // With nothing left to answer the connection closes in good order all the same.
                conn.link.refuse(error);
            }
        });
    }
}

impl Conn {
    fn next(&mut self, shared: &Arc<Shared>) -> Next {
        loop {
            if self.heed(shared).is_none() {
                return Next::Over;
            }
            while self.has_room() {
                match self.link.core.step(self.inbox.buffer()) {
                    Ok(Step::Event) => {
                        if let Some(request) = self.begin(shared) {
                            return Next::Request(request);
                        }
                    }
                    Ok(Step::NeedInput | Step::Paused | Step::Closed) => break,
                    Err(error) => {
                        if !std::mem::replace(&mut self.refused, true) {
                            self.news.push(News::Broken(error));
                            return Next::Refuse(error);
                        }
                        break;
                    }
                }
            }
            let room = self.has_room();
            let reading = if room { Reading::Wanted } else { Reading::Never };
            let turn = self.link.try_turn(&mut self.inbox, reading);
            self.settle();
            if self.link.is_closed() {
                self.cut_off(shared);
                return Next::Over;
            }
            // What was held back may go on.
            if !room && self.has_room() {
                continue;
            }
            if let Some(awaited) = turn {
                if self.inbox.unread_len() == 0 {
                    self.inbox.release();
                    self.kept.release();
                }
                // With nothing to wait for, nothing would ever come.
                if !awaited.readable && !awaited.writable && awaited.deadline.is_none() {
                    self.link.core.abort();
                    continue;
                }
                return Next::Wait(awaited);
            }
        }
    }

    /// Answers that nobody reads make no room for further requests.
    fn has_room(&self) -> bool {
        self.link.out.len() < BATCH || self.link.core.outstanding() > 0
    }

    /// Makes a request of a head; other events are what is left of one that is answered. What no service should see has
    /// a status in its place.
    fn begin(&mut self, shared: &Arc<Shared>) -> Option<Result<Box<Request<Body>>, u16>> {
        let Event::HeadersComplete(head) = self.link.core.event(self.inbox.buffer()) else {
            self.link.head_at = self.link.read_at;
            return None;
        };
        let options = &shared.options;
        let number = shared.info.count_request();
        let mut marks = Marks::default();
        marks.head(self.link.head_at, self.link.read_at);
        // What lies behind the head came with the same read, or is still to come.
        self.link.head_at = self.link.read_at;
        let mut inner = http_driver::Exchange::new(Arc::clone(&shared.info), number);
        if options.keep_heads {
            inner.keep_head(&head);
        }
        let length = match head.framing() {
            Framing::Length(0) | Framing::None | Framing::Tunnel => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let has_content = length != Some(0);
        let connection: Weak<dyn Attend> = Arc::<Shared>::downgrade(shared);
        let exchange = Exchange::new(inner, connection);
        self.current = Some(Current {
            number,
            exchange: exchange.clone(),
            content: if has_content { Content::Arriving } else { Content::Over(None) },
            head_only: head.method_kind() == MethodKind::Head,
            connect: head.method_kind() == MethodKind::Connect,
            held_back: head.expectation() == Expectation::Continue,
            marks,
            record: options.keeps_records().then(|| Box::new(Record::new(&head, number))),
            span: RequestSpan::new(&head, &shared.info, number),
        });
        self.told_half_closed = false;
        let body = match has_content {
            true => Body::incoming(Incoming::new(Arc::<Shared>::clone(shared), number, length)),
            false => Body::empty(),
        };
        let mut request = Box::new(Request::new(body));
        std::mem::swap(request.headers_mut(), &mut self.kept.get().headers);
        // RFC 9110 section 10.1.1
        let unknown = head.expectation() == Expectation::Unknown;
        let readable = self.overloaded || unknown || head.write_http(&mut request, &mut self.kept.get().octets).is_ok();
        if self.overloaded {
            self.link.core.shutdown();
            return Some(Err(503));
        }
        if unknown {
            return Some(Err(417));
        }
        if !readable {
            return Some(Err(400));
        }
        request.extensions_mut().insert(exchange);
        // The end of a request without content lies in its head.
        let ends = !has_content && self.link.core.state() == State::ReceivingBody;
        if ends && let Ok(Step::Event) = self.link.core.step(self.inbox.buffer()) {
            self.end_content();
        }
        Some(Ok(request))
    }
}
