//! What is sent, made of the types of the `http` crate, as commands to the core: heads, content piece by piece, and
//! trailers. All who send do it so.

use crate::side;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use http_proto::{
    BodyLength, Connection, FieldBlock, Flow, HttpResponseHead, ResponseHead, Role, SendBuf, SendError, Server,
};

/// Octets that wait for company before they are written; a full buffer runs down to it before more is sent.
pub const BATCH: u64 = 64 * 1024;
/// Pieces of content taken in one go, after which other things of the connection get their turn.
pub(crate) const PIECES: usize = 256;
/// Pieces of content up to this size are copied behind what is there; larger ones are written from where they are.
const COPIED: usize = 4 * 1024;

/// As an extension of a response: it is long-lived by intention (server-sent events, a live picture), so the connection
/// is not idle while nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streaming;

/// Sends a piece of content.
///
/// # Errors
/// As the core's [`send`](http_proto::Connection::send).
pub fn send<R: Role>(core: &mut Connection<R>, data: Bytes, out: &mut SendBuf) -> Result<Flow, SendError> {
    match data.len() {
        0..=COPIED => core.send(&data, out),
        _ => core.send_owned(data, out),
    }
}

/// Ends the message. Trailers are left out where the framing has no room for them, and fields that may not be trailers in
/// any case.
///
/// # Errors
/// As the core's [`finish`](http_proto::Connection::finish).
pub fn finish<R: Role>(
    core: &mut Connection<R>,
    trailers: Option<&HeaderMap>,
    out: &mut SendBuf,
) -> Result<(), SendError> {
    let block = trailers.map(allowed);
    match core.finish(block.as_ref(), out) {
        Err(SendError::TrailersNotAllowed | SendError::ForbiddenTrailer) => core.finish(None, out),
        finished => finished,
    }
}

fn allowed(trailers: &HeaderMap) -> FieldBlock {
    let fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let allowed = |field: &(&str, &[u8])| {
        FieldBlock::from_fields([*field]).is_ok_and(|block| block.check_trailers(false).is_ok())
    };
    FieldBlock::from_fields(fields.filter(allowed)).unwrap_or_default()
}

/// The content of an answer, as far as its head depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// Its length, if that is known.
    pub length: Option<u64>,
    /// None of it is sent: to HEAD, and with 304.
    pub head_only: bool,
}

/// Sends the head of an answer; returns the length announced. `block` is memory for its fields; `date` is
/// sent unless the head has one.
///
/// # Errors
/// The core's; `None` where the head is none.
pub fn respond(
    core: &mut Connection<Server>,
    parts: &Parts,
    content: Content,
    block: &mut FieldBlock,
    date: Option<&[u8; 29]>,
    out: &mut SendBuf,
) -> Result<BodyLength, Option<SendError>> {
    let mut head = HttpResponseHead::default();
    head.split.block = std::mem::take(block);
    head.assign(parts).map_err(|_| None)?;
    let mut body = head.split.body_length(content.length, content.head_only).map_err(|_| None)?;
    if body == BodyLength::Unknown && parts.extensions.get::<Streaming>().is_some() {
        body = BodyLength::Streaming;
    }
    side::respond(core, &head.head(), body, date.filter(|_| !head.split.has_date), out)?;
    *block = head.split.block;
    Ok(body)
}

/// Accepts another protocol with this head.
///
/// # Errors
/// As [`respond`].
pub fn upgrade(core: &mut Connection<Server>, parts: &Parts, out: &mut SendBuf) -> Result<(), Option<SendError>> {
    let head = HttpResponseHead::new(parts).map_err(|_| None)?;
    Ok(core.upgrade(&head.head(), out)?)
}

/// Sends an interim response; what cannot be sent is left out.
pub fn inform(core: &mut Connection<Server>, status: StatusCode, headers: &HeaderMap, out: &mut SendBuf) {
    if let Ok(block) = FieldBlock::try_from(headers) {
        let _ = core.inform(&ResponseHead::new(status.as_u16()).block(&block), out);
    }
}
