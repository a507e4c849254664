//! Structure to octets: validates a whole head, then writes it in one go. The only place that puts a start line or a
//! chunk line on the wire; field lines are `block`'s.

use super::block::{FieldBlock, FieldSlice, REQUEST_BOUNDS, RESPONSE_BOUNDS, Summary, once, put, write_field};
use super::status::usual_reason;
use super::target::is_target_text;
use super::{
    Framing, MethodKind, OutFraming, RequestHead, ResponseHead, TargetForm, authority_of, check_target, is_field_value,
    is_host, is_protocol, is_token,
};
use crate::error::SendError;
use alloc::vec::Vec;

/// What goes into the Connection field besides what the head and its fields ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionField {
    Nothing,
    Close,
    KeepAlive,
}

impl ConnectionField {
    /// What tells the peer whether the connection goes on (RFC 9112 section 9.3).
    pub(crate) fn new(close: bool, http11: bool) -> Self {
        match (close, http11) {
            (true, _) => ConnectionField::Close,
            (false, true) => ConnectionField::Nothing,
            (false, false) => ConnectionField::KeepAlive,
        }
    }
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
    let mut summary = head.block.summary();
    summary.add_all(head.fields)?;
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
    let connection = ConnectionField::new(close, head.version.is_http11());
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
    connection: ConnectionField,
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
    let mut summary = head.block.summary();
    summary.add_all(head.fields)?;
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
    let nothing = OutFraming { content_length: None, body: Framing::None };
    write_response(out, head, nothing, ConnectionField::Nothing)
}

/// What start line, framing and connection fields take at most, apart from the parts of variable length.
const FIXED: usize = 256;

fn write_fields(out: &mut Vec<u8>, block: &FieldBlock, fields: &[FieldSlice<'_>]) {
    out.extend_from_slice(block.lines());
    for (name, value) in fields {
        write_field(out, name.as_bytes(), value);
    }
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
        write_number::<10>(out, length);
        out.extend_from_slice(b"\r\n");
    } else if framing.body == Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
}

fn write_connection(out: &mut Vec<u8>, connection: ConnectionField, upgrade: bool, summary: &Summary, more: &[&str]) {
    if connection == ConnectionField::Nothing && !upgrade && !summary.has_options() && more.is_empty() {
        return;
    }
    let decided = match connection {
        ConnectionField::Nothing => None,
        ConnectionField::Close => Some("close"),
        ConnectionField::KeepAlive => Some("keep-alive"),
    };
    // RFC 9110 section 7.6.1: a field that is for this connection only is listed.
    let implied = [
        (upgrade, "upgrade"),
        (summary.te, "TE"),
        (summary.keep_alive, "Keep-Alive"),
        (summary.http2_settings, "HTTP2-Settings"),
    ];
    let implied = implied.into_iter().filter_map(|(there, option)| there.then_some(option));
    write_list(out, b"Connection", decided.into_iter().chain(implied).chain(more.iter().copied()));
}

/// Writes the line in front of a chunk's data (RFC 9112 section 7.1).
#[inline]
pub(crate) fn write_chunk_start(out: &mut Vec<u8>, size: u64) {
    write_number::<16>(out, size);
    out.extend_from_slice(b"\r\n");
}

/// Digit by digit where they are to stay: written elsewhere and copied, they would be read while they are still on their
/// way to memory, which stalls.
fn write_number<const BASE: u64>(out: &mut Vec<u8>, number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if number >= BASE {
        write_number::<BASE>(out, number / BASE);
    }
    out.extend(DIGITS.get((number % BASE) as usize));
}

fn digits(status: u16) -> [u8; 3] {
    [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8)
}

/// Whether `date` has the form `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn is_imf_fixdate(date: &[u8; 29]) -> bool {
    // The first octet that may stand at each place, and the last: two tables make it a test without branches.
    const FIRST: &[u8; 29] = b"Aaa, 00 Aaa 0000 00:00:00 GMT";
    const LAST: &[u8; 29] = b"Zzz, 99 Zzz 9999 99:99:99 GMT";
    date.iter().zip(FIRST.iter().zip(LAST)).fold(true, |valid, (c, (first, last))| valid & (first <= c) & (c <= last))
}
