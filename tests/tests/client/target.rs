//! Where requests lead, and what they say about it: URIs, origins, proxies, tunnels.

use super::site::{HELLO, NO_CONTENT, Site, error, exchange, get_from};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_driver::{Body, BoxTransport, ConnectError, RequestError, Target, Transport, Upgraded, UriError};
use std::task::{Context, Poll, Waker};

// RFC 3986 section 3.2.2: what is in brackets is an address, and never a name, whatever it looks like without them.
#[test]
fn an_address_of_the_future_is_no_name() {
    for uri in ["http://[v1.name]/", "http://[vF.a:b]:80/", "https://[V1.localhost]/"] {
        assert_eq!(Target::of(&uri.parse().unwrap()), Err(UriError::InvalidHost), "{uri}");
    }
    let target = Target::of(&"http://[2001:DB8::1]:81/".parse().unwrap()).unwrap();
    assert_eq!(
        (target.host(), target.port(), target.to_string().as_str()),
        ("2001:db8::1", 81, "http://[2001:db8::1]:81")
    );
}

#[test]
fn every_bad_uri_has_its_error() {
    let mut site = Site::new();
    let cases = [
        ("http://a b/", UriError::Malformed),
        ("", UriError::Malformed),
        ("/path", UriError::NoScheme),
        ("example.com", UriError::NoScheme),
        ("example.com:80", UriError::NoScheme),
        ("*", UriError::NoScheme),
        ("ftp://example.com/", UriError::UnknownScheme),
        ("ws://example.com/", UriError::UnknownScheme),
        ("http://:80/", UriError::NoHost),
        ("http://[::1/", UriError::Malformed),
        ("http://[name]/", UriError::InvalidHost),
        ("http://h:0/", UriError::InvalidPort),
        ("http://h:65536/", UriError::InvalidPort),
        ("http://h:1x/", UriError::InvalidPort),
        ("http://user@h/", UriError::UserInfo),
        ("http://user:password@h/", UriError::UserInfo),
    ];
    for (uri, expected) in cases {
        let request = site.client.get(uri);
        let task = site.task(request.send());
        match error(&task) {
            RequestError::Uri(error) => assert_eq!(error, expected, "{uri}"),
            other => panic!("{uri}: {other:?}"),
        }
    }
    assert_eq!((site.lines.opened(), site.is_empty()), (0, true));
}

// N37: connections belong to origins, however these are written.
#[test]
fn requests_to_one_origin_share_connections() {
    let mut site = Site::new();
    let ask = |site: &mut Site, uri: &str| {
        let task = site.send(get_from(uri));
        let opened = site.lines.targets();
        let peer = if opened.is_empty() { None } else { Some(site.lines.peer()) };
        (task, peer, opened)
    };
    let (task, peer, opened) = ask(&mut site, "http://example.com/a?b=c");
    let peer = peer.unwrap();
    assert_eq!(opened, ["http://example.com:80"]);
    assert_eq!(peer.text(), "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n");
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
    for (uri, host) in [("http://EXAMPLE.com:80/", "EXAMPLE.com:80"), ("http://example.com:080", "example.com:080")] {
        let (task, new, _) = ask(&mut site, uri);
        assert!(new.is_none(), "{uri}");
        assert_eq!(peer.text(), format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        site.answer(&peer, NO_CONTENT);
        task.done().unwrap();
    }
    for uri in ["http://example.com:81/", "https://example.com/", "http://www.example.com/", "http://[::1]/"] {
        let (_, new, opened) = ask(&mut site, uri);
        assert!(new.is_some(), "{uri}");
        assert_eq!(opened.len(), 1);
    }
}

#[test]
fn a_host_field_has_the_last_word() {
    let mut site = Site::new();
    let request = site.client.get("http://127.0.0.1:8080/").header("host", "example.com");
    let _task = site.task(request.send());
    assert_eq!(site.lines.targets(), ["http://127.0.0.1:8080"]);
    assert_eq!(site.lines.peer().text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    let request = site.client.get("http://127.0.0.1:8080/").header("host", "a b");
    assert!(matches!(error(&site.task(request.send())), RequestError::Invalid(_)));
}

#[test]
fn one_field_is_added_and_a_map_of_fields_is_set() {
    let mut site = Site::new();
    let more = HeaderMap::from_iter([(HeaderName::from_static("a"), HeaderValue::from_static("3"))]);
    let request = site.client.get("http://h/").header("a", "1").header("a", "2").header("b", "4");
    let _task = site.task(request.headers(more).header("b", "5").send());
    assert_eq!(site.lines.peer().text(), "GET / HTTP/1.1\r\nHost: h\r\na: 3\r\nb: 4\r\nb: 5\r\n\r\n");
}

fn through_a_proxy() -> Site {
    Site::with(|client| client.proxy(&Uri::from_static("http://proxy:3128")).unwrap())
}

// I25: the absolute form, over connections to the proxy.
#[test]
fn a_proxy_is_given_whole_uris() {
    let mut site = through_a_proxy();
    let task = site.send(get_from("http://a.example/x?y"));
    assert_eq!(site.lines.targets(), ["http://proxy:3128"]);
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    let task = site.send(get_from("http://b.example:81"));
    assert_eq!(peer.text(), "GET http://b.example:81/ HTTP/1.1\r\nHost: b.example:81\r\n\r\n");
    site.answer(&peer, HELLO);
    task.done().unwrap();
    assert_eq!(site.lines.opened(), 1);
    // A Host field cannot lie to a proxy; a bad URI leads nowhere all the same.
    let request = site.client.get("http://a.example/").header("host", "b.example");
    let _task = site.task(request.send());
    assert_eq!(peer.text(), "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
    for (uri, expected) in [("http://user@h/", UriError::UserInfo), ("/x", UriError::NoScheme)] {
        match error(&site.send(get_from(uri))) {
            RequestError::Uri(error) => assert_eq!(error, expected),
            other => panic!("{uri}: {other:?}"),
        }
    }
}

// What is to be secret is not told to a proxy; to make a tunnel to it is another matter.
#[test]
fn a_proxy_is_not_given_what_wants_tls() {
    let mut site = through_a_proxy();
    let task = site.send(get_from("https://example.com/secret"));
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    // These connections know nothing of TLS.
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    site.world.turn();
    let error = error(&task);
    assert!(matches!(error, RequestError::Connect(ConnectError::NoTls)), "{error:?}");
    assert_eq!(peer.text(), "");
    let _task = site.send(connect("https://example.com/"));
    assert!(site.lines.peer().text().starts_with("CONNECT example.com:443 HTTP/1.1\r\n"));
}

fn connect(to: &str) -> Request<Body> {
    Request::builder().method(Method::CONNECT).uri(to).body(Body::empty()).unwrap()
}

/// Reads once.
fn read(tunnel: &mut Upgraded<BoxTransport>) -> String {
    let mut room = [0; 100];
    match tunnel.poll_read(&mut Context::from_waker(Waker::noop()), &mut room) {
        Poll::Ready(Ok(count)) => String::from_utf8(room[..count].to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

// X4
#[test]
fn connect_makes_a_tunnel_through_a_proxy() {
    let mut site = through_a_proxy();
    let (task, peer) = site.open(connect("example.com:443"));
    assert_eq!(site.lines.targets(), ["http://proxy:3128"]);
    assert_eq!(peer.text(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    // What comes behind the head belongs to the tunnel, and framing fields mean nothing.
    site.answer(&peer, "HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\ntail");
    let response = task.done().unwrap();
    let mut tunnel = exchange(&response).take_upgraded().unwrap();
    assert_eq!(site.text(response), "");
    assert_eq!(read(&mut tunnel), "tail");
    peer.send("more");
    assert_eq!(read(&mut tunnel), "more");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(tunnel.poll_write(&mut cx, b"ping"), Poll::Ready(Ok(4))));
    assert_eq!(peer.text(), "ping");
    // It takes no place any more, and no deadline of HTTP ends it.
    assert!(site.is_empty());
    site.world.advance(super::site::secs(1000));
    assert!(!peer.counts().dropped);
    drop(tunnel);
    assert!(peer.counts().dropped);
}

// X4
#[test]
fn a_refused_connect_is_an_answer() {
    let mut site = through_a_proxy();
    let (task, peer) = site.open(connect("example.com:443"));
    site.answer(&peer, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nhello");
    let response = task.done().unwrap();
    assert_eq!(response.status(), 407);
    assert!(exchange(&response).take_upgraded().is_none());
    assert_eq!(site.text(response), "hello");
    // Nothing was sent for the tunnel: it may be asked for again, with credentials.
    let _again = site.send(connect("example.com:443"));
    assert!(peer.text().ends_with("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"));
}

// X4: without a proxy the tunnel's end is connected to.
#[test]
fn connect_needs_a_port() {
    let mut site = Site::new();
    let _task = site.send(connect("example.com:8080"));
    assert_eq!(site.lines.targets(), ["http://example.com:8080"]);
    assert_eq!(site.lines.peer().text(), "CONNECT example.com:8080 HTTP/1.1\r\nHost: example.com:8080\r\n\r\n");
    let _task = site.send(connect("http://example.com/"));
    assert_eq!(site.lines.targets(), ["http://example.com:80"]);
    assert!(site.lines.peer().text().starts_with("CONNECT example.com:80 HTTP/1.1\r\n"));
    for (uri, expected) in [("example.com", UriError::InvalidPort), ("user@example.com:80", UriError::UserInfo)] {
        match error(&site.send(connect(uri))) {
            RequestError::Uri(error) => assert_eq!(error, expected),
            other => panic!("{uri}: {other:?}"),
        }
    }
}

// I25
#[test]
fn the_asterisk_asks_the_server_itself() {
    let mut site = Site::new();
    let mut request = get_from("http://example.com");
    *request.method_mut() = Method::OPTIONS;
    let _task = site.send(request);
    assert_eq!(site.lines.peer().text(), "OPTIONS / HTTP/1.1\r\nHost: example.com\r\n\r\n");
}
