//! What a server adds: requests become exchanges, and answers go to the oldest of them.

use super::exchange::{Exchange, Expect, Offer};
use super::recv::BodyIn;
use super::role::hooks::{Heard, Hooks, Parsed};
use super::state::{RecvHalf, SendHalf};
use super::transmit::BodyOut;
use super::{Connection, Server};
use crate::buffer::SendBuf;
use crate::config::{Config, HalfClose};
use crate::error::{RecvError, RecvErrorKind, SendError};
use crate::syntax::{
    BodyLength, ConnectionField, Expectation, Framing, HeadParser, MethodKind, OutFraming, Request, ResponseHead,
    StartLine, lists_protocol, makes_tunnel, sent_response_framing, write_interim, write_response,
};
use alloc::boxed::Box;
use alloc::sync::Arc;

impl Connection<Server> {
    /// A server's end of a new connection.
    pub fn server(config: Arc<Config>) -> Self {
        Connection::new(config)
    }

    /// Answers the oldest unanswered request with a final response head; its content follows with
    /// [`Connection::send`], its end with [`Connection::finish`]. With [`BodyLength::Empty`] the answer is complete.
    ///
    /// The framing fields, Connection and what it takes to close in good order are added here. An offer to upgrade is
    /// declined by it, and HTTP goes on; CONNECT is refused by it, and the connection closes (RFC 9931 section 8).
    ///
    /// # Errors
    /// Nothing awaits an answer, or the head or body length is not one that this answer can have; nothing has changed.
    pub fn respond(&mut self, head: &ResponseHead<'_>, body: BodyLength, out: &mut SendBuf) -> Result<(), SendError> {
        let front = self.due()?;
        match head.status {
            101 => return Err(SendError::UpgradeRequired),
            0..200 => return Err(SendError::InvalidStatus),
            status if front.method == MethodKind::Connect && makes_tunnel(status) => {
                return Err(SendError::UpgradeRequired);
            }
            _ => {}
        }
        let framing = sent_response_framing(head.status, front.method, front.http11, body)?;
        let close = head.close
            || framing.body == Framing::UntilClose
            || self.closes_after(front)
            || (body == BodyLength::Empty && self.is_undrainable(front));
        let connection = ConnectionField::new(close, front.http11);
        out.append(|flat| write_response(flat, head, framing, connection))?;
        self.decline_offer(!close);
        if let Some(front) = self.exchanges.front_mut() {
            front.keep_alive = !close;
            front.answer_begun = true;
        }
        self.begin_message(framing.body, body == BodyLength::Streaming);
        if body == BodyLength::Empty {
            self.end_message();
        }
        Ok(())
    }

    /// Sends an interim response (RFC 9110 section 15.2), such as 103 (Early Hints), before the final one. 100 is
    /// [`Connection::proceed`], 101 is [`Connection::upgrade`].
    ///
    /// # Errors
    /// Nothing awaits an answer, the client speaks HTTP/1.0, or the head is not one that can be sent.
    pub fn inform(&mut self, head: &ResponseHead<'_>, out: &mut SendBuf) -> Result<(), SendError> {
        if !self.due()?.http11 {
            return Err(SendError::InterimToHttp10);
        }
        match head.status {
            102..200 => out.append(|flat| write_interim(flat, head)),
            _ => Err(SendError::InvalidStatus),
        }
    }

    /// Whether the client of the oldest unanswered request holds its content back until it is told to send it
    /// (RFC 9110 section 10.1.1): with [`Connection::proceed`], or not at all with a final answer.
    pub fn awaiting_continue(&self) -> bool {
        self.due().is_ok_and(|front| front.expect == Expect::Pending && !front.received)
    }

    /// Sends 100 (Continue).
    ///
    /// # Errors
    /// The client does not wait for it, see [`Connection::awaiting_continue`].
    pub fn proceed(&mut self, out: &mut SendBuf) -> Result<(), SendError> {
        if !self.awaiting_continue() {
            self.due()?;
            return Err(SendError::NotAwaitingContinue);
        }
        out.append(|flat| write_interim(flat, &ResponseHead::new(100)))?;
        if let Some(front) = self.exchanges.front_mut() {
            front.expect = Expect::Sent;
        }
        Ok(())
    }

    /// Accepts what the request asks for: 101 with the chosen protocol to an offer, or a 2xx other than 204 to CONNECT.
    /// HTTP is over then; [`crate::Event::UpgradeTail`] brings what has been received of the other protocol, and
    /// [`Connection::send`] sends octets as they are.
    ///
    /// # Errors
    /// The request asks for nothing, or not for this protocol, or is not complete; the head cannot be sent.
    pub fn upgrade(&mut self, head: &ResponseHead<'_>, out: &mut SendBuf) -> Result<(), SendError> {
        let front = self.due()?;
        match front.offer {
            Offer::None => return Err(SendError::UpgradeNotOffered),
            Offer::Tunnel if !makes_tunnel(head.status) => return Err(SendError::InvalidStatus),
            Offer::Protocols if head.status != 101 => return Err(SendError::InvalidStatus),
            Offer::Protocols => {
                let chosen = head.upgrade.ok_or(SendError::InvalidUpgrade)?;
                if !lists_protocol(&front.protocols, chosen.as_bytes()) {
                    return Err(SendError::UpgradeNotOffered);
                }
            }
            Offer::Tunnel => {}
        }
        let complete = self.recv == RecvHalf::Undecided
            || (self.recv == RecvHalf::Body && matches!(self.body_in, BodyIn::Length(0)));
        if !complete || self.exchanges.len() > 1 {
            return Err(SendError::RequestIncomplete);
        }
        // RFC 9110 section 7.8: where 100 (Continue) was asked for, it goes before 101.
        let proceed = matches!(front.expect, Expect::Pending | Expect::Moot);
        out.append(|flat| {
            let start = flat.len();
            if proceed {
                write_interim(flat, &ResponseHead::new(100))?;
            }
            let framing = OutFraming { content_length: None, body: Framing::Tunnel };
            let written = write_response(flat, head, framing, ConnectionField::Nothing);
            if written.is_err() {
                flat.truncate(start);
            }
            written
        })?;
        self.exchanges.pop();
        self.send = SendHalf::Upgraded;
        self.body_out = BodyOut::Raw;
        if self.recv == RecvHalf::Undecided {
            self.recv = RecvHalf::Tail;
        }
        Ok(())
    }

    /// Answers what the peer did wrong with a minimal response: the status of the error, no content, `Connection:
    /// close`. Then the connection closes so that the peer can read it. [`Connection::respond`] may stand in its place.
    ///
    /// # Errors
    /// The error is not that of this connection or has no answer; requests before it are unanswered; the head of an
    /// answer is out, so that only [`Connection::abort`] is left.
    pub fn refuse(&mut self, error: RecvError, date: Option<&[u8; 29]>, out: &mut SendBuf) -> Result<(), SendError> {
        let status = error.status().filter(|_| self.failure == Some(error)).ok_or(SendError::NotRefusable)?;
        self.due()?;
        if self.exchanges.len() > 1 {
            return Err(SendError::NotYourTurn);
        }
        self.respond(&ResponseHead { date, ..ResponseHead::new(status).close() }, BodyLength::Empty, out)
    }

    /// The oldest exchange, if its answer is due.
    fn due(&self) -> Result<&Exchange, SendError> {
        match self.send {
            SendHalf::Due => self.exchanges.front().ok_or(SendError::NothingToAnswer),
            SendHalf::Idle => Err(SendError::NothingToAnswer),
            SendHalf::Body | SendHalf::Streaming => Err(SendError::AlreadyResponded),
            SendHalf::Upgraded => Err(SendError::Upgraded),
            SendHalf::Closing | SendHalf::Closed => Err(SendError::Closed),
        }
    }

    /// Whether the connection closes after the answer to the oldest request, whatever that answer is.
    fn closes_after(&self, front: &Exchange) -> bool {
        let another_head = self.recv == RecvHalf::Head && self.flags.head_begun;
        let last = self.recv == RecvHalf::Ended || (self.flags.last && !another_head);
        !front.keep_alive
            || front.offer == Offer::Tunnel
            // The client may or may not send the content that it held back: nobody could tell what comes next.
            || (front.expect == Expect::Pending && !front.received)
            || (last && self.exchanges.len() == 1)
    }

    /// Whether more of the request's content is still to come than will be swallowed once nobody reads it.
    fn is_undrainable(&self, front: &Exchange) -> bool {
        !front.received && self.body_in.surely_left() > self.config.limits.drain
    }

    fn decline_offer(&mut self, keep_alive: bool) {
        let newest = self.exchanges.len() == 1;
        if let Some(front) = self.exchanges.front_mut() {
            front.offer = Offer::None;
        }
        if self.recv == RecvHalf::Undecided && newest {
            self.recv = if keep_alive { RecvHalf::Head } else { RecvHalf::Ended };
        }
    }
}

impl Hooks for Server {
    const SERVER: bool = true;

    fn head<'b>(parsed: Parsed<'b>) -> Request<'b> {
        Request::new(parsed.0)
    }

    #[inline(always)]
    fn may_begin_head(_: &Connection<Self>) -> Result<(), RecvErrorKind> {
        Ok(())
    }

    fn awaits_head(_: &Connection<Self>) -> bool {
        true
    }

    #[inline(always)]
    fn on_head(
        connection: &mut Connection<Self>,
        parser: &mut HeadParser,
        block: &[u8],
    ) -> Result<Heard, RecvErrorKind> {
        let (StartLine { method, version, .. }, facts) = if connection.recv == RecvHalf::Held {
            (parser.line(), parser.facts())
        } else {
            parser.judge_request(block)?
        };
        let content = facts.framing != Framing::Length(0);
        let safe = method.may_pipeline() && !content;
        if !safe && connection.config.pipeline.safe_only && !connection.exchanges.is_empty() {
            return Ok(Heard::Hold);
        }
        let (offer, protocols) = match (method, facts.upgrade) {
            (MethodKind::Connect, _) => (Offer::Tunnel, Box::default()),
            (_, true) => (Offer::Protocols, offered(parser, block)),
            (_, false) => (Offer::None, Box::default()),
        };
        connection.exchanges.push(|| Exchange {
            method,
            http11: version.is_http11(),
            keep_alive: facts.keep_alive,
            safe,
            received: false,
            sent: false,
            answer_begun: false,
            expect: match facts.expectation {
                // An unknown one as well: 100-continue may stand beside it, or its client wait for it to be declined.
                Expectation::Continue | Expectation::Unknown if content => Expect::Pending,
                Expectation::Continue => Expect::Moot,
                Expectation::None | Expectation::Unknown => Expect::No,
            },
            interim: 0,
            queued: 0,
            offer,
            protocols,
        });
        if connection.send == SendHalf::Idle {
            connection.send = SendHalf::Due;
        }
        connection.body_in = BodyIn::new(facts.framing);
        connection.recv = RecvHalf::Body;
        Ok(Heard::Deliver)
    }

    #[inline(always)]
    fn on_content(connection: &mut Connection<Self>) {
        if let Some(newest) = connection.exchanges.back_mut()
            && newest.expect == Expect::Pending
        {
            newest.expect = Expect::Moot;
        }
    }

    #[inline(always)]
    fn on_complete(connection: &mut Connection<Self>) {
        let last = connection.flags.last;
        if connection.send == SendHalf::Upgraded {
            connection.recv = RecvHalf::Tail;
            return;
        }
        let Some(newest) = connection.exchanges.back_mut() else { return };
        newest.received = true;
        if newest.offer != Offer::None {
            connection.recv = RecvHalf::Undecided;
        } else if !newest.keep_alive || last {
            connection.recv = RecvHalf::Ended;
        }
        if newest.sent {
            connection.retire();
        }
    }

    fn on_sent(connection: &mut Connection<Self>) {
        let body_is_over = matches!(connection.body_in, BodyIn::Length(0));
        let Some(front) = connection.exchanges.front_mut() else { return };
        front.sent = true;
        if front.received || (!front.keep_alive && !body_is_over) {
            connection.retire();
        } else {
            connection.discard();
        }
    }

    fn on_undrainable(connection: &mut Connection<Self>) {
        connection.flags.draining = false;
        connection.recv = RecvHalf::Ended;
        let Some(newest) = connection.exchanges.back_mut() else { return };
        newest.keep_alive = false;
        newest.received = true;
        if newest.sent {
            connection.retire();
        }
    }

    fn on_end(connection: &mut Connection<Self>) -> Result<(), RecvErrorKind> {
        if connection.exchanges.is_empty() {
            connection.begin_closing();
        } else if connection.config.half_close == HalfClose::Cancel {
            connection.close_now();
        }
        Ok(())
    }

    fn on_failure(connection: &mut Connection<Self>, in_body: bool) {
        match connection.exchanges.back_mut() {
            Some(newest) if in_body => {
                newest.received = true;
                newest.keep_alive = false;
                newest.offer = Offer::None;
                if newest.sent {
                    connection.retire();
                }
            }
            // What cannot be read is answered like a request.
            _ => connection.exchanges.push(|| Exchange {
                method: MethodKind::Other,
                http11: true,
                keep_alive: false,
                safe: false,
                received: true,
                sent: false,
                answer_begun: false,
                expect: Expect::No,
                interim: 0,
                queued: 0,
                offer: Offer::None,
                protocols: Box::default(),
            }),
        }
        if connection.send == SendHalf::Idle {
            connection.send = SendHalf::Due;
        }
    }
}

/// The protocols that the request at the front of `block` offers, as one list.
#[cold]
fn offered(parser: &HeadParser, block: &[u8]) -> Box<[u8]> {
    let fields = parser.section(block);
    fields.combined("upgrade").unwrap_or_default().into_boxed_slice()
}
