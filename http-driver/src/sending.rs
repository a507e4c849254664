//! Content on its way out, piece by piece, as both roles send it.

use crate::link::Link;
use crate::side::Side;
use bytes::Bytes;
use http::HeaderMap;
use http_proto::{FieldBlock, Flow, SendError};

/// Pieces of content taken in one go, after which other things of the connection get their turn.
pub(crate) const PIECES: usize = 256;
/// Pieces of content up to this size are copied behind what is there; larger ones are written from where they are.
const COPIED: usize = 4 * 1024;

/// Sends a piece of content.
pub(crate) fn send<R: Side, Io, T>(link: &mut Link<R, Io, T>, data: Bytes) -> Result<Flow, SendError> {
    let (core, out) = link.commands();
    match data.len() {
        0..=COPIED => core.send(&data, out),
        _ => core.send_owned(data, out),
    }
}

/// Ends the message. Trailers are left out where the framing has no room for them, and fields that may not be trailers in
/// any case.
pub(crate) fn finish<R: Side, Io, T>(link: &mut Link<R, Io, T>, trailers: Option<&HeaderMap>) -> Result<(), SendError> {
    let block = trailers.map(allowed);
    let (core, out) = link.commands();
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
