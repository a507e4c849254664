//! What a client adds: requests are started, and answers belong to the oldest of them.

use super::exchange::{Exchange, Expect, Offer};
use super::recv::BodyIn;
use super::role::hooks::{Heard, Hooks, Parsed};
use super::state::{RecvHalf, SendHalf};
use super::transmit::BodyOut;
use super::{Client, Connection};
use crate::buffer::SendBuf;
use crate::config::Config;
use crate::error::{RecvErrorKind, SendError};
use crate::syntax::{
    BodyLength, Facts, Framing, HeadParser, MethodKind, RequestHead, Response, StartLine, sent_request_framing,
    write_request,
};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// A request that is not answered completely, for the decision whether to send it again (RFC 9110 section 9.2.2,
/// RFC 9112 section 9.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outstanding {
    /// The method's kind.
    pub method: MethodKind,
    /// An octet of an answer has come, of an interim one or the final one.
    pub answer_begun: bool,
    /// An octet of the request has left the send buffer.
    pub left: bool,
    /// Nothing more will be sent of the request: it was handed to the send buffer as a whole, or given up.
    pub sent: bool,
}

impl Outstanding {
    /// Whether the request may be sent again on another connection without asking anybody: no octet of an answer has
    /// come, and either its method is idempotent or the server cannot have got an octet of it.
    ///
    /// A request that is sent again and fails should not be sent a third time (RFC 9110 section 9.2.2); and requests
    /// that were pipelined must not be pipelined again before the first of them is answered (RFC 9112 section 9.3.2).
    pub fn may_retry(&self) -> bool {
        !self.answer_begun && (!self.left || self.method.is_idempotent())
    }
}

impl Connection<Client> {
    /// A client's end of a new connection.
    pub fn client(config: Arc<Config>) -> Self {
        Connection::new(config)
    }

    /// Begins an exchange with a request head; its content follows with [`Connection::send`], its end with
    /// [`Connection::finish`]. With [`BodyLength::Empty`] the request is complete.
    ///
    /// Host, the framing fields, Connection, Upgrade and Expect are added here.
    ///
    /// # Errors
    /// The connection can take no further request, now or at all, or the head or body length is not one that this
    /// request can have; nothing has changed then.
    pub fn start(&mut self, head: &RequestHead<'_>, body: BodyLength, out: &mut SendBuf) -> Result<(), SendError> {
        let method = MethodKind::of(head.method.as_bytes());
        let safe = method.may_pipeline() && body == BodyLength::Empty;
        self.check_start(safe)?;
        let chunked_is_understood =
            head.version.is_http11() && !self.flags.peer_is_http10 && (self.config.assume_http11 || self.received > 0);
        if !head.version.is_http11() && !head.upgrade.is_empty() {
            return Err(SendError::InvalidUpgrade);
        }
        let framing = sent_request_framing(method, body, chunked_is_understood, head.expect_continue)?;
        let queued = out.len();
        out.append(|flat| write_request(flat, head, framing, head.close))?;
        let queued = out.len().saturating_sub(queued);

        self.exchanges.push(|| Exchange {
            method,
            http11: head.version.is_http11(),
            keep_alive: !head.close,
            safe,
            received: false,
            sent: false,
            answer_begun: false,
            expect: if head.expect_continue { Expect::Pending } else { Expect::No },
            interim: 0,
            queued,
            offer: match (method, head.upgrade) {
                (MethodKind::Connect, _) => Offer::Tunnel,
                (_, []) => Offer::None,
                (_, [..]) => Offer::Protocols,
            },
            protocols: Box::default(),
        });
        self.flags.last |= head.close;
        self.flags.awaiting_continue = head.expect_continue;
        self.timers.expect_begun = head.expect_continue;
        self.begin_message(framing.body, body == BodyLength::Streaming);
        if body == BodyLength::Empty {
            self.end_message();
        }
        Ok(())
    }

    fn check_start(&self, safe: bool) -> Result<(), SendError> {
        match self.send {
            SendHalf::Idle if self.flags.last || self.recv == RecvHalf::Ended => return Err(SendError::Closed),
            SendHalf::Idle => {}
            SendHalf::Due | SendHalf::Body | SendHalf::Streaming => return Err(SendError::RequestUnfinished),
            SendHalf::Upgraded => return Err(SendError::Upgraded),
            SendHalf::Closing | SendHalf::Closed => return Err(SendError::Closed),
        }
        let pipeline = self.config.pipeline;
        if self.exchanges.len() >= usize::from(pipeline.depth.max(1)) {
            return Err(SendError::PipelineFull);
        }
        // What stands behind an offer or CONNECT may reach the next protocol instead of HTTP (RFC 9931 section 8).
        let offered = self.exchanges.iter().any(|exchange| exchange.offer != Offer::None);
        let is_safe = safe && self.exchanges.are_safe() && !offered;
        if pipeline.safe_only && !self.exchanges.is_empty() && !is_safe {
            return Err(SendError::NotPipelinable);
        }
        Ok(())
    }

    /// Whether content is held back until 100 (Continue), a final answer, or the deadline.
    pub fn awaiting_continue(&self) -> bool {
        self.flags.awaiting_continue
    }

    /// The requests not answered completely, oldest first: after an error or a close, those that got no answer. They
    /// stay until they are given up ([`Connection::abandon`]).
    pub fn unanswered(&self, out: &SendBuf) -> impl Iterator<Item = Outstanding> {
        let unwritten = out.unsent();
        let mut behind = self.queued();
        // Only the oldest can have got anything. An empty line is none of it.
        let mut heard = self.flags.parsing;
        self.exchanges.iter().map(move |exchange| {
            // With it those behind it.
            let left = behind > unwritten;
            behind = behind.saturating_sub(exchange.queued);
            let heard = core::mem::take(&mut heard) || exchange.interim > 0;
            Outstanding {
                method: exchange.method,
                answer_begun: exchange.answer_begun || heard,
                left,
                sent: exchange.sent,
            }
        })
    }

    /// Whether there is nothing to do but to wait for an answer: the oldest request is written as a whole, or given up,
    /// and no octet of its final answer has come, or of the next interim one. No deadline of the core runs then.
    pub fn awaits_answer(&self, out: &SendBuf) -> bool {
        let Some(front) = self.exchanges.front() else { return false };
        let awaited = self.recv == RecvHalf::Head && self.send != SendHalf::Closed && !self.flags.parsing;
        let written = self.flags.undeliverable || self.queued().saturating_sub(front.queued) >= out.len();
        awaited && front.sent && !front.received && written
    }

    /// Octets of all outstanding requests that were handed to the send buffer.
    fn queued(&self) -> u64 {
        self.exchanges.iter().map(|exchange| exchange.queued).fold(0, u64::saturating_add)
    }

    /// Whether another request may be started once what is outstanding is answered: neither end has announced a close,
    /// and nothing has failed.
    pub fn is_reusable(&self) -> bool {
        !self.flags.last && self.failure.is_none() && self.send != SendHalf::Closed && self.recv != RecvHalf::Ended
    }

    fn front_awaits_answer(&self) -> bool {
        self.exchanges.front().is_some_and(|front| !front.received)
    }

    /// A final head: what it means for the exchange and the connection.
    #[inline(always)]
    fn on_final_head(&mut self, facts: Facts) {
        let Some(front) = self.exchanges.front_mut() else { return };
        front.answer_begun = true;
        front.keep_alive &= facts.keep_alive;
        let sent = front.sent;
        self.flags.last |= !front.keep_alive;
        self.flags.unwanted |= !facts.keep_alive;
        // RFC 9112 section 9.5: a server that closes does not read on; and content that it never asked for cannot
        // follow without its mistaking it for a request.
        if !sent && (self.flags.awaiting_continue || !facts.keep_alive) {
            self.stop_sending();
        }
        if facts.framing == Framing::Tunnel {
            self.send = SendHalf::Upgraded;
            self.body_out = BodyOut::Raw;
        }
        self.body_in = BodyIn::new(facts.framing);
        self.recv = RecvHalf::Body;
    }
}

impl Hooks for Client {
    const SERVER: bool = false;

    fn head<'b>(parsed: Parsed<'b>) -> Response<'b> {
        Response::new(parsed.0)
    }

    fn may_begin_head(connection: &Connection<Self>) -> Result<(), RecvErrorKind> {
        if connection.front_awaits_answer() { Ok(()) } else { Err(RecvErrorKind::UnsolicitedResponse) }
    }

    fn awaits_head(connection: &Connection<Self>) -> bool {
        connection.front_awaits_answer()
    }

    #[inline(always)]
    fn on_head(
        connection: &mut Connection<Self>,
        parser: &mut HeadParser,
        block: &[u8],
    ) -> Result<Heard, RecvErrorKind> {
        let StartLine { status, version, .. } = parser.line();
        let front = connection.exchanges.front_mut().ok_or(RecvErrorKind::UnsolicitedResponse)?;
        // Behind an offer nothing is started, so what is left of a body is left of this request's.
        let sent = front.sent || matches!(connection.body_out, BodyOut::Length(0));
        if status == 101 && !(sent && front.offer == Offer::Protocols) {
            return Err(RecvErrorKind::UnsolicitedUpgrade);
        }
        let facts = parser.judge_response(front.method, block)?;
        connection.flags.peer_is_http10 = !version.is_http11();
        if !matches!(status, 100 | 102..200) {
            connection.on_final_head(facts);
            return Ok(Heard::Deliver);
        }
        if front.interim >= connection.config.limits.interim {
            return Err(RecvErrorKind::TooManyInterim);
        }
        front.interim += 1;
        // To a request sent as a whole it says nothing of the content that a later one holds back.
        if status == 100 && !front.sent {
            front.expect = Expect::Sent;
            connection.flags.awaiting_continue = false;
        }
        Ok(Heard::Deliver)
    }

    fn on_content(_: &mut Connection<Self>) {}

    fn on_complete(connection: &mut Connection<Self>) {
        let Some(front) = connection.exchanges.front_mut() else { return };
        front.received = true;
        if connection.send == SendHalf::Upgraded {
            connection.exchanges.pop();
            connection.recv = RecvHalf::Tail;
        } else if front.sent {
            connection.retire();
        }
    }

    fn on_sent(connection: &mut Connection<Self>) {
        connection.flags.awaiting_continue = false;
        let alone = connection.exchanges.len() == 1;
        let Some(newest) = connection.exchanges.back_mut() else { return };
        newest.sent = true;
        if alone && newest.received {
            connection.retire();
        }
    }

    fn on_undrainable(connection: &mut Connection<Self>) {
        if let Some(front) = connection.exchanges.front_mut() {
            front.keep_alive = false;
        }
        // Nor is anything read of what the server still has to say.
        connection.flags.unwanted = true;
        connection.retire();
    }

    fn on_end(connection: &mut Connection<Self>) -> Result<(), RecvErrorKind> {
        if connection.front_awaits_answer() {
            return Err(RecvErrorKind::NoResponse);
        }
        connection.close_now();
        Ok(())
    }

    fn on_failure(connection: &mut Connection<Self>, _: bool) {
        connection.close_now();
    }
}
