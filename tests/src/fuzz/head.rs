//! Heads: the reference and httparse read the same from them, and what the application sees holds together.

use super::control;
use crate::differential::{agree, error_is_certain_at_its_octet, httparse_agrees};
use crate::drive::{Setup, Storage};
use crate::reference::Role;
use http_proto::{Connection, Event, Fields, RecvBuf, Request, Response, SendBuf};

/// A control octet, then what arrives.
pub fn head(data: &[u8]) {
    let Some((setup, eof, input)) = control(data) else { return };
    let outcome = agree(&setup, input, eof);
    error_is_certain_at_its_octet(&setup, input, &outcome);
    httparse_agrees(&setup, input, &outcome);
    let silent = setup.whole(input, None);
    assert_eq!(setup.run(Storage::Slice, input.chunks(1), None), silent);
    look_at_first_head(&setup, input);
}

fn look_at_first_head(setup: &Setup, input: &[u8]) {
    let mut buffer = RecvBuf::<&[u8]>::new();
    buffer.feed(input);
    match setup.role {
        Role::Server => {
            let mut connection = Connection::server(setup.config.clone());
            if let Ok(Event::HeadersComplete(head)) = connection.recv(&mut buffer) {
                look_at_request(head);
            }
        }
        Role::Client => {
            let mut connection = Connection::client(setup.config.clone());
            let head = http_proto::RequestHead::new("GET", "/").host("h").upgrade(&["x"]);
            let mut out = SendBuf::new();
            connection.start(&head, http_proto::BodyLength::Empty, &mut out).expect("an idle client");
            if let Ok(Event::HeadersComplete(head)) = connection.recv(&mut buffer) {
                look_at_response(head);
            }
        }
    }
}

fn look_at_request(head: Request<'_>) {
    assert!(http_proto::syntax::is_token(head.method().as_bytes()));
    assert!(head.target().bytes().all(|c| c.is_ascii_graphic() && c != b'#') && !head.target().is_empty());
    look_at_fields(head.fields());
    let owned = head.to_owned();
    let copy = owned.view().expect("it was filled");
    assert_eq!((copy.method(), copy.target(), copy.version()), (head.method(), head.target(), head.version()));
    assert_eq!((copy.fields(), copy.framing(), copy.keep_alive()), (head.fields(), head.framing(), head.keep_alive()));
}

fn look_at_response(head: Response<'_>) {
    assert!(head.status() <= 999);
    assert!(!head.reason().iter().any(|&c| c < b' ' && c != b'\t'));
    look_at_fields(head.fields());
    let owned = head.to_owned();
    let copy = owned.view().expect("it was filled");
    assert_eq!((copy.status(), copy.reason(), copy.version()), (head.status(), head.reason(), head.version()));
    assert_eq!((copy.fields(), copy.framing(), copy.keep_alive()), (head.fields(), head.framing(), head.keep_alive()));
}

fn look_at_fields(fields: Fields<'_>) {
    assert_eq!(fields.iter().count(), fields.len());
    assert_eq!(fields.iter().rev().count(), fields.len());
    for (name, value) in fields.iter() {
        assert!(http_proto::syntax::is_token(name.as_bytes()));
        assert!(http_proto::syntax::is_field_value(value));
        let blank = |c: Option<&u8>| matches!(c, Some(b' ' | b'\t'));
        assert!(!blank(value.first()) && !blank(value.last()));

        let upper = name.to_ascii_uppercase();
        let same: Vec<_> = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).collect();
        assert!(fields.get_all(&upper).eq(same.iter().map(|(_, value)| *value)));
        assert_eq!(fields.get(&upper), same.first().map(|(_, value)| *value));
        let values: Vec<_> = same.iter().map(|(_, value)| *value).collect();
        assert_eq!(fields.combined(name), Some(values.join(&b", "[..])));
    }
    for (name, _) in fields.end_to_end() {
        assert!(!name.eq_ignore_ascii_case("connection") && !fields.lists("Connection", name));
    }
}
