//! Structure to octets: validates a whole head, then writes it in one go. The only place that puts a field line, a
//! start line or a chunk line on the wire.

use super::target::is_target_text;
use super::{
    MethodKind, OutFraming, RequestHead, ResponseHead, TargetForm, authority_of, check_target, is_blank,
    is_field_value, is_host, is_protocol, is_token, list, slice,
};
use crate::config::Limits;
use crate::error::SendError;
use alloc::vec::Vec;

/// A field to be sent: name and value.
pub type FieldSlice<'a> = (&'a str, &'a [u8]);

/// What a peer with our own defaults takes: no head beyond that is ever sent (RFC 9110 section 2.3).
const REQUEST_BOUNDS: Limits = Limits::server();
const RESPONSE_BOUNDS: Limits = Limits::client();

/// Field lines that were validated once: sending them again is one copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldBlock {
    lines: Vec<u8>,
    summary: Summary,
}

/// What the connection has to know of the fields of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Summary {
    count: usize,
    octets: usize,
    longest: usize,
    date: bool,
    content_type: bool,
    te: bool,
    keep_alive: bool,
    http2_settings: bool,
    /// A field that may not be a trailer is there.
    not_a_trailer: bool,
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
                not_a_trailer: false,
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

    /// The number of field lines.
    pub fn len(&self) -> usize {
        self.summary.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.summary.count == 0
    }

    /// Whether all of them may stand in a trailer section, so that `finish` will take them (RFC 9110 section 6.5.1).
    ///
    /// # Errors
    /// [`SendError::ForbiddenTrailer`], or [`SendError::HeadTooLong`] beyond the default bounds of a receiver.
    pub fn check_trailers(&self, to_server: bool) -> Result<(), SendError> {
        let bounds = if to_server { &REQUEST_BOUNDS } else { &RESPONSE_BOUNDS };
        if self.summary.not_a_trailer {
            return Err(SendError::ForbiddenTrailer);
        }
        let fits = self.summary.count <= bounds.trailer_fields.into()
            && self.lines.len() + 2 <= bounds.trailers.into()
            && self.summary.longest <= bounds.field_line.into();
        if fits { Ok(()) } else { Err(SendError::HeadTooLong) }
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
        let mut next = *self;
        next.classify(name, value)?;
        next.count += 1;
        let line = name.len() + 2 + value.len();
        next.octets += line + 2;
        next.longest = next.longest.max(line);
        *self = next;
        Ok(())
    }

    fn classify(&mut self, name: &str, value: &[u8]) -> Result<(), SendError> {
        let is = |candidate: &str| name.eq_ignore_ascii_case(candidate);
        match name.len() {
            4 if is("host") => return Err(SendError::FramingField),
            6 if is("expect") => return Err(SendError::FramingField),
            7 if is("upgrade") => return Err(SendError::FramingField),
            10 if is("connection") => return Err(SendError::FramingField),
            14 if is("content-length") => return Err(SendError::FramingField),
            16 if is("proxy-connection") => return Err(SendError::FramingField),
            17 if is("transfer-encoding") => return Err(SendError::FramingField),
            2 if is("te") => {
                let chunked = |element: &[u8]| {
                    element
                        .split(|&c| c == b';')
                        .next()
                        .is_some_and(|c| super::trim(c).eq_ignore_ascii_case(b"chunked"))
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
        self.not_a_trailer |= !may_be_trailer(name);
        Ok(())
    }

    /// The fields of a message: those of its block, then its own.
    fn of(block: &FieldBlock, fields: &[FieldSlice<'_>]) -> Result<Self, SendError> {
        let mut summary = block.summary;
        for (name, value) in fields {
            summary.add(name, value)?;
        }
        Ok(summary)
    }

    fn fits(&self, bounds: &Limits, others: usize, other_fields: usize) -> Result<(), SendError> {
        let fits = self.octets + others <= bounds.head.into()
            && self.longest <= bounds.field_line.into()
            && self.count + other_fields <= bounds.fields.into();
        if fits { Ok(()) } else { Err(SendError::HeadTooLong) }
    }
}

fn once(seen: &mut bool) -> Result<(), SendError> {
    if core::mem::replace(seen, true) { Err(SendError::RepeatedField) } else { Ok(()) }
}

/// Whether a field may be a trailer: not if it frames, routes, authenticates, modifies the request, controls the
/// response or says how to process the content (RFC 9110 section 6.5.1).
fn may_be_trailer(name: &str) -> bool {
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
    let content = name.as_bytes().get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    !content && !FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

/// What goes into the Connection field besides what the head and its fields ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    Nothing,
    Close,
    KeepAlive,
}

/// An option must be a token, and may not name an end-to-end field (RFC 9110 section 7.6.1).
fn check_options(options: &[&str]) -> Result<(), SendError> {
    const END_TO_END: [&str; 7] =
        ["content-length", "transfer-encoding", "host", "cache-control", "content-type", "date", "trailer"];
    // `close` and `keep-alive` are the connection's to decide, `upgrade` follows from the head.
    const DECIDED: [&str; 3] = ["close", "keep-alive", "upgrade"];
    let valid = options.iter().all(|option| {
        is_token(option.as_bytes())
            && !END_TO_END.iter().chain(&DECIDED).any(|refused| refused.eq_ignore_ascii_case(option))
    });
    if valid { Ok(()) } else { Err(SendError::InvalidConnectionOption) }
}

/// Writes a request head. On an error nothing is written.
pub(crate) fn write_request(
    out: &mut Vec<u8>,
    head: &RequestHead<'_>,
    framing: OutFraming,
    close: bool,
) -> Result<(), SendError> {
    let method = MethodKind::of(head.method.as_bytes());
    let host = check_request_line(head, method)?;
    if !head.upgrade.iter().all(|protocol| is_protocol(protocol.as_bytes())) {
        return Err(SendError::InvalidUpgrade);
    }
    check_options(head.connection_options)?;
    let summary = Summary::of(head.block, head.fields)?;
    let others = head.method.len() + head.target.len() + host.map_or(0, str::len) + FIXED;
    let lists: usize = head.connection_options.iter().chain(head.upgrade).map(|option| option.len() + 2).sum();
    summary.fits(&REQUEST_BOUNDS, others + lists, 6)?;

    out.reserve(others + lists + summary.octets);
    put(out, &[head.method.as_bytes(), b" ", head.target.as_bytes()]);
    put(out, &[if head.version.is_http11() { b" HTTP/1.1\r\n" } else { b" HTTP/1.0\r\n" }]);
    if let Some(host) = host {
        write_field(out, b"Host", host.as_bytes());
    }
    write_fields(out, head.block, head.fields);
    if head.expect_continue {
        write_field(out, b"Expect", b"100-continue");
    }
    write_framing(out, framing);
    if !head.upgrade.is_empty() {
        write_list(out, b"Upgrade", head.upgrade.iter().copied());
    }
    let connection = match (close, head.version.is_http11()) {
        (true, _) => Connection::Close,
        (false, true) => Connection::Nothing,
        (false, false) => Connection::KeepAlive,
    };
    write_connection(out, connection, !head.upgrade.is_empty(), &summary, head.connection_options);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Checks method, target and Host, and returns the Host to send.
fn check_request_line<'a>(head: &RequestHead<'a>, method: MethodKind) -> Result<Option<&'a str>, SendError> {
    if !is_token(head.method.as_bytes()) {
        return Err(SendError::InvalidMethod);
    }
    let target = head.target.as_bytes();
    if !is_target_text(target) {
        return Err(SendError::InvalidTarget);
    }
    let form = check_target(method, target).map_err(|_| SendError::InvalidTarget)?;
    if head.method.len() > REQUEST_BOUNDS.method.into() || target.len() > REQUEST_BOUNDS.target.into() {
        return Err(SendError::HeadTooLong);
    }
    let authority = match form {
        TargetForm::Absolute => authority_of(target).and_then(|authority| core::str::from_utf8(authority).ok()),
        TargetForm::Authority => Some(head.target),
        TargetForm::Origin | TargetForm::Asterisk => None,
    };
    match (head.host, authority) {
        (Some(host), _) if !is_host(host.as_bytes()) => Err(SendError::InvalidHost),
        // RFC 9112 section 3.2: Host is the authority of the target, where the target has one.
        (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => Err(SendError::InvalidHost),
        (None, None) if head.version.is_http11() => Err(SendError::MissingHost),
        (host, authority) => Ok(host.or(authority)),
    }
}

/// Writes a final response head, or 101 or 2xx to CONNECT. On an error nothing is written.
pub(crate) fn write_response(
    out: &mut Vec<u8>,
    head: &ResponseHead<'_>,
    framing: OutFraming,
    connection: Connection,
) -> Result<(), SendError> {
    if !(100..1000).contains(&head.status) {
        return Err(SendError::InvalidStatus);
    }
    if head.status == 426 && head.upgrade.is_none() {
        return Err(SendError::InvalidUpgrade);
    }
    if head.upgrade.is_some_and(|protocol| !is_protocol(protocol.as_bytes())) {
        return Err(SendError::InvalidUpgrade);
    }
    if head.reason.is_some_and(|reason| !is_field_value(reason)) {
        return Err(SendError::InvalidReason);
    }
    check_options(head.connection_options)?;
    let mut summary = Summary::of(head.block, head.fields)?;
    if let Some(date) = head.date {
        once(&mut summary.date)?;
        if !is_imf_fixdate(date) {
            return Err(SendError::InvalidDate);
        }
    }
    let reason = head.reason.unwrap_or_else(|| usual_reason(head.status).as_bytes());
    let lists: usize = head.connection_options.iter().copied().chain(head.upgrade).map(|option| option.len() + 2).sum();
    summary.fits(&RESPONSE_BOUNDS, reason.len() + lists + FIXED, 5)?;

    out.reserve(FIXED + reason.len() + lists + summary.octets);
    put(out, &[b"HTTP/1.1 ", &digits(head.status), b" ", reason, b"\r\n"]);
    if let Some(date) = head.date {
        put(out, &[b"Date: ", date, b"\r\n"]);
    }
    write_fields(out, head.block, head.fields);
    write_framing(out, framing);
    if let Some(protocol) = head.upgrade {
        write_field(out, b"Upgrade", protocol.as_bytes());
    }
    write_connection(out, connection, head.upgrade.is_some(), &summary, head.connection_options);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Writes an interim response head: no framing, no connection options.
pub(crate) fn write_interim(out: &mut Vec<u8>, head: &ResponseHead<'_>) -> Result<(), SendError> {
    if head.close || head.upgrade.is_some() || !head.connection_options.is_empty() {
        return Err(SendError::InvalidConnectionOption);
    }
    let nothing = OutFraming { content_length: None, body: super::Framing::None };
    write_response(out, head, nothing, Connection::Nothing)
}

/// What start line, framing and connection fields take at most, apart from the parts of variable length.
const FIXED: usize = 256;

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn write_fields(out: &mut Vec<u8>, block: &FieldBlock, fields: &[FieldSlice<'_>]) {
    out.extend_from_slice(&block.lines);
    for (name, value) in fields {
        write_field(out, name.as_bytes(), value);
    }
}

fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    put(out, &[name, b": ", value, b"\r\n"]);
}

fn write_list<'a>(out: &mut Vec<u8>, name: &[u8], elements: impl Iterator<Item = &'a str>) {
    let mut separator: &[u8] = b": ";
    out.extend_from_slice(name);
    for element in elements {
        put(out, &[separator, element.as_bytes()]);
        separator = b", ";
    }
    out.extend_from_slice(b"\r\n");
}

fn write_framing(out: &mut Vec<u8>, framing: OutFraming) {
    if let Some(length) = framing.content_length {
        out.extend_from_slice(b"Content-Length: ");
        write_number(out, length);
        out.extend_from_slice(b"\r\n");
    } else if framing.body == super::Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
}

fn write_connection(out: &mut Vec<u8>, connection: Connection, upgrade: bool, summary: &Summary, more: &[&str]) {
    let decided = match connection {
        Connection::Nothing => None,
        Connection::Close => Some("close"),
        Connection::KeepAlive => Some("keep-alive"),
    };
    // RFC 9110 section 7.6.1: a field that is for this connection only is listed.
    let implied = [
        (upgrade, "upgrade"),
        (summary.te, "TE"),
        (summary.keep_alive, "Keep-Alive"),
        (summary.http2_settings, "HTTP2-Settings"),
    ];
    let implied = implied.into_iter().filter_map(|(there, option)| there.then_some(option));
    let mut options = decided.into_iter().chain(implied).chain(more.iter().copied()).peekable();
    if options.peek().is_some() {
        write_list(out, b"Connection", options);
    }
}

/// Writes the line in front of a chunk's data (RFC 9112 section 7.1).
#[inline]
pub(crate) fn write_chunk_start(out: &mut Vec<u8>, size: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    let mut rest = size;
    let mut start = text.len();
    for (index, place) in text.iter_mut().enumerate().rev() {
        *place = DIGITS.get((rest & 15) as usize).copied().unwrap_or(b'0');
        rest >>= 4;
        start = index;
        if rest == 0 {
            break;
        }
    }
    put(out, &[slice(&text, start, 16), b"\r\n"]);
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut text = [0; 20];
    let mut rest = number;
    let mut start = text.len();
    for (index, place) in text.iter_mut().enumerate().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        start = index;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(slice(&text, start, 20));
}

fn digits(status: u16) -> [u8; 3] {
    [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8)
}

/// Whether `date` has the form `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn is_imf_fixdate(date: &[u8; 29]) -> bool {
    const FORM: &[u8; 29] = b"Aaa, 00 Aaa 0000 00:00:00 GMT";
    date.iter().zip(FORM).fold(true, |valid, (c, form)| {
        valid
            & match form {
                b'A' => c.is_ascii_uppercase(),
                b'a' => c.is_ascii_lowercase(),
                b'0' => c.is_ascii_digit(),
                _ => c == form,
            }
    })
}

/// The reason phrases of RFC 9110 section 15 and the registry.
fn usual_reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => "",
    }
}
