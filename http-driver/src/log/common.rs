//! The formats of Apache's mod_log_config, `common` and `combined`, with the escapes of its `ap_escape_logitem`.

use super::stamp::Stamp;
use super::{hex, put};
use crate::record::Entry;
use http::HeaderValue;

pub(super) fn common(line: &mut Vec<u8>, entry: &Entry) {
    let record = &entry.record;
    // %h: nothing quotes it, so a name or the path of a client's socket must not have spaces either.
    match (&entry.remote_name, entry.connection.peer().tcp()) {
        (Some(name), _) => escape(line, name.as_bytes(), u8::is_ascii_graphic),
        (None, Some(peer)) => put(line, peer.ip().to_canonical()),
        (None, None) => escape(line, entry.connection.peer().to_string().as_bytes(), u8::is_ascii_graphic),
    }
    line.extend_from_slice(b" - - [");
    Stamp::new(record.received).common(line);
    line.extend_from_slice(b"] \"");
    escape(line, record.method.as_bytes(), is_printable);
    line.push(b' ');
    escape(line, record.target.as_bytes(), is_printable);
    put(line, format_args!(" {}\" ", record.version));
    match record.status {
        Some(status) => put(line, status),
        None => line.push(b'-'),
    }
    match record.content {
        0 => line.extend_from_slice(b" -"),
        octets => put(line, format_args!(" {octets}")),
    }
}

pub(super) fn combined(line: &mut Vec<u8>, entry: &Entry) {
    common(line, entry);
    for value in [&entry.record.referer, &entry.record.user_agent] {
        line.extend_from_slice(b" \"");
        escape(line, value.as_ref().map_or(b"-", HeaderValue::as_bytes), is_printable);
        line.push(b'"');
    }
}

fn is_printable(octet: &u8) -> bool {
    matches!(octet, b' '..=b'~')
}

/// Appends a value with everything escaped that does not pass, and what has a meaning in the line.
fn escape(line: &mut Vec<u8>, value: &[u8], passes: fn(&u8) -> bool) {
    for &octet in value {
        match octet {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', octet]),
            0x08 => line.extend_from_slice(b"\\b"),
            b'\t' => line.extend_from_slice(b"\\t"),
            b'\n' => line.extend_from_slice(b"\\n"),
            0x0b => line.extend_from_slice(b"\\v"),
            b'\r' => line.extend_from_slice(b"\\r"),
            _ if passes(&octet) => line.push(octet),
            _ => {
                line.extend_from_slice(b"\\x");
                line.extend_from_slice(&hex(octet));
            }
        }
    }
}
