//! Host and the target URI: RFC 9112 sections 3.2 and 3.3, RFC 9110 sections 7.2 and 7.4.

use crate::support::*;
use http_proto::{BodyLength, RecvBuf, RequestHead, ResponseHead, SendError, TargetForm};

checks![
    host_is_sent,
    host_of_the_uri,
    empty_host_is_sent,
    host_comes_first,
    missing_host,
    repeated_host,
    invalid_host,
    authority_of_absolute_target,
    no_authority,
    target_uri,
    host_is_replaced,
    options_at_the_last_proxy,
    scheme_of_absolute_target,
];

/// Runs a request through a server and hands its head to `check`.
fn with_request<T>(request: &str, check: impl FnOnce(&http_proto::Request<'_>) -> T) -> T {
    let mut connection = http_proto::Connection::server(std::sync::Arc::new(http_proto::Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(request.as_bytes());
    match connection.recv(&mut input).unwrap() {
        http_proto::Event::HeadersComplete(head) => check(&head),
        other => panic!("{other:?}"),
    }
}

#[test]
fn host_is_sent() {
    covers!("R9112-3.2-04", "R9110-7.2-01");
    assert_eq!(asked(&RequestHead::new("GET", "/"), BodyLength::Empty), Err(SendError::MissingHost));
    let sent = asked(&RequestHead::get("h:81", "/"), BodyLength::Empty).unwrap();
    assert_eq!(sent, "GET / HTTP/1.1\r\nHost: h:81\r\n\r\n");
    // As a field it would be a second one.
    let fields = [("host", &b"h"[..])];
    assert_eq!(asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty), Err(SendError::FramingField));
}

#[test]
fn host_of_the_uri() {
    covers!("R9112-3.2-05");
    let uri = http_proto::syntax::TargetUri::parse("http://u:p@h:81/").unwrap();
    assert_eq!(uri.authority(), "h:81");
    let target = uri.origin_target("GET").unwrap();
    let sent = asked(&RequestHead::get(uri.authority(), &target), BodyLength::Empty).unwrap();
    assert_eq!(sent, "GET / HTTP/1.1\r\nHost: h:81\r\n\r\n");
    for (uri, host) in [("https://Example.COM", "Example.COM"), ("http://[::1]:1?", "[::1]:1"), ("http://@h:", "h:")] {
        assert_eq!(http_proto::syntax::TargetUri::parse(uri).unwrap().authority(), host);
    }
}

#[test]
fn empty_host_is_sent() {
    covers!("R9112-3.2-06");
    let sent = asked(&RequestHead::get("", "/"), BodyLength::Empty).unwrap();
    assert_eq!(sent, "GET / HTTP/1.1\r\nHost: \r\n\r\n");
}

#[test]
fn host_comes_first() {
    covers!("R9110-7.2-02");
    let block = http_proto::FieldBlock::from_fields([("A", &b"1"[..])]).unwrap();
    let fields = [("B", &b"2"[..])];
    let head = RequestHead::get("h", "/").block(&block).fields(&fields).close();
    let sent = asked(&head, BodyLength::Exact(0)).unwrap();
    let expected = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(sent, expected);
}

#[test]
fn missing_host() {
    covers!("R9112-3.2-07");
    refuses("GET / HTTP/1.1\r\n\r\n", Kind::MissingHost, 400);
    refuses("GET http://h/ HTTP/1.1\r\nHosts: h\r\n\r\n", Kind::MissingHost, 400);
    accepts("GET / HTTP/1.0\r\n\r\n");
    accepts("GET / HTTP/1.1\r\nHost:\r\n\r\n");
}

#[test]
fn repeated_host() {
    covers!("R9112-3.2-08");
    refuses(get("Host: h\r\n"), Kind::RepeatedHost, 400);
    refuses(get("hOST: other\r\n"), Kind::RepeatedHost, 400);
    refuses(get("A: b\r\nHOST:\r\n"), Kind::RepeatedHost, 400);
    refuses("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", Kind::RepeatedHost, 400);
    refuses("GET http://h/ HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", Kind::RepeatedHost, 400);
}

#[test]
fn invalid_host() {
    covers!("R9112-3.2-09");
    let wrong = [
        "a:b:c",
        "a:8o",
        "[::1",
        "[::g]",
        "::1",
        "a b",
        "a/b",
        "a@b",
        "a#b",
        "a?b",
        "a\\b",
        "<h>",
        "\u{e9}",
        "%zz",
        "[]",
        "[::1]x",
        "a:-1",
        "a: 1",
        ":80",
        ":",
        "a.name.of.sixteen:8o",
        "a:80:",
        "http://h",
        "[1.2.3.4]",
    ];
    for host in wrong {
        refuses(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Kind::InvalidHost, 400);
        refuses(format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n"), Kind::InvalidHost, 400);
        // With more octets behind it, many are looked at in one go.
        refuses(format!("GET / HTTP/1.1\r\nHost: {host}\r\nA: {:9}8\r\n\r\n", ""), Kind::InvalidHost, 400);
        assert_eq!(asked(&RequestHead::get(host, "/"), BodyLength::Empty), Err(SendError::InvalidHost), "{host}");
    }
    for host in
        ["a", "a:", "a:80", "1.2.3.4:5", "[::1]", "[::ffff:1.2.3.4]:80", "[v1.a:b]", "a,b", "%41", "a_b", "", "a."]
    {
        for behind in ["", "A: b\r\nContent-Type: c\r\n"] {
            let trace = accepts(format!("GET / HTTP/1.1\r\nHost: {host}\r\n{behind}\r\n"));
            assert_eq!(trace.value("host").unwrap(), host.as_bytes());
        }
        asked(&RequestHead::get(host, "/"), BodyLength::Empty).unwrap();
    }
}

#[test]
fn authority_of_absolute_target() {
    covers!("R9112-3.2.2-04");
    let trace = accepts("GET http://a.example:81/p HTTP/1.1\r\nHost: b.example\r\n\r\n");
    assert_eq!(trace.head().authority.as_deref(), Some("a.example:81"));
    // Still it must be a Host.
    refuses("GET http://a.example/p HTTP/1.1\r\nHost: b example\r\n\r\n", Kind::InvalidHost, 400);
}

#[test]
fn no_authority() {
    covers!("R9112-3.3-01");
    for request in ["GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", "GET / HTTP/1.0\r\n\r\n"]
    {
        assert_eq!(accepts(request).head().authority, None);
        assert_eq!(with_request(request, |head| head.target_uri("http")), None);
    }
}

#[test]
fn target_uri() {
    covers!("R9112-3.3-02");
    let uri = |request: &str, scheme| with_request(request, |head| head.target_uri(scheme));
    // The examples of RFC 9112 section 3.3.
    let first = "GET /pub/WWW/TheProject.html HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    assert_eq!(uri(first, "https").unwrap(), "https://www.example.org/pub/WWW/TheProject.html");
    let second = "OPTIONS * HTTP/1.1\r\nHost: www.example.org:8080\r\n\r\n";
    assert_eq!(uri(second, "http").unwrap(), "http://www.example.org:8080");
    // The scheme of an absolute target is its own, and so are its host and port.
    let absolute = "GET http://a:81/p?q HTTP/1.1\r\nHost: b\r\n\r\n";
    assert_eq!(uri(absolute, "https").unwrap(), "http://a:81/p?q");
    let old = "GET /p?q HTTP/1.0\r\nHost: h\r\n\r\n";
    assert_eq!(uri(old, "http").unwrap(), "http://h/p?q");
    // The target of CONNECT is no URI.
    let connect = "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n";
    assert_eq!(uri(connect, "http"), None);
    // Nothing that the client sends besides changes the scheme.
    let forged = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: https\r\nForwarded: proto=https;host=x\r\n\r\n";
    assert_eq!(uri(forged, "http").unwrap(), "http://h/");
}

#[test]
fn host_is_replaced() {
    covers!("R9112-3.2.2-05");
    let request = "GET http://a:81/p?q HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n";
    let sent = with_request(request, |head| {
        let fields: Vec<_> = head.fields().end_to_end().collect();
        let target = head.origin_target();
        let forwarded = RequestHead::get(head.authority().unwrap(), &target).fields(&fields);
        asked(&forwarded, BodyLength::Empty).unwrap()
    });
    assert_eq!(sent, "GET /p?q HTTP/1.1\r\nHost: a:81\r\nX: y\r\n\r\n");
}

#[test]
fn options_at_the_last_proxy() {
    covers!("R9112-3.2.4-02");
    let target = |line: &str| {
        with_request(&format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n"), |head| head.origin_target().into_owned())
    };
    assert_eq!(target("OPTIONS http://www.example.org:8001"), "*");
    assert_eq!(target("OPTIONS http://h/"), "/");
    assert_eq!(target("OPTIONS http://h?q"), "/?q");
    assert_eq!(target("OPTIONS *"), "*");
    assert_eq!(target("GET http://h"), "/");
    assert_eq!(target("GET /p"), "/p");
    assert_eq!(target("CONNECT h:80"), "h:80");
    assert_eq!(target("GET ftp://h/x"), "ftp://h/x");
}

#[test]
fn scheme_of_absolute_target() {
    covers!("R9110-7.4-01");
    let scheme = |line: &str| {
        with_request(&format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n"), |head| {
            (head.target_form(), head.scheme().map(str::to_owned))
        })
    };
    assert_eq!(scheme("GET https://h/"), (TargetForm::Absolute, Some("https".to_owned())));
    assert_eq!(scheme("GET HTTP://h"), (TargetForm::Absolute, Some("HTTP".to_owned())));
    assert_eq!(scheme("GET /"), (TargetForm::Origin, None));
    assert_eq!(scheme("CONNECT h:80"), (TargetForm::Authority, None));
    let sent = answered(&get(""), &ResponseHead::new(421), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n");
}
