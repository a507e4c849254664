//! Octets to structure and back: heads, field lines, chunks, and what they say about framing. Nothing in here has heard
//! of a connection: every item is a function of octets, or a parser that resumes where its input ended.

mod block;
mod chunked;
mod encode;
mod fields;
mod framing;
mod head;
mod known;
mod message;
mod names;
mod options;
mod outgoing;
mod scan;
mod section;
mod start_line;
mod status;
mod target;
mod uri;
mod usual;

pub use block::{FieldBlock, FieldSlice};
pub use chunked::{ChunkDecoder, ChunkItem};
pub(crate) use encode::{ConnectionField, write_chunk_start, write_interim, write_request, write_response};
pub(crate) use fields::FieldSpan;
pub use fields::Fields;
#[cfg(feature = "http")]
pub(crate) use fields::HOP_BY_HOP;
pub use framing::{BodyLength, Expectation, Framing};
pub(crate) use framing::{
    Facts, OutFraming, makes_tunnel, request_facts, response_facts, sent_request_framing, sent_response_framing,
};
pub use head::HeadParser;
pub(crate) use head::ParsedHead;
pub use message::{MethodKind, OwnedRequest, OwnedResponse, Request, Response, Version};
pub use names::env_name;
pub(crate) use options::{is_protocol, lists_protocol};
pub use outgoing::{RequestHead, ResponseHead};
pub use scan::{is_field_value, is_token};
pub(crate) use start_line::StartLine;
pub use target::{TargetForm, is_host};
pub(crate) use target::{authority_of, check_target};
pub use uri::TargetUri;

use crate::error::{RecvError, RecvErrorKind};
use core::fmt;

/// A violation of the grammar: what, and at which position of the block that was being parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: RecvErrorKind,
    /// The position of the first octet that no valid continuation has.
    pub at: usize,
}

impl Fault {
    pub(crate) const fn new(kind: RecvErrorKind, at: usize) -> Self {
        Fault { kind, at }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RecvError::new(self.kind, self.at as u64).fmt(f)
    }
}

impl core::error::Error for Fault {}

/// A fault at a position as the parsers of a head count it.
fn fault(kind: RecvErrorKind, at: u32) -> Fault {
    Fault::new(kind, at as usize)
}

pub(crate) const CR: u8 = b'\r';
pub(crate) const LF: u8 = b'\n';
pub(crate) const SP: u8 = b' ';
pub(crate) const HTAB: u8 = b'\t';

/// OWS of RFC 9110 section 5.6.3.
pub(crate) const fn is_blank(c: u8) -> bool {
    matches!(c, SP | HTAB)
}

/// `bytes` without the blanks at its two ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [c, rest @ ..] = bytes
        && is_blank(*c)
    {
        bytes = rest;
    }
    while let [rest @ .., c] = bytes
        && is_blank(*c)
    {
        bytes = rest;
    }
    bytes
}

/// The non-empty elements of a comma-separated list (RFC 9110 section 5.6.1), without the blanks around them. Only for
/// lists of tokens: a quoted comma would be taken for a separator.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&c| c == b',').map(trim).filter(|element| !element.is_empty())
}

/// Whether `name` is `lower`, apart from case; `lower` is in lower case and has no octet but letters and `-`, and at
/// least 4 of them. Compares words, not octets.
#[inline(always)]
pub(crate) fn is_name<const N: usize>(name: &[u8], lower: &[u8; N]) -> bool {
    // Bit 5 turns upper case into lower and is set in `-`; the controls that it would turn into `-` never get here.
    const FOLD: u64 = 0x2020_2020_2020_2020;
    let Ok(name) = <&[u8; N]>::try_from(name) else { return false };
    let mut difference = 0;
    let mut at = 0;
    while at + 8 < N {
        difference |= (word(name, at) | FOLD) ^ word(lower, at);
        at += 8;
    }
    if N >= 8 {
        return difference | ((word(name, N - 8) | FOLD) ^ word(lower, N - 8)) == 0;
    }
    let half = FOLD as u32;
    ((half_word(name, 0) | half) ^ half_word(lower, 0)) | ((half_word(name, N - 4) | half) ^ half_word(lower, N - 4))
        == 0
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |octets| u64::from_le_bytes(*octets))
}

#[inline(always)]
fn half_word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |octets| u32::from_le_bytes(*octets))
}

/// The octets that stand at `at`, if they are all there.
#[inline(always)]
fn octets<const N: usize>(block: &[u8], at: u32) -> Option<&[u8; N]> {
    block.get(at as usize..at as usize + N)?.try_into().ok()
}

/// A slice that is empty where the range lies outside `bytes`.
pub(crate) fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or(&[])
}
