//! What a server can do, and a client.

use super::Connection;
use crate::BlockingTransport;
use http_driver::AutoHead;
use http_driver::parts::{Auto, date, respond_dated};
use http_proto::{BodyLength, Client, Config, RequestHead, ResponseHead, SendError, Server};
use std::sync::Arc;
use std::time::Duration;

impl<T: BlockingTransport> Connection<Server, T> {
    /// The server's end of a new connection.
    pub fn server(io: impl Into<T>, config: Arc<Config>) -> Self {
        Self::new(http_proto::Connection::server(config), io.into())
    }

    /// Answers the oldest unanswered request, with Date added. See the core's
    /// [`respond`](http_proto::Connection::respond).
    ///
    /// # Errors
    /// As the core's; nothing has changed then.
    pub fn respond(&mut self, head: &ResponseHead<'_>, body: BodyLength) -> Result<(), SendError> {
        let link = self.link_mut()?;
        let date = match head.date {
            Some(_) => None,
            None => date(),
        };
        let queued = link.queued();
        let (core, out) = link.commands();
        respond_dated(core, head, body, date.as_ref(), out)?;
        self.begun(queued, body);
        Ok(())
    }

    /// Sends an interim response, such as 103 (Early Hints). See the core's [`inform`](http_proto::Connection::inform).
    ///
    /// # Errors
    /// As the core's.
    pub fn inform(&mut self, head: &ResponseHead<'_>) -> Result<(), SendError> {
        let (core, out) = self.link_mut()?.commands();
        core.inform(head, out)
    }

    /// Whether the client holds its content back until [`Connection::proceed`].
    pub fn awaiting_continue(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.core.awaiting_continue())
    }

    /// Sends 100 (Continue).
    ///
    /// # Errors
    /// The client does not wait for it.
    pub fn proceed(&mut self) -> Result<(), SendError> {
        let (core, out) = self.link_mut()?.commands();
        core.proceed(out)
    }

    /// Accepts the offer of another protocol, or CONNECT. The next event is the
    /// [`UpgradeTail`](http_proto::Event::UpgradeTail); then [`Connection::into_upgraded`].
    ///
    /// # Errors
    /// As the core's [`upgrade`](http_proto::Connection::upgrade).
    pub fn upgrade(&mut self, head: &ResponseHead<'_>) -> Result<(), SendError> {
        let (core, out) = self.link_mut()?.commands();
        core.upgrade(head, out)
    }

    /// The head that [`Connection::send`] sends if none is out: set it before the first content of an answer. It holds
    /// for the oldest unanswered exchange alone.
    pub fn set_auto_head(&mut self, head: AutoHead) {
        self.auto = Auto::Set(Box::new(head));
    }

    /// Makes it an error, for this exchange, to send content before a head.
    pub fn no_auto_head(&mut self) {
        self.auto = Auto::Off;
    }
}

impl<T: BlockingTransport> Connection<Client, T> {
    /// The client's end of a new connection.
    pub fn client(io: impl Into<T>, config: Arc<Config>) -> Self {
        Self::new(http_proto::Connection::client(config), io.into())
    }

    /// Begins an exchange. See the core's [`start`](http_proto::Connection::start).
    ///
    /// # Errors
    /// As the core's; nothing has changed then.
    pub fn start(&mut self, head: &RequestHead<'_>, body: BodyLength) -> Result<(), SendError> {
        let link = self.link_mut()?;
        let queued = link.queued();
        let (core, out) = link.commands();
        core.start(head, body, out)?;
        self.marks.renew();
        self.begun(queued, body);
        Ok(())
    }

    /// How long the first octet of an answer is awaited: from the time on at which the request was written as a whole,
    /// or could not be, and anew from every interim response. Then [`Connection::next_event`] fails with
    /// [`ErrorKind::AnswerTimeout`](crate::ErrorKind::AnswerTimeout), and the connection is closed. Default: 300 s, as
    /// other clients have it; [`Duration::MAX`] switches it off.
    pub fn set_answer_timeout(&mut self, timeout: Duration) {
        if let Some(link) = &mut self.link {
            link.waits.set(timeout);
        }
    }

    /// Whether content is held back until 100 (Continue), a final answer, or the deadline.
    /// [`Connection::ready_or_event`] waits for any of them.
    pub fn awaiting_continue(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.core.awaiting_continue())
    }

    /// The requests not answered completely, oldest first, each with [whether it may be sent
    /// again](http_proto::Outstanding::may_retry): after an error or the end those that got no answer, until the connection
    /// is dropped or [`Connection::close`] gives them up.
    pub fn unanswered(&self) -> impl Iterator<Item = http_proto::Outstanding> {
        self.link.iter().flat_map(|link| link.core.unanswered(link.out.view()))
    }

    /// Whether another request may be started once what is outstanding is answered.
    pub fn is_reusable(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.core.is_reusable())
    }
}
