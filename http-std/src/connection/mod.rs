//! [`Connection`]: one end of a connection on the wire. Events come in with [`Connection::next_event`], commands go out
//! with the methods of the core; the same for a server and a client.

mod content;
mod roles;

pub use content::{Content, Writer};

use crate::link::{Link, Reading};
use crate::{BlockingTransport, Stream, Upgraded};
use bytes::Bytes;
use http_driver::parts::{Auto, BATCH, Marks, date};
use http_driver::{Error, ErrorKind, Inbox, Side, Timings};
use http_proto::{BodyLength, Event, FieldBlock, Flow, SendBuf, SendError, State, Step};

/// One end of an HTTP/1 connection: the state machine and the transport that carries it.
///
/// Commands append to a buffer; [`Connection::next_event`], [`Connection::ready`] and [`Connection::flush`] write it,
/// so that what belongs together goes out together. They wait as long as the deadlines of the configuration allow.
/// Nothing is read but by `next_event` and [`Connection::ready_or_event`]: who calls neither holds the peer back.
///
/// Dropped with an exchange open or octets unsent, it resets the transport, so that the peer cannot take a part for the
/// whole. [`Connection::close`] ends it in good order.
///
/// ```
/// use http_std::role::{Client, Server};
/// use http_std::{BodyLength, Config, Connection, Event, Inbox, RequestHead, ResponseHead};
/// use std::net::{TcpListener, TcpStream};
/// use std::{sync::Arc, thread};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// thread::spawn(move || {
///     let (stream, _) = listener.accept().unwrap();
///     let mut http = Connection::<Server>::server(stream, Arc::new(Config::server()));
///     let mut inbox = Inbox::new();
///     while let Ok(event) = http.next_event(&mut inbox) {
///         match event {
///             Event::HeadersComplete(_) => http.respond(&ResponseHead::new(204), BodyLength::Empty).unwrap(),
///             Event::Closed => break,
///             _ => {}
///         }
///     }
/// });
///
/// let mut http = Connection::<Client>::client(TcpStream::connect(address)?, Arc::new(Config::client()));
/// let mut inbox = Inbox::new();
/// http.start(&RequestHead::get("example.com", "/"), BodyLength::Empty)?;
/// let Event::HeadersComplete(response) = http.next_event(&mut inbox)? else { panic!("no answer") };
/// assert_eq!(response.status(), 204);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection<R: Side, T: BlockingTransport = Stream> {
    link: Option<Link<R, T>>,
    auto: Auto,
    marks: Marks,
    /// The error has been returned.
    told: bool,
}

/// What a connection is made of: see [`Connection::into_parts`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<R: Side, T> {
    /// The state machine.
    pub core: http_proto::Connection<R>,
    /// What has not been written.
    pub out: SendBuf,
    /// The transport.
    pub io: T,
}

impl<R: Side, T: BlockingTransport> Connection<R, T> {
    /// A connection that goes on from wherever the core stands.
    pub fn new(core: http_proto::Connection<R>, io: T) -> Self {
        let link = Some(Link::new(core, io));
        Connection { link, auto: Auto::Default, marks: Marks::default(), told: false }
    }

    /// The next event. Meanwhile what is to be sent is written, and every deadline is kept.
    ///
    /// [`Event::NeedInput`] is never returned. [`Event::Paused`] is: a command is due before there can be another event.
    /// [`Event::Closed`] is the last one. On a server with requests unanswered it means that no further one comes; answer
    /// them and call again. Without any it means that everything is written and the connection is over; or, behind
    /// [`Event::UpgradeTail`], that HTTP is.
    ///
    /// # Errors
    /// The peer broke the protocol or a deadline, or the transport failed; returned once, then `Closed` follows. A server
    /// has refused the peer's message and closed in good order then, unless requests before it are unanswered: answer
    /// them and call again. A client's error says [whether its requests may be sent again](Error::may_retry).
    pub fn next_event<'b>(&mut self, inbox: &'b mut Inbox) -> Result<Event<'b, R::Head<'b>>, Error> {
        let step = self.step(inbox)?;
        Ok(self.event(step, inbox))
    }

    fn event<'b>(&self, step: Step, inbox: &'b mut Inbox) -> Event<'b, R::Head<'b>> {
        match (step, &self.link) {
            (Step::Event, Some(link)) => link.core.event(inbox.buffer()),
            (Step::Paused, _) => Event::Paused,
            (Step::Event | Step::NeedInput | Step::Closed, _) => Event::Closed,
        }
    }

    fn step(&mut self, inbox: &mut Inbox) -> Result<Step, Error> {
        self.step_while(inbox, |_| true)
    }

    /// The next step; [`Step::NeedInput`] if there is none at once and it is not to be waited for any longer.
    fn step_while(&mut self, inbox: &mut Inbox, waits: impl Fn(&Link<R, T>) -> bool) -> Result<Step, Error> {
        let Some(link) = &mut self.link else { return Ok(Step::Closed) };
        if R::SERVER && link.out.len() >= BATCH {
            // Answers that nobody reads make no room for further requests.
            link.send_until(|link| link.out.len() < BATCH);
            self.marks.settle(link.written, link.now);
        }
        loop {
            let step = link.core.step(inbox.buffer());
            match step {
                Ok(Step::Event) => {
                    note(&mut self.marks, link, inbox);
                    return Ok(Step::Event);
                }
                Ok(Step::Paused) => return Ok(Step::Paused),
                // What is outstanding will be answered; and HTTP may be over when the connection is not.
                Ok(Step::Closed) if link.core.outstanding() > 0 || link.core.state() == State::Upgraded => {
                    return Ok(Step::Closed);
                }
                Ok(Step::NeedInput | Step::Closed) => {}
                Err(error) => link.refuse(error),
            }
            if link.is_closed() {
                link.say_goodbye();
            }
            if link.is_closed() || (step.is_err() && link.core.outstanding() > 0) {
                let told = std::mem::replace(&mut self.told, true);
                return match step {
                    Err(error) if !told => Err(link.received_fault(error)),
                    Err(_) | Ok(_) => Ok(Step::Closed),
                };
            }
            if inbox.unread_len() == 0 && link.core.outstanding() == 0 {
                inbox.release();
            }
            let enough = !waits(link);
            let idle = enough && link.try_turn(inbox, Reading::Wanted).is_some();
            if !enough {
                link.turn(inbox, Reading::Wanted);
            }
            self.marks.settle(link.written, link.now);
            if idle {
                return Ok(Step::NeedInput);
            }
            if link.late {
                link.core.abort();
                self.told = true;
                return Err(Error::new(ErrorKind::AnswerTimeout, link.may_retry()));
            }
        }
    }

    /// Sends a piece of content by copying it. On a server, before a head is out, the head of
    /// [`Connection::set_auto_head`] goes first.
    ///
    /// # Errors
    /// As the core's [`send`](http_proto::Connection::send).
    pub fn send(&mut self, payload: &[u8]) -> Result<Flow, SendError> {
        self.begin_if_due(Some(SendError::BodyNotAllowed), |core, out| core.send(payload, out))
    }

    /// Sends a piece of content without copying it, else as [`Connection::send`].
    ///
    /// # Errors
    /// As the core's [`send_owned`](http_proto::Connection::send_owned).
    pub fn send_owned(&mut self, payload: Bytes) -> Result<Flow, SendError> {
        self.begin_if_due(Some(SendError::BodyNotAllowed), |core, out| core.send_owned(payload.clone(), out))
    }

    /// Sends, behind the head that is due first; `never` behind one that has no content.
    fn begin_if_due(
        &mut self,
        never: Option<SendError>,
        mut send: impl FnMut(&mut http_proto::Connection<R>, &mut SendBuf) -> Result<Flow, SendError>,
    ) -> Result<Flow, SendError> {
        let link = self.link.as_mut().ok_or(SendError::Closed)?;
        let queued = link.queued();
        let (core, out) = link.commands();
        let sent = send(core, out);
        let (Err(SendError::NoMessage), false) = (sent, self.auto.is_off()) else { return sent };
        let body = self.auto.begin(core, out, date().as_ref(), never)?;
        let sent = if body == BodyLength::Empty { Ok(Flow::Ready) } else { send(core, out) };
        self.begun(queued, body);
        sent
    }

    /// Ends the message, with trailers or without. On a server it answers a request for which no head is out with that
    /// of [`Connection::set_auto_head`].
    ///
    /// # Errors
    /// As the core's [`finish`](http_proto::Connection::finish).
    pub fn finish(&mut self, trailers: Option<&FieldBlock>) -> Result<(), SendError> {
        let finish =
            |core: &mut http_proto::Connection<R>, out: &mut SendBuf| core.finish(trailers, out).map(|()| Flow::Ready);
        let trailers = trailers.is_some_and(|trailers| !trailers.is_empty());
        let _ended = self.begin_if_due(trailers.then_some(SendError::TrailersNotAllowed), finish)?;
        self.ended();
        Ok(())
    }

    /// Waits while the send buffer is full: after [`Flow::Full`], until it has run down to its low mark. Meanwhile nothing
    /// is read, and no deadline of receiving runs. Who should hear what the peer has to say against it takes
    /// [`Connection::ready_or_event`].
    pub fn ready(&mut self) {
        self.send_until(|link| !link.out.view().is_full());
    }

    /// Waits until content can be sent: after [`Flow::Full`], and while a client holds content back until 100 (Continue).
    /// `None`: it can, or never will be, as the next call tells. An event that has come already is returned first, and so
    /// is whatever comes while content is held back; so a client learns of an answer that comes before its request is
    /// sent. While the buffer is full nothing is read, as in [`Connection::ready`].
    ///
    /// [`Event::Paused`] and [`Event::Closed`] are not returned: nothing comes of them for what is being sent.
    ///
    /// # Errors
    /// As [`Connection::next_event`].
    pub fn ready_or_event<'b>(&mut self, inbox: &'b mut Inbox) -> Result<Option<Event<'b, R::Head<'b>>>, Error> {
        match self.step_while(inbox, |link| R::holds_content(&link.core))? {
            step @ Step::Event => Ok(Some(self.event(step, inbox))),
            Step::NeedInput | Step::Paused | Step::Closed => {
                self.ready();
                Ok(None)
            }
        }
    }

    /// Waits until everything is written. Meanwhile nothing is read, and no deadline of receiving runs.
    pub fn flush(&mut self) {
        self.send_until(|link| link.out.is_empty());
    }

    fn send_until(&mut self, enough: impl Fn(&Link<R, T>) -> bool) {
        if let Some(link) = &mut self.link {
            link.send_until(enough);
            self.marks.settle(link.written, link.now);
        }
    }

    /// Ends the connection in good order, and waits for that: what is to be sent is written, and the peer can read it. What
    /// is unanswered then, or half sent, is given up: dropping the connection resets it, so that the peer can tell.
    ///
    /// # Errors
    /// What was received meanwhile is no valid message, or octets could not be written. It is over all the same.
    pub fn close(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        self.shutdown();
        self.discard();
        let mut failed = Ok(());
        let mut may_retry = false;
        loop {
            // An answer that nobody wants any more need not be heard.
            let step = if !R::SERVER && self.outstanding() > 0 { Ok(Step::Closed) } else { self.step(inbox) };
            match step {
                Ok(Step::Event) => self.discard(),
                Ok(Step::NeedInput) => {}
                Ok(Step::Paused | Step::Closed) => {
                    self.flush();
                    let Some(link) = &mut self.link else { return failed };
                    if link.core.outstanding() == 0 {
                        let unwritten = link.error.take().map(|error| ErrorKind::Transport(*error));
                        return failed.and(unwritten.map_or(Ok(()), |kind| Err(Error::new(kind, may_retry))));
                    }
                    may_retry = link.may_retry();
                    while link.core.outstanding() > 0 {
                        link.core.abandon();
                    }
                }
                // Told once; what follows is the end.
                Err(error) => failed = Err(error),
            }
        }
    }

    /// Announces the end: what is outstanding is finished, and no further exchange begins. See the core's
    /// [`shutdown`](http_proto::Connection::shutdown).
    pub fn shutdown(&mut self) {
        if let Some(link) = &mut self.link {
            link.core.shutdown();
        }
    }

    /// Resets the connection at once: the peer cannot take a part for the whole.
    pub fn abort(&mut self) {
        if let Some(link) = &mut self.link {
            link.core.abort();
            link.io.abort();
        }
    }

    /// Swallows what remains of the body being received, within the bounds `drain` of the configuration.
    pub fn discard(&mut self) {
        if let Some(link) = &mut self.link {
            link.core.discard();
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.link.as_ref().filter(|link| !link.is_closed()).map_or(State::Closed, |link| link.core.state())
    }

    /// The number of exchanges that are not over.
    pub fn outstanding(&self) -> usize {
        self.link.as_ref().map_or(0, |link| link.core.outstanding())
    }

    /// Octets read from and written to the transport.
    pub fn transferred(&self) -> (u64, u64) {
        self.link.as_ref().map_or((0, 0), |link| (link.read, link.written))
    }

    /// When the exchange that began last passed its stations. Where exchanges overlap, those of one's own message are of the
    /// last one begun, those of the peer's of the last one that came.
    pub fn timings(&self) -> Timings {
        self.marks.timings
    }

    /// The transport.
    pub fn io(&self) -> Option<&T> {
        self.link.as_ref().map(|link| &link.io)
    }

    /// The connection's parts, as they are. The inbox is the caller's already.
    pub fn into_parts(mut self) -> Option<Parts<R, T>> {
        let mut link = self.link.take()?;
        let out = link.out.take();
        Some(Parts { core: link.core, out, io: link.io })
    }

    /// The transport as a stream of octets of the next protocol, behind [`Event::UpgradeTail`]: `tail` is what that
    /// event brought, and is read first. Octets not yet written, such as the head that accepted, go out first.
    ///
    /// # Errors
    /// HTTP is not over; the connection is returned.
    pub fn into_upgraded(mut self, tail: Bytes) -> Result<Upgraded<T>, Box<Self>> {
        match self.link.take_if(|link| link.core.state() == State::Upgraded) {
            Some(mut link) => {
                let out = link.out.take();
                Ok(Upgraded::new(link.io, tail, out))
            }
            None => Err(Box::new(self)),
        }
    }

    fn link_mut(&mut self) -> Result<&mut Link<R, T>, SendError> {
        self.link.as_mut().ok_or(SendError::Closed)
    }

    /// A head went out behind so many octets.
    fn begun(&mut self, queued: u64, body: BodyLength) {
        self.marks.begun(queued);
        if body == BodyLength::Empty {
            self.ended();
        }
    }

    /// A message of ours is complete. Nothing that was set for it holds for the next.
    fn ended(&mut self) {
        self.auto = Auto::Default;
        if let Some(link) = &self.link {
            self.marks.ended(link.queued());
        }
    }
}

/// Notes a head of the peer, or the end of its message.
fn note<R: Side, T: BlockingTransport>(marks: &mut Marks, link: &mut Link<R, T>, inbox: &mut Inbox) {
    match link.core.event(inbox.buffer()) {
        Event::HeadersComplete(_) => {
            if R::SERVER {
                marks.renew();
            }
            marks.head(link.head_at, link.read_at);
            // What lies behind the head came with the same read, or is still to come.
            link.head_at = link.read_at;
        }
        // What lies behind it came with its end, not with its beginning.
        Event::MessageComplete(_) => link.head_at = link.read_at,
        Event::Payload(_) | Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => {}
    }
}

impl<R: Side, T: BlockingTransport> Drop for Connection<R, T> {
    fn drop(&mut self) {
        if let Some(link) = &mut self.link
            && link.is_cut_off()
        {
            link.io.abort();
        }
    }
}
