//! [`Fields`], the view of a header or trailer section: its octets and where each field lies in them. Parses nothing.

use super::{list, slice};
use alloc::vec::Vec;
use core::fmt;

/// Fields that are hop-by-hop whether Connection names them or not (RFC 9110 section 7.6.1), in lower case.
pub(crate) const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/// Where one field lies in its block: offsets of the name and of the value without the blanks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(super) name: u16,
    pub(super) name_end: u16,
    pub(super) value: u16,
    pub(super) value_end: u16,
}

impl FieldSpan {
    #[inline(always)]
    pub(crate) fn name(self, block: &[u8]) -> &[u8] {
        slice(block, self.name.into(), self.name_end.into())
    }

    #[inline(always)]
    pub(super) fn value(self, block: &[u8]) -> &[u8] {
        slice(block, self.value.into(), self.value_end.into())
    }

    #[cfg(feature = "http")]
    pub(crate) fn value_range(self) -> core::ops::Range<usize> {
        self.value.into()..self.value_end.into()
    }
}

/// The field lines of one section, in their order and with their case as received. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Fields<'b> {
    block: &'b [u8],
    spans: &'b [FieldSpan],
}

impl<'b> Fields<'b> {
    pub(crate) const EMPTY: Fields<'static> = Fields { block: &[], spans: &[] };

    pub(crate) fn new(block: &'b [u8], spans: &'b [FieldSpan]) -> Self {
        Fields { block, spans }
    }

    pub(crate) fn spans(self) -> &'b [FieldSpan] {
        self.spans
    }

    /// The whole block, start line included.
    pub(crate) fn block(self) -> &'b [u8] {
        self.block
    }

    /// The number of field lines.
    pub fn len(self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.spans.is_empty()
    }

    /// Names and values in the order received. A name keeps its case; a value has no blanks around it.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'b str, &'b [u8])> + DoubleEndedIterator {
        self.spans.iter().map(move |span| (ascii(span.name(self.block)), span.value(self.block)))
    }

    /// The value of the first field of that name; case does not matter (RFC 9110 section 5.1).
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        self.get_all(name).next()
    }

    /// The values of all fields of that name, in order (RFC 9110 section 5.2).
    pub fn get_all<'n>(self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n> {
        self.spans
            .iter()
            .filter(move |span| span.name(self.block).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |span| span.value(self.block))
    }

    /// The values of all fields of that name as one, joined by `, ` (RFC 9110 section 5.3); `None` if there is none.
    pub fn combined(self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.get_all(name);
        let mut combined = values.next()?.to_vec();
        for value in values {
            combined.extend_from_slice(b", ");
            combined.extend_from_slice(value);
        }
        Some(combined)
    }

    /// Whether a comma-separated list of tokens in the fields of that name holds `token`; case does not matter.
    pub fn lists(self, name: &str, token: &str) -> bool {
        self.get_all(name).flat_map(list).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The fields that an intermediary passes on (RFC 9110 section 7.6.1): without Connection, whatever Connection
    /// names, the fields that are hop-by-hop by definition, and those that the connection to the next hop writes anew
    /// (Host, Content-Length, Expect). Framing was decided before, so `Connection: content-length` takes nothing from
    /// it.
    pub fn end_to_end(self) -> impl Iterator<Item = (&'b str, &'b [u8])> {
        const ANEW: [&str; 3] = ["content-length", "expect", "host"];
        self.iter().filter(move |(name, _)| {
            let mut left_out = HOP_BY_HOP.iter().chain(&ANEW);
            !left_out.any(|left_out| left_out.eq_ignore_ascii_case(name)) && !self.lists("connection", name)
        })
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.escape_ascii()))).finish()
    }
}

impl PartialEq for Fields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields<'_> {}

/// Octets that the grammar has limited to US-ASCII, as text.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
