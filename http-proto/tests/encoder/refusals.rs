//! What is never sent, and that a refused call leaves everything as it was, wherever it comes.

use crate::{DATE, attempt, client, server, wire};
use bytes::Bytes;
use http_proto::{
    BodyLength, Config, Connection, Event, FieldBlock, RecvBuf, RequestHead, ResponseHead, Role, SendBuf, SendError,
    Step,
};
use std::sync::Arc;

const FRAMING: [&str; 7] =
    ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "Proxy-Connection"];

/// A name as it is, in lower case, in upper case, and turned over.
fn cases(name: &str) -> [String; 4] {
    let turned =
        name.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    [name.to_owned(), name.to_ascii_lowercase(), name.to_ascii_uppercase(), turned.collect()]
}

#[test]
fn framing_fields() {
    for name in FRAMING.iter().flat_map(|name| cases(name)) {
        for value in [&b""[..], b"1", b"chunked", b"close", b"100-continue"] {
            let fields = [("A", &b"b"[..]), (name.as_str(), value)];
            assert_eq!(FieldBlock::from_fields(fields), Err(SendError::FramingField), "{name}");
            let mut block = FieldBlock::from_fields([("A", &b"b"[..])]).unwrap();
            assert_eq!(block.push(&name, value), Err(SendError::FramingField));
            assert_eq!(block, FieldBlock::from_fields([("A", &b"b"[..])]).unwrap());
            let (mut client, mut out) = client();
            let head = RequestHead::new("POST", "/").host("h").fields(&fields);
            let started = attempt(&mut client, &mut out, |client, out| client.start(&head, BodyLength::Unknown, out));
            assert_eq!(started, Err(SendError::FramingField), "{name}");
            let (mut server, mut out) = (server("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), SendBuf::new());
            for status in [200, 204, 304, 500] {
                let head = ResponseHead::new(status).fields(&fields);
                let sent = attempt(&mut server, &mut out, |server, out| server.respond(&head, BodyLength::Empty, out));
                assert_eq!(sent, Err(SendError::FramingField), "{name}");
            }
            let head = ResponseHead::new(103).fields(&fields);
            let sent = attempt(&mut server, &mut out, |server, out| server.inform(&head, out));
            assert_eq!(sent, Err(SendError::FramingField), "{name}");
        }
    }
    // A name that only resembles one is a field like any other.
    for name in ["Hosts", "Content-Lengths", "Content_Length", "XTransfer-Encoding", "Connections", "Expected"] {
        FieldBlock::from_fields([(name, &b"1"[..])]).unwrap();
    }
}

#[test]
fn forbidden_trailers() {
    // Framing, routing, request modifiers, authentication, response control, content format (RFC 9110 section 6.5.1).
    let forbidden = [
        "Trailer",
        "TE",
        "Keep-Alive",
        "HTTP2-Settings",
        "Via",
        "Forwarded",
        "X-Forwarded-For",
        "Max-Forwards",
        "Cache-Control",
        "Pragma",
        "Range",
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-Range",
        "Authorization",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Cookie",
        "Set-Cookie",
        "Age",
        "Date",
        "Expires",
        "Location",
        "Retry-After",
        "Vary",
        "Warning",
        "Content-Type",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-Range",
        "Content-Disposition",
    ];
    for name in forbidden.iter().flat_map(|name| cases(name)) {
        let block = FieldBlock::from_fields([("X", &b"y"[..]), (name.as_str(), b"1")]).unwrap();
        assert_eq!(block.check_trailers(true), Err(SendError::ForbiddenTrailer), "{name}");
        let (mut server, mut out) = (server("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), SendBuf::new());
        server.respond(&ResponseHead::new(200), BodyLength::Unknown, &mut out).unwrap();
        let finished = attempt(&mut server, &mut out, |server, out| server.finish(Some(&block), out));
        assert_eq!(finished, Err(SendError::ForbiddenTrailer), "{name}");
        let (mut client, mut out) = client();
        client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown, &mut out).unwrap();
        let finished = attempt(&mut client, &mut out, |client, out| client.finish(Some(&block), out));
        assert_eq!(finished, Err(SendError::ForbiddenTrailer), "{name}");
    }
    for name in ["ETag", "Digest", "Server-Timing", "grpc-status", "X-Checksum"] {
        FieldBlock::from_fields([(name, &b"1"[..])]).unwrap().check_trailers(true).unwrap();
    }
}

/// Whether an end takes these octets as whole messages.
fn reads<R: Role>(mut connection: Connection<R>, octets: &[u8]) -> bool {
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(octets);
    let mut complete = 0;
    while let Ok(Step::Event) = connection.step(&mut input) {
        complete += u32::from(matches!(connection.event(&input), Event::MessageComplete(_)));
    }
    complete == 1 && input.unread_len() == 0
}

/// The most that a peer with the defaults takes is sent, and nothing beyond it.
#[test]
fn trailers_that_are_too_much_for_the_peer() {
    let many = |count| FieldBlock::from_fields(std::iter::repeat_n(("A", &b"1"[..]), count)).unwrap();
    // With name, colon, blank, and two line ends.
    let long = |octets: usize| FieldBlock::from_fields([("A", &vec![b'x'; octets - 7][..])]).unwrap();
    for (trailers, to_server, to_client) in [
        (many(32), true, true),
        (many(33), false, true),
        (many(64), false, true),
        (many(65), false, false),
        (long(16 * 1024), true, true),
        (long(16 * 1024 + 1), false, false),
    ] {
        let expected = |fits: bool| if fits { Ok(()) } else { Err(SendError::HeadTooLong) };
        let new_client = || Connection::client(Arc::new(Config::client()));
        let (mut client, mut out) = (new_client(), SendBuf::new());
        client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown, &mut out).unwrap();
        let finished = attempt(&mut client, &mut out, |client, out| client.finish(Some(&trailers), out));
        assert_eq!(finished, expected(to_server), "{} to a server", trailers.len());
        assert_eq!(reads(Connection::server(Arc::new(Config::server())), &wire(&out)), to_server);

        let (mut server, mut out) = (server("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), SendBuf::new());
        server.respond(&ResponseHead::new(200), BodyLength::Unknown, &mut out).unwrap();
        let finished = attempt(&mut server, &mut out, |server, out| server.finish(Some(&trailers), out));
        assert_eq!(finished, expected(to_client), "{} to a client", trailers.len());
        let mut client = new_client();
        client.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut SendBuf::new()).unwrap();
        assert_eq!(reads(client, &wire(&out)), to_client);
    }
}

#[test]
fn options_that_are_decided_elsewhere() {
    for option in ["close", "keep-alive", "upgrade", "content-length", "transfer-encoding", "host", "cache-control"] {
        for option in cases(option) {
            let options = [option.as_str()];
            let (mut client, mut out) = client();
            let head = RequestHead { connection_options: &options, ..RequestHead::get("h", "/") };
            let started = attempt(&mut client, &mut out, |client, out| client.start(&head, BodyLength::Empty, out));
            assert_eq!(started, Err(SendError::InvalidConnectionOption), "{option}");
        }
    }
}

#[test]
fn refused_commands_of_a_client() {
    let fields = FieldBlock::from_fields([("A", &b"b"[..])]).unwrap();
    let (mut client, mut out) = client();
    let get = RequestHead::get("h", "/");
    let post = RequestHead::new("POST", "/").host("h");
    macro_rules! refused {
        ($error:ident, |$client:ident, $out:ident| $command:expr) => {
            assert_eq!(attempt(&mut client, &mut out, |$client, $out| $command).map(drop), Err(SendError::$error))
        };
    }
    refused!(NoMessage, |client, out| client.send(b"x", out));
    refused!(NoMessage, |client, out| client.send_owned(Bytes::from_static(b"x"), out));
    refused!(NoMessage, |client, out| client.send_external(1, out));
    refused!(NoMessage, |client, out| client.finish(None, out));
    refused!(MissingHost, |client, out| client.start(&RequestHead::new("GET", "/"), BodyLength::Empty, out));
    client.start(&post, BodyLength::Exact(3), &mut out).unwrap();
    refused!(RequestUnfinished, |client, out| client.start(&get, BodyLength::Empty, out));
    refused!(BodyTooLong, |client, out| client.send(b"abcd", out));
    refused!(BodyTooLong, |client, out| client.send_owned(Bytes::from_static(b"abcd"), out));
    refused!(BodyTooLong, |client, out| client.send_external(u64::MAX, out));
    refused!(BodyTooShort, |client, out| client.finish(None, out));
    let _ = client.send(b"abc", &mut out).unwrap();
    refused!(TrailersNotAllowed, |client, out| client.finish(Some(&fields), out));
    client.finish(None, &mut out).unwrap();
    client.start(&post.expect_continue(), BodyLength::Unknown, &mut out).unwrap();
    refused!(AwaitingContinue, |client, out| client.send(b"x", out));
    refused!(AwaitingContinue, |client, out| client.finish(None, out));
    client.abort();
    refused!(Closed, |client, out| client.send(b"x", out));
    refused!(Closed, |client, out| client.finish(None, out));
    refused!(Closed, |client, out| client.start(&get, BodyLength::Empty, out));
    // Nothing of all that was sent but what was accepted.
    let sent = wire(&out);
    assert!(sent.windows(7).filter(|window| window == b"\r\n\r\nabc").count() == 1);
}

#[test]
fn refused_commands_of_a_server() {
    let (mut connection, mut out) = (server(""), SendBuf::new());
    let ok = ResponseHead::new(200);
    macro_rules! refused {
        ($error:ident, |$server:ident, $out:ident| $command:expr) => {
            assert_eq!(attempt(&mut connection, &mut out, |$server, $out| $command).map(drop), Err(SendError::$error))
        };
    }
    refused!(NothingToAnswer, |server, out| server.respond(&ok, BodyLength::Empty, out));
    refused!(NothingToAnswer, |server, out| server.inform(&ResponseHead::new(103), out));
    refused!(NothingToAnswer, |server, out| server.proceed(out));
    refused!(NothingToAnswer, |server, out| server.upgrade(&ResponseHead::new(101).upgrade("a"), out));
    connection = server("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    refused!(NoMessage, |server, out| server.send(b"x", out));
    refused!(NoMessage, |server, out| server.finish(None, out));
    refused!(NotAwaitingContinue, |server, out| server.proceed(out));
    refused!(UpgradeNotOffered, |server, out| server.upgrade(&ResponseHead::new(101).upgrade("a"), out));
    refused!(InvalidStatus, |server, out| server.inform(&ok, out));
    refused!(InvalidConnectionOption, |server, out| server.inform(&ResponseHead::new(103).close(), out));
    refused!(InvalidUpgrade, |server, out| server.respond(&ResponseHead::new(426), BodyLength::Empty, out));
    let dated = [("Date", &DATE[..])];
    let twice = ok.date(DATE).fields(&dated);
    refused!(RepeatedField, |server, out| server.respond(&twice, BodyLength::Empty, out));
    connection.respond(&ok, BodyLength::Exact(1), &mut out).unwrap();
    refused!(AlreadyResponded, |server, out| server.respond(&ok, BodyLength::Empty, out));
    refused!(AlreadyResponded, |server, out| server.inform(&ResponseHead::new(103), out));
    refused!(BodyTooShort, |server, out| server.finish(None, out));
    connection.abort();
    refused!(Closed, |server, out| server.send(b"x", out));
    refused!(Closed, |server, out| server.respond(&ok, BodyLength::Empty, out));
    // An upgrade that fails behind its 100 (Continue) takes that back as well.
    connection =
        server("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\nExpect: 100-continue\r\n\r\n");
    let bad = [("A", &b"\0"[..])];
    let head = ResponseHead::new(101).upgrade("a").fields(&bad);
    refused!(InvalidFieldValue, |server, out| server.upgrade(&head, out));
    refused!(UpgradeNotOffered, |server, out| server.upgrade(&ResponseHead::new(101).upgrade("b"), out));
    assert_eq!(wire(&out), b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
}
