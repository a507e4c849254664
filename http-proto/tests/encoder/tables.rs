//! The framing of what is sent, row by row, as the octets of whole heads.

use crate::{DATE, attempt, server, wire};
use http_proto::{
    BodyLength, Client, Config, Connection, FieldBlock, RequestHead, ResponseHead, SendBuf, SendError, Version,
};
use std::sync::Arc;

const ALL: [BodyLength; 4] = [BodyLength::Empty, BodyLength::Exact(3), BodyLength::Unknown, BodyLength::Streaming];
const LENGTH_0: &str = "Content-Length: 0\r\n";
const LENGTH_3: &str = "Content-Length: 3\r\n";
const CODED: &str = "Transfer-Encoding: chunked\r\n";
const CLOSE: &str = "Connection: close\r\n";

/// What payload a message can have.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Payload {
    /// The head was all.
    Over,
    /// None may be sent, and `finish` ends it.
    Refused,
    Counted,
    Chunks,
    UntilClose,
}

fn request(method: &str, version: &str) -> String {
    let target = if method == "CONNECT" { "h:80" } else { "/" };
    format!("{method} {target} HTTP/{version}\r\nHost: h\r\n\r\n")
}

/// Answers, and checks the fields behind the status line, the payload and whether the connection closes.
fn answer(method: &str, version: &str, status: u16, body: BodyLength, fields: &str, payload: Payload) {
    let context = format!("{status} to {method} over {version}, {body:?}");
    let (mut server, mut out) = (server(&request(method, version)), SendBuf::new());
    server.respond(&ResponseHead::new(status).reason(b"x"), body, &mut out).unwrap();
    let head = format!("HTTP/1.1 {status} x\r\n{fields}\r\n");
    assert_eq!(String::from_utf8_lossy(&wire(&out)), head, "{context}");
    out.advance(u64::MAX);
    let sent = attempt(&mut server, &mut out, |server, out| server.send(b"abc", out)).map(drop);
    let expected = match payload {
        Payload::Over => Err(SendError::NoMessage),
        Payload::Refused => Err(SendError::BodyNotAllowed),
        Payload::Counted | Payload::Chunks | Payload::UntilClose => Ok(()),
    };
    let closed = payload == Payload::Over && fields.contains("close");
    assert_eq!(sent, if closed { Err(SendError::Closed) } else { expected }, "{context}");
    if payload != Payload::Over {
        server.finish(None, &mut out).unwrap();
    }
    let octets: &[u8] = match payload {
        Payload::Over | Payload::Refused => b"",
        Payload::Counted | Payload::UntilClose => b"abc",
        Payload::Chunks => b"3\r\nabc\r\n0\r\n\r\n",
    };
    assert_eq!(wire(&out), octets, "{context}");
    out.advance(u64::MAX);
    assert_eq!(server.interest(&out).shutdown_write, fields.contains("close"), "{context}");
}

fn refused(method: &str, version: &str, status: u16, body: BodyLength, error: SendError) {
    let (mut server, mut out) = (server(&request(method, version)), SendBuf::new());
    let result = attempt(&mut server, &mut out, |server, out| server.respond(&ResponseHead::new(status), body, out));
    assert_eq!(result, Err(error), "{status} to {method} over {version}, {body:?}");
}

#[test]
fn response_without_content() {
    for version in ["1.1", "1.0"] {
        // HTTP/1.0 closes, and is told so.
        let close = if version == "1.0" { CLOSE } else { "" };
        answer("GET", version, 204, BodyLength::Empty, close, Payload::Over);
        answer("GET", version, 205, BodyLength::Empty, &format!("{LENGTH_0}{close}"), Payload::Over);
        answer("GET", version, 304, BodyLength::Empty, close, Payload::Over);
        for status in [200, 404] {
            answer("HEAD", version, status, BodyLength::Empty, &format!("{LENGTH_0}{close}"), Payload::Over);
        }
        for (method, status) in [("GET", 304), ("HEAD", 200), ("HEAD", 404), ("HEAD", 304)] {
            answer(method, version, status, BodyLength::Exact(3), &format!("{LENGTH_3}{close}"), Payload::Refused);
            for body in [BodyLength::Unknown, BodyLength::Streaming] {
                answer(method, version, status, body, close, Payload::Refused);
            }
        }
        for body in &ALL[1..] {
            for status in [204, 205] {
                refused("GET", version, status, *body, SendError::BodyNotAllowed);
                refused("HEAD", version, status, *body, SendError::BodyNotAllowed);
            }
        }
        for body in ALL {
            refused("GET", version, 101, body, SendError::UpgradeRequired);
            refused("GET", version, 100, body, SendError::InvalidStatus);
            refused("GET", version, 103, body, SendError::InvalidStatus);
            refused("CONNECT", version, 200, body, SendError::UpgradeRequired);
        }
    }
}

#[test]
fn response_with_content() {
    for method in ["GET", "POST", "FROB"] {
        for status in [200, 206, 302, 404, 500, 999] {
            answer(method, "1.1", status, BodyLength::Empty, LENGTH_0, Payload::Over);
            answer(method, "1.1", status, BodyLength::Exact(3), LENGTH_3, Payload::Counted);
            for body in [BodyLength::Unknown, BodyLength::Streaming] {
                answer(method, "1.1", status, body, CODED, Payload::Chunks);
                answer(method, "1.0", status, body, CLOSE, Payload::UntilClose);
            }
            answer(method, "1.0", status, BodyLength::Exact(3), &format!("{LENGTH_3}{CLOSE}"), Payload::Counted);
        }
    }
    // A refused CONNECT is an answer with content, behind which nothing is read.
    answer("CONNECT", "1.1", 403, BodyLength::Empty, &format!("{LENGTH_0}{CLOSE}"), Payload::Over);
    answer("CONNECT", "1.1", 403, BodyLength::Exact(3), &format!("{LENGTH_3}{CLOSE}"), Payload::Counted);
    answer("CONNECT", "1.1", 403, BodyLength::Unknown, &format!("{CODED}{CLOSE}"), Payload::Chunks);
}

#[test]
fn http10_that_asks_for_more() {
    let request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    for (body, fields) in [
        (BodyLength::Empty, format!("{LENGTH_0}Connection: keep-alive\r\n")),
        (BodyLength::Exact(3), format!("{LENGTH_3}Connection: keep-alive\r\n")),
        (BodyLength::Unknown, CLOSE.to_owned()),
    ] {
        let (mut server, mut out) = (server(request), SendBuf::new());
        server.respond(&ResponseHead::new(200), body, &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&wire(&out)), format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
    }
}

#[test]
fn interim_and_switching() {
    let (mut connection, mut out) =
        (server("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"), SendBuf::new());
    connection.inform(&ResponseHead::new(103).fields(&[("Link", b"</x>")]), &mut out).unwrap();
    assert_eq!(wire(&out), b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    out.advance(u64::MAX);
    connection.upgrade(&ResponseHead::new(101).upgrade("A").fields(&[("X", b"y")]), &mut out).unwrap();
    let expected = b"HTTP/1.1 101 Switching Protocols\r\nX: y\r\nUpgrade: A\r\nConnection: upgrade\r\n\r\n";
    assert_eq!(wire(&out), expected);
    out.advance(u64::MAX);
    let _ = connection.send(b"raw", &mut out).unwrap();
    assert_eq!(wire(&out), b"raw");
    for status in [200, 201, 299] {
        let (mut connection, mut out) = (server(&request("CONNECT", "1.1")), SendBuf::new());
        connection.upgrade(&ResponseHead::new(status).reason(b"x"), &mut out).unwrap();
        assert_eq!(wire(&out), format!("HTTP/1.1 {status} x\r\n\r\n").as_bytes());
    }
    // Never to an HTTP/1.0 client.
    let (mut connection, mut out) = (server(&request("GET", "1.0")), SendBuf::new());
    let informed = attempt(&mut connection, &mut out, |server, out| server.inform(&ResponseHead::new(103), out));
    assert_eq!(informed, Err(SendError::InterimToHttp10));
}

#[test]
fn whole_response() {
    let block = FieldBlock::from_fields([("Server", &b"s"[..]), ("Keep-Alive", b"timeout=5")]).unwrap();
    let head = ResponseHead {
        connection_options: &["x", "Y"],
        ..ResponseHead::new(426).date(DATE).block(&block).fields(&[("Vary", b"*")]).upgrade("h2c").close()
    };
    let (mut server, mut out) = (server(&request("GET", "1.1")), SendBuf::new());
    server.respond(&head, BodyLength::Exact(3), &mut out).unwrap();
    let expected = "HTTP/1.1 426 Upgrade Required\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: s\r\n\
                    Keep-Alive: timeout=5\r\nVary: *\r\nContent-Length: 3\r\nUpgrade: h2c\r\n\
                    Connection: close, upgrade, Keep-Alive, x, Y\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&wire(&out)), expected);
}

fn new_client(assume_http11: bool) -> Connection<Client> {
    let mut config = Config::client();
    config.assume_http11 = assume_http11;
    Connection::client(Arc::new(config))
}

fn ask(head: &RequestHead<'_>, body: BodyLength, assume_http11: bool) -> Result<String, SendError> {
    let (mut client, mut out) = (new_client(assume_http11), SendBuf::new());
    attempt(&mut client, &mut out, |client, out| client.start(head, body, out))?;
    Ok(String::from_utf8(wire(&out)).unwrap())
}

#[test]
fn request_table() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "FROB", "POST", "PUT", "PATCH", "post"] {
        let head = RequestHead::new(method, "/").host("h");
        let sent = |fields: &str| Ok(format!("{method} / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        let nothing = if matches!(method, "POST" | "PUT" | "PATCH") { LENGTH_0 } else { "" };
        assert_eq!(ask(&head, BodyLength::Empty, true), sent(nothing));
        assert_eq!(ask(&head, BodyLength::Exact(0), true), sent(LENGTH_0));
        assert_eq!(ask(&head, BodyLength::Exact(3), true), sent(LENGTH_3));
        for body in [BodyLength::Unknown, BodyLength::Streaming] {
            assert_eq!(ask(&head, body, true), sent(CODED));
            assert_eq!(ask(&head, body, false), Err(SendError::UnknownLength));
            let old = RequestHead { version: Version::HTTP_10, ..head };
            assert_eq!(ask(&old, body, true), Err(SendError::UnknownLength));
        }
        let expecting = head.expect_continue();
        assert_eq!(ask(&expecting, BodyLength::Exact(3), true), sent(&format!("Expect: 100-continue\r\n{LENGTH_3}")));
        assert_eq!(ask(&expecting, BodyLength::Unknown, true), sent(&format!("Expect: 100-continue\r\n{CODED}")));
        assert_eq!(ask(&expecting, BodyLength::Empty, true), Err(SendError::BodyNotAllowed));
    }
    for head in [RequestHead::new("TRACE", "/").host("h"), RequestHead::new("CONNECT", "h:80")] {
        for body in &ALL[1..] {
            assert_eq!(ask(&head, *body, true), Err(SendError::BodyNotAllowed));
        }
        ask(&head, BodyLength::Empty, true).unwrap();
    }
}

#[test]
fn whole_requests() {
    let block = FieldBlock::from_fields([("Accept", &b"*/*"[..]), ("TE", b"trailers")]).unwrap();
    let fields = [("HTTP2-Settings", &b"AAMAAABk"[..]), ("Keep-Alive", b"timeout=5")];
    let head = RequestHead {
        connection_options: &["x"],
        ..RequestHead::new("POST", "/p").host("h:81").block(&block).fields(&fields).upgrade(&["h2c", "a/1"]).close()
    };
    let expected = "POST /p HTTP/1.1\r\nHost: h:81\r\nAccept: */*\r\nTE: trailers\r\nHTTP2-Settings: AAMAAABk\r\n\
                    Keep-Alive: timeout=5\r\nContent-Length: 0\r\nUpgrade: h2c, a/1\r\n\
                    Connection: close, upgrade, TE, Keep-Alive, HTTP2-Settings, x\r\n\r\n";
    assert_eq!(ask(&head, BodyLength::Empty, true).unwrap(), expected);
    // Each field by itself.
    for (name, value, option) in
        [("te", "gzip", "TE"), ("keep-alive", "max=1", "Keep-Alive"), ("http2-settings", "A", "HTTP2-Settings")]
    {
        let fields = [(name, value.as_bytes())];
        let sent = ask(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty, true).unwrap();
        assert_eq!(sent, format!("GET / HTTP/1.1\r\nHost: h\r\n{name}: {value}\r\nConnection: {option}\r\n\r\n"));
    }
    let old = RequestHead { version: Version::HTTP_10, ..RequestHead::new("GET", "/") };
    assert_eq!(ask(&old, BodyLength::Empty, true).unwrap(), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(ask(&old.close(), BodyLength::Empty, true).unwrap(), "GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
    let connect = RequestHead::new("CONNECT", "[::1]:443");
    assert_eq!(
        ask(&connect, BodyLength::Empty, true).unwrap(),
        "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"
    );
}
