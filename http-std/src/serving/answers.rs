//! Answers: from the types of the `http` crate to commands of the core.

use super::calls::Awaiting;
use super::{Conn, Shared};
use crate::Body;
use crate::body::{Found, Source};
use crate::link::Awaited;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Body as _;
use http_driver::parts::{self, BATCH, date, respond_dated};
use http_driver::{BodyError, Fault};
use http_proto::{BodyLength, Flow, ResponseHead, SendError};
use std::pin::Pin;
use std::task::Poll;

/// Pieces of content sent in one go, after which others may want the worker.
const PIECES: usize = 64;

/// What has become of an answer.
pub(super) enum Answered {
    /// It is in the buffer as a whole.
    Complete,
    /// There is more content than has been sent.
    Continues(Streaming),
    /// The same, and the client takes no more at present.
    Waits(Streaming, Awaited),
    /// The connection speaks another protocol from here on.
    Upgraded,
    /// The connection is over, or to be cut off.
    Gone,
}

/// An answer whose head has been sent, with the rest of its content.
pub(super) struct Streaming {
    body: Body,
    /// A piece that was asked for before.
    first: Option<Piece>,
}

/// A piece of an answer's content.
enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    /// There will be none; the status stands for the reason.
    Failed(u16),
    Gone,
}

/// What has become of the head of an answer.
enum Begun {
    /// Its content follows.
    Content,
    Complete,
    Upgraded,
    /// What is left of the request's content stands before the other protocol.
    Swallow,
}

impl Shared {
    /// Sends an answer.
    pub(super) fn answer(&self, response: Response<Body>) -> Answered {
        let (mut head, mut body) = response.into_parts();
        let mut first = None;
        let held_back = self.with(|conn| conn.current.as_ref().is_some_and(|current| current.held_back));
        if held_back && body.size_hint().exact() != Some(0) {
            // The answer may be made of the very content that the client holds back until it is asked for, and that may
            // turn out to be broken.
            match self.piece(&mut body) {
                Piece::Failed(status) => return self.answer_fault(status),
                Piece::Gone => return Answered::Gone,
                piece @ (Piece::Data(_) | Piece::Trailers(_) | Piece::End) => first = Some(piece),
            }
        }
        let left = if body.is_end_stream() { Some(0) } else { body.size_hint().exact() };
        let length = match &first {
            Some(Piece::Data(first)) => left.and_then(|left| left.checked_add(first.len() as u64)),
            // Trailers want a length that is not known.
            Some(Piece::Trailers(_)) => None,
            Some(Piece::End | Piece::Failed(_) | Piece::Gone) | None => left,
        };
        let begun = loop {
            let begun = self.with(|conn| conn.begin_answer(self, &mut head, length));
            match begun {
                Ok(Begun::Swallow) if self.swallow() => {}
                Ok(Begun::Swallow) => return Answered::Gone,
                Ok(begun) => break begun,
                Err(status) => return self.answer_fault(status),
            }
        };
        match begun {
            Begun::Complete => Answered::Complete,
            Begun::Upgraded => Answered::Upgraded,
            Begun::Content | Begun::Swallow => self.stream(Streaming { body, first }, false),
        }
    }

    /// Sends the content of an answer, as far as the client takes it; its socket may be `broken`.
    pub(super) fn stream(&self, mut streaming: Streaming, mut broken: bool) -> Answered {
        let made_when_asked = streaming.body.is_made_when_asked();
        for _ in 0..PIECES {
            let (unsent, full) = self.unsent();
            if full || unsent >= BATCH || (made_when_asked && unsent > 0) {
                let Some(awaited) = self.tend(std::mem::take(&mut broken)) else { return Answered::Gone };
                if self.unsent().0 >= BATCH {
                    return Answered::Waits(streaming, Awaited { writable: true, ..awaited });
                }
            }
            let piece = match streaming.first.take() {
                Some(piece) => piece,
                None => self.piece(&mut streaming.body),
            };
            let over = streaming.body.is_end_stream();
            if let Some(answered) = self.with(|conn| conn.send_piece(piece, over)) {
                return answered;
            }
        }
        Answered::Continues(streaming)
    }

    /// The next piece of an answer's content.
    fn piece(&self, body: &mut Body) -> Piece {
        let polled = self.watch(None, |cx| match Pin::new(&mut *body).poll_frame(cx) {
            // That it was all may be said much later, or never.
            Poll::Pending if self.with(|conn| conn.link.core.is_content_complete()) => Poll::Ready(None),
            polled => polled,
        });
        match polled {
            Awaiting::Ready(None) => Piece::End,
            Awaiting::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Piece::Data(data),
                // Other kinds of frames do not exist in HTTP/1.
                Err(frame) => Piece::Trailers(frame.into_trailers().unwrap_or_default()),
            },
            Awaiting::Ready(Some(Err(error))) => Piece::Failed(BodyError::status_of(&error)),
            Awaiting::Panicked => Piece::Failed(500),
            Awaiting::Late | Awaiting::Gone => Piece::Gone,
        }
    }

    /// Answers in the place of the handler; if a head is out already, the message is cut off.
    pub(super) fn answer_fault(&self, status: u16) -> Answered {
        let page = self.options.page(&Fault::new(status, None));
        self.with(|conn| conn.answer_fault(status, page))
    }

    /// Swallows what is left of the content of the request; false: the connection is over.
    fn swallow(&self) -> bool {
        let Some(number) = self.with(|conn| conn.current.as_ref().map(|current| current.number)) else { return false };
        loop {
            match self.content(number, None) {
                Poll::Ready(Found::Data(_)) => {}
                Poll::Ready(Found::End(_)) => return true,
                Poll::Ready(Found::Failed(_)) | Poll::Pending => return false,
            }
        }
    }
}

impl super::Current {
    /// Notes the status that is answered.
    fn set_status(&mut self, status: u16) {
        self.span.set_status(status);
        if let Some(record) = &mut self.record {
            record.status = Some(status);
        }
    }
}

impl Conn {
    /// Sends the head of an answer; `Err` with a status if it is none.
    fn begin_answer(
        &mut self,
        shared: &Shared,
        head: &mut http::response::Parts,
        length: Option<u64>,
    ) -> Result<Begun, u16> {
        // A shutdown that has begun since the request came, and interim responses of a future that was ready at once.
        self.heed(shared).ok_or(500_u16)?;
        let queued = self.link.queued();
        let Some(current) = &mut self.current else { return Err(500) };
        let status = head.status.as_u16();
        let (core, out) = self.link.commands();
        if status == 101 || (current.connect && head.status.is_success()) {
            return match parts::upgrade(core, head, out) {
                Ok(()) => {
                    current.marks.begun(queued);
                    current.set_status(status);
                    Ok(Begun::Upgraded)
                }
                Err(Some(SendError::RequestIncomplete)) if !current.is_complete() => Ok(Begun::Swallow),
                Err(_) => Err(500),
            };
        }
        let head_only = current.head_only || status == 304;
        let content = parts::Content { length, head_only };
        let begun = parts::respond(core, head, content, &mut self.kept.get().block, date().as_ref(), out);
        std::mem::swap(&mut self.kept.get().headers, &mut head.headers);
        self.kept.get().headers.clear();
        current.marks.begun(queued);
        current.set_status(status);
        match begun {
            Ok(BodyLength::Empty) => Ok(Begun::Complete),
            Ok(_) if head_only => {
                self.end_answer(None);
                Ok(Begun::Complete)
            }
            Ok(_) => Ok(Begun::Content),
            Err(_) => Err(500),
        }
    }

    /// Sends a piece of content, the last one if `over`; `None`: there is more to come.
    fn send_piece(&mut self, piece: Piece, over: bool) -> Option<Answered> {
        let trailers = match piece {
            Piece::Data(data) => {
                if let Some(record) = self.current.as_mut().and_then(|current| current.record.as_mut()) {
                    record.content += data.len() as u64;
                }
                let (core, out) = self.link.commands();
                match parts::send(core, data, out) {
                    Ok(Flow::Ready | Flow::Full) if over => None,
                    Ok(Flow::Ready | Flow::Full) => return None,
                    // Too much content cuts the message off.
                    Err(_) => {
                        core.abort();
                        return Some(Answered::Gone);
                    }
                }
            }
            Piece::Trailers(trailers) => Some(trailers),
            Piece::End => None,
            Piece::Failed(_) => {
                self.link.core.abort();
                return Some(Answered::Gone);
            }
            Piece::Gone => return Some(Answered::Gone),
        };
        Some(self.end_answer(trailers.as_ref()))
    }

    fn answer_fault(&mut self, status: u16, page: Option<Response<Bytes>>) -> Answered {
        if let Some(current) = &mut self.current {
            current.marks.begun(self.link.queued());
            current.set_status(status);
        }
        let own = page.as_ref().map_or(status, |page| page.status().as_u16());
        if let Some(octets) = page.and_then(|page| self.respond_whole(page, false)) {
            if let Some(current) = &mut self.current {
                current.set_status(own);
                if let Some(record) = &mut current.record {
                    record.content += octets;
                }
            }
            return self.outcome();
        }
        let (core, out) = self.link.commands();
        if respond_dated(core, &ResponseHead::new(status), BodyLength::Empty, date().as_ref(), out).is_err() {
            core.abort();
        }
        self.outcome()
    }

    /// Ends the message; too little content cuts it off.
    fn end_answer(&mut self, trailers: Option<&HeaderMap>) -> Answered {
        let (core, out) = self.link.commands();
        if parts::finish(core, trailers, out).is_err() {
            core.abort();
        }
        self.outcome()
    }

    fn outcome(&self) -> Answered {
        if self.link.interest().abort { Answered::Gone } else { Answered::Complete }
    }

    /// Sends an answer whose content is at hand; returns the octets of content sent, if it could be done.
    pub(super) fn respond_whole(&mut self, response: Response<Bytes>, close: bool) -> Option<u64> {
        let (mut head, content) = response.into_parts();
        if close {
            head.headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        let octets = content.len() as u64;
        let (core, out) = self.link.commands();
        let length = parts::Content { length: Some(octets), head_only: false };
        match parts::respond(core, &head, length, &mut self.kept.get().block, date().as_ref(), out).ok()? {
            BodyLength::Empty => Some(0),
            BodyLength::Exact(_) | BodyLength::Unknown | BodyLength::Streaming => {
                // To HEAD, and with some statuses, nothing may be sent.
                let sent = core.send_owned(content, out).is_ok();
                self.end_answer(None);
                Some(if sent { octets } else { 0 })
            }
        }
    }
}
