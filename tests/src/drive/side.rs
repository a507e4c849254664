//! What differs between the roles: how a head reads, how a server answers.

use crate::reference::{Message, Start, Upgrade};
use http_proto::{
    BodyLength, Client, Connection, Fields, Framing, MethodKind, RecvError, Request, Response, ResponseHead, SendBuf,
    SendError, Server, State,
};

/// What differs between the roles.
pub trait Side: http_proto::Role {
    /// A message with this head and nothing else yet.
    fn begin(head: &Self::Head<'_>) -> Message;
    /// Answers the oldest request, which asks for `upgrade`.
    fn answer(connection: &mut Connection<Self>, upgrade: Option<Upgrade>, out: &mut SendBuf)
    where
        Self: Sized;
    /// Answers what the peer did wrong, when everything before it has been answered.
    fn refuse(connection: &mut Connection<Self>, error: RecvError, out: &mut SendBuf)
    where
        Self: Sized;
}

impl Side for Server {
    fn begin(head: &Request<'_>) -> Message {
        let upgrade = match (head.method_kind(), head.upgrade_offered()) {
            (MethodKind::Connect, _) => Some(Upgrade::Connect),
            (_, true) => Some(Upgrade::Offered),
            (_, false) => None,
        };
        let start = Start::Request {
            method: head.method().into(),
            target: head.target().into(),
            minor: head.version().minor(),
        };
        message(start, head.fields(), head.keep_alive(), upgrade, false)
    }

    fn answer(connection: &mut Connection<Server>, upgrade: Option<Upgrade>, out: &mut SendBuf) {
        let head = ResponseHead::new(200);
        let answered = match upgrade {
            Some(Upgrade::Connect) => connection.upgrade(&head, out),
            Some(Upgrade::Offered | Upgrade::Switched) | None => connection.respond(&head, BodyLength::Empty, out),
        };
        answered.expect("a complete request can be answered");
    }

    fn refuse(connection: &mut Connection<Server>, error: RecvError, out: &mut SendBuf) {
        let refused = connection.refuse(error, None, out);
        let expected = if error.status().is_some() { Ok(()) } else { Err(SendError::NotRefusable) };
        assert_eq!(refused, expected, "what has a status can be refused, once: {error:?}");
        assert!(connection.refuse(error, None, out).is_err());
        assert!(matches!(connection.state(), State::Closing | State::Closed), "an error is the end");
    }
}

impl Side for Client {
    fn begin(head: &Response<'_>) -> Message {
        let upgrade = match (head.framing(), head.status()) {
            (Framing::Tunnel, 101) => Some(Upgrade::Switched),
            (Framing::Tunnel, _) => Some(Upgrade::Connect),
            (Framing::None | Framing::Length(_) | Framing::Chunked | Framing::UntilClose, _) => None,
        };
        let start =
            Start::Response { status: head.status(), reason: head.reason().into(), minor: head.version().minor() };
        message(start, head.fields(), head.keep_alive(), upgrade, head.is_interim())
    }

    fn answer(_: &mut Connection<Client>, _: Option<Upgrade>, _: &mut SendBuf) {}

    fn refuse(connection: &mut Connection<Client>, _: RecvError, _: &mut SendBuf) {
        assert_eq!(connection.state(), State::Closed, "an error is the end");
    }
}

fn message(start: Start, fields: Fields<'_>, keep_alive: bool, upgrade: Option<Upgrade>, interim: bool) -> Message {
    let (body, trailers) = (Vec::new(), Vec::new());
    Message { start, fields: owned(fields), body, trailers, keep_alive, upgrade, interim }
}

pub(super) fn owned(fields: Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec())).collect()
}
