//! The reverse proxy, between raw clients and scripted servers. The rows of the requirement table that speak of proxies are
//! checked in `requirements/forwarding.rs`.

use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::Duration;
use tests::examples::Running;
use tests::raw::{End, Raw};
use tests::raw_server::RawServer;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// Of its connection.
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

fn proxy_with(package: &str, server: &RawServer, arguments: &[&str]) -> Running {
    let url = format!("http://{}", server.address());
    Running::start(package, "reverse_proxy", &[&[url.as_str()][..], arguments].concat())
}

fn proxy(package: &str, server: &RawServer) -> Running {
    proxy_with(package, server, &[])
}

/// The fields of a head, sorted.
fn fields(head: &str) -> Vec<&str> {
    let mut fields: Vec<_> =
        head.trim_end().lines().skip(1).filter(|line| !line.to_lowercase().starts_with("date: ")).collect();
    fields.sort_by_key(|line| line.split(':').next());
    fields
}

pub(crate) fn messages_go_through_as_they_are(package: &str) {
    let server = RawServer::start(|_, mut peer| {
        let head = peer.head();
        assert!(head.starts_with("POST /path?query HTTP/1.1\r\n"), "{head}");
        let expected = [
            "Content-Length: 5",
            "Host: h",
            "a: 1",
            "a: 2",
            "b: \u{e9}",
            "via: 1.1 front, 1.0 x",
            "via: 1.1 reverse_proxy",
        ];
        assert_eq!(fields(&head), expected);
        assert_eq!(peer.octets(5), b"hello");
        peer.send("HTTP/1.1 299 Never Seen\r\nContent-Length: 3\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nServer: s\r\n");
        peer.send("Date: yesterday\r\n\r\nyes");
        let head = peer.head();
        assert!(head.starts_with("HEAD / HTTP/1.1\r\n"), "{head}");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
        peer.head();
        peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n");
        peer.head();
        peer.send("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n");
        peer.head();
        // No length: until the end.
        peer.send("HTTP/1.1 200 OK\r\n\r\nto the end");
    });
    let proxy = proxy(package, &server);
    let mut client = Raw::connect(proxy.address());
    client.send("POST /path?query HTTP/1.1\r\nHost: h\r\na: 1\r\nContent-Length: 5\r\nb: \u{e9}\r\na: 2\r\n");
    client.send("Via: 1.1 front, 1.0 x\r\n\r\nhello");
    let answer = client.answer();
    assert!(answer.head.starts_with("HTTP/1.1 299 Never Seen\r\n"), "{}", answer.head);
    assert_eq!(answer.field("date"), Some("yesterday"));
    assert_eq!(
        fields(&answer.head),
        ["Content-Length: 3", "server: s", "set-cookie: a", "set-cookie: b", "via: 1.1 reverse_proxy"]
    );
    assert_eq!(answer.text(), "yes");
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(fields(&client.head()), ["Content-Length: 7", "via: 1.1 reverse_proxy"]);
    client.send(GET);
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 304 ") && head.contains("\r\nContent-Length: 7\r\n"), "{head}");
    client.send(GET);
    assert_eq!(fields(&client.head()), ["via: 1.1 reverse_proxy"]);
    client.send(GET);
    assert!(client.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    assert_eq!(client.octets(20), b"a\r\nto the end\r\n0\r\n\r\n");
    server.finish();
}

// N14, X3: neither end is kept waiting for the whole of what the other sends.
pub(crate) fn content_streams_both_ways(package: &str) {
    let (pieces, piece) = channel();
    let server = RawServer::start(move |_, mut peer| {
        assert!(peer.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
        assert_eq!(peer.octets(8), b"3\r\none\r\n");
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nuno\r\n");
        pieces.send(()).unwrap();
        assert_eq!(peer.octets(23), b"3\r\ntwo\r\n0\r\nx-sum: 2\r\n\r\n"[..].to_vec());
        peer.send("3\r\ndos\r\n0\r\nX-Sum: 6\r\nContent-Length: 7\r\n\r\n");
    });
    let proxy = proxy(package, &server);
    let mut client = Raw::connect(proxy.address());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    client.send("3\r\none\r\n");
    assert!(client.head().contains("\r\ntrailer: X-Sum\r\n"));
    assert_eq!(client.octets(8), b"3\r\nuno\r\n");
    piece.recv().unwrap();
    client.send("3\r\ntwo\r\n0\r\nX-Sum: 2\r\n\r\n");
    assert_eq!(client.octets(23), b"3\r\ndos\r\n0\r\nx-sum: 6\r\n\r\n");
    server.finish();
}

// N15, N18: who does not read is not written to, and stops the other end.
pub(crate) fn a_slow_end_slows_the_other_down(package: &str) {
    const MOST: usize = 64 * 1024 * 1024;
    /// Sends until nothing more is taken for a while; how much that was.
    fn fill(peer: &mut Raw) -> usize {
        let (mut sent, mut refused) = (0, 0);
        let piece = vec![b'x'; 64 * 1024];
        while refused < 20 && sent < MOST {
            match peer.offer(&piece).unwrap() {
                0 => {
                    refused += 1;
                    peer.pause(Duration::from_millis(10));
                }
                count => (sent, refused) = (sent + count, 0),
            }
        }
        sent
    }
    let (filled, fill_of_server) = channel();
    let server = RawServer::start(move |_, mut peer| {
        peer.head();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MOST}\r\n\r\n"));
        filled.send(fill(&mut peer)).unwrap();
        // The request is not read beyond its head until here.
        peer.reset();
    });
    let proxy = proxy(package, &server);
    let mut client = Raw::connect(proxy.address());
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {MOST}\r\n\r\n"));
    client.wait();
    assert!(fill(&mut client) < MOST / 2);
    assert!(fill_of_server.recv().unwrap() < MOST / 2);
    assert_eq!(client.rest().1, End::Reset);
    server.finish();
}

// X1, X2
pub(crate) fn interim_responses_go_through(package: &str) {
    let server = RawServer::start(|number, mut peer| {
        let head = peer.head();
        assert_eq!(head.contains("\r\nExpect: 100-continue\r\n"), number < 2, "{head}");
        match number {
            0 => {
                peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: y\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
                assert_eq!(peer.octets(5), b"hello");
                peer.send("HTTP/1.1 102 Processing\r\n\r\n");
                peer.send(LAST);
            }
            1 => peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
            _ => peer.send(format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n{LAST}")),
        }
        assert_eq!(peer.rest().0, b"");
    });
    let proxy = proxy(package, &server);
    let upload = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    let mut client = Raw::connect(proxy.address());
    client.send(upload);
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nvia: 1.1 reverse_proxy\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    assert!(client.head().starts_with("HTTP/1.1 102 "));
    assert_eq!(client.answer().text(), "ok");
    // The server's word comes before the content, which stays where it is.
    let mut client = Raw::connect(proxy.address());
    client.send(upload);
    assert_eq!(client.answer().status(), 403);
    assert_eq!(client.rest().0, b"");
    // HTTP/1.0 knows no interim responses and no expectation; nor does a request without content.
    let mut client = Raw::connect(proxy.address());
    client.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
    assert_eq!(client.answer().text(), "ok");
    let mut client = Raw::connect(proxy.address());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 103 "));
    assert_eq!(client.answer().text(), "ok");
}

const OFFER: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c, WebSocket\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nX: y\r\n\r\n";

// X4, I16: what stood behind the two heads comes out first, and each end may close its side.
pub(crate) fn upgrades_become_tunnels(package: &str) {
    let server = RawServer::start(|number, mut peer| {
        let head = peer.head();
        assert!(head.contains("\r\nUpgrade: WebSocket\r\n") && head.contains("\r\nConnection: upgrade\r\n"), "{head}");
        peer.send(format!("{SWITCH}server first"));
        assert_eq!(peer.octets(12), b"client first");
        match number {
            0 => {
                assert_eq!(peer.octets(4), b"more");
                peer.send("and more");
                peer.half_close();
                assert_eq!(peer.rest(), (b"last words".to_vec(), End::Closed));
            }
            1 => peer.reset(),
            _ => assert_eq!(peer.rest().1, End::Reset),
        }
    });
    let proxy = proxy(package, &server);
    for number in 0..3 {
        let mut client = Raw::connect(proxy.address());
        client.send(format!("{OFFER}client first"));
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("\r\nx: y\r\n"), "{head}");
        assert!(head.contains("\r\nUpgrade: WebSocket\r\n") && head.contains("\r\nConnection: upgrade\r\n"), "{head}");
        assert_eq!(client.octets(12), b"server first");
        match number {
            0 => {
                client.send("more");
                assert_eq!(client.octets(8), b"and more");
                client.send("last words");
                client.half_close();
                assert_eq!(client.rest(), (Vec::new(), End::Closed));
            }
            1 => assert_eq!(client.rest().1, End::Reset),
            _ => client.reset(),
        }
    }
    server.finish();
}

pub(crate) fn offers_of_other_protocols_go_no_further(package: &str) {
    let server = RawServer::start(|_, mut peer| {
        for _ in 0..3 {
            let head = peer.head();
            assert_eq!(fields(&head)[0], "Host: h");
            assert!(!head.to_lowercase().contains("upgrade") && !head.contains("http2-settings"), "{head}");
            peer.send(OK);
        }
        peer.head();
        peer.send(
            "HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
        );
    });
    let proxy = proxy(package, &server);
    let mut client = Raw::connect(proxy.address());
    for offer in [
        "Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        // It says nothing about this connection.
        "Upgrade: websocket\r\n",
    ] {
        client.send(format!("GET / HTTP/1.1\r\nHost: h\r\n{offer}\r\n"));
        assert_eq!(client.answer().text(), "ok");
    }
    let mut old = Raw::connect(proxy.address());
    old.send("GET / HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(old.answer().text(), "ok");
    client.send(GET);
    let answer = client.answer();
    assert_eq!((answer.status(), answer.field("upgrade")), (426, Some("websocket")));
    server.finish();
}

// X4
pub(crate) fn connect_leads_where_it_may(package: &str) {
    let upstream = RawServer::start(|_, _| panic!("CONNECT is none of its business"));
    let target = RawServer::start(|_, mut peer| {
        assert_eq!(peer.octets(5), b"ahead");
        peer.send("hello");
        assert_eq!(peer.rest(), (b"goodbye".to_vec(), End::Closed));
    });
    let authority = target.address().to_string();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let proxy = proxy_with(package, &upstream, &["--tunnel", &authority, "--tunnel", &gone]);
    let mut client = Raw::connect(proxy.address());
    client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\nahead"));
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(client.octets(5), b"hello");
    client.send("goodbye");
    client.half_close();
    assert_eq!(client.rest(), (Vec::new(), End::Closed));
    target.finish();
    for (target, status) in [(gone.as_str(), 502), ("localhost:22", 403)] {
        let mut client = Raw::connect(proxy.address());
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"));
        assert_eq!(client.answer().status(), status, "{target}");
        assert_eq!(client.rest().0, b"");
    }
}

pub(crate) fn a_server_that_fails_is_answered_for(package: &str) {
    for (answer, status) in [
        ("", 502),
        ("SSH-2.0-OpenSSH_9.2\r\n", 502),
        ("HTTP/1.1 200 OK\r\nContent-Le", 502),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 502),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz", 502),
    ] {
        let server = RawServer::answering([answer]);
        let proxy = proxy(package, &server);
        let mut client = Raw::connect(proxy.address());
        // It is the server's fault: the client's connection goes on.
        for _ in 0..2 {
            client.send(GET);
            assert_eq!(client.answer().status(), status, "{answer}");
        }
    }
    let gone = RawServer::answering([""]);
    let proxy_of_none = proxy(package, &gone);
    drop(gone);
    let mut client = Raw::connect(proxy_of_none.address());
    client.send(GET);
    assert_eq!(client.answer().status(), 502);

    let silent = RawServer::start(|_, peer| drop(peer.rest()));
    let proxy = proxy_with(package, &silent, &["--answer-timeout", "0.05"]);
    let mut client = Raw::connect(proxy.address());
    client.send(GET);
    assert_eq!(client.answer().status(), 504);
}

// L12: what nobody waits for any more is not asked for any more.
pub(crate) fn a_client_that_goes_away_takes_its_request_along(package: &str) {
    let (asked, ask) = channel();
    let server = RawServer::start(move |number, mut peer| {
        peer.head();
        if number == 1 {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        }
        asked.send(()).unwrap();
        let (rest, _) = peer.rest();
        assert_eq!(rest, b"");
    });
    let proxy = proxy(package, &server);
    for number in 0..2 {
        let mut client = Raw::connect(proxy.address());
        client.send(GET);
        if number == 1 {
            client.head();
            client.octets(5);
        }
        ask.recv().unwrap();
        client.reset();
    }
    // It ends only if both connections do.
    server.finish();
}

pub(crate) fn max_forwards_is_counted_down(package: &str) {
    let server = RawServer::start(|_, mut peer| {
        for expected in ["max-forwards: 6", "max-forwards: 4294967294", "max-forwards: five", "max-forwards: 0"] {
            let head = peer.head();
            assert!(head.to_lowercase().contains(&format!("\r\n{expected}\r\n")), "{head}");
            peer.send(OK);
        }
    });
    let proxy = proxy(package, &server);
    let mut client = Raw::connect(proxy.address());
    for (method, left) in [("TRACE", "7"), ("OPTIONS", "99999999999999999999"), ("OPTIONS", "five"), ("GET", "0")] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: h\r\nMax-Forwards: {left}\r\n\r\n"));
        assert_eq!(client.answer().text(), "ok");
    }
    client.send("OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status(), answer.text()), (200, ""));
    client.send("TRACE /p HTTP/1.1\r\nHost: h\r\nMax-Forwards: 00\r\nCookie: c\r\nX: y\r\nAuthorization: z\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.field("content-type"), Some("message/http"));
    assert_eq!(answer.text(), "TRACE /p HTTP/1.1\r\nhost: h\r\nmax-forwards: 00\r\nx: y\r\n\r\n");
    server.finish();
}

// N37: connections to the server are kept, and one that it has closed meanwhile costs nobody an answer.
pub(crate) fn connections_to_the_server_are_used_again(package: &str) {
    let server = RawServer::start(|_, mut peer| {
        for _ in 0..5 {
            peer.head();
            peer.send(OK);
        }
    });
    let proxy = proxy(package, &server);
    for _ in 0..4 {
        let mut client = Raw::connect(proxy.address());
        for _ in 0..5 {
            client.send(GET);
            assert_eq!(client.answer().text(), "ok");
        }
    }
    assert_eq!(server.connections(), 4);
    server.finish();
}
