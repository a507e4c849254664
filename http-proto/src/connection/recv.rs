//! Octets to events: the loop that both roles share.

use super::event::{Event, Found, Step};
use super::role::hooks::{Heard, Parsed};
use super::state::{RecvHalf, SendHalf};
use super::{Connection, Role};
use crate::buffer::{End, RecvBuf, Storage};
use crate::config::HalfClose;
use crate::error::{RecvError, RecvErrorKind as Kind};
use crate::syntax::{CR, ChunkDecoder, ChunkItem, Fields, Framing, HeadParser, LF};

/// How the body being received is decoded.
#[derive(Debug, Clone, Copy)]
pub(super) enum BodyIn {
    /// So many octets are left; none: the end is next.
    Length(u64),
    Chunked(ChunkDecoder),
    Trailers,
    UntilClose,
}

impl BodyIn {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::None | Framing::Tunnel => BodyIn::Length(0),
            Framing::Length(length) => BodyIn::Length(length),
            Framing::Chunked => BodyIn::Chunked(ChunkDecoder::new()),
            Framing::UntilClose => BodyIn::UntilClose,
        }
    }

    /// The octets of content that are sure to come; more than any bound where only the close ends it.
    pub(super) fn surely_left(&self) -> u64 {
        match self {
            BodyIn::Length(left) => *left,
            BodyIn::Chunked(_) | BodyIn::Trailers => 0,
            BodyIn::UntilClose => u64::MAX,
        }
    }
}

/// A fault, and how far ahead of what has been consumed it lies.
type Failed = (Kind, usize);

impl<R: Role> Connection<R> {
    /// Consumes octets up to the next event and remembers where it lies; borrows nothing. The octets of the event
    /// before are gone with this call.
    ///
    /// Every step makes progress: after `Event` call again, after `NeedInput` read, after `Paused` send.
    ///
    /// # Errors
    /// The peer broke the protocol, or a deadline. Receiving is then over, and every further call returns the same
    /// error. A server answers the exchanges before it, then refuses it (`refuse`).
    #[inline]
    pub fn step<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<Step, RecvError> {
        input.begin_step();
        if self.awaits_first_octet(input) {
            self.message = 0;
        } else if !self.only_continues_head(input) {
            return self.full_step(input);
        }
        self.found = Found::Nothing(Step::NeedInput);
        self.flags.waiting = true;
        Ok(Step::NeedInput)
    }

    /// Whether a head may come, and nothing of it has.
    #[inline(always)]
    fn awaits_first_octet<S: Storage>(&self, input: &RecvBuf<S>) -> bool {
        self.recv == RecvHalf::Head
            && !self.flags.parsing
            && self.empty_lines == 0
            && input.unread_len() == 0
            && input.end().is_none()
            && self.may_receive_head()
    }

    /// Whether the head being parsed is longer than before, and in all else as it was.
    #[inline(always)]
    fn only_continues_head<S: Storage>(&self, input: &mut RecvBuf<S>) -> bool {
        self.recv == RecvHalf::Head
            && self.flags.parsing
            && input.end().is_none()
            && input.parser_of_all().is_some_and(|(parser, block)| parser.resume(block, &self.config.limits))
    }

    #[inline(never)]
    fn full_step<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<Step, RecvError> {
        self.flags.waiting = false;
        let found = if input.is_lent() { Ok(Found::Nothing(Step::NeedInput)) } else { self.find(input) };
        match found {
            Ok(found) => {
                self.found = found;
                Ok(match found {
                    Found::Head | Found::Payload | Found::Complete { .. } | Found::Tail => Step::Event,
                    Found::Nothing(step) => {
                        self.flags.waiting = step == Step::NeedInput;
                        step
                    }
                })
            }
            Err(error) => {
                self.found = Found::Nothing(Step::Closed);
                Err(error)
            }
        }
    }

    /// The event that the last [`Connection::step`] found, in the same buffer. It lives until that buffer is next
    /// changed.
    pub fn event<'b, S: Storage>(&self, input: &'b RecvBuf<S>) -> Event<'b, R::Head<'b>> {
        let octets = input.event();
        match self.found {
            Found::Head => Event::HeadersComplete(R::head(Parsed(input.head().parsed(octets)))),
            Found::Payload => Event::Payload(octets),
            Found::Complete { trailers: true } => Event::MessageComplete(input.head().section(octets)),
            Found::Complete { trailers: false } => Event::MessageComplete(Fields::EMPTY),
            Found::Tail => Event::UpgradeTail(octets),
            Found::Nothing(Step::NeedInput | Step::Event) => Event::NeedInput,
            Found::Nothing(Step::Paused) => Event::Paused,
            Found::Nothing(Step::Closed) => Event::Closed,
        }
    }

    /// [`Connection::step`] and [`Connection::event`] in one call, for simple loops.
    ///
    /// # Errors
    /// As [`Connection::step`].
    #[inline]
    pub fn recv<'b, S: Storage>(&mut self, input: &'b mut RecvBuf<S>) -> Result<Event<'b, R::Head<'b>>, RecvError> {
        self.step(input)?;
        Ok(self.event(input))
    }

    #[inline(always)]
    fn find<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<Found, RecvError> {
        loop {
            let found = match self.recv {
                RecvHalf::Head | RecvHalf::Held => self.find_head(input),
                RecvHalf::Body => self.find_body(input),
                RecvHalf::Undecided => self.paused(input, Step::Paused),
                RecvHalf::Tail => {
                    input.join_blocks();
                    let tail = input.unread().len();
                    input.consume(tail, tail);
                    self.recv = RecvHalf::Upgraded;
                    return Ok(Found::Tail);
                }
                RecvHalf::Upgraded => return Ok(Found::Nothing(Step::Closed)),
                RecvHalf::Ended | RecvHalf::Linger => {
                    let step = self.end_step(input);
                    return self.failure.map_or(Ok(Found::Nothing(step)), Err);
                }
            };
            match found {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err((kind, ahead)) => self.fail(kind, ahead),
            }
        }
    }

    /// The step where no message will be received any more.
    fn end_step<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Step {
        if self.recv == RecvHalf::Linger {
            self.swallow(input);
        }
        match input.end() {
            Some(End::Aborted) if R::SERVER && !self.exchanges.is_empty() => self.fail_once(Kind::Aborted),
            Some(End::Clean) if self.failure.is_none() && self.is_cancelled_by_end() => self.close_now(),
            Some(End::Aborted | End::Clean) | None => {}
        }
        if self.recv == RecvHalf::Linger { Step::NeedInput } else { Step::Closed }
    }

    fn fail_once(&mut self, kind: Kind) {
        if self.failure.is_none() && self.send != SendHalf::Closed {
            self.fail(kind, 0);
        } else {
            self.close_now();
        }
    }

    /// Whether a half-close gives up what is outstanding, even where no octet in front of it can be consumed.
    fn is_cancelled_by_end(&self) -> bool {
        let open = !matches!(self.send, SendHalf::Closing | SendHalf::Closed);
        R::SERVER && open && !self.exchanges.is_empty() && self.config.half_close == HalfClose::Cancel
    }

    /// The step where no octet can be consumed now; an end that gives everything up is noticed all the same.
    fn paused<S: Storage>(&mut self, input: &RecvBuf<S>, step: Step) -> Result<Option<Found>, Failed> {
        match input.end() {
            Some(End::Aborted) => Err((Kind::Aborted, 0)),
            Some(End::Clean) if self.is_cancelled_by_end() => {
                self.close_now();
                Ok(None)
            }
            Some(End::Clean) | None => Ok(Some(Found::Nothing(step))),
        }
    }

    #[inline(always)]
    fn find_head<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<Option<Found>, Failed> {
        if self.recv == RecvHalf::Held {
            if !self.exchanges.is_empty() {
                return self.paused(input, Step::Paused);
            }
        } else if !self.may_receive_head() {
            // Nothing is left that would have to wait, so the end of the input need not wait either.
            let over = input.end() == Some(End::Clean) && input.unread_len() == 0;
            return if over { self.await_head(input) } else { self.paused(input, Step::Paused) };
        }
        let (mut parser, mut block) = input.parser();
        if self.recv == RecvHalf::Head && !self.flags.parsing {
            if matches!(block, [] | [CR, ..]) {
                if !self.skip_empty_lines(input)? {
                    return self.await_head(input);
                }
                (parser, block) = input.parser();
            }
            self.begin_head(parser)?;
        }
        if self.recv == RecvHalf::Head {
            match parser.parse(block, &self.config.limits, !R::SERVER) {
                Ok(Some(_)) => {}
                Ok(None) if input.extend_block() => return Ok(None),
                Ok(None) => return self.await_head(input),
                Err(fault) => return Err((fault.kind, fault.at)),
            }
        }
        let length = parser.fields().position();
        match R::on_head(self, parser, block).map_err(|kind| (kind, length.saturating_sub(1)))? {
            Heard::Hold => {
                self.recv = RecvHalf::Held;
                Ok(None)
            }
            Heard::Deliver => {
                input.consume(length, length);
                // The first octets of this message; adding to the zero just stored would wait for it.
                self.message = length as u64;
                self.received += length as u64;
                self.flags.parsing = false;
                self.flags.head_begun = false;
                self.timers.head_renewed = true;
                self.empty_lines = 0;
                Ok(Some(Found::Head))
            }
        }
    }

    #[inline(always)]
    fn begin_head(&mut self, parser: &mut HeadParser) -> Result<(), Failed> {
        self.message = 0;
        R::may_begin_head(self).map_err(|kind| (kind, 0))?;
        self.flags.parsing = true;
        self.flags.head_begun = true;
        if R::SERVER {
            parser.begin_request();
        } else {
            parser.begin_response();
        }
        Ok(())
    }

    /// Consumes CR LF in front of a message (RFC 9112 section 2.2); true when another octet is there.
    #[cold]
    fn skip_empty_lines<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<bool, Failed> {
        if self.empty_lines == 0 {
            self.message = 0;
        }
        loop {
            match input.unread() {
                [] => return Ok(false),
                [CR, ..] if self.empty_lines >= self.config.limits.empty_lines => {
                    return Err((Kind::TooManyEmptyLines, 0));
                }
                [CR] => {
                    self.flags.head_begun = true;
                    if !input.extend_block() {
                        return Ok(false);
                    }
                }
                [CR, LF, ..] => {
                    self.empty_lines += 1;
                    self.flags.head_begun = false;
                    input.consume(2, 0);
                    self.count(2);
                }
                [CR, ..] => return Err((Kind::BareCr, 1)),
                [_, ..] => return Ok(true),
            }
        }
    }

    /// No whole head is there: wait for it, or see what the end of the input means.
    fn await_head<S: Storage>(&mut self, input: &RecvBuf<S>) -> Result<Option<Found>, Failed> {
        match input.end() {
            None => Ok(Some(Found::Nothing(Step::NeedInput))),
            Some(End::Aborted) => self.on_abort(),
            Some(End::Clean) if self.flags.head_begun && R::awaits_head(self) => {
                self.flags.input_ended = true;
                Err((Kind::IncompleteHead, input.unread().len()))
            }
            Some(End::Clean) => {
                self.flags.input_ended = true;
                R::on_end(self).map_err(|kind| (kind, 0))?;
                self.recv = RecvHalf::Ended;
                Ok(None)
            }
        }
    }

    fn on_abort(&mut self) -> Result<Option<Found>, Failed> {
        if self.exchanges.is_empty() && !self.flags.head_begun {
            self.close_now();
            return Ok(None);
        }
        Err((Kind::Aborted, 0))
    }

    #[inline(never)]
    fn find_body<S: Storage>(&mut self, input: &mut RecvBuf<S>) -> Result<Option<Found>, Failed> {
        let available = input.unread().len();
        match &mut self.body_in {
            BodyIn::Length(0) => return Ok(Some(self.complete(false))),
            BodyIn::Length(left) if available > 0 => {
                // No more than `available`, which is a usize.
                let length = (available as u64).min(*left) as usize;
                *left -= length as u64;
                return self.payload(input, length, length);
            }
            BodyIn::UntilClose if available > 0 => return self.payload(input, available, available),
            BodyIn::UntilClose if input.end() == Some(End::Clean) => return Ok(Some(self.complete(false))),
            BodyIn::Chunked(decoder) if available > 0 => {
                let (length, item) =
                    decoder.decode(input.unread(), &self.config.limits).map_err(|fault| (fault.kind, fault.at))?;
                match item {
                    ChunkItem::Data(data) => return self.payload(input, length, data),
                    ChunkItem::NeedInput => {}
                    ChunkItem::LastChunk => {
                        self.body_in = BodyIn::Trailers;
                        input.parser().0.begin_trailers();
                    }
                }
                self.timers.body_progress = true;
                input.consume(length, 0);
                self.count(length);
                return Ok(None);
            }
            BodyIn::Trailers => {
                let (parser, block) = input.parser();
                let parsed = parser.parse_trailers(block, &self.config.limits, !R::SERVER);
                if let Some(length) = parsed.map_err(|fault| (fault.kind, fault.at))? {
                    self.timers.body_progress = true;
                    input.consume(length, length);
                    self.count(length);
                    return Ok(Some(self.complete(true)));
                }
                if input.extend_block() {
                    return Ok(None);
                }
            }
            BodyIn::Length(_) | BodyIn::Chunked(_) | BodyIn::UntilClose => {}
        }
        match input.end() {
            None => Ok(Some(Found::Nothing(Step::NeedInput))),
            Some(End::Clean) => {
                self.flags.input_ended = true;
                Err((Kind::IncompleteBody, available))
            }
            Some(End::Aborted) => Err((Kind::Aborted, available)),
        }
    }

    /// Consumes `length` octets, the last `data` of which are payload: an event, unless nobody reads it.
    #[inline(always)]
    fn payload<S: Storage>(
        &mut self,
        input: &mut RecvBuf<S>,
        length: usize,
        data: usize,
    ) -> Result<Option<Found>, Failed> {
        R::on_content(self);
        self.timers.body_progress = true;
        input.consume(length, data);
        self.count(length);
        if !self.flags.draining {
            return Ok(Some(Found::Payload));
        }
        self.check_drain(data);
        Ok(None)
    }

    /// Counts swallowed octets of a body; too many, or surely too many to come, and the connection closes.
    pub(super) fn check_drain(&mut self, swallowed: usize) {
        self.swallowed += swallowed as u64;
        if self.swallowed.saturating_add(self.body_in.surely_left()) > self.config.limits.drain {
            R::on_undrainable(self);
        }
    }

    fn complete(&mut self, trailers: bool) -> Found {
        self.recv = RecvHalf::Head;
        self.flags.draining = false;
        R::on_complete(self);
        Found::Complete { trailers }
    }

    /// Swallows what comes while closing.
    fn swallow<S: Storage>(&mut self, input: &mut RecvBuf<S>) {
        input.join_blocks();
        let length = input.unread().len();
        input.consume(length, 0);
        self.swallowed += length as u64;
        if input.end().is_some() || self.swallowed > self.config.limits.linger {
            self.recv = RecvHalf::Ended;
        }
    }

    #[inline(always)]
    fn count(&mut self, octets: usize) {
        self.message += octets as u64;
        self.received += octets as u64;
    }
}
