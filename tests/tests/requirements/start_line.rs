//! Messages, line ends and the request line: RFC 9112 sections 2 and 3, RFC 9110 section 6.2.

use crate::support::*;
use http_proto::{BodyLength, End, Framing, RequestHead, ResponseHead, Step};

checks![
    messages_of_the_grammar,
    status_line_to_a_server,
    octets_not_text,
    bare_lf,
    bare_cr,
    empty_lines,
    versions,
    minor_versions,
    major_versions,
    one_blank_each,
    no_other_separators,
    method_too_long,
    target_too_long,
    long_request_line,
    methods,
    refusal_closes,
    whole_head_first,
];

#[test]
fn messages_of_the_grammar() {
    covers!("R9112-2.1-01");
    let bodies = [
        ("", "", None),
        ("Content-Length: 0\r\n", "", None),
        ("Content-Length: 3\r\n", "a\r\n", Some("a\r\n")),
        ("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n", Some("hi")),
    ];
    for method in ["GET", "M-SEARCH", "!#$%&'*+-.^_`|~09az"] {
        for target in ["/", "/a/b?c=d", "http://h/"] {
            for fields in ["", "A:\r\n", "A: b c\r\nA:\td \r\n"] {
                for (framing, body, content) in bodies {
                    let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{fields}{framing}\r\n");
                    let trace = accepts(format!("{head}{body}"));
                    assert_eq!((trace.head().method.as_str(), trace.head().target.as_str()), (method, target));
                    assert_eq!(trace.head().fields.len(), head.lines().count() - 2);
                    let events = 2 + usize::from(content.is_some());
                    assert_eq!((trace.events.len(), trace.completed(), trace.last), (events, 1, Step::NeedInput));
                    assert_eq!(trace.contents(), Vec::from_iter(content));
                }
            }
        }
    }
    // Without its empty line no head is one; with another octet in its place it never becomes one.
    assert!(Wire::server("GET / HTTP/1.1\r\nHost: h\r\n").see().events.is_empty());
    refuses("GET / HTTP/1.1\r\nHost: h\r\n:", Kind::InvalidFieldName, 400);
}

#[test]
fn status_line_to_a_server() {
    covers!("R9112-2.1-02");
    // `HTTP/1.1` is no token.
    refuses("HTTP/1.1 200 OK\r\n\r\n", Kind::InvalidMethod, 400);
    refuses("GET 200 OK\r\n\r\n", Kind::InvalidVersion, 400);
    rejects("GET / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidStatusLine);
}

#[test]
fn octets_not_text() {
    covers!("R9112-2.2-01");
    // Invalid UTF-8, all octets above ASCII, and U+010A, whose second octet would be LF if it were cut to one.
    let all: Vec<u8> = (0x80..=0xff).collect();
    for value in [&all[..], b"\xff\xfe", "\u{10a}".as_bytes(), b"\xc4\x8a"] {
        let trace = accepts([b"GET / HTTP/1.1\r\nHost: h\r\nA: ", value, b"\r\n\r\n"].concat());
        assert_eq!(trace.value("a").unwrap(), value);
    }
    let extension = [b"1;a=\"", &all[..], b"\"\r\nx\r\n0\r\n\r\n"].concat();
    assert_eq!(accepts([chunked("").as_bytes(), &extension].concat()).contents(), ["x"]);
    // A Kelvin sign folds to k only in Unicode.
    refuses(post("Transfer-Encoding: chun\u{212a}ed\r\n", ""), Kind::InvalidTransferEncoding, 400);
    refuses(get("K\u{212a}: v\r\n"), Kind::InvalidFieldName, 400);
}

#[test]
fn bare_lf() {
    covers!("R9112-2.2-02");
    accepts("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
    refuses("GET / HTTP/1.1\nHost: h\r\n\r\n", Kind::BareLf, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\n\r\n", Kind::BareLf, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\r\n\n", Kind::BareLf, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\r\nA\n: b\r\n\r\n", Kind::BareLf, 400);
    refuses("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::BareLf, 400);
    rejects("HTTP/1.1 200 OK\nA: b\r\n\r\n", Kind::BareLf);
    rejects("HTTP/1.1 200 OK\r\nA: b\n\r\n", Kind::BareLf);
}

#[test]
fn bare_cr() {
    covers!("R9112-2.2-04");
    refuses("GET / HTTP/1.1\rHost: h\r\n\r\n", Kind::BareCr, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n", Kind::BareCr, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", Kind::BareCr, 400);
    refuses("GET / HTTP/1.1\r\nHost: h\r\n\rA: b\r\n\r\n", Kind::BareCr, 400);
    refuses("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::BareCr, 400);
    refuses("GET /a\rb HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidTarget, 400);
    refuses("GE\rT / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidMethod, 400);
    refuses(chunked("1\rx\r\n0\r\n\r\n"), Kind::InvalidChunkEnd, 400);
    refuses(chunked("1;a\rb\r\nx\r\n0\r\n\r\n"), Kind::InvalidChunkEnd, 400);
    refuses(chunked("0\r\nA: b\rc\r\n\r\n"), Kind::BareCr, 400);
    rejects("HTTP/1.1 200 O\rK\r\n\r\n", Kind::BareCr);
    // In content it is an octet like any other.
    assert_eq!(accepts(post("Content-Length: 3\r\n", "a\rb")).contents(), ["a\rb"]);
}

#[test]
fn empty_lines() {
    covers!("R9112-2.2-07");
    let trace = accepts(format!("\r\n{}\r\n{NEXT}", get("")));
    assert_eq!(trace.completed(), 2);
    accepts(format!("{}{NEXT}", "\r\n".repeat(10)));
    refuses(format!("{}{NEXT}", "\r\n".repeat(11)), Kind::TooManyEmptyLines, 400);
    let flood = "\r\n".repeat(11);
    let trace = Wire::server(&format!("{}{flood}", get(""))).see();
    assert_eq!((trace.completed(), trace.error), (1, Some((Kind::TooManyEmptyLines, 20))));
    // Behind the content that Content-Length frames, it is not content.
    assert_eq!(accepts(format!("{}\r\n{NEXT}", post("Content-Length: 1\r\n", "x"))).completed(), 2);
}

#[test]
fn versions() {
    covers!("R9112-2.3-01");
    accepts("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    accepts("GET / HTTP/1.0\r\n\r\n");
    let wrong = [
        "http/1.1",
        "Http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.10",
        "HTTP/1.1x",
        "HTTP /1.1",
        "HTTP/ 1.1",
        "HTTP/1,1",
        "HTTPS/1.1",
        "HTTP/A.1",
        "HTTP/1.A",
        "HTTP/+1.1",
        "HTTP/1.-1",
        "1.1",
        "ICY",
    ];
    for version in wrong {
        refuses(format!("GET / {version}\r\nHost: h\r\n\r\n"), Kind::InvalidVersion, 400);
    }
    // At its first digit this can still be another major version.
    refuses("GET / HTTP/01.1\r\nHost: h\r\n\r\n", Kind::UnsupportedVersion, 505);
    // HTTP/0.9 has none at all.
    refuses("GET /\r\n", Kind::InvalidTarget, 400);
    rejects("http/1.1 200 OK\r\n\r\n", Kind::InvalidStatusLine);
    rejects("HTTP/1.10 200 OK\r\n\r\n", Kind::InvalidStatusLine);
}

#[test]
fn minor_versions() {
    covers!("R9110-6.2-04");
    for minor in 1..=9 {
        let trace = accepts(format!("POST / HTTP/1.{minor}\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        let head = trace.head();
        assert_eq!((head.minor, head.keep_alive, head.framing), (minor, true, Framing::Chunked));
        refuses(format!("GET / HTTP/1.{minor}\r\n\r\n"), Kind::MissingHost, 400);
        let trace = takes(format!("HTTP/1.{minor} 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        assert_eq!((trace.head().minor, trace.head().keep_alive), (minor, true));
    }
}

#[test]
fn major_versions() {
    covers!("R9110-6.2-03");
    for version in ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/9.9"] {
        refuses(format!("GET / {version}\r\nHost: h\r\n\r\n"), Kind::UnsupportedVersion, 505);
    }
    // The preface of HTTP/2 can be told apart, so that it can be dispatched on.
    refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::Http2Preface, 505);
    rejects("HTTP/2.0 200 OK\r\n\r\n", Kind::UnsupportedVersion);
}

#[test]
fn one_blank_each() {
    covers!("R9112-3-01");
    refuses("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidTarget, 400);
    refuses("GET /  HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidVersion, 400);
    refuses(" GET / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidMethod, 400);
    refuses("\tGET / HTTP/1.1\r\nHost: h\r\n\r\n", Kind::InvalidMethod, 400);
    refuses("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", Kind::InvalidVersion, 400);
    refuses("GET / HTTP/1.1\t\r\nHost: h\r\n\r\n", Kind::InvalidVersion, 400);
    refuses("GET\r\n\r\n", Kind::InvalidMethod, 400);
    refuses("GET \r\n\r\n", Kind::InvalidTarget, 400);
}

#[test]
fn no_other_separators() {
    covers!("R9112-3-02");
    for c in ['\t', '\x0b', '\x0c', '\r', '\u{a0}'] {
        refuses(format!("GET{c}/ HTTP/1.1\r\nHost: h\r\n\r\n"), Kind::InvalidMethod, 400);
        refuses(format!("GET /{c}HTTP/1.1\r\nHost: h\r\n\r\n"), Kind::InvalidTarget, 400);
    }
}

#[test]
fn method_too_long() {
    covers!("R9112-3-03");
    let trace = accepts(format!("{} / HTTP/1.1\r\nHost: h\r\n\r\n", "M".repeat(64)));
    assert_eq!(trace.head().method.len(), 64);
    // Refused at its 65th octet, so that nobody collects the rest.
    let trace = refuses("M".repeat(65), Kind::MethodTooLong, 501);
    assert_eq!(trace.error.unwrap().1, 64);
    let trace = refuses("M".repeat(10_000), Kind::MethodTooLong, 501);
    assert_eq!((trace.error.unwrap().1, trace.left), (64, 10_000 - 64));
}

#[test]
fn target_too_long() {
    covers!("R9112-3-04");
    let limit = 16 * 1024;
    accepts(format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(limit - 1)));
    // As soon as the limit is passed, without a blank or a line end in sight.
    let trace = refuses(format!("GET /{}", "a".repeat(limit)), Kind::TargetTooLong, 414);
    assert_eq!(trace.error.unwrap().1, 4 + limit as u64);
    let short = |config: &mut http_proto::Config| config.limits.target = 5;
    assert_eq!(Wire::server("GET /1234 HTTP/1.1\r\nHost: h\r\n\r\n").config(short).see().error, None);
    let trace = Wire::server("GET /12345 HTTP/1.1\r\nHost: h\r\n\r\n").config(short).see();
    assert_eq!(trace.error, Some((Kind::TargetTooLong, 9)));
}

#[test]
fn long_request_line() {
    covers!("R9112-3-05");
    let target = format!("/{}", "a".repeat(8000 - "GET / HTTP/1.1".len()));
    let line = format!("GET {target} HTTP/1.1\r\n");
    assert_eq!(line.len(), 8002);
    accepts(format!("{line}Host: h\r\n\r\n"));
    let sent = asked(&RequestHead::get("h", &target), BodyLength::Empty).unwrap();
    assert!(sent.starts_with(&line));
}

#[test]
fn methods() {
    covers!("R9112-3.1-01");
    for method in ["GET", "get", "Get", "QUERY", "a", "!#$%&'*+-.^_`|~", "1"] {
        let trace = accepts(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(trace.head().method, method);
    }
    // Case counts: `get` is no GET, `head` has no special answer.
    assert_ne!(kind("get"), kind("GET"));
    assert_ne!(kind("head"), kind("HEAD"));
    for method in ["", "G(T", "G@T", "G/T", "G:T", "G\"T", "G{T", "G\x00T", "G\x7fT", "G\u{e9}T", "[", "="] {
        refuses(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n"), Kind::InvalidMethod, 400);
    }
}

#[test]
fn refusal_closes() {
    covers!("R9112-2.2-10", "R9112-6.3#5-02", "R9112-6.1-13");
    let bad = [
        "G@T / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        post("Content-Length: x\r\n", ""),
        post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ];
    for request in bad {
        let mut server = Endpoint::asked(&get(""));
        let error = server.feed(&format!("{request}{NEXT}")).unwrap_err();
        // First the request before it, in its turn.
        assert!(server.connection.refuse(error, None, &mut server.out).is_err());
        server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
        server.connection.refuse(error, None, &mut server.out).unwrap();
        let expected = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert_eq!(server.wire(), expected);
        // Half-closed, then what comes is swallowed and never parsed, until the peer has closed.
        let interest = server.connection.interest(&server.out);
        assert!(interest.shutdown_write && interest.read && !interest.close);
        assert_eq!(server.feed(NEXT), Err(error));
        assert_eq!(server.end(End::Clean), Err(error));
        assert!(server.connection.interest(&server.out).close);
    }
}

#[test]
fn whole_head_first() {
    covers!("R9110-5.3-02");
    let request = get("Content-Length: 0\r\nX: y\r\n");
    let mut server = Endpoint::server();
    for (at, octet) in request.char_indices() {
        let (events, step) = server.feed(&octet.to_string()).unwrap();
        assert_eq!(events.len(), if at + 1 == request.len() { 2 } else { 0 });
        assert_eq!(step, Step::NeedInput);
    }
}
