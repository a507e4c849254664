//! What is demanded of whoever forwards messages, checked on the example `reverse_proxy`: a raw client in front of it, and
//! a scripted server behind it.

use tests::examples::Running;
use tests::raw::{Answer, End, Raw};
use tests::raw_server::RawServer;

checks![
    bare_cr_goes_no_further,
    the_version_is_its_own,
    host_is_that_of_the_target,
    options_of_the_whole_server,
    blanks_before_a_colon,
    folds_become_blanks,
    one_framing_alone,
    lengths_that_are_none,
    octets_behind_the_last_answer,
    clients_of_http10,
    proxy_connection_is_no_field,
    a_refused_tunnel_closes,
    hop_by_hop_fields,
    content_that_ends_early,
    a_tunnel_delivers_what_was_said,
    never_421_of_its_own,
];

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The proxy in front of a server that answers all that it is asked.
struct Site {
    server: RawServer,
    proxy: Running,
}

fn site(script: impl Fn(usize, Raw) + Send + Sync + 'static) -> Site {
    let server = RawServer::start(script);
    let proxy = Running::start("http-tokio", "reverse_proxy", &[&format!("http://{}", server.address())]);
    Site { server, proxy }
}

/// A server that sends this as its only answer.
fn answering(answer: &str) -> Site {
    let answer = answer.to_owned();
    site(move |_, mut peer| {
        peer.head();
        peer.send(&answer);
    })
}

impl Site {
    fn client(&self) -> Raw {
        Raw::connect(self.proxy.address())
    }

    fn ask(&self, request: &str) -> Answer {
        let mut client = self.client();
        client.send(request);
        client.answer()
    }

    /// The answer to a request that no server may see.
    fn refused(&self, request: &str) -> u16 {
        let mut client = self.client();
        client.send(request);
        let status = client.answer().status();
        assert_eq!((client.rest().0, self.server.connections()), (Vec::new(), 0), "{request}");
        status
    }
}

/// The head that reaches the server.
fn forwarded(request: &str) -> String {
    let (heads, head) = std::sync::mpsc::channel();
    let site = site(move |_, mut peer| {
        heads.send(peer.head()).unwrap();
        peer.send(OK);
    });
    assert_eq!(site.ask(request).text(), "ok");
    head.recv().unwrap()
}

#[test]
fn bare_cr_goes_no_further() {
    covers!("R9112-2.2-04");
    let site = site(|_, _| {});
    for request in ["GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", "GET / HTTP/1.1\rHost: h\r\n\r\n"] {
        assert_eq!(site.refused(request), 400);
    }
    assert_eq!(answering("HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n").ask(GET).status(), 502);
}

#[test]
fn the_version_is_its_own() {
    covers!("R9112-2.3-02");
    for version in ["1.0", "1.1", "1.7"] {
        let head = forwarded(&format!("GET / HTTP/{version}\r\nHost: h\r\n\r\n"));
        assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
        // What it has received it names in Via.
        let received = if version == "1.0" { "1.0" } else { "1.1" };
        assert!(head.contains(&format!("\r\nvia: {received} ")), "{head}");
        let answer = answering(&format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n\r\n")).ask(GET);
        assert!(answer.head.starts_with("HTTP/1.1 200 OK\r\n"), "{}", answer.head);
    }
}

#[test]
fn host_is_that_of_the_target() {
    covers!("R9112-3.2.2-05");
    for (request, line, host) in [
        ("GET http://a.example:81/p?q HTTP/1.1\r\nHost: b.example\r\n\r\n", "GET /p?q HTTP/1.1", "a.example:81"),
        ("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET / HTTP/1.1", "a.example"),
        ("GET /p HTTP/1.1\r\nHost: b.example\r\nConnection: host\r\n\r\n", "GET /p HTTP/1.1", "b.example"),
    ] {
        let head = forwarded(request);
        assert!(head.starts_with(&format!("{line}\r\nHost: {host}\r\n")), "{head}");
        assert_eq!(head.to_lowercase().matches("host:").count(), 1);
    }
}

#[test]
fn options_of_the_whole_server() {
    covers!("R9112-3.2.4-02");
    for (target, sent) in
        [("http://a:8001", "*"), ("*", "*"), ("http://a:8001/", "/"), ("http://a:8001?q", "/?q"), ("/", "/")]
    {
        let head = forwarded(&format!("OPTIONS {target} HTTP/1.1\r\nHost: a:8001\r\n\r\n"));
        assert!(head.starts_with(&format!("OPTIONS {sent} HTTP/1.1\r\nHost: a:8001\r\n")), "{target}: {head}");
    }
}

#[test]
fn blanks_before_a_colon() {
    covers!("R9112-5.1-02");
    assert_eq!(answering("HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n").ask(GET).status(), 502);
    assert_eq!(site(|_, _| {}).refused("GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n"), 400);
}

#[test]
fn folds_become_blanks() {
    covers!("R9112-5.2-03");
    let answer = answering("HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n c\r\nContent-Length: 0\r\n\r\n").ask(GET);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.field("x").unwrap().split(' ').filter(|word| !word.is_empty()).collect::<String>(), "abc");
    assert_eq!(answer.head.matches("\r\n").count(), answer.head.lines().count(), "{}", answer.head);
    assert!(answer.head.lines().skip(1).all(|line| !line.starts_with([' ', '\t'])), "{}", answer.head);
}

#[test]
fn one_framing_alone() {
    covers!("R9112-6.3#3-02");
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n";
    assert_eq!(site(|_, _| {}).refused(&format!("POST / HTTP/1.1\r\nHost: h\r\n{both}\r\n0\r\n\r\n")), 400);
    assert_eq!(answering(&format!("HTTP/1.1 200 OK\r\n{both}\r\n0\r\n\r\n")).ask(GET).status(), 502);
    // Where neither frames anything, the length is not passed on either.
    let site = answering(&format!("HTTP/1.1 200 OK\r\n{both}\r\n"));
    let mut client = site.client();
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 ") && !head.to_lowercase().contains("content-length"), "{head}");
}

#[test]
fn lengths_that_are_none() {
    covers!("R9112-6.3#5-04");
    for length in ["5, 6", "+5", "5x", "-1", "18446744073709551616", "5\r\nContent-Length: 6"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello");
        assert_eq!(answering(&answer).ask(GET).status(), 502, "{length}");
        let site = answering(&answer);
        let mut client = site.client();
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 200 ") && !head.to_lowercase().contains("content-length"), "{head}");
    }
}

#[test]
fn octets_behind_the_last_answer() {
    covers!("R9112-6.3-06");
    let site = site(|number, mut peer| {
        peer.head();
        let smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled";
        peer.send(if number == 0 { format!("{OK}{smuggled}") } else { OK.to_owned() });
        assert_eq!(peer.rest().0, b"", "a connection with such octets is used again");
    });
    let mut client = site.client();
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(client.answer().text(), "ok");
    }
    assert_eq!(site.server.connections(), 2);
}

#[test]
fn clients_of_http10() {
    covers!("R9112-9.3-08");
    for answer in
        [OK, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok"]
    {
        let site = answering(answer);
        let mut client = site.client();
        client.send("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n");
        let answer = client.answer();
        assert!(answer.closes() && answer.field("keep-alive").is_none(), "{}", answer.head);
        assert_eq!(client.rest(), (Vec::new(), End::Closed));
    }
}

#[test]
fn proxy_connection_is_no_field() {
    covers!("R9112-C.2.2-01");
    let head = forwarded("GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: keep-alive\r\n\r\n");
    assert!(!head.to_lowercase().contains("connection"), "{head}");
    let answer = answering("HTTP/1.1 200 OK\r\nProxy-Connection: close\r\nContent-Length: 0\r\n\r\n").ask(GET);
    assert!(!answer.head.to_lowercase().contains("connection"), "{}", answer.head);
}

#[test]
fn a_refused_tunnel_closes() {
    covers!("R9931-8-02", "R9931-8-03");
    let site = site(|_, _| {});
    for fields in ["", "Connection: keep-alive\r\n"] {
        assert_eq!(site.refused(&format!("CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n{fields}\r\n{GET}")), 403);
    }
}

#[test]
fn hop_by_hop_fields() {
    covers!("R9110-7.6.1-04");
    const HOPS: &str = "Connection: x-hop, close, content-length\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nx-hop: 2\r\n\
                        Proxy-Connection: close\r\nTransfer-Encoding: chunked\r\nX-End: 3\r\nconnection: , Also\r\nALSO: 4\r\n";
    const CONTENT: &str = "2\r\nok\r\n0\r\nX-Hop: 5\r\nX-Sum: 6\r\nAlso: 7\r\n\r\n";
    const SENT_ON: &str = "2\r\nok\r\n0\r\nx-sum: 6\r\n\r\n";
    let check = |head: &str| {
        let head = head.to_lowercase();
        assert!(head.contains("\r\nx-end: 3\r\n") && head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
        for gone in ["x-hop", "keep-alive", "proxy-connection", "also", "\r\nte:"] {
            assert!(!head.contains(gone), "{gone}: {head}");
        }
    };
    let site = site(move |_, mut peer| {
        check(&peer.head());
        assert_eq!(peer.octets(SENT_ON.len()), SENT_ON.as_bytes());
        peer.send(format!("HTTP/1.1 200 OK\r\n{HOPS}\r\n{CONTENT}"));
    });
    let mut client = site.client();
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nTE: gzip\r\n{HOPS}\r\n{CONTENT}"));
    check(&client.head());
    assert_eq!(client.octets(SENT_ON.len()), SENT_ON.as_bytes());
    site.server.finish();
    // Whether the client takes trailers is for it to say.
    for (te, sent) in [("trailers", true), ("gzip, trailers", true), ("deflate;q=0.5", false)] {
        let head = forwarded(&format!("GET / HTTP/1.1\r\nHost: h\r\nTE: {te}\r\nConnection: TE\r\n\r\n"));
        let told = (head.contains("\r\nte: trailers\r\n"), head.contains("\r\nConnection: TE\r\n"));
        assert_eq!((told, head.contains("\r\nte:")), ((sent, sent), sent), "{head}");
    }
}

#[test]
fn content_that_ends_early() {
    covers!("R9110-8.6-06");
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let site = answering(answer);
        let mut client = site.client();
        client.send(GET);
        // As much as has come through before the reset, which may be nothing.
        let (received, end) = client.rest();
        assert!(!received.ends_with(b"0\r\n\r\n") && end == End::Reset, "{answer}");
    }
    for (framing, content) in [("Content-Length: 10", "hello"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n")] {
        let site = site(move |_, peer| {
            let (received, end) = peer.rest();
            assert!(!received.ends_with(b"0\r\n\r\n") && end == End::Reset, "{framing}");
        });
        let mut client = site.client();
        client.send(format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n{content}"));
        client.half_close();
        assert_eq!(client.answer().status(), 400);
        site.server.finish();
    }
}

#[test]
fn a_tunnel_delivers_what_was_said() {
    covers!("R9110-9.3.6-05");
    const LENGTH: usize = 8 * 1024 * 1024;
    for by_client in [true, false] {
        let site = site(move |_, mut peer| {
            peer.head();
            peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
            peer.octets(1);
            if by_client {
                assert_eq!(peer.rest().0.len(), LENGTH);
            } else {
                // Said, and gone at once.
                peer.send(vec![b'x'; LENGTH]);
            }
        });
        let mut client = site.client();
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n1");
        client.head();
        if by_client {
            client.send(vec![b'x'; LENGTH]);
            drop(client);
        } else {
            let (received, end) = client.rest();
            assert_eq!((received.len(), end), (LENGTH, End::Closed));
        }
        site.server.finish();
    }
}

#[test]
fn never_421_of_its_own() {
    covers!("R9110-15.5.20-01");
    let site = answering("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(site.ask(GET).status(), 421, "that of the server goes through");
    // Wherever a request would go that this proxy cannot send: it says so in other words.
    let nobody = answering("");
    for (request, status) in [
        ("GET https://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", 502),
        ("GET ftp://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", 502),
        ("CONNECT elsewhere.example:1 HTTP/1.1\r\nHost: elsewhere.example:1\r\n\r\n", 403),
        (GET, 502),
    ] {
        assert_eq!(nobody.ask(request).status(), status, "{request}");
    }
}
