//! [`Flight`]: a connection of a client, and the exchange that it carries. It runs when it is polled: by the future of
//! the request, then by the content of the answer. No task of its own stands between them and the socket.

use super::connect::{Clock, Connect, Connected};
use super::error::{Phase, RequestError};
use super::exchange::{ClientExchange, Phases};
use super::extensions::Informed;
use super::target::Target;
use crate::body::BodyError;
use crate::exchange::BoxTransport;
use crate::info::ConnInfo;
use crate::link::{Link, Reading};
use crate::pool::Inbox;
use crate::sending::{self, PIECES};
use crate::timings::Marks;
use crate::upgraded::Upgraded;
use crate::{Body, Error, ErrorKind, Timer, Transport};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body::Body as _;
use http_proto::{
    BodyLength, Client, Config, Connection, Event, Flow, Framing, Instant, RecvError, RequestHead, SendError, Step,
};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

pub(super) struct Flight<C: Connect> {
    link: Link<Client, C::Io, Clock<C>>,
    inbox: Inbox,
    marks: Marks,
    pub(super) target: Target,
    info: Arc<ConnInfo>,
    /// Requests begun on it.
    pub(super) served: u64,
    /// The last of them.
    exchange: ClientExchange,
    /// Content of the request, while there may be more of it.
    upload: Option<Body>,
    /// It cannot go elsewhere: a part of it was taken, or an answer has come.
    upload_begun: bool,
    /// A part of the answer that was found ahead of its being asked for.
    ahead: Option<Part>,
    /// When the whole exchange should be over.
    whole_by: Option<Instant>,
    /// What the fields of answers are made of.
    octets: BytesMut,
}

/// A connection without an exchange.
pub(super) struct Line<C: Connect> {
    pub(super) link: Link<Client, C::Io, Clock<C>>,
    pub(super) inbox: Inbox,
    pub(super) info: Arc<ConnInfo>,
}

impl<C: Connect> Line<C> {
    /// Lets others see where the connection stands.
    pub(super) fn report(&self) {
        self.info.set_transferred(self.link.read, self.link.written);
        self.info.set_state(self.link.core.state());
    }
}

/// A part of an answer's content.
pub(super) enum Part {
    Data(Bytes),
    /// The end, with the trailers if there are any.
    End(Option<HeaderMap>),
}

/// What follows the head of an answer.
pub(super) enum Follows {
    /// Nothing: the answer is complete.
    Nothing,
    /// Content, of this length if it is known.
    Content(Option<u64>),
    /// Another protocol, beginning with these octets.
    Upgrade(Bytes),
}

impl<C: Connect> Flight<C> {
    pub(super) fn new(
        connected: Connected<C::Io>,
        target: Target,
        id: u64,
        config: Arc<Config>,
        patience: Duration,
    ) -> Self {
        #[cfg(feature = "rustls")]
        let tls_info = connected.tls_info;
        let socket = connected.socket;
        let info = ConnInfo::new(id, socket.local, socket.peer);
        #[cfg(feature = "rustls")]
        if let Some(agreed) = tls_info {
            info.set_tls(agreed);
        }
        let mut link = Link::new(Connection::client(config), socket.io, Clock::<C>::default());
        link.waits.set(patience);
        Flight::from_line(Line { link, inbox: Inbox::new(), info: Arc::new(info) }, target)
    }

    /// A connection that carries no exchange.
    pub(super) fn from_line(line: Line<C>, target: Target) -> Self {
        let Line { link, inbox, info } = line;
        let served = info.statistics().requests;
        let exchange = ClientExchange::new(Arc::clone(&info), served, Phases::default(), link.now);
        Flight {
            link,
            inbox,
            marks: Marks::default(),
            target,
            exchange,
            info,
            served,
            upload: None,
            upload_begun: false,
            ahead: None,
            whole_by: None,
            octets: BytesMut::new(),
        }
    }

    /// Whether an idle connection can still be used: nothing has come, and it is neither closed nor expired.
    pub(super) fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        self.link.is_quiet(cx, &mut self.inbox)
    }

    /// The same, to be known at once and of the system itself: nobody may have waited for anything to come.
    pub(super) fn is_fit(&mut self) -> bool {
        self.link.io.look();
        self.is_quiet(&mut Context::from_waker(Waker::noop()))
    }

    /// Begins an exchange, `found` having told how it got here.
    pub(super) fn begin(
        &mut self,
        head: &RequestHead<'_>,
        length: BodyLength,
        body: Body,
        found: Phases,
    ) -> Result<(), SendError> {
        let link = &mut self.link;
        let queued = link.queued();
        let (core, out) = link.commands();
        core.start(head, length, out)?;
        self.served = self.info.count_request();
        self.exchange.renew(self.served, found, self.link.now);
        self.marks.renew();
        self.marks.begun(queued);
        (self.ahead, self.upload_begun) = (None, false);
        if length == BodyLength::Empty {
            self.marks.ended(self.link.queued());
        } else {
            self.upload = Some(body);
        }
        Ok(())
    }

    /// The whole exchange should be over after so long, from now on.
    pub(super) fn limit(&mut self, whole: Duration) {
        self.whole_by = Some(self.link.timer.now().saturating_add(whole));
    }

    /// The head of the answer. Interim ones are told to `informed`.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        informed: Option<&Informed>,
    ) -> Poll<Result<Response<()>, RequestError>> {
        loop {
            self.pump(cx)?;
            match self.link.core.step(self.inbox.buffer()) {
                Ok(Step::Event) => {
                    let Event::HeadersComplete(head) = self.link.core.event(self.inbox.buffer()) else { continue };
                    let mut response = Response::new(());
                    head.write_http(&mut response, &mut self.octets).map_err(RequestError::Answer)?;
                    if head.is_interim() && head.status() != 101 {
                        if let Some(informed) = informed {
                            informed.tell(response);
                        }
                        continue;
                    }
                    self.marks.head(self.link.head_at, self.link.read_at);
                    self.link.head_at = self.link.read_at;
                    return Poll::Ready(Ok(response));
                }
                Ok(Step::NeedInput | Step::Paused) => {}
                Ok(Step::Closed) => return Poll::Ready(Err(self.broken(None))),
                Err(error) => return Poll::Ready(Err(self.broken(Some(error)))),
            }
            if self.link.late {
                return Poll::Ready(Err(RequestError::Timeout(Phase::Answer)));
            }
            ready!(self.marks.turn(&mut self.link, cx, &mut self.inbox, Reading::Wanted));
        }
    }

    /// Sends content of the request, as much as there is and as has room.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>) -> Result<(), RequestError> {
        for _ in 0..PIECES {
            let Some(body) = &mut self.upload else { return Ok(()) };
            let (core, out) = self.link.commands();
            if core.awaiting_continue() || out.is_full() {
                return Ok(());
            }
            if body.is_made_when_asked() && !out.is_empty() {
                self.link.awaits_written = true;
                return Ok(());
            }
            // Nothing is sent of nothing; this is how to ask whether something could be.
            if core.send(&[], out).is_err() {
                // The server does not want the rest; its answer says why. Without one, all of it may go elsewhere.
                self.upload.take_if(|_| self.upload_begun);
                return Ok(());
            }
            let frame = match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                // That it was all may be said much later, or never.
                Poll::Pending if core.is_content_complete() => None,
                Poll::Pending => return Ok(()),
            };
            self.upload_begun = true;
            let sent = match frame.transpose().map_err(RequestError::Content)?.map(http_body::Frame::into_data) {
                Some(Ok(data)) => {
                    let over = body.is_end_stream();
                    match sending::send(core, data, out) {
                        Ok(Flow::Ready | Flow::Full) if over => sending::finish(core, None, out),
                        Ok(Flow::Ready | Flow::Full) => continue,
                        Err(error) => Err(error),
                    }
                }
                // Other kinds of frames do not exist in HTTP/1.
                Some(Err(frame)) => sending::finish(core, frame.into_trailers().ok().as_ref(), out),
                None => sending::finish(core, None, out),
            };
            match sent {
                Ok(()) => self.marks.ended(self.link.queued()),
                Err(error) => return Err(error.into()),
            }
            self.upload = None;
        }
        // There is more, but others want their turn.
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// The head that has come is that of the answer: content that the server does not want is of no further use.
    pub(super) fn answered(&mut self) {
        self.upload_begun = true;
        let (core, out) = self.link.commands();
        self.upload.take_if(|_| core.send(&[], out).is_err());
    }

    /// Whether a part of the request has not been sent, which the server may still want.
    pub(super) fn is_uploading(&self) -> bool {
        self.upload.is_some() || (self.link.is_sending() && self.link.core.is_reusable())
    }

    /// Whether the connection is over.
    pub(super) fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// Whether nothing further can come of an exchange whose answer has come whole: not even the rest of the request is
    /// wanted.
    pub(super) fn is_over(&self) -> bool {
        self.is_closed() || self.inbox.has_ended()
    }

    /// What stands behind the head that [`Flight::poll_head`] returned.
    pub(super) fn follows(&mut self) -> Follows {
        let Event::HeadersComplete(head) = self.link.core.event(self.inbox.buffer()) else {
            return Follows::Content(None);
        };
        let (framing, upgrade) = (head.framing(), head.status() == 101 || head.framing() == Framing::Tunnel);
        let length = match framing {
            Framing::None | Framing::Tunnel => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        while length == Some(0) {
            let Ok(Step::Event) = self.link.core.step(self.inbox.buffer()) else { break };
            match self.link.core.event(self.inbox.buffer()) {
                Event::UpgradeTail(_) => return Follows::Upgrade(self.inbox.retain()),
                Event::MessageComplete(_) if !upgrade => return Follows::Nothing,
                Event::MessageComplete(_) | Event::HeadersComplete(_) | Event::Payload(_) => {}
                Event::NeedInput | Event::Paused | Event::Closed => {}
            }
        }
        Follows::Content(length)
    }

    /// The next part of the answer's content.
    pub(super) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Part, BodyError>> {
        loop {
            if let Some(part) = self.take_part()? {
                return Poll::Ready(Ok(part));
            }
            ready!(self.poll_turn(cx, Reading::Wanted))?;
        }
    }

    /// A turn of input and output, within the time of the whole exchange.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<Result<(), BodyError>> {
        if self.whole_by.is_some_and(|by| by <= self.link.now) {
            return Poll::Ready(Err(BodyError::TooSlow));
        }
        self.link.alarm = self.whole_by;
        self.marks.turn(&mut self.link, cx, &mut self.inbox, reading).map(Ok)
    }

    /// The part of the content that has come already.
    pub(super) fn take_part(&mut self) -> Result<Option<Part>, BodyError> {
        if let Some(part) = self.ahead.take() {
            return Ok(Some(part));
        }
        let part = self.find_part()?;
        if let Some(Part::Data(_)) = part {
            // The end may be there as well: then the connection is free without being asked once more. A fault is found
            // again.
            self.ahead = self.find_part().unwrap_or_default();
        }
        Ok(part)
    }

    fn find_part(&mut self) -> Result<Option<Part>, BodyError> {
        loop {
            match self.link.core.step(self.inbox.buffer()) {
                Ok(Step::Event) => {}
                Ok(Step::NeedInput | Step::Paused) => return Ok(None),
                Ok(Step::Closed) => return Err(BodyError::Over),
                Err(error) => return Err(BodyError::Received(error)),
            }
            match self.link.core.event(self.inbox.buffer()) {
                Event::Payload(_) => return Ok(Some(Part::Data(self.inbox.retain()))),
                Event::MessageComplete(trailers) => {
                    // Two limits of the core are below that of the map.
                    let trailers = (!trailers.is_empty()).then(|| trailers.to_header_map().unwrap_or_default());
                    return Ok(Some(Part::End(trailers)));
                }
                Event::HeadersComplete(_) | Event::UpgradeTail(_) => {}
                Event::NeedInput | Event::Paused | Event::Closed => return Ok(None),
            }
        }
    }

    /// Takes the end of the answer, if it is known already and has no trailers.
    pub(super) fn take_end(&mut self) -> bool {
        self.ahead.take_if(|part| matches!(part, Part::End(None))).is_some()
    }

    /// Passes over what has come of the answer, which nobody wants; whether that was all.
    pub(super) fn pass_over(&mut self) -> bool {
        self.link.core.discard();
        while let Ok(Some(part)) = self.take_part() {
            if let Part::End(_) = part {
                return true;
            }
        }
        false
    }

    /// Whether it can carry another request.
    pub(super) fn is_reusable(&self) -> bool {
        let core = &self.link.core;
        core.is_reusable()
            && core.outstanding() == 0
            && !self.link.is_sending()
            && self.inbox.unread_len() == 0
            && !self.inbox.has_ended()
            && !self.link.is_closed()
    }

    /// Gives back what an idle connection does not need.
    pub(super) fn rest(&mut self) {
        (self.whole_by, self.link.alarm) = (None, None);
        self.inbox.release();
        self.link.out.release();
    }

    /// The exchange.
    pub(super) fn exchange(&self) -> ClientExchange {
        self.exchange.clone()
    }

    /// Notes where it stands.
    pub(super) fn report(&self) {
        self.info.set_transferred(self.link.read, self.link.written);
        self.info.set_state(self.link.core.state());
        let timings = self.marks.timings;
        self.exchange.note(|stations| {
            (stations.sent, stations.first_octet, stations.head) =
                (timings.done, timings.first_octet_in, timings.head_in);
        });
    }

    /// Notes that the answer is complete.
    pub(super) fn end(&self) {
        self.report();
        self.exchange.note(|stations| stations.done = Some(self.link.now));
    }

    /// The content of the request, if none of it was asked for.
    pub(super) fn take_untouched(&mut self) -> Option<Body> {
        self.upload.take_if(|_| !self.upload_begun)
    }

    /// Why there is no answer.
    fn broken(&mut self, error: Option<RecvError>) -> RequestError {
        let Some(error) = error else {
            let cause = self.link.error.take().map_or(io::ErrorKind::ConnectionAborted.into(), |cause| *cause);
            return RequestError::Broken(Error::new(ErrorKind::Transport(cause), self.link.may_retry()));
        };
        match Phase::of(error) {
            Some(phase) => RequestError::Timeout(phase),
            None => RequestError::Broken(self.link.received_fault(error)),
        }
    }

    /// The connection as a stream of octets of another protocol.
    pub(super) fn into_upgraded(mut self, tail: Bytes) -> Upgraded<BoxTransport> {
        let out = self.link.take_out();
        Upgraded::new(self.link.io, tail, out).map(|io| Box::new(io) as _)
    }

    /// The connection for other uses.
    pub(super) fn into_line(self) -> Line<C> {
        Line { link: self.link, inbox: self.inbox, info: self.info }
    }

    /// Makes dropping it a reset, if the server could take a part for the whole; else an end in good order.
    pub(super) fn cut_off(&mut self) {
        if self.link.is_cut_off() {
            crate::Transport::abort(&mut self.link.io);
        } else {
            self.link.say_goodbye(&mut Context::from_waker(Waker::noop()));
        }
    }
}
