//! Field lines to be sent: validated one by one, with what the connection has to know of them; [`FieldBlock`] keeps them
//! for messages to come. Knows no start line.

use super::{is_blank, is_field_value, is_token, list, trim};
use crate::config::Limits;
use crate::error::SendError;
use alloc::vec::Vec;

/// A field to be sent: name and value.
pub type FieldSlice<'a> = (&'a str, &'a [u8]);

/// What a peer with our own defaults takes: no head beyond that is ever sent (RFC 9110 section 2.3).
pub(super) const REQUEST_BOUNDS: Limits = Limits::server();
pub(super) const RESPONSE_BOUNDS: Limits = Limits::client();

/// Field lines that were validated once: sending them again is one copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldBlock {
    lines: Vec<u8>,
    summary: Summary,
}

/// What the connection has to know of the fields of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Summary {
    count: usize,
    pub(super) octets: usize,
    longest: usize,
    pub(super) date: bool,
    content_type: bool,
    pub(super) te: bool,
    pub(super) keep_alive: bool,
    pub(super) http2_settings: bool,
}

impl FieldBlock {
    /// No fields.
    pub const EMPTY: &'static FieldBlock = &FieldBlock::new();

    /// A block without fields.
    pub const fn new() -> Self {
        FieldBlock {
            lines: Vec::new(),
            summary: Summary {
                count: 0,
                octets: 0,
                longest: 0,
                date: false,
                content_type: false,
                te: false,
                keep_alive: false,
                http2_settings: false,
            },
        }
    }

    /// A block of these fields.
    ///
    /// # Errors
    /// A name or value that may not be sent, a field that the connection writes itself, or a repeated Date or
    /// Content-Type.
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = FieldSlice<'a>>) -> Result<Self, SendError> {
        let mut block = FieldBlock::new();
        for (name, value) in fields {
            block.push(name, value)?;
        }
        Ok(block)
    }

    /// The Allow field of a 405, listing these methods.
    ///
    /// # Errors
    /// [`SendError::InvalidMethod`] if one is not a token.
    pub fn allow(methods: &[&str]) -> Result<Self, SendError> {
        if !methods.iter().all(|method| is_token(method.as_bytes())) {
            return Err(SendError::InvalidMethod);
        }
        FieldBlock::from_fields([("Allow", methods.join(", ").as_bytes())])
    }

    /// Adds a field.
    ///
    /// # Errors
    /// As [`FieldBlock::from_fields`]; the block is then unchanged.
    pub fn push(&mut self, name: &str, value: &[u8]) -> Result<(), SendError> {
        self.summary.add(name, value)?;
        write_field(&mut self.lines, name.as_bytes(), value);
        Ok(())
    }

    /// Adds a field whose types vouch for its octets; blanks at the ends of the value are left out.
    ///
    /// # Errors
    /// As [`FieldBlock::push`], for what those types do not rule out.
    #[cfg(feature = "http")]
    pub(crate) fn push_typed(&mut self, name: &http::HeaderName, value: &http::HeaderValue) -> Result<(), SendError> {
        let (name, value) = (name.as_str(), trim(value.as_bytes()));
        // Such a name is in lower case.
        self.summary.add_valid(name, value, |candidate| name == candidate)?;
        if self.lines.capacity() == 0 {
            // Room for a few fields in one go.
            self.lines.reserve(256);
        }
        write_field(&mut self.lines, name.as_bytes(), value);
        Ok(())
    }

    /// Takes all fields out; the memory stays.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.summary = FieldBlock::EMPTY.summary;
    }

    /// The number of field lines.
    pub fn len(&self) -> usize {
        self.summary.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.summary.count == 0
    }

    /// Whether Date is among them.
    #[cfg(feature = "http")]
    pub(crate) fn has_date(&self) -> bool {
        self.summary.date
    }

    /// Whether all of them may stand in a trailer section, so that `finish` will take them (RFC 9110 section 6.5.1).
    ///
    /// # Errors
    /// [`SendError::ForbiddenTrailer`], or [`SendError::HeadTooLong`] beyond the default bounds of a receiver.
    pub fn check_trailers(&self, to_server: bool) -> Result<(), SendError> {
        let bounds = if to_server { &REQUEST_BOUNDS } else { &RESPONSE_BOUNDS };
        let mut names = self.lines.split(|&c| c == b'\n').filter_map(|line| line.split(|&c| c == b':').next());
        if !names.all(may_be_trailer) {
            return Err(SendError::ForbiddenTrailer);
        }
        let fits = self.summary.count <= bounds.trailer_fields.into()
            && self.lines.len() + 2 <= bounds.trailers.into()
            && self.summary.longest <= bounds.field_line.into();
        if fits { Ok(()) } else { Err(SendError::HeadTooLong) }
    }

    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }
}

impl Summary {
    /// Adds one field to what is known; an error leaves it as it was.
    #[inline(always)]
    fn add(&mut self, name: &str, value: &[u8]) -> Result<(), SendError> {
        if !is_token(name.as_bytes()) {
            return Err(SendError::InvalidFieldName);
        }
        let blank_at_end = [value.first(), value.last()].into_iter().flatten().any(|&c| is_blank(c));
        if blank_at_end || !is_field_value(value) {
            return Err(SendError::InvalidFieldValue);
        }
        self.add_valid(name, value, |candidate| name.eq_ignore_ascii_case(candidate))
    }

    /// As [`Summary::add`], for octets that may be sent; `is` compares the name with one in lower case.
    #[inline(always)]
    fn add_valid(&mut self, name: &str, value: &[u8], is: impl Fn(&str) -> bool) -> Result<(), SendError> {
        let mut next = *self;
        next.classify(name.len(), value, is)?;
        next.count += 1;
        let line = name.len() + 2 + value.len();
        next.octets += line + 2;
        next.longest = next.longest.max(line);
        *self = next;
        Ok(())
    }

    fn classify(&mut self, name_length: usize, value: &[u8], is: impl Fn(&str) -> bool) -> Result<(), SendError> {
        match name_length {
            4 if is("host") => return Err(SendError::FramingField),
            6 if is("expect") => return Err(SendError::FramingField),
            7 if is("upgrade") => return Err(SendError::FramingField),
            10 if is("connection") => return Err(SendError::FramingField),
            14 if is("content-length") => return Err(SendError::FramingField),
            16 if is("proxy-connection") => return Err(SendError::FramingField),
            17 if is("transfer-encoding") => return Err(SendError::FramingField),
            2 if is("te") => {
                let chunked = |element: &[u8]| {
                    element.split(|&c| c == b';').next().is_some_and(|c| trim(c).eq_ignore_ascii_case(b"chunked"))
                };
                if list(value).any(chunked) {
                    return Err(SendError::InvalidFieldValue);
                }
                self.te = true;
            }
            4 if is("date") => once(&mut self.date)?,
            12 if is("content-type") => once(&mut self.content_type)?,
            10 if is("keep-alive") => self.keep_alive = true,
            14 if is("http2-settings") => self.http2_settings = true,
            _ => {}
        }
        Ok(())
    }

    /// Adds the fields of a message to those of its block.
    #[inline(always)]
    pub(super) fn add_all(&mut self, fields: &[FieldSlice<'_>]) -> Result<(), SendError> {
        fields.iter().try_for_each(|(name, value)| self.add(name, value))
    }

    /// Whether there are fields for this connection only.
    pub(super) fn has_options(&self) -> bool {
        self.te || self.keep_alive || self.http2_settings
    }

    pub(super) fn fits(&self, bounds: &Limits, others: usize, other_fields: usize) -> Result<(), SendError> {
        let fits = self.octets + others <= bounds.head.into()
            && self.longest <= bounds.field_line.into()
            && self.count + other_fields <= bounds.fields.into();
        if fits { Ok(()) } else { Err(SendError::HeadTooLong) }
    }
}

/// Notes that a field is there that may stand only once.
pub(super) fn once(seen: &mut bool) -> Result<(), SendError> {
    if core::mem::replace(seen, true) { Err(SendError::RepeatedField) } else { Ok(()) }
}

/// Whether a field may be a trailer: not if it frames, routes, authenticates, modifies the request, controls the
/// response or says how to process the content (RFC 9110 section 6.5.1).
fn may_be_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: [&str; 29] = [
        "age",
        "authorization",
        "cache-control",
        "cookie",
        "date",
        "expires",
        "forwarded",
        "http2-settings",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "location",
        "max-forwards",
        "pragma",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "retry-after",
        "set-cookie",
        "te",
        "trailer",
        "vary",
        "via",
        "warning",
        "www-authenticate",
        "x-forwarded-for",
    ];
    let content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    !content && !FORBIDDEN.iter().any(|forbidden| forbidden.as_bytes().eq_ignore_ascii_case(name))
}

/// Writes one field line.
#[inline(always)]
pub(super) fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    put(out, &[name, b": ", value, b"\r\n"]);
}

/// Writes the parts one after the other; those of known length become plain stores.
#[inline(always)]
pub(super) fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}
