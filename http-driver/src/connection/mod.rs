//! [`Connection`]: one end of a connection on the wire. Events come in with [`Connection::next_event`], commands go out
//! with the methods of the core; the same for a server and a client.

mod auto;
mod roles;
mod sending;

pub use auto::{Auto, AutoHead};

use crate::link::{Link, Reading};
use crate::pool::Inbox;
use crate::sending::BATCH;
use crate::side::Side;
use crate::timings::{Marks, Timings};
use crate::upgraded::Upgraded;
use crate::{Error, ErrorKind, Timer, Transport};
use bytes::Bytes;
use http_proto::{Event, SendBuf, SendError, State, Step};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// One end of an HTTP/1 connection: the state machine, the transport that carries it and the clock that watches it.
///
/// Commands append to a buffer; [`Connection::next_event`], [`Connection::ready`] and [`Connection::flush`] write it,
/// so that what belongs together goes out together. Nothing is read but by `next_event` and
/// [`Connection::ready_or_event`]: who calls neither holds the peer back.
///
/// Dropped with an exchange open or octets unsent, it resets the transport, so that the peer cannot take a part for the
/// whole. [`Connection::close`] ends it in good order.
#[derive(Debug)]
pub struct Connection<R: Side, Io: Transport, T: Timer> {
    link: Option<Link<R, Io, T>>,
    auto: Auto,
    marks: Marks,
    paused: bool,
    /// The error has been returned.
    told: bool,
}

/// What a connection is made of: see [`Connection::into_parts`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<R: Side, Io, T> {
    /// The state machine.
    pub core: http_proto::Connection<R>,
    /// What has not been written.
    pub out: SendBuf,
    /// The transport.
    pub io: Io,
    /// The clock.
    pub timer: T,
}

impl<R: Side, Io: Transport, T: Timer> Connection<R, Io, T> {
    /// A connection that goes on from wherever the core stands.
    pub fn new(core: http_proto::Connection<R>, io: Io, timer: T) -> Self {
        let link = Some(Link::new(core, io, timer));
        Connection { link, auto: Auto::Default, marks: Marks::default(), paused: false, told: false }
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
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn next_event<'b>(&mut self, inbox: &'b mut Inbox) -> Result<Event<'b, R::Head<'b>>, Error> {
        match poll_fn(|cx| self.poll_step(cx, inbox)).await? {
            Step::Event => Ok(self.event(inbox)),
            Step::Paused => Ok(Event::Paused),
            Step::NeedInput | Step::Closed => Ok(Event::Closed),
        }
    }

    /// The event that [`Connection::poll_step`] found.
    pub fn event<'b>(&self, inbox: &'b mut Inbox) -> Event<'b, R::Head<'b>> {
        match &self.link {
            Some(link) => link.core.event(inbox.buffer()),
            None => Event::Closed,
        }
    }

    /// As [`Connection::next_event`], in two phases like those of the core: [`Connection::event`] has what was found.
    ///
    /// # Errors
    /// As [`Connection::next_event`].
    pub fn poll_step(&mut self, cx: &mut Context<'_>, inbox: &mut Inbox) -> Poll<Result<Step, Error>> {
        let Some(link) = &mut self.link else { return Poll::Ready(Ok(Step::Closed)) };
        // Answers that nobody reads make no room for further requests.
        let holds_back = |link: &Link<R, Io, T>| {
            (self.paused || (R::SERVER && link.out.len() >= BATCH)) && !link.is_closed() && !link.is_lost()
        };
        while holds_back(link) {
            link.core.suspend();
            let turn = self.marks.turn(link, cx, inbox, Reading::Never);
            if turn.is_pending() && holds_back(link) {
                return Poll::Pending;
            }
        }
        loop {
            let step = link.core.step(inbox.buffer());
            match step {
                Ok(Step::Event) => {
                    self.marks.event(link, inbox);
                    return Poll::Ready(Ok(Step::Event));
                }
                Ok(Step::Paused) => return Poll::Ready(Ok(Step::Paused)),
                // What is outstanding will be answered; and HTTP may be over when the connection is not.
                Ok(Step::Closed) if link.core.outstanding() > 0 || link.core.state() == State::Upgraded => {
                    return Poll::Ready(Ok(Step::Closed));
                }
                Ok(Step::NeedInput | Step::Closed) => {}
                Err(error) => {
                    let (core, out, date) = link.dated_commands();
                    R::refuse(core, error, date, out);
                }
            }
            if link.is_closed() {
                link.say_goodbye(cx);
            }
            if link.is_closed() || (step.is_err() && link.core.outstanding() > 0) {
                let told = std::mem::replace(&mut self.told, true);
                return Poll::Ready(match step {
                    Err(error) if !told => Err(link.received_fault(error)),
                    Err(_) | Ok(_) => Ok(Step::Closed),
                });
            }
            ready!(self.marks.turn(link, cx, inbox, Reading::Wanted));
            if link.late {
                link.core.abort();
                self.told = true;
                return Poll::Ready(Err(Error::new(ErrorKind::AnswerTimeout, link.may_retry())));
            }
        }
    }

    /// Ends the connection in good order, and waits for that: what is to be sent is written, and the peer can read it. What
    /// is unanswered then, or half sent, is given up: dropping the connection resets it, so that the peer can tell.
    ///
    /// # Errors
    /// What was received meanwhile is no valid message, or octets could not be written. It is over all the same.
    ///
    /// # Cancel safety
    /// If the future is dropped, calling it again goes on.
    pub async fn close(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        self.shutdown();
        self.discard();
        self.paused = false;
        let mut failed = Ok(());
        let mut may_retry = false;
        loop {
            // An answer that nobody wants any more need not be heard.
            let step = if !R::SERVER && self.outstanding() > 0 {
                Ok(Step::Closed)
            } else {
                poll_fn(|cx| self.poll_step(cx, inbox)).await
            };
            match step {
                Ok(Step::Event) => self.discard(),
                Ok(Step::NeedInput) => {}
                Ok(Step::Paused | Step::Closed) => {
                    self.flush().await;
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

    /// Reads no more until [`Connection::resume`], so that TCP holds the peer back: [`Connection::next_event`] writes,
    /// keeps the deadlines of writing, and waits. No deadline of receiving runs.
    pub fn pause(&mut self) {
        self.paused = true;
        self.suspend();
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.paused = false;
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
    pub fn io(&self) -> Option<&Io> {
        self.link.as_ref().map(|link| &link.io)
    }

    /// The connection's parts, as they are. The inbox is the caller's already.
    pub fn into_parts(mut self) -> Option<Parts<R, Io, T>> {
        let mut link = self.link.take()?;
        let out = link.take_out();
        Some(Parts { core: link.core, out, io: link.io, timer: link.timer })
    }

    /// The transport as a stream of octets of the next protocol, behind [`Event::UpgradeTail`]: `tail` is what that
    /// event brought, and is read first. Octets not yet written, such as the head that accepted, go out first.
    ///
    /// # Errors
    /// HTTP is not over; the connection is returned.
    pub fn into_upgraded(mut self, tail: Bytes) -> Result<Upgraded<Io>, Box<Self>> {
        match self.link.take_if(|link| link.core.state() == State::Upgraded) {
            Some(mut link) => {
                let out = link.take_out();
                Ok(Upgraded::new(link.io, tail, out))
            }
            None => Err(Box::new(self)),
        }
    }

    /// Nobody wants to receive at present.
    fn suspend(&mut self) {
        if let Some(link) = &mut self.link {
            link.core.suspend();
        }
    }

    fn link_mut(&mut self) -> Result<&mut Link<R, Io, T>, SendError> {
        self.link.as_mut().ok_or(SendError::Closed)
    }
}

impl<R: Side, Io: Transport, T: Timer> Drop for Connection<R, Io, T> {
    fn drop(&mut self) {
        if let Some(link) = &mut self.link
            && link.is_cut_off()
        {
            link.io.abort();
        }
    }
}
