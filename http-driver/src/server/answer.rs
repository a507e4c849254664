//! Answers: from the types of the `http` crate to commands of the core.

use super::job::{Head, Job, Piece};
use super::{HttpService, Serving};
use crate::exchange::Asked;
use crate::link::Link;
use crate::options::{Fault, Options};
use crate::sending::{self, Content, PIECES};
use crate::side;
use crate::{BoxError, Timer, Transport};
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_proto::{BodyLength, FieldBlock, Flow, RecvError, ResponseHead, SendError, Server, State};
use std::task::{Context, Poll};

impl<S, Io, T> Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    /// Sends as much as there is of the answer whose turn it is; whether something came of it.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> bool {
        let (Some(link), Some(job)) = (&mut self.link, self.jobs.front()) else { return false };
        if link.core.state() == State::Closing {
            // The last answer is out; this one was pipelined behind it.
            return false;
        }
        let mut progress = false;
        if let Some(asked) = job.exchange.take_asked() {
            obey(link, asked);
            if link.is_closed() {
                return true;
            }
            progress = true;
        }
        if link.core.awaiting_continue() && job.content.as_ref().is_some_and(|content| content.is_wanted(cx)) {
            let (core, out) = link.commands();
            progress |= core.proceed(out).is_ok();
        }
        if let Some(status) = job.failed {
            answer_fault(link, job, &self.options, Fault { status, error: None });
            self.finish();
            return true;
        }
        if job.head.is_some() {
            // A shutdown that has begun since this poll did.
            if self.options.registry.is_shutting_down() {
                link.core.shutdown();
            }
            match begin(link, job, &self.options, cx) {
                Begun::Waiting => return progress,
                Begun::Complete => {
                    self.finish();
                    return true;
                }
                Begun::Upgraded => return true,
                Begun::Content => progress = true,
            }
        }
        if !job.begun {
            return progress;
        }
        match stream(link, job, cx) {
            Streamed::Waiting { progress: streamed } => progress | streamed,
            Streamed::Complete => {
                self.finish();
                true
            }
        }
    }

    /// The answer whose turn it was is in the buffer. If it was cut off, so is the connection with all that is outstanding.
    fn finish(&mut self) {
        if self.link.as_ref().is_none_or(|link| link.interest().abort) {
            return;
        }
        let (Some(link), Some(mut job)) = (&mut self.link, self.jobs.pop()) else { return };
        job.marks.ended(link.queued());
        if let Some(content) = job.content.take() {
            content.close();
        }
        if let Some(record) = job.record.take() {
            self.finishing.push_back((job.marks.clone(), record));
        }
        job.exchange.set_over();
        self.jobs.keep(job);
        if link.core.state() == State::Closing {
            self.drop_unanswerable();
        }
    }

    /// Answers what the client did wrong, in the place of an answer.
    pub(super) fn refuse(&mut self, error: RecvError) {
        let (Some(link), Some(status)) = (&mut self.link, error.status()) else { return };
        let response = self.options.page(&Fault { status, error: Some(error) });
        if response.and_then(|response| respond_whole(link, response, true)).is_none() {
            let (core, out, date) = link.dated_commands();
            // With nothing left to answer the connection closes in good order all the same.
            let _ = core.refuse(error, date, out);
        }
    }
}

enum Begun {
    /// For its content.
    Waiting,
    /// Its content follows.
    Content,
    Complete,
    Upgraded,
}

enum Streamed {
    Waiting { progress: bool },
    Complete,
}

/// Does what a handler asked for; what cannot be sent is left out.
fn obey<Io: Transport, T: Timer>(link: &mut Link<Server, Io, T>, asked: Asked) {
    let (core, out) = link.commands();
    for (status, headers) in asked.interim {
        sending::inform(core, status, &headers, out);
    }
    if asked.proceed {
        let _ = core.proceed(out);
    }
    if asked.abort {
        core.abort();
    }
}

/// Sends the head of an answer.
fn begin<F, B, Io, T>(
    link: &mut Link<Server, Io, T>,
    job: &mut Job<F, B>,
    options: &Options,
    cx: &mut Context<'_>,
) -> Begun
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
    Io: Transport,
    T: Timer,
{
    if job.held_back && job.length() != Some(0) && job.first.is_none() {
        // The answer may be made of the very content that the client holds back until it is asked for, and that may
        // turn out to be broken.
        match job.poll_piece(cx) {
            Poll::Pending => return Begun::Waiting,
            Poll::Ready(Ok(piece)) => job.first = Some(piece),
            Poll::Ready(Err(status)) => {
                answer_fault(link, job, options, Fault { status, error: None });
                return Begun::Complete;
            }
        }
    }
    let length = job.length();
    let Some(head) = &mut job.head else { return Begun::Waiting };
    let queued = link.queued();
    let status = head.status.as_u16();
    if status == 101 || (job.connect && head.status.is_success()) {
        let (core, out) = link.commands();
        return match sending::upgrade(core, head, out) {
            Ok(()) => {
                // It is said once, though the end of the request may be an event of its own.
                job.head = None;
                job.marks.begun(queued);
                job.set_status(status);
                Begun::Upgraded
            }
            Err(Some(SendError::RequestIncomplete)) if job.content.is_some() => {
                // What is left of the request's content stands before the other protocol.
                job.swallow = true;
                Begun::Waiting
            }
            Err(_) => {
                answer_fault(link, job, options, Fault { status: 500, error: None });
                Begun::Complete
            }
        };
    }
    let head_only = job.head_only || status == 304;
    let begun = respond(link, head, &mut job.spare.block, length, head_only);
    std::mem::swap(&mut job.spare.headers, &mut head.headers);
    job.spare.headers.clear();
    job.head = None;
    job.marks.begun(queued);
    job.set_status(status);
    match begun {
        Ok(BodyLength::Empty) => Begun::Complete,
        Ok(_) if head_only => {
            end(link, None);
            Begun::Complete
        }
        Ok(_) => {
            job.begun = true;
            Begun::Content
        }
        Err(_) => {
            answer_fault(link, job, options, Fault { status: 500, error: None });
            Begun::Complete
        }
    }
}

/// Sends the head of an answer with content of this length; returns the length announced.
fn respond<Io: Transport, T: Timer>(
    link: &mut Link<Server, Io, T>,
    parts: &Head,
    block: &mut FieldBlock,
    length: Option<u64>,
    head_only: bool,
) -> Result<BodyLength, Option<SendError>> {
    let (core, out, date) = link.dated_commands();
    sending::respond(core, parts, Content { length, head_only }, block, date, out)
}

/// Sends the content of an answer, as far as it is there and the client takes it.
fn stream<F, B, Io, T>(link: &mut Link<Server, Io, T>, job: &mut Job<F, B>, cx: &mut Context<'_>) -> Streamed
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
    Io: Transport,
    T: Timer,
{
    let mut progress = false;
    for _ in 0..PIECES {
        if link.out.view().is_full() {
            return Streamed::Waiting { progress };
        }
        let piece = match job.poll_piece(cx) {
            // That it was all may be said much later, or never.
            Poll::Pending if link.core.is_content_complete() => Ok(None),
            Poll::Pending => return Streamed::Waiting { progress },
            Poll::Ready(piece) => piece,
        };
        progress = true;
        match piece {
            Ok(Some(Piece::Data(data))) => {
                if let Some(record) = &mut job.record {
                    record.content += data.len() as u64;
                }
                let (core, out) = link.commands();
                match sending::send(core, data, out) {
                    Ok(Flow::Ready | Flow::Full) => {}
                    // Too much content cuts the message off.
                    Err(_) => {
                        link.core.abort();
                        return Streamed::Complete;
                    }
                }
                if job.is_exhausted() {
                    end(link, None);
                    return Streamed::Complete;
                }
            }
            Ok(Some(Piece::Trailers(trailers))) => {
                end(link, Some(&trailers));
                return Streamed::Complete;
            }
            Ok(None) => {
                end(link, None);
                return Streamed::Complete;
            }
            Err(_) => {
                link.core.abort();
                return Streamed::Complete;
            }
        }
    }
    Streamed::Waiting { progress }
}

/// Ends the message; too little content cuts it off.
fn end<Io: Transport, T: Timer>(link: &mut Link<Server, Io, T>, trailers: Option<&HeaderMap>) {
    let (core, out) = link.commands();
    if sending::finish(core, trailers, out).is_err() {
        link.core.abort();
    }
}

/// Answers in the place of the handler; if a head is out already, the message is cut off.
fn answer_fault<F, B, Io: Transport, T: Timer>(
    link: &mut Link<Server, Io, T>,
    job: &mut Job<F, B>,
    options: &Options,
    fault: Fault,
) {
    job.marks.begun(link.queued());
    job.set_status(fault.status);
    let response = options.page(&fault);
    let status = response.as_ref().map_or(fault.status, |response| response.status().as_u16());
    if let Some(octets) = response.and_then(|response| respond_whole(link, response, false)) {
        job.set_status(status);
        if let Some(record) = &mut job.record {
            record.content += octets;
        }
        return;
    }
    let (core, out, date) = link.dated_commands();
    if side::respond(core, &ResponseHead::new(fault.status), BodyLength::Empty, date, out).is_err() {
        core.abort();
    }
}

/// Sends an answer whose content is at hand; returns the octets of content sent, if it could be done.
fn respond_whole<Io: Transport, T: Timer>(
    link: &mut Link<Server, Io, T>,
    response: Response<Bytes>,
    close: bool,
) -> Option<u64> {
    let (mut parts, content) = response.into_parts();
    if close {
        parts.headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    }
    match respond(link, &parts, &mut FieldBlock::new(), Some(content.len() as u64), false) {
        Ok(BodyLength::Empty) => Some(0),
        Ok(_) => {
            let octets = content.len() as u64;
            let (core, out) = link.commands();
            // To HEAD, and with some statuses, nothing may be sent.
            let sent = core.send_owned(content, out).is_ok();
            end(link, None);
            Some(if sent { octets } else { 0 })
        }
        Err(_) => None,
    }
}
