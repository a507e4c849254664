//! What errors say: every kind its own text and name, and none of them an octet of the message.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use http_proto::syntax::Fault;
use http_proto::{Config, Connection, RecvBuf, RecvErrorKind, SendError};
use std::collections::HashSet;
use std::sync::Arc;

/// A part of a sentence: no capital in front but of a name, no stop behind.
fn assert_is_text(text: &str) {
    let graphic = text.bytes().all(|c| c.is_ascii_graphic() || c == b' ');
    assert!(graphic && text.len() > 3 && text.trim() == text && !text.ends_with(['.', ':']), "{text:?}");
}

#[test]
fn every_kind_of_receive_error_has_its_own_text_and_name() {
    let (mut texts, mut names) = (HashSet::new(), HashSet::new());
    for &kind in RecvErrorKind::ALL {
        let text = Fault { kind, at: 1234 }.to_string();
        let (element, reason) = text.split_once(" at octet 1234: ").unwrap();
        assert_is_text(element);
        assert_is_text(reason);
        // `HeadTooLong` is `head_too_long`.
        let words = format!("{kind:?}").chars().fold(String::new(), |mut words, c| {
            if c.is_ascii_uppercase() && !words.is_empty() {
                words.push('_');
            }
            words.push(c.to_ascii_lowercase());
            words
        });
        assert_eq!(kind.name(), words);
        assert!(names.insert(kind.name()) && texts.insert(text.clone()), "{text}");
    }
}

#[test]
fn every_send_error_has_its_own_text() {
    let mut texts = HashSet::new();
    for error in SendError::ALL {
        assert_is_text(&error.to_string());
        assert!(texts.insert(error.to_string()), "{error}");
    }
}

#[test]
fn a_receive_error_says_what_and_where_and_repeats_nothing() {
    let mut server = Connection::server(Arc::new(Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(b"\r\nGET / HTTP/1.1\r\nHost: h\r\nSecret: hunter2\x01\r\n\r\n");
    let error = server.recv(&mut input).unwrap_err();
    assert_eq!(error.to_string(), "field line at octet 40: control octet in the value");
    assert_eq!(error.to_string(), Fault { kind: error.kind(), at: 40 }.to_string());
    assert!(!format!("{error:?}").contains("hunter2"));
}
