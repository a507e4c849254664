//! What goes out, the same for both roles: content, the head that it may want first, and waiting until it is written.

use super::Connection;
use super::auto::Auto;
use crate::link::{Link, Reading};
use crate::pool::Inbox;
use crate::side::Side;
use crate::{Error, Timer, Transport};
use bytes::Bytes;
use http_proto::{BodyLength, Event, FieldBlock, Flow, SendBuf, SendError, Step};
use std::future::poll_fn;
use std::task::{Context, Poll};

impl<R: Side, Io: Transport, T: Timer> Connection<R, Io, T> {
    /// Sends a piece of content by copying it. On a server, before a head is out, the head of
    /// [`Connection::set_auto_head`] goes first.
    ///
    /// # Errors
    /// As the core's [`send`](http_proto::Connection::send). [`SendError::Closed`] in the middle of a request: the server
    /// does not want the rest, or cannot be reached; [`Connection::next_event`] has its answer, or the error.
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
        let (core, out) = link.commands();
        let sent = send(core, out);
        let (Err(SendError::NoMessage), false) = (sent, self.auto.is_off()) else { return sent };
        let queued = link.queued();
        let (core, out, date) = link.dated_commands();
        let body = self.auto.begin(core, out, date, never)?;
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
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn ready(&mut self) {
        self.suspend();
        poll_fn(|cx| self.poll_ready(cx)).await;
    }

    /// As [`Connection::ready`]. To be told of events at the same time, poll [`Connection::poll_step`] in the same task.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_written(cx, |link| !link.out.view().is_full())
    }

    /// Waits until an event has come, or else until content can be sent: after [`Flow::Full`], and while a client holds
    /// content back until 100 (Continue). `None`: it can, or never will be, as the next call tells. So a client learns of
    /// an answer that comes before its request is sent. A server reads nothing while 64 KiB of its answers wait to be
    /// taken, here as in [`Connection::next_event`].
    ///
    /// [`Event::Paused`] and [`Event::Closed`] are not returned: nothing comes of them for what is being sent.
    ///
    /// # Errors
    /// As [`Connection::next_event`].
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn ready_or_event<'b>(&mut self, inbox: &'b mut Inbox) -> Result<Option<Event<'b, R::Head<'b>>>, Error> {
        let found = poll_fn(|cx| match self.poll_step(cx, inbox) {
            Poll::Ready(Ok(Step::Event)) => Poll::Ready(Ok(true)),
            Poll::Ready(Ok(Step::Paused | Step::Closed | Step::NeedInput)) => self.poll_ready(cx).map(|()| Ok(false)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending if self.can_send() => Poll::Ready(Ok(false)),
            Poll::Pending => Poll::Pending,
        });
        Ok(found.await?.then(|| self.event(inbox)))
    }

    fn can_send(&self) -> bool {
        self.link.as_ref().is_none_or(|link| !link.out.view().is_full() && !R::holds_content(&link.core))
    }

    /// Waits until everything is written and flushed. Meanwhile nothing is read, and no deadline of receiving runs.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn flush(&mut self) {
        self.suspend();
        poll_fn(|cx| self.poll_written(cx, |link| !link.is_sending())).await;
    }

    fn poll_written(&mut self, cx: &mut Context<'_>, enough: impl Fn(&Link<R, Io, T>) -> bool) -> Poll<()> {
        let Some(link) = &mut self.link else { return Poll::Ready(()) };
        let mut unused = Inbox::new();
        let mut waits = false;
        while !enough(link) && link.is_sending() {
            // What the last turn has written may have been enough.
            if waits {
                return Poll::Pending;
            }
            waits = self.marks.turn(link, cx, &mut unused, Reading::Never).is_pending();
        }
        Poll::Ready(())
    }

    /// A head went out behind so many octets.
    pub(super) fn begun(&mut self, queued: u64, body: BodyLength) {
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
