//! Request targets: RFC 9112 section 3.2, RFC 9110 sections 4.2, 7.1 and 9.3.6.

use crate::support::*;
use http_proto::syntax::TargetUri;
use http_proto::{BodyLength, RequestHead, SendError, TargetForm};

checks![
    forms,
    target_with_blanks,
    target_unchanged,
    absolute_form,
    empty_authority,
    userinfo_sent,
    userinfo_received,
    form_of_method,
    connect_received,
    connect_sent,
    path_and_query_only,
    absolute_to_a_proxy,
    absolute_with_host,
    server_wide_options,
];

fn form(request_line: &str) -> TargetForm {
    accepts(format!("{request_line} HTTP/1.1\r\nHost: h\r\n\r\n")).head().form.unwrap()
}

fn refused(request_line: &str, kind: Kind) {
    refuses(format!("{request_line} HTTP/1.1\r\nHost: h\r\n\r\n"), kind, 400);
}

#[test]
fn forms() {
    covers!("R9112-3.2-01");
    assert_eq!(form("GET /a?b"), TargetForm::Origin);
    assert_eq!(form("GET //a"), TargetForm::Origin);
    assert_eq!(form("GET http://h"), TargetForm::Absolute);
    assert_eq!(form("GET HTTPS://h:1/?q"), TargetForm::Absolute);
    assert_eq!(form("GET ftp://h/x"), TargetForm::Absolute);
    assert_eq!(form("CONNECT h:80"), TargetForm::Authority);
    assert_eq!(form("CONNECT [::1]:80"), TargetForm::Authority);
    assert_eq!(form("OPTIONS *"), TargetForm::Asterisk);
    for target in ["a", "a/b", "?q", "h:80", "1http://h/", "http:h", ":", "**", "*/"] {
        refused(&format!("GET {target}"), Kind::InvalidTargetForm);
    }
    refused("GET http:/h", Kind::InvalidAuthority);
}

#[test]
fn target_with_blanks() {
    covers!("R9112-3.2-02");
    refused("GET /a b", Kind::InvalidVersion);
    refused("GET /a\tb", Kind::InvalidTarget);
    refused("GET http://h/a b", Kind::InvalidVersion);
    refused("GET /a#b", Kind::InvalidTarget);
}

#[test]
fn target_unchanged() {
    covers!("R9112-3.2-03");
    for target in ["/%2e%2E/../a/./b//c", "/%zz%", "/?a=%20+%00&&", "/a\\b\"<>^`{|}", "http://H.Example/%41/../"] {
        let trace = accepts(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(trace.head().target, target);
    }
    // What is invalid is refused, not cut or encoded.
    refused("GET /\u{e9}", Kind::InvalidTarget);
    refused("GET /\x7f", Kind::InvalidTarget);
    refused("GET /\x00", Kind::InvalidTarget);
}

#[test]
fn absolute_form() {
    covers!("R9112-3.2.2-03");
    for target in ["http://h/p", "https://h:443/p?q", "http://h", "http://[2001:db8::1]:80/", "HTTP://h/"] {
        let trace = accepts(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!((trace.head().target.as_str(), trace.head().form), (target, Some(TargetForm::Absolute)));
    }
}

#[test]
fn empty_authority() {
    covers!("R9110-4.2.1/4.2.2-01");
    for target in ["http:///p", "https://:443/", "http://?q", "http://", "https:///"] {
        refused(&format!("GET {target}"), Kind::InvalidAuthority);
        assert_eq!(asked(&RequestHead::new("GET", target), BodyLength::Empty), Err(SendError::InvalidTarget));
        assert_eq!(TargetUri::parse(target), None);
    }
}

#[test]
fn userinfo_sent() {
    covers!("R9110-4.2.4-01");
    for target in ["http://u@h/", "http://u:p@h:80/x", "http://@h/"] {
        assert_eq!(asked(&RequestHead::new("GET", target).host("h"), BodyLength::Empty), Err(SendError::InvalidTarget));
        let uri = TargetUri::parse(target).unwrap();
        let cleaned = uri.proxy_target("GET").unwrap();
        let sent = asked(&RequestHead::new("GET", &cleaned), BodyLength::Empty).unwrap();
        assert!(!sent.contains('@'), "{sent}");
    }
    assert_eq!(asked(&RequestHead::get("u@h", "/"), BodyLength::Empty), Err(SendError::InvalidHost));
}

#[test]
fn userinfo_received() {
    covers!("R9110-4.2.4-02");
    refused("GET http://u@h/", Kind::InvalidAuthority);
    refused("GET http://u:p@h/", Kind::InvalidAuthority);
    refused("CONNECT u@h:80", Kind::InvalidTargetForm);
    refuses("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", Kind::InvalidHost, 400);
    // In a path it means nothing.
    accepts("GET /u@h HTTP/1.1\r\nHost: h\r\n\r\n");
    accepts("GET http://h/u@h HTTP/1.1\r\nHost: h\r\n\r\n");
}

#[test]
fn form_of_method() {
    covers!("R9110-7.1-01");
    for method in ["GET", "POST", "options", "connect", "OPTIONS"] {
        refused(&format!("{method} h:80"), Kind::InvalidTargetForm);
        let head = RequestHead::new(method, "h:80").host("h:80");
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidTarget));
    }
    for method in ["GET", "HEAD", "POST", "options", "CONNECT"] {
        refused(&format!("{method} *"), Kind::InvalidTargetForm);
        let head = RequestHead::new(method, "*").host("h");
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidTarget));
    }
    asked(&RequestHead::new("OPTIONS", "*").host("h"), BodyLength::Empty).unwrap();
    asked(&RequestHead::new("CONNECT", "h:80"), BodyLength::Empty).unwrap();
}

#[test]
fn connect_received() {
    covers!("R9110-9.3.6-02");
    let trace = accepts("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n");
    assert_eq!(trace.head().authority.as_deref(), Some("h:80"));
    accepts("CONNECT h:65535 HTTP/1.1\r\nHost: h\r\n\r\n");
    let wrong = [
        "h",
        "h:",
        ":80",
        "h:0x50",
        "h:99999",
        "h:65536",
        "h:+80",
        "h:-1",
        "h: 80",
        "/h:80",
        "http://h:80",
        "h:80/",
        "*",
        "[::1]",
        "::1:80",
        "h:80:80",
        "[::1:80",
    ];
    for target in wrong {
        let trace = Wire::server(&format!("CONNECT {target} HTTP/1.1\r\nHost: h\r\n\r\n")).see();
        assert_eq!((trace.error.is_some(), trace.completed()), (true, 0), "{target}");
    }
    refused("CONNECT h:0x50", Kind::InvalidTargetForm);
}

#[test]
fn connect_sent() {
    covers!("R9112-3.2.3-01", "R9110-9.3.6-01");
    for target in ["h", "h:", ":80", "h:x", "h:65536", "http://h:80", "/"] {
        let head = RequestHead::new("CONNECT", target).host("h");
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidTarget), "{target}");
    }
    let cases = [
        ("http://h/p?q", "h:80"),
        ("https://h", "h:443"),
        ("https://u@h:/", "h::443"),
        ("http://h:8080/p", "h:8080"),
        ("https://[::1]", "[::1]:443"),
        ("https://[::1]:1", "[::1]:1"),
    ];
    for (uri, expected) in cases {
        let expected = expected.replace("::443", ":443");
        let target = TargetUri::parse(uri).unwrap().origin_target("CONNECT").unwrap();
        assert_eq!(Some(target.clone()), TargetUri::parse(uri).unwrap().proxy_target("CONNECT"));
        let sent = asked(&RequestHead::new("CONNECT", &target), BodyLength::Empty).unwrap();
        assert_eq!(sent, format!("CONNECT {expected} HTTP/1.1\r\nHost: {expected}\r\n\r\n"));
    }
    assert_eq!(TargetUri::parse("http://h:65536/").unwrap().origin_target("CONNECT"), None);
}

#[test]
fn path_and_query_only() {
    covers!("R9112-3.2.1-01");
    let cases = [
        ("http://h", "/"),
        ("http://h?q=1", "/?q=1"),
        ("http://h/", "/"),
        ("https://h:1/a/b?c#d", "/a/b?c"),
        ("http://u:p@h/a", "/a"),
        ("http://h#f", "/"),
        ("http://h#@x/y", "/"),
        ("http://h/?", "/?"),
    ];
    for (uri, target) in cases {
        let parsed = TargetUri::parse(uri).unwrap();
        let sent = parsed.origin_target("GET").unwrap();
        assert_eq!(sent, target, "{uri}");
        let sent = asked(&RequestHead::get(parsed.authority(), &sent), BodyLength::Empty).unwrap();
        assert!(sent.starts_with(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\n", parsed.authority())));
    }
    for uri in ["h", "/p", "ftp://h/", "http:h", "http://h/a b", "http://a b/", "http://h/\u{e9}", "http://h:x/", ""] {
        assert_eq!(TargetUri::parse(uri), None, "{uri}");
    }
    let uri = TargetUri::parse("HTTPS://u@[::1]:8443/x").unwrap();
    assert_eq!((uri.scheme(), uri.is_secure(), uri.host(), uri.port()), ("HTTPS", true, "[::1]", Some(8443)));
}

#[test]
fn absolute_to_a_proxy() {
    covers!("R9112-3.2.2-01");
    let cases = [
        ("GET", "http://h/p?q#f", "http://h/p?q"),
        ("GET", "http://u:p@h:81/", "http://h:81/"),
        ("GET", "http://h", "http://h"),
        ("OPTIONS", "http://h", "http://h"),
        ("CONNECT", "http://h", "h:80"),
    ];
    for (method, uri, target) in cases {
        let sent = TargetUri::parse(uri).unwrap().proxy_target(method).unwrap();
        assert_eq!(sent, target);
        let sent = asked(&RequestHead::new(method, &sent), BodyLength::Empty).unwrap();
        assert!(sent.starts_with(&format!("{method} {target} HTTP/1.1\r\nHost: h")), "{sent}");
    }
}

#[test]
fn absolute_with_host() {
    covers!("R9112-3.2.2-02");
    let head = RequestHead::new("GET", "http://a.example:81/p");
    let expected = "GET http://a.example:81/p HTTP/1.1\r\nHost: a.example:81\r\n\r\n";
    assert_eq!(asked(&head, BodyLength::Empty).unwrap(), expected);
    assert_eq!(asked(&head.host("a.example:81"), BodyLength::Empty).unwrap(), expected);
    for other in ["a.example", "b.example:81", ""] {
        assert_eq!(asked(&head.host(other), BodyLength::Empty), Err(SendError::InvalidHost));
    }
}

#[test]
fn server_wide_options() {
    covers!("R9112-3.2.4-01");
    for uri in ["http://h:81", "http://u@h:81#f"] {
        let uri = TargetUri::parse(uri).unwrap();
        let target = uri.origin_target("OPTIONS").unwrap();
        let sent = asked(&RequestHead::new("OPTIONS", &target).host(uri.authority()), BodyLength::Empty).unwrap();
        assert_eq!(sent, "OPTIONS * HTTP/1.1\r\nHost: h:81\r\n\r\n");
    }
    for (uri, target) in [("http://h/", "/"), ("http://h?q", "/?q"), ("http://h/p", "/p")] {
        assert_eq!(TargetUri::parse(uri).unwrap().origin_target("OPTIONS").unwrap(), target);
    }
    assert_eq!(TargetUri::parse("http://h").unwrap().origin_target("GET").unwrap(), "/");
}
