//! The framing that the core chooses: the tables of what is sent, row by row, and the rules of keep-alive.

use http_proto::{BodyLength, Config, Pipeline, RequestHead, ResponseHead, SendError, Version};
use tests::pair::one::One;

const EMPTY: BodyLength = BodyLength::Empty;
const THREE: BodyLength = BodyLength::Exact(3);
const UNKNOWN: BodyLength = BodyLength::Unknown;
const STREAMING: BodyLength = BodyLength::Streaming;

/// What an answer looks like: the framing fields, what the content `abc` becomes, and whether the connection closes;
/// or why it is refused.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Sent { framing: &'static str, content: Result<&'static str, SendError>, closes: bool },
    Refused(SendError),
}

fn sent(framing: &'static str, content: &'static str) -> Answer {
    Answer::Sent { framing, content: Ok(content), closes: false }
}

fn bare(framing: &'static str) -> Answer {
    Answer::Sent { framing, content: Err(SendError::BodyNotAllowed), closes: false }
}

fn complete(framing: &'static str) -> Answer {
    Answer::Sent { framing, content: Err(SendError::NoMessage), closes: false }
}

fn until_close() -> Answer {
    Answer::Sent { framing: "", content: Ok("abc"), closes: true }
}

/// Sends an answer and looks at it.
fn answer(method: &str, version: &str, status: u16, length: BodyLength) -> Answer {
    let mut server = One::server();
    let keep_alive = if version == "1.0" { "Connection: keep-alive\r\n" } else { "" };
    server.hear(format!("{method} / HTTP/{version}\r\nHost: h\r\n{keep_alive}\r\n"));
    if let Err(error) = server.connection.respond(&ResponseHead::new(status), length, &mut server.out) {
        assert_eq!(server.written(), "");
        return Answer::Refused(error);
    }
    let head = server.written();
    let framing = match (head.contains("Content-Length: 3"), head.contains("Content-Length: 0")) {
        (true, false) => "3",
        (false, true) => "0",
        (true, true) => unreachable!("one Content-Length"),
        (false, false) if head.contains("Transfer-Encoding: chunked") => "chunked",
        (false, false) => "",
    };
    assert_eq!(head.contains("Content-Length"), matches!(framing, "0" | "3"), "{head}");
    assert_eq!(head.contains("Transfer-Encoding"), framing == "chunked", "{head}");
    let content = server.connection.send(b"abc", &mut server.out).map(|_| match server.written().as_str() {
        "abc" => "abc",
        "3\r\nabc\r\n" => "chunk",
        other => panic!("content became {other:?}"),
    });
    if length != EMPTY {
        server.connection.finish(None, &mut server.out).unwrap();
        let end = if framing == "chunked" { "0\r\n\r\n" } else { "" };
        assert_eq!(server.written(), end);
    }
    let closes = server.interest().shutdown_write;
    assert_eq!(closes, head.contains("Connection: close"), "what is announced is done");
    assert_eq!(head.contains("Connection: keep-alive"), version == "1.0" && !closes, "RFC 9112 9.3, 9.6");
    Answer::Sent { framing, content, closes }
}

#[test]
fn n20_response_framing_by_method_version_status_and_length() {
    use Answer::Refused;
    let refused = || Refused(SendError::BodyNotAllowed);
    for version in ["1.0", "1.1"] {
        let open = |length| match version {
            "1.0" => until_close(),
            _ if length == UNKNOWN || length == STREAMING => sent("chunked", "chunk"),
            _ => unreachable!("only of unknown length"),
        };
        for method in ["GET", "POST", "OPTIONS", "QUERY"] {
            for status in [200, 206, 404, 500, 999] {
                assert_eq!(answer(method, version, status, EMPTY), complete("0"));
                assert_eq!(answer(method, version, status, THREE), sent("3", "abc"));
                assert_eq!(answer(method, version, status, UNKNOWN), open(UNKNOWN));
                assert_eq!(answer(method, version, status, STREAMING), open(STREAMING));
            }
        }
        for method in ["GET", "HEAD"] {
            assert_eq!(answer(method, version, 204, EMPTY), complete(""));
            assert_eq!(answer(method, version, 205, EMPTY), complete("0"));
            assert_eq!(answer(method, version, 304, EMPTY), complete(""));
            assert_eq!(answer(method, version, 304, THREE), bare("3"));
            assert_eq!(answer(method, version, 304, UNKNOWN), bare(""));
            for status in [204, 205] {
                for length in [THREE, UNKNOWN, STREAMING, BodyLength::Exact(0)] {
                    assert_eq!(answer(method, version, status, length), refused(), "{status} {length:?}");
                }
            }
        }
        for status in [200, 404] {
            assert_eq!(answer("HEAD", version, status, EMPTY), complete("0"));
            assert_eq!(answer("HEAD", version, status, THREE), bare("3"));
            assert_eq!(answer("HEAD", version, status, UNKNOWN), bare(""), "Unknown to HEAD: neither field");
            assert_eq!(answer("HEAD", version, status, STREAMING), bare(""));
        }
        for status in [0, 99, 100, 103, 199] {
            assert_eq!(answer("GET", version, status, EMPTY), Refused(SendError::InvalidStatus), "{status}");
        }
        assert_eq!(answer("GET", version, 101, EMPTY), Refused(SendError::UpgradeRequired));
        assert_eq!(answer("GET", version, 1000, EMPTY), Refused(SendError::InvalidStatus));
    }
}

#[test]
fn n20_an_interim_response_has_no_framing_and_does_not_close() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let hints = [("Link", b"</a>".as_slice())];
    server.connection.inform(&ResponseHead::new(103).fields(&hints), &mut server.out).unwrap();
    assert_eq!(server.written(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    assert_eq!(server.connection.send(b"x", &mut server.out), Err(SendError::NoMessage));
    let closing = ResponseHead::new(103).close();
    assert_eq!(server.connection.inform(&closing, &mut server.out), Err(SendError::InvalidConnectionOption));
    let mut old = One::server();
    old.hear("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(old.connection.inform(&ResponseHead::new(103), &mut old.out), Err(SendError::InterimToHttp10));
}

#[test]
fn n20_exact_is_held_exactly() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.connection.respond(&ResponseHead::new(200), THREE, &mut server.out).unwrap();
    let _ = server.connection.send(b"ab", &mut server.out).unwrap();
    assert_eq!(server.connection.finish(None, &mut server.out), Err(SendError::BodyTooShort));
    assert_eq!(server.connection.send(b"cd", &mut server.out), Err(SendError::BodyTooLong));
    assert!(!server.connection.is_content_complete());
    let _ = server.connection.send_external(1, &mut server.out).unwrap();
    assert!(server.connection.is_content_complete());
    assert_eq!(server.connection.send(b"d", &mut server.out), Err(SendError::BodyTooLong));
    server.connection.finish(None, &mut server.out).unwrap();
    assert!(!server.connection.is_content_complete());
    assert_eq!(server.written().rsplit("\r\n").next(), Some("abx"));
}

#[test]
fn n20_request_framing_by_method_and_length() {
    let start = |head: RequestHead<'_>, length, config: Config| {
        let mut client = One::client_with(config);
        let started = client.connection.start(&head, length, &mut client.out);
        let head = client.written();
        started.map(|()| head.lines().filter(|line| line.contains("-Length") || line.contains("-Encoding")).collect())
    };
    let request = |method| RequestHead::new(method, if method == "CONNECT" { "h:1" } else { "/" });
    let host = |head: RequestHead<'static>, method| if method == "CONNECT" { head } else { head.host("h") };
    let framing = |method, length| start(host(request(method), method), length, Config::client());
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(framing(method, EMPTY), Ok("Content-Length: 0".to_owned()), "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT", "QUERY"] {
        assert_eq!(framing(method, EMPTY), Ok(String::new()), "{method}");
    }
    for method in ["GET", "POST", "QUERY", "DELETE"] {
        assert_eq!(framing(method, THREE), Ok("Content-Length: 3".to_owned()));
        for length in [UNKNOWN, STREAMING] {
            assert_eq!(framing(method, length), Ok("Transfer-Encoding: chunked".to_owned()));
            let mut careful = Config::client();
            careful.assume_http11 = false;
            assert_eq!(start(request(method).host("h"), length, careful), Err(SendError::UnknownLength));
            let mut old = request(method).host("h");
            old.version = Version::HTTP_10;
            assert_eq!(start(old, length, Config::client()), Err(SendError::UnknownLength));
        }
    }
    for method in ["TRACE", "CONNECT"] {
        for length in [THREE, UNKNOWN, STREAMING] {
            assert_eq!(framing(method, length), Err(SendError::BodyNotAllowed), "{method} {length:?}");
        }
    }
    for length in [EMPTY, BodyLength::Exact(0)] {
        let expecting = request("POST").host("h").expect_continue();
        assert_eq!(start(expecting, length, Config::client()), Err(SendError::BodyNotAllowed));
    }
}

#[test]
fn n20_a_careful_client_learns_the_version_from_the_first_answer() {
    let post = RequestHead::new("POST", "/").host("h");
    for (answer, chunks) in
        [("HTTP/1.1 204 \r\n\r\n", true), ("HTTP/1.0 204 \r\nConnection: keep-alive\r\n\r\n", false)]
    {
        let mut config = Config::client();
        config.assume_http11 = false;
        let mut client = One::client_with(config);
        client.connection.start(&RequestHead::get("h", "/"), EMPTY, &mut client.out).unwrap();
        client.hear(answer);
        let started = client.connection.start(&post, UNKNOWN, &mut client.out);
        assert_eq!(started, if chunks { Ok(()) } else { Err(SendError::UnknownLength) }, "{answer}");
    }
}

// RFC 9112 section 9.3: close wins; 1.1 persists; 1.0 persists if asked to; else it closes.
#[test]
fn n35_keep_alive_of_both_versions() {
    let table = [
        ("1.1", "", true),
        ("1.1", "close", false),
        ("1.1", "Close", false),
        ("1.1", "keep-alive", true),
        ("1.1", "keep-alive, close", false),
        ("1.1", "close, keep-alive", false),
        ("1.1", "x, y", true),
        ("1.1", "closed", true),
        ("1.2", "", true),
        ("1.9", "close", false),
        ("1.0", "", false),
        ("1.0", "keep-alive", true),
        ("1.0", "Keep-Alive", true),
        ("1.0", "keep-alive, close", false),
        ("1.0", ", ,keep-alive", true),
        ("1.0", "close", false),
    ];
    for (version, options, persists) in table {
        let field = if options.is_empty() { String::new() } else { format!("Connection: {options}\r\n") };
        let mut server = One::server();
        server.hear(format!("GET / HTTP/{version}\r\nHost: h\r\n{field}\r\n"));
        server.connection.respond(&ResponseHead::new(200), EMPTY, &mut server.out).unwrap();
        let said = server.written();
        assert_eq!(!said.contains("Connection: close"), persists, "{version} {options}: {said}");
        assert_eq!(said.contains("Connection: keep-alive"), persists && version == "1.0", "{said}");
        assert_eq!(server.interest().shutdown_write, !persists);

        let mut client = One::client();
        client.connection.start(&RequestHead::get("h", "/"), EMPTY, &mut client.out).unwrap();
        client.hear(format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n{field}\r\n"));
        client.written();
        assert_eq!(client.connection.is_reusable(), persists, "{version} {options}");
        assert_eq!(client.interest().close, !persists);
    }
}

// Keep-alive only ever falls within an exchange.
#[test]
fn n35_either_side_may_end_it() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.connection.respond(&ResponseHead::new(200).close(), EMPTY, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));

    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 4, safe_only: true };
    let mut client = One::client_with(config);
    client.connection.start(&RequestHead::get("h", "/").close(), EMPTY, &mut client.out).unwrap();
    assert!(client.written().contains("Connection: close"));
    assert_eq!(client.connection.start(&RequestHead::get("h", "/"), EMPTY, &mut client.out), Err(SendError::Closed));
    client.hear("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert!(client.interest().close, "what it announced holds, whatever the server says");
}
