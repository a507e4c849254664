//! The two roles, where driving them differs.

use crate::answer_timeout::{AnswerTimeout, Waits};
use http_proto::{BodyLength, Client, Connection, RecvError, ResponseHead, Role, SendBuf, SendError, Server};

/// [`Server`] or [`Client`].
pub trait Side: Role + sealed::Sealed {
    /// The deadline that the core does not have.
    #[doc(hidden)]
    type Waits: Waits<Self>;

    /// Whether all requests that are unanswered may be sent again; false if there is none.
    #[doc(hidden)]
    fn may_retry(core: &Connection<Self>, out: &SendBuf) -> bool;

    /// Whether content is held back until the peer wants it.
    #[doc(hidden)]
    fn holds_content(core: &Connection<Self>) -> bool;

    /// Answers what the peer did wrong, where that makes sense; whether it is being said.
    #[doc(hidden)]
    fn refuse(core: &mut Connection<Self>, error: RecvError, date: Option<&[u8; 29]>, out: &mut SendBuf) -> bool;

    /// Sends the head that is due before content of this length.
    ///
    /// # Errors
    /// No head is due, or it cannot be sent.
    #[doc(hidden)]
    fn auto_head(
        core: &mut Connection<Self>,
        head: &ResponseHead<'_>,
        body: BodyLength,
        date: Option<&[u8; 29]>,
        out: &mut SendBuf,
    ) -> Result<(), SendError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Server {}
    impl Sealed for super::Client {}
}

impl Side for Server {
    type Waits = ();

    fn holds_content(_: &Connection<Self>) -> bool {
        false
    }

    fn may_retry(_: &Connection<Self>, _: &SendBuf) -> bool {
        false
    }

    fn refuse(core: &mut Connection<Self>, error: RecvError, date: Option<&[u8; 29]>, out: &mut SendBuf) -> bool {
        core.refuse(error, date, out).is_ok()
    }

    fn auto_head(
        core: &mut Connection<Self>,
        head: &ResponseHead<'_>,
        body: BodyLength,
        date: Option<&[u8; 29]>,
        out: &mut SendBuf,
    ) -> Result<(), SendError> {
        respond(core, head, body, date, out)
    }
}

impl Side for Client {
    type Waits = AnswerTimeout;

    fn holds_content(core: &Connection<Self>) -> bool {
        core.awaiting_continue()
    }

    fn may_retry(core: &Connection<Self>, out: &SendBuf) -> bool {
        core.outstanding() > 0 && core.unanswered(out).all(|request| request.may_retry())
    }

    fn refuse(_: &mut Connection<Self>, _: RecvError, _: Option<&[u8; 29]>, _: &mut SendBuf) -> bool {
        false
    }

    fn auto_head(
        _: &mut Connection<Self>,
        _: &ResponseHead<'_>,
        _: BodyLength,
        _: Option<&[u8; 29]>,
        _: &mut SendBuf,
    ) -> Result<(), SendError> {
        Err(SendError::NoMessage)
    }
}

/// Sends the head of an answer, dated unless the application has done that.
///
/// # Errors
/// The core's.
pub fn respond(
    core: &mut Connection<Server>,
    head: &ResponseHead<'_>,
    body: BodyLength,
    date: Option<&[u8; 29]>,
    out: &mut SendBuf,
) -> Result<(), SendError> {
    let mut dated = *head;
    dated.date = head.date.or(date);
    match core.respond(&dated, body, out) {
        Err(SendError::RepeatedField) if head.date.is_none() => core.respond(head, body, out),
        responded => responded,
    }
}
