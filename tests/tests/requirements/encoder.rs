//! Heads that are sent, framing apart: RFC 9112 sections 2, 4 and 11.1, RFC 9110 sections 2, 5.6.7, 6.2 and 6.6.1.

use crate::support::*;
use http_proto::{BodyLength, FieldBlock, RequestHead, ResponseHead, SendError, Version};

checks![
    no_stray_cr,
    nothing_around_requests,
    every_octet_counts,
    own_version,
    versions_that_are_sent,
    blank_behind_the_status,
    only_the_core_writes_lines,
    grammar_of_the_other_role,
    nothing_longer_than_is_taken,
    dates,
    date_of_the_caller,
    options_with_content,
];

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

/// Every octet as text: one beyond ASCII is two octets on the wire.
fn octets() -> impl Iterator<Item = (u8, String)> {
    (0..=255).map(|c| (c, char::from(c).to_string()))
}

/// Whether CR and LF stand together only.
fn is_clean(sent: &str) -> bool {
    !sent.replace("\r\n", "").contains(['\r', '\n', '\0'])
}

#[test]
fn no_stray_cr() {
    covers!("R9112-2.2-03");
    for (c, text) in octets() {
        let value = [b'a', c, b'b'];
        let name = format!("a{text}b");
        let fields = [("A", &value[..])];
        let named = [(name.as_str(), &b"v"[..])];
        let path = format!("/{text}");
        let options = [name.as_str()];
        let requests = [
            RequestHead::get("h", "/").fields(&fields),
            RequestHead::get("h", "/").fields(&named),
            RequestHead::new(&name, "/").host("h"),
            RequestHead::get("h", &path),
            RequestHead::get(&name, "/"),
            RequestHead::get("h", "/").upgrade(&options),
            RequestHead { connection_options: &options, ..RequestHead::get("h", "/") },
        ];
        for head in requests {
            let sent = asked(&head, BodyLength::Empty);
            assert!(sent.as_ref().is_ok_and(|sent| is_clean(sent)) || sent.is_err());
            assert!(sent.is_err() || !matches!(c, b'\r' | b'\n' | 0), "{c} in {head:?}");
        }
        let responses = [ResponseHead::new(200).fields(&fields), ResponseHead::new(200).reason(&value)];
        for head in responses {
            let sent = answered(&get(""), &head, BodyLength::Empty);
            assert_eq!(sent.is_ok(), c == b'\t' || (c >= 0x20 && c != 0x7f), "{c}");
            assert!(sent.is_err() || is_clean(&sent.unwrap()));
        }
    }
}

#[test]
fn nothing_around_requests() {
    covers!("R9112-2.2-05");
    let mut client = Endpoint::client();
    let mut sent = client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(2)).unwrap();
    sent += &client.send("hi").unwrap();
    sent += &client.finish().unwrap();
    client.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    sent += &client.start(&RequestHead::get("h", "/2"), BodyLength::Empty).unwrap();
    let expected = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(sent, expected);
}

#[test]
fn every_octet_counts() {
    covers!("R9112-2.2-06");
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(4)).unwrap();
    client.send("hi").unwrap();
    assert_eq!(client.finish(), Err(SendError::BodyTooShort));
    assert_eq!(client.send("\r\n\r\n"), Err(SendError::BodyTooLong));
    assert_eq!(client.send("\r\n").unwrap(), "\r\n");
    assert_eq!(client.send("x"), Err(SendError::BodyTooLong));
    assert_eq!(client.finish().unwrap(), "");
}

#[test]
fn own_version() {
    covers!("R9112-2.3-02");
    // What was received as 1.0 or 1.7 is passed on as what this end speaks.
    for version in ["1.0", "1.7"] {
        let trace = accepts(format!("GET / HTTP/{version}\r\nHost: h\r\nA: b\r\n\r\n"));
        let head = trace.head();
        let sent = asked(&RequestHead::get(head.authority.as_deref().unwrap(), &head.target), BodyLength::Empty);
        assert_eq!(sent.unwrap(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        let response = takes(format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n\r\n"));
        let sent = answered(&get(""), &ResponseHead::new(response.head().status), BodyLength::Empty).unwrap();
        assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn versions_that_are_sent() {
    covers!("R9112-2.3-03", "R9110-6.2-01", "R9110-6.2-02");
    for version in ["1.0", "1.1", "1.9"] {
        let request = format!("GET / HTTP/{version}\r\nHost: h\r\n\r\n");
        let sent = answered(&request, &ResponseHead::new(200), BodyLength::Empty).unwrap();
        assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    // There are two versions to send, and no way to make a third.
    assert_eq!((Version::HTTP_10.to_string(), Version::HTTP_11.to_string()), ("HTTP/1.0".into(), "HTTP/1.1".into()));
    for (version, line) in [(Version::HTTP_10, "GET / HTTP/1.0\r\n"), (Version::HTTP_11, "GET / HTTP/1.1\r\n")] {
        let head = RequestHead { version, ..RequestHead::get("h", "/") };
        assert!(asked(&head, BodyLength::Empty).unwrap().starts_with(line));
    }
}

#[test]
fn blank_behind_the_status() {
    covers!("R9112-4-04");
    let sent = answered(&get(""), &ResponseHead::new(299), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
    let sent = answered(&get(""), &ResponseHead::new(200).reason(b""), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    for status in [0, 99, 1000, u16::MAX] {
        assert_eq!(answered(&get(""), &ResponseHead::new(status), BodyLength::Empty), Err(SendError::InvalidStatus));
    }
}

#[test]
fn only_the_core_writes_lines() {
    covers!("R9112-11.1-01");
    // Whatever is accepted comes back as exactly the fields that were given.
    let values: [&[u8]; 6] = [b"", b"a", b"a b", b"\x80\xff", b"a\tb", b"GET / HTTP/1.1"];
    for value in values {
        let fields = [("A", value), ("b-B", b"x")];
        let sent = asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
        let octets: Vec<u8> = sent.chars().map(|c| c as u8).collect();
        let trace = accepts(octets);
        let expected = [("Host", &b"h"[..]), ("A", value), ("b-B", b"x")];
        assert_eq!(trace.head().fields, expected.map(|(n, v)| (n.to_owned(), v.to_vec())));
    }
    for value in [&b"a\r\nB: c"[..], b"a\nB: c", b"a\rB: c", b"a\r\n\r\nGET / HTTP/1.1", b"a\0b", b" a", b"a\t"] {
        let fields = [("A", value)];
        let refused = asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty);
        assert_eq!(refused, Err(SendError::InvalidFieldValue));
    }
    for name in ["A\r\nB", "A:", "A: b\r\nC", ":", "A B"] {
        let fields = [(name, &b"v"[..])];
        let refused = asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty);
        assert_eq!(refused, Err(SendError::InvalidFieldName));
    }
}

#[test]
fn grammar_of_the_other_role() {
    covers!("R9110-2.2-01");
    // `asked` and `answered` hand what was sent to the other role, which is as strict as this library is.
    let block = FieldBlock::from_fields([("A", &b"1"[..]), ("TE", b"trailers")]).unwrap();
    for method in ["GET", "POST", "OPTIONS", "FROB"] {
        for body in [BodyLength::Empty, BodyLength::Exact(1), BodyLength::Unknown, BodyLength::Streaming] {
            for target in ["/", "/a?b", "http://h/x"] {
                let head = RequestHead::new(method, target).host("h").block(&block);
                asked(&head, body).unwrap();
                asked(&head.close().upgrade(&["a/1"]), body).unwrap();
            }
        }
    }
    for status in [200, 206, 300, 404, 500, 999] {
        for body in [BodyLength::Empty, BodyLength::Exact(1), BodyLength::Unknown, BodyLength::Streaming] {
            let head = ResponseHead::new(status).fields(&[("B", b"2")]).date(DATE);
            answered(&get(""), &head, body).unwrap();
            answered(&get(""), &head.close().upgrade("a/1").reason(b"x y"), body).unwrap();
        }
    }
    // Elements of the other role have no place to go: a request has no status, a response no Host.
    assert_eq!(
        answered(&get(""), &ResponseHead::new(200).fields(&[("Host", b"h")]), BodyLength::Empty),
        Err(SendError::FramingField)
    );
}

#[test]
fn nothing_longer_than_is_taken() {
    covers!("R9110-2.3-02");
    let method = "M".repeat(64);
    asked(&RequestHead::new(&method, "/").host("h"), BodyLength::Empty).unwrap();
    let head = format!("{method}M");
    assert_eq!(asked(&RequestHead::new(&head, "/").host("h"), BodyLength::Empty), Err(SendError::HeadTooLong));
    let target = format!("/{}", "a".repeat(16 * 1024 - 1));
    asked(&RequestHead::get("h", &target), BodyLength::Empty).unwrap();
    let target = format!("{target}a");
    assert_eq!(asked(&RequestHead::get("h", &target), BodyLength::Empty), Err(SendError::HeadTooLong));
    let value = |length: usize| vec![b'v'; length];
    let (fits, over) = (value(32 * 1024 - 3), value(32 * 1024 - 2));
    asked(&RequestHead::get("h", "/").fields(&[("A", &fits)]), BodyLength::Empty).unwrap();
    let refused = asked(&RequestHead::get("h", "/").fields(&[("A", &over)]), BodyLength::Empty);
    assert_eq!(refused, Err(SendError::HeadTooLong));
    answered(&get(""), &ResponseHead::new(200).fields(&[("A", &over)]), BodyLength::Empty).unwrap();
    let huge = value(64 * 1024);
    let refused = answered(&get(""), &ResponseHead::new(200).fields(&[("A", &huge)]), BodyLength::Empty);
    assert_eq!(refused, Err(SendError::HeadTooLong));
    let many = vec![("A", &b"b"[..]); 101];
    let refused = asked(&RequestHead::get("h", "/").fields(&many), BodyLength::Empty);
    assert_eq!(refused, Err(SendError::HeadTooLong));
    asked(&RequestHead::get("h", "/").fields(&many[..90]), BodyLength::Empty).unwrap();
}

#[test]
fn dates() {
    covers!("R9110-5.6.7-01");
    // The caller formats, once a second; only the form of RFC 9110 section 5.6.7 passes.
    for date in [DATE, b"Thu, 29 Feb 2024 23:59:60 GMT", b"Fri, 31 Dec 9999 23:59:59 GMT"] {
        let sent = answered(&get(""), &ResponseHead::new(200).date(date), BodyLength::Empty).unwrap();
        let expected = String::from_utf8(date.to_vec()).unwrap();
        assert_eq!(sent, format!("HTTP/1.1 200 OK\r\nDate: {expected}\r\nContent-Length: 0\r\n\r\n"));
    }
    for date in [
        b"sun, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06-Nov-1994 08:49:37 GMT",
        b"Sunday, 06-Nov-94 08:49:37 GM",
        b"Sun,  6 Nov 1994 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994     ",
        b"Sun, 06 Nov 1994 08:49:37\r\n  ",
        b"Sun, 06 Nov 1994 08.49.37 GMT",
    ] {
        let refused = answered(&get(""), &ResponseHead::new(200).date(date), BodyLength::Empty);
        assert_eq!(refused, Err(SendError::InvalidDate));
    }
}

#[test]
fn date_of_the_caller() {
    covers!("R9110-6.6.1-01", "R9110-6.6.1-02");
    for status in [200, 301, 404, 500] {
        let sent = answered(&get(""), &ResponseHead::new(status).date(DATE), BodyLength::Empty).unwrap();
        assert_eq!(sent.matches("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n").count(), 1);
        let sent = answered(&get(""), &ResponseHead::new(status), BodyLength::Empty).unwrap();
        assert!(!sent.contains("Date"));
    }
    let mut server = Endpoint::server();
    let error = server.feed("G@T").unwrap_err();
    server.connection.refuse(error, Some(DATE), &mut server.out).unwrap();
    assert!(server.wire().contains("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    let mut server = Endpoint::asked(&get(""));
    server.connection.inform(&ResponseHead::new(103), &mut server.out).unwrap();
    assert_eq!(server.wire(), "HTTP/1.1 103 Early Hints\r\n\r\n");
}

#[test]
fn options_with_content() {
    covers!("R9110-9.3.7-01");
    // Content-Type is the application's to set; it goes out as it was given.
    let head = RequestHead::new("OPTIONS", "*").host("h").fields(&[("Content-Type", b"text/plain")]);
    let sent = asked(&head, BodyLength::Exact(2)).unwrap();
    assert_eq!(sent, "OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
}
