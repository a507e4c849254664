//! Objects of JSON (RFC 8259), one a line. Only what this log needs of it.

use super::stamp::Stamp;
use super::{hex, put};
use crate::info::Address;
use crate::record::Entry;
use std::fmt;

pub(super) fn object(line: &mut Vec<u8>, entry: &Entry) {
    let Entry { connection, record, remote_name } = entry;
    line.push(b'{');
    text(line, "id", Some(&entry.id()));
    number(line, "connection", Some(connection.id()));
    name(line, "time");
    line.push(b'"');
    Stamp::new(record.received).rfc3339(line);
    line.push(b'"');
    let peer = connection.peer();
    let remote = match peer {
        Address::Tcp(address) => Some(address.ip().to_canonical().to_string()),
        Address::Unix(_) => Some(peer.to_string()),
        Address::Unknown => None,
    };
    text(line, "remote", remote.as_deref());
    number(line, "remote_port", peer.tcp().map(|address| address.port()));
    text(line, "remote_name", remote_name.as_deref());
    text(line, "method", Some(&record.method));
    text(line, "target", Some(&record.target));
    text(line, "version", Some(&record.version.to_string()));
    number(line, "status", record.status);
    number(line, "content", Some(record.content));
    number(line, "complete", Some(record.complete));
    number(line, "duration_ns", record.duration().map(|duration| duration.as_nanos()));
    for (name, value) in [("referer", &record.referer), ("user_agent", &record.user_agent)] {
        let value = value.as_ref().map(|value| String::from_utf8_lossy(value.as_bytes()));
        text(line, name, value.as_deref());
    }
    line.push(b'}');
}

/// Appends the name of the next member, which is one of ours.
fn name(line: &mut Vec<u8>, name: &str) {
    let comma = if line.last() == Some(&b'{') { "" } else { "," };
    put(line, format_args!("{comma}\"{name}\":"));
}

/// Appends a member that is a number, or true or false.
fn number(line: &mut Vec<u8>, of: &str, value: Option<impl fmt::Display>) {
    name(line, of);
    match value {
        Some(value) => put(line, value),
        None => line.extend_from_slice(b"null"),
    }
}

/// Appends a member that is a string.
fn text(line: &mut Vec<u8>, of: &str, value: Option<&str>) {
    name(line, of);
    let Some(value) = value else { return line.extend_from_slice(b"null") };
    line.push(b'"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => line.extend_from_slice(&[b'\\', letter as u8]),
            // All of them lie below U+0100. JSON allows some; a terminal that shows the log may obey them.
            _ if letter.is_control() => {
                line.extend_from_slice(b"\\u00");
                line.extend_from_slice(&hex(letter as u8));
            }
            _ => line.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    line.push(b'"');
}
