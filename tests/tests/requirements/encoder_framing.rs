//! How messages that are sent are framed: RFC 9112 sections 6.1 to 6.3, RFC 9110 sections 6.4.1, 8.6, 9.3 and 15.

use crate::support::*;
use http_proto::{BodyLength, RequestHead, ResponseHead, SendError};

checks![
    chunked_once,
    no_other_codings,
    no_coding_in_heads_without_content,
    peer_that_may_not_know_chunked,
    http10_client,
    never_both,
    unknown_length,
    known_length,
    content_needs_framing,
    length_required,
    no_content_no_octets,
    length_of_methods,
    lengths_for_head,
    lengths_are_kept,
    content_is_explicit,
    head_like_get,
    reset_content,
];

const CODED: &str = "Transfer-Encoding: chunked";
const ALL: [BodyLength; 4] = [BodyLength::Empty, BodyLength::Exact(3), BodyLength::Unknown, BodyLength::Streaming];

fn request(method: &str, version: &str) -> String {
    let target = if method == "CONNECT" { "h:80" } else { "/" };
    format!("{method} {target} HTTP/{version}\r\nHost: h\r\n\r\n")
}

fn answer(method: &str, status: u16, body: BodyLength) -> Result<String, SendError> {
    answered(&request(method, "1.1"), &ResponseHead::new(status), body)
}

#[test]
fn chunked_once() {
    covers!("R9112-6.1-02");
    for body in [BodyLength::Unknown, BodyLength::Streaming] {
        let sent = asked(&RequestHead::new("POST", "/").host("h"), body).unwrap();
        assert_eq!(sent.matches("Transfer-Encoding").count(), 1);
        assert_eq!(answer("GET", 200, body).unwrap().matches("chunked").count(), 1);
    }
    let fields = [("transfer-encoding", &b"chunked"[..])];
    let head = RequestHead::new("POST", "/").host("h").fields(&fields);
    assert_eq!(asked(&head, BodyLength::Unknown), Err(SendError::FramingField));
    let head = ResponseHead::new(200).fields(&fields);
    assert_eq!(answered(&get(""), &head, BodyLength::Unknown), Err(SendError::FramingField));
}

#[test]
fn no_other_codings() {
    covers!("R9112-6.1-04", "R9112-6.1-05");
    for value in ["gzip", "gzip, chunked", "identity"] {
        let fields = [("Transfer-Encoding", value.as_bytes())];
        for body in ALL {
            let head = RequestHead::new("POST", "/").host("h").fields(&fields);
            assert_eq!(asked(&head, body), Err(SendError::FramingField));
            let head = ResponseHead::new(200).fields(&fields);
            assert_eq!(answered(&get(""), &head, body), Err(SendError::FramingField));
        }
    }
}

#[test]
fn no_coding_in_heads_without_content() {
    covers!("R9112-6.1-06", "R9112-6.1-07", "R9110-8.6-03", "R9110-9.3.6-03");
    let by_hand = [("Transfer-Encoding", &b"chunked"[..]), ("Content-Length", b"3")];
    let is_bare = |sent: &str| !sent.contains("Transfer-Encoding") && !sent.contains("Content-Length");
    let mut server = Endpoint::asked(&get("Connection: upgrade\r\nUpgrade: x\r\n"));
    for field in by_hand {
        let fields = [field];
        let head = ResponseHead::new(103).fields(&fields);
        assert_eq!(server.connection.inform(&head, &mut server.out), Err(SendError::FramingField));
        let head = ResponseHead::new(101).upgrade("x").fields(&fields);
        assert_eq!(server.connection.upgrade(&head, &mut server.out), Err(SendError::FramingField));
        let head = ResponseHead::new(204).fields(&fields);
        assert_eq!(server.respond(&head, BodyLength::Empty), Err(SendError::FramingField));
    }
    server.connection.inform(&ResponseHead::new(103), &mut server.out).unwrap();
    assert!(is_bare(&server.wire()));
    server.connection.upgrade(&ResponseHead::new(101).upgrade("x"), &mut server.out).unwrap();
    assert!(is_bare(&server.wire()));
    assert!(is_bare(&answer("GET", 204, BodyLength::Empty).unwrap()));

    let mut server = Endpoint::asked(&request("CONNECT", "1.1"));
    for field in by_hand {
        let fields = [field];
        let head = ResponseHead::new(200).fields(&fields);
        assert_eq!(server.connection.upgrade(&head, &mut server.out), Err(SendError::FramingField));
    }
    for body in ALL {
        assert_eq!(server.respond(&ResponseHead::new(200), body), Err(SendError::UpgradeRequired));
    }
    server.connection.upgrade(&ResponseHead::new(200), &mut server.out).unwrap();
    assert_eq!(server.wire(), "HTTP/1.1 200 OK\r\n\r\n");
}

#[test]
fn peer_that_may_not_know_chunked() {
    covers!("R9112-6.1-10", "R9112-6.3-05");
    let post = RequestHead::new("POST", "/").host("h");
    let mut config = http_proto::Config::client();
    config.assume_http11 = false;
    let mut client = Endpoint::client_with(config);
    for body in [BodyLength::Unknown, BodyLength::Streaming] {
        assert_eq!(client.start(&post, body), Err(SendError::UnknownLength));
    }
    assert!(client.start(&post, BodyLength::Empty).unwrap().contains("Content-Length: 0"));
    client.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(client.start(&post, BodyLength::Unknown).unwrap().contains(CODED));
    // A server that has shown itself to be of 1.0 is never sent it, whatever is assumed.
    let mut client = Endpoint::client();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(client.start(&post, BodyLength::Unknown), Err(SendError::UnknownLength));
    client.start(&post, BodyLength::Exact(0)).unwrap();
    // Nor in a request of 1.0.
    let old = RequestHead { version: http_proto::Version::HTTP_10, ..post };
    assert_eq!(asked(&old, BodyLength::Unknown), Err(SendError::UnknownLength));
}

#[test]
fn http10_client() {
    covers!("R9112-6.1-11");
    for fields in ["", "Connection: keep-alive\r\n"] {
        let mut server = Endpoint::asked(&format!("GET / HTTP/1.0\r\n{fields}\r\n"));
        let head = server.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
        assert_eq!(head, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        assert_eq!(server.send("hi").unwrap(), "hi");
        let trailers = http_proto::FieldBlock::from_fields([("A", &b"b"[..])]).unwrap();
        let refused = server.connection.finish(Some(&trailers), &mut server.out);
        assert_eq!(refused, Err(SendError::TrailersNotAllowed));
        assert_eq!(server.finish().unwrap(), "");
        assert!(server.connection.interest(&server.out).shutdown_write);
    }
}

#[test]
fn never_both() {
    covers!("R9112-6.2-01");
    for body in ALL {
        for sent in [answer("GET", 200, body), asked(&RequestHead::new("POST", "/").host("h"), body)] {
            let sent = sent.unwrap();
            assert!(sent.contains("Content-Length") != sent.contains("Transfer-Encoding"), "{sent}");
        }
        for fields in [
            [("Content-Length", &b"3"[..]), ("Transfer-Encoding", b"chunked")],
            [("Transfer-Encoding", b"chunked"), ("Content-Length", b"3")],
        ] {
            assert_eq!(http_proto::FieldBlock::from_fields(fields), Err(SendError::FramingField));
            let head = ResponseHead::new(200).fields(&fields);
            assert_eq!(answered(&get(""), &head, body), Err(SendError::FramingField));
        }
    }
}

#[test]
fn unknown_length() {
    covers!("R9112-6.3-01");
    let mut server = Endpoint::asked(&get(""));
    let head = server.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    assert_eq!(head, format!("HTTP/1.1 200 OK\r\n{CODED}\r\n\r\n"));
    assert_eq!(server.send("hello, world").unwrap(), "c\r\nhello, world\r\n");
    // An empty piece would be the last chunk.
    assert_eq!(server.send("").unwrap(), "");
    assert_eq!(server.finish().unwrap(), "0\r\n\r\n");
    assert!(server.connection.interest(&server.out).read);
}

#[test]
fn known_length() {
    covers!("R9112-6.3-03", "R9110-8.6-04");
    for length in [0, 1, 3, u64::MAX] {
        let expected = format!("\r\nContent-Length: {length}\r\n\r\n");
        let sent = asked(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(length)).unwrap();
        assert!(sent.ends_with(&expected) && !sent.contains("chunked"));
        let sent = answer("GET", 200, BodyLength::Exact(length)).unwrap();
        assert!(sent.ends_with(&expected) && !sent.contains("chunked"));
    }
}

#[test]
fn content_needs_framing() {
    covers!("R9112-6.3-04");
    let mut client = Endpoint::client();
    assert_eq!(client.send("x"), Err(SendError::NoMessage));
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Empty).unwrap();
    assert_eq!(client.send("x"), Err(SendError::NoMessage));
    for body in [BodyLength::Exact(3), BodyLength::Unknown, BodyLength::Streaming] {
        let sent = asked(&RequestHead::new("FROB", "/").host("h"), body).unwrap();
        assert!(sent.contains("Content-Length: 3") || sent.contains(CODED));
    }
}

#[test]
fn length_required() {
    covers!("R9112-6.3-02");
    assert!(answer("POST", 411, BodyLength::Empty).unwrap().starts_with("HTTP/1.1 411 Length Required\r\n"));
    // It is for the application to ask for: chunked requests are taken.
    accepts(chunked("1\r\nx\r\n0\r\n\r\n"));
}

#[test]
fn no_content_no_octets() {
    covers!("R9110-6.4.1-01");
    for (method, status) in [("HEAD", 200), ("HEAD", 404), ("GET", 304)] {
        for body in [BodyLength::Exact(3), BodyLength::Unknown, BodyLength::Streaming] {
            let mut server = Endpoint::asked(&request(method, "1.1"));
            let head = server.respond(&ResponseHead::new(status), body).unwrap();
            assert!(head.ends_with("\r\n\r\n"));
            assert_eq!(server.send("abc"), Err(SendError::BodyNotAllowed));
            assert_eq!(server.finish().unwrap(), "");
        }
    }
    for body in &ALL[1..] {
        assert_eq!(answer("GET", 204, *body), Err(SendError::BodyNotAllowed));
    }
    let mut server = Endpoint::asked(&get(""));
    server.connection.inform(&ResponseHead::new(103), &mut server.out).unwrap();
    server.wire();
    assert_eq!(server.send("x"), Err(SendError::NoMessage));
}

#[test]
fn length_of_methods() {
    covers!("R9110-8.6-01");
    for (method, expected) in [
        ("POST", true),
        ("PUT", true),
        ("PATCH", true),
        ("GET", false),
        ("HEAD", false),
        ("DELETE", false),
        ("OPTIONS", false),
        ("TRACE", false),
        ("FROB", false),
    ] {
        let sent = asked(&RequestHead::new(method, "/").host("h"), BodyLength::Empty).unwrap();
        let length = if expected { "Content-Length: 0\r\n" } else { "" };
        assert_eq!(sent, format!("{method} / HTTP/1.1\r\nHost: h\r\n{length}\r\n"));
    }
}

#[test]
fn lengths_for_head() {
    covers!("R9110-8.6-02");
    for (method, status) in [("HEAD", 200), ("GET", 304)] {
        assert!(answer(method, status, BodyLength::Exact(1234)).unwrap().contains("\r\nContent-Length: 1234\r\n"));
        assert!(!answer(method, status, BodyLength::Unknown).unwrap().contains("Content-Length"));
    }
    // Nothing is said of a 200 that was never made.
    assert_eq!(answer("GET", 304, BodyLength::Empty).unwrap(), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

#[test]
fn lengths_are_kept() {
    covers!("R9110-8.6-06");
    let mut server = Endpoint::asked(&get(""));
    server.respond(&ResponseHead::new(200), BodyLength::Exact(3)).unwrap();
    assert_eq!(server.send("abcd"), Err(SendError::BodyTooLong));
    assert_eq!(server.send("ab").unwrap(), "ab");
    assert_eq!(server.finish(), Err(SendError::BodyTooShort));
    // All that is left is to break off so that the client notices.
    server.connection.abort();
    let interest = server.connection.interest(&server.out);
    assert!(interest.abort && interest.close);
}

#[test]
fn content_is_explicit() {
    covers!("R9110-9.3.1/.2/.5-02");
    for method in ["GET", "HEAD", "DELETE"] {
        let head = RequestHead::new(method, "/").host("h");
        let mut client = Endpoint::client();
        client.start(&head, BodyLength::Empty).unwrap();
        assert_eq!(client.send("x"), Err(SendError::NoMessage));
        assert!(asked(&head, BodyLength::Exact(1)).unwrap().contains("Content-Length: 1\r\n"));
    }
}

#[test]
fn head_like_get() {
    covers!("R9110-9.3.2-01");
    let fields = [("Content-Type", &b"text/plain"[..]), ("ETag", b"\"x\"")];
    for body in [BodyLength::Empty, BodyLength::Exact(5)] {
        let head = ResponseHead::new(200).fields(&fields);
        let of_get = answered(&request("GET", "1.1"), &head, body).unwrap();
        assert_eq!(answered(&request("HEAD", "1.1"), &head, body).unwrap(), of_get);
    }
    let mut server = Endpoint::asked(&request("HEAD", "1.1"));
    server.respond(&ResponseHead::new(200), BodyLength::Exact(5)).unwrap();
    assert_eq!((server.send("hello"), server.finish()), (Err(SendError::BodyNotAllowed), Ok(String::new())));
    assert_eq!(server.feed(NEXT).unwrap().0.len(), 2);
}

#[test]
fn reset_content() {
    covers!("R9110-15.3.6-01");
    let sent = answer("POST", 205, BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
    for body in &ALL[1..] {
        assert_eq!(answer("POST", 205, *body), Err(SendError::BodyNotAllowed));
    }
}
