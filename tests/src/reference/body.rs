//! Bodies, once the head has said how long they are (RFC 9112 sections 6 and 7).

use super::grammar;
use super::head::{Fields, Framing, field_section};
use super::line::{self, Fault, Parsed, Stop};
use super::{Bounds, Role};

/// A whole body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The octets, with the chunked coding undone.
    pub body: Vec<u8>,
    /// The trailer fields.
    pub trailers: Fields,
}

/// The body at `pos`. A close-delimited one ends with the input if that is its end (`eof`).
pub fn body(input: &[u8], pos: usize, framing: Framing, eof: bool, bounds: &Bounds, role: Role) -> Parsed<Content> {
    match framing {
        Framing::None | Framing::Tunnel => Ok((Content::default(), pos)),
        Framing::Length(length) => {
            let (body, end) = octets(input, pos, length)?;
            Ok((Content { body: body.to_vec(), trailers: Vec::new() }, end))
        }
        Framing::UntilClose if eof => Ok((Content { body: input[pos..].to_vec(), trailers: Vec::new() }, input.len())),
        Framing::UntilClose => Err(Stop::More),
        Framing::Chunked => chunked_body(input, pos, bounds, role),
    }
}

/// So many octets, whatever they are.
fn octets(input: &[u8], pos: usize, length: u64) -> Parsed<&[u8]> {
    match usize::try_from(length).ok().and_then(|length| pos.checked_add(length)) {
        Some(end) if end <= input.len() => Ok((&input[pos..end], end)),
        _ => Err(Stop::More),
    }
}

/// chunked-body = *chunk last-chunk trailer-section CRLF (RFC 9112 section 7.1).
fn chunked_body(input: &[u8], mut pos: usize, bounds: &Bounds, role: Role) -> Parsed<Content> {
    let mut content = Content::default();
    let mut ext_octets = 0;
    loop {
        let ext_limit = bounds.ext_line.min(bounds.ext_message - ext_octets);
        let (chunk, behind) = chunk_line(input, pos, ext_limit, role)?;
        pos = behind;
        ext_octets += chunk.ext_length;
        if chunk.size == 0 {
            break;
        }
        let (data, behind) = octets(input, pos, chunk.size)?;
        content.body.extend_from_slice(data);
        pos = line::crlf(input, behind, role)?;
    }
    let trailers = field_section(input, pos, bounds.trailer_fields, bounds.field_line, role);
    let (trailers, end) = line::within(trailers, input, pos, bounds.trailer_octets, role.status(431))?;
    content.trailers = trailers;
    Ok((content, end))
}

/// What a chunk line says.
struct ChunkLine {
    size: u64,
    ext_length: usize,
}

/// chunk-size [ chunk-ext ] CRLF (RFC 9112 section 7.1), with at most `ext_limit` octets of extensions.
fn chunk_line(input: &[u8], pos: usize, ext_limit: usize, role: Role) -> Parsed<ChunkLine> {
    let line = line::line(input, pos);
    let bad = line::first_bad(line.octets, grammar::is_chunk_line, &line::CHUNK_LINE_ENDINGS)
        .map(|at| Fault::grammar(pos + at, role.status(400)));
    let digits = grammar::count_hex_digits(line.octets);
    let long = line::over_limit(&line.octets[digits..], ext_limit)
        .map(|at| Fault::element(pos + digits + at, role.status(400)));
    if let Some(fault) = [bad, long].into_iter().flatten().min() {
        return Err(Stop::Bad(fault));
    }
    if !line.complete {
        return Err(Stop::More);
    }
    let size = grammar::hex_number(&line.octets[..digits]).unwrap_or_else(|| unreachable!());
    let ext_length = line::without_crlf(&line.octets[digits..]).len();
    Ok((ChunkLine { size, ext_length }, pos + line.octets.len()))
}
