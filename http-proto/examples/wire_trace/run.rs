//! Runs a connection over pieces of input and reports everything it finds.

use http_proto::{
    BodyLength, Client, Config, Connection, End, Event, Fields, MethodKind, Pipeline, RecvBuf, RecvError,
    Request as Head, RequestHead, Response, ResponseHead, Role, SendBuf, SendError, Server,
};
use std::sync::Arc;

/// Which side receives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

impl Side {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "server" => Some(Side::Server),
            "client" => Some(Side::Client),
            _ => None,
        }
    }
}

/// A request that the input answers.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) upgrade: bool,
}

/// A head, of either role.
#[derive(Clone, Copy)]
pub(crate) enum AnyHead<'b> {
    Request(Head<'b>),
    Response(Response<'b>),
}

impl<'b> From<Head<'b>> for AnyHead<'b> {
    fn from(head: Head<'b>) -> Self {
        AnyHead::Request(head)
    }
}

impl<'b> From<Response<'b>> for AnyHead<'b> {
    fn from(head: Response<'b>) -> Self {
        AnyHead::Response(head)
    }
}

impl<'b> AnyHead<'b> {
    pub(crate) fn fields(&self) -> Fields<'b> {
        match self {
            AnyHead::Request(head) => head.fields(),
            AnyHead::Response(head) => head.fields(),
        }
    }
}

/// What was seen, and the offset in the whole input behind its last octet.
pub(crate) struct Seen<'b> {
    pub(crate) what: What<'b>,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

pub(crate) enum What<'b> {
    Head(AnyHead<'b>),
    Payload(&'b [u8]),
    Complete(Fields<'b>),
    Tail(&'b [u8]),
    Error(RecvError),
}

/// Feeds the pieces, then the end of the input as a step of its own. A server answers every complete request with an
/// empty 200: that accepts CONNECT and declines an upgrade. Returns how many octets were consumed as HTTP; with an error,
/// its position.
pub(crate) fn run<'i>(
    side: Side,
    requests: &[Request],
    pieces: impl Iterator<Item = &'i [u8]>,
    ends: bool,
    report: &mut dyn FnMut(Seen<'_>),
) -> Result<u64, SendError> {
    match side {
        Side::Server => {
            let mut connection = Connection::server(Arc::new(Config::server()));
            drive(&mut connection, &mut SendBuf::new(), pieces, ends, answer, report)
        }
        Side::Client => {
            let mut config = Config::client();
            config.pipeline = Pipeline { depth: 64, safe_only: false };
            let mut connection = Connection::client(Arc::new(config));
            let mut out = SendBuf::new();
            for request in requests {
                start(&mut connection, request, &mut out)?;
            }
            drive(&mut connection, &mut out, pieces, ends, |_, _, _| Ok(()), report)
        }
    }
}

fn answer(connection: &mut Connection<Server>, method: MethodKind, out: &mut SendBuf) -> Result<(), SendError> {
    let head = ResponseHead::new(200);
    if method == MethodKind::Connect {
        connection.upgrade(&head, out)
    } else {
        connection.respond(&head, BodyLength::Empty, out)
    }
}

fn start(connection: &mut Connection<Client>, request: &Request, out: &mut SendBuf) -> Result<(), SendError> {
    let target = if request.method == "CONNECT" { "h:80" } else { "/" };
    let host = if request.method == "CONNECT" { "h:80" } else { "h" };
    let head = RequestHead::new(&request.method, target).host(host);
    let head = if request.upgrade { head.upgrade(&["x"]) } else { head };
    connection.start(&head, BodyLength::Empty, out)
}

fn drive<'i, R: Role>(
    connection: &mut Connection<R>,
    out: &mut SendBuf,
    pieces: impl Iterator<Item = &'i [u8]>,
    ends: bool,
    answer: impl Fn(&mut Connection<R>, MethodKind, &mut SendBuf) -> Result<(), SendError>,
    report: &mut dyn FnMut(Seen<'_>),
) -> Result<u64, SendError>
where
    for<'b> R::Head<'b>: Into<AnyHead<'b>>,
{
    let mut input = RecvBuf::<&[u8]>::new();
    let mut method = MethodKind::Get;
    for piece in pieces.map(Some).chain(ends.then_some(None)) {
        match piece {
            Some(piece) => input.feed(piece),
            None => input.set_end(End::Clean),
        }
        loop {
            let before = connection.received();
            let event = match connection.recv(&mut input) {
                Ok(event) => event,
                Err(error) => {
                    let end = connection.received();
                    report(Seen { what: What::Error(error), start: end, end });
                    return Ok(end);
                }
            };
            let end = connection.received();
            let mut seen = |what, length: usize| report(Seen { what, start: (end - length as u64).max(before), end });
            match event {
                Event::HeadersComplete(head) => {
                    let head = head.into();
                    if let AnyHead::Request(head) = head {
                        method = head.method_kind();
                    }
                    seen(What::Head(head), usize::try_from(end - before).unwrap_or(0));
                }
                Event::Payload(payload) => seen(What::Payload(payload), payload.len()),
                Event::MessageComplete(trailers) => {
                    seen(What::Complete(trailers), usize::try_from(end - before).unwrap_or(0));
                    answer(connection, method, out)?;
                    out.advance(u64::MAX);
                }
                Event::UpgradeTail(tail) => seen(What::Tail(tail), 0),
                Event::NeedInput => break,
                Event::Paused | Event::Closed => return Ok(connection.received()),
            }
        }
    }
    Ok(connection.received())
}
