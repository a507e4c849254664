//! Upgrade and CONNECT: RFC 9110 sections 7.8 and 9.3.6, RFC 9931 section 8.

use crate::support::*;
use http_proto::{BodyLength, Connection, RequestHead, ResponseHead, SendBuf, SendError, Server, State, Step};

checks![
    switching_names_the_protocol,
    only_what_was_offered,
    upgrade_required,
    option_and_field,
    ignored_in_http10,
    nothing_before_the_agreement,
    continue_before_switching,
    octets_behind_an_offer,
    case_of_protocols,
    connect_waits_for_the_answer,
    refused_connect_closes,
    never_kept_after_a_refusal,
];

const OFFER: &str = "Connection: upgrade\r\nUpgrade: a/1, websocket\r\n";

#[test]
fn switching_names_the_protocol() {
    covers!("R9110-7.8-01", "R9110-15.2.2-01");
    let mut server = Endpoint::asked(&get(OFFER));
    let nameless = server.connection.upgrade(&ResponseHead::new(101), &mut server.out);
    assert_eq!((nameless, server.wire()), (Err(SendError::InvalidUpgrade), String::new()));
    assert_eq!(server.respond(&ResponseHead::new(101), BodyLength::Empty), Err(SendError::UpgradeRequired));
    server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out).unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a/1\r\nConnection: upgrade\r\n\r\n";
    assert_eq!(server.wire(), expected);
    assert_eq!(server.connection.state(), State::Upgraded);
    let trace = Wire::client(&[("GET", &["a/1"])], expected).see();
    assert_eq!((trace.error, trace.tail(), trace.value("upgrade")), (None, Some(&b""[..]), Some(b"a/1".to_vec())));
}

#[test]
fn only_what_was_offered() {
    covers!("R9110-7.8-02");
    let mut server = Endpoint::asked(&get(OFFER));
    for protocol in ["b", "a", "a/2", "a/1, websocket", "h2c", "web"] {
        let refused = server.connection.upgrade(&ResponseHead::new(101).upgrade(protocol), &mut server.out);
        assert_eq!(refused, Err(SendError::UpgradeNotOffered), "{protocol}");
    }
    assert_eq!((server.wire(), server.connection.outstanding()), (String::new(), 1));
    let mut server = Endpoint::asked(&get(""));
    let refused = server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out);
    assert_eq!(refused, Err(SendError::UpgradeNotOffered));
    // A client that offered nothing takes no 101.
    let switched = "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: a/1\r\n\r\n";
    rejects(switched, Kind::UnsolicitedUpgrade);
}

#[test]
fn upgrade_required() {
    covers!("R9110-7.8-03");
    let sent = answered(&get(""), &ResponseHead::upgrade_required("h2c"), BodyLength::Empty).unwrap();
    let fields = "Content-Length: 0\r\nUpgrade: h2c\r\nConnection: upgrade\r\n";
    assert_eq!(sent, format!("HTTP/1.1 426 Upgrade Required\r\n{fields}\r\n"));
    assert_eq!(answered(&get(""), &ResponseHead::new(426), BodyLength::Empty), Err(SendError::InvalidUpgrade));
}

#[test]
fn option_and_field() {
    covers!("R9110-7.8-04");
    let sent = asked(&RequestHead::get("h", "/").upgrade(&["a"]), BodyLength::Empty).unwrap();
    assert!(sent.ends_with("\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"));
    for (fields, offered) in [
        (OFFER, true),
        ("Upgrade: a\r\n", false),
        ("Connection: upgrade\r\n", false),
        ("Connection: upgrade\r\nUpgrade:\r\n", false),
        ("Connection: upgrade\r\nUpgrade: ,\r\n", false),
        ("Connection: keep-alive, Upgrade\r\nUpgrade: a\r\n", true),
        ("Connection: upgrades\r\nUpgrade: a\r\n", false),
    ] {
        assert_eq!(accepts(get(fields)).head().upgrade, offered, "{fields}");
    }
}

#[test]
fn ignored_in_http10() {
    covers!("R9110-7.8-05");
    let request = format!("GET / HTTP/1.0\r\nHost: h\r\n{OFFER}\r\n");
    assert!(!accepts(&request).head().upgrade);
    let mut server = Endpoint::asked(&request);
    let refused = server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out);
    assert_eq!(refused, Err(SendError::UpgradeNotOffered));
    let old = RequestHead { version: http_proto::Version::HTTP_10, ..RequestHead::get("h", "/").upgrade(&["a"]) };
    assert_eq!(asked(&old, BodyLength::Empty), Err(SendError::InvalidUpgrade));
}

#[test]
fn nothing_before_the_agreement() {
    covers!("R9110-7.8-06");
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h").upgrade(&["a"]), BodyLength::Exact(2)).unwrap();
    // A 101 before the request is complete was not asked for.
    let mut early = Endpoint::client();
    early.start(&RequestHead::new("POST", "/").host("h").upgrade(&["a"]), BodyLength::Exact(2)).unwrap();
    let switched = "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n";
    assert_eq!(early.feed(switched).unwrap_err().kind(), Kind::UnsolicitedUpgrade);

    client.send("hi").unwrap();
    client.finish().unwrap();
    assert_eq!(client.send("raw"), Err(SendError::NoMessage));
    let (events, _) = client.feed(&format!("{switched}tail")).unwrap();
    assert_eq!(events.last(), Some(&Seen::Tail(b"tail".to_vec())));
    assert_eq!(client.send("raw").unwrap(), "raw");
    // A server, too, has the whole request before it switches.
    let mut server = Endpoint::asked(&post(&format!("{OFFER}Content-Length: 2\r\n"), "h"));
    let refused = server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out);
    assert_eq!(refused, Err(SendError::RequestIncomplete));
}

#[test]
fn continue_before_switching() {
    covers!("R9110-7.8-07");
    let switch = |server: &mut Endpoint<Server>| {
        server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out)
    };
    let head = format!("{OFFER}Expect: 100-continue\r\n");
    let (proceed, switching) = ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n");
    let mut server = Endpoint::asked(&post(&format!("{head}Content-Length: 2\r\n"), ""));
    assert_eq!(switch(&mut server), Err(SendError::RequestIncomplete));
    server.connection.proceed(&mut server.out).unwrap();
    server.feed("hi").unwrap();
    switch(&mut server).unwrap();
    let sent = server.wire();
    assert!(sent.starts_with(&format!("{proceed}{switching}")) && sent.matches("100").count() == 1, "{sent}");
    // Without content, or with content that came unasked, it goes out with the 101.
    for request in [get(&head), post(&format!("{head}Content-Length: 2\r\n"), "hi")] {
        let mut server = Endpoint::asked(&request);
        switch(&mut server).unwrap();
        assert!(server.wire().starts_with(&format!("{proceed}{switching}")));
    }
}

#[test]
fn octets_behind_an_offer() {
    covers!("R9110-7.8-08");
    // Undecided: nothing behind the request is read.
    let request = format!("{}{NEXT}", get(OFFER));
    let mut server = Endpoint::server();
    let (events, step) = server.feed(&request).unwrap();
    assert_eq!((events.len(), step), (2, Step::Paused));
    assert!(!server.connection.interest(&server.out).read);
    // Accepted: it is the tail.
    server.connection.upgrade(&ResponseHead::new(101).upgrade("a/1"), &mut server.out).unwrap();
    assert_eq!(server.feed("").unwrap(), (vec![Seen::Tail(NEXT.as_bytes().to_vec())], Step::Closed));
    // Declined: it is the next request, the same as if nothing had been offered.
    let trace = accepts(&request);
    assert_eq!((trace.completed(), trace.heads()[1].target.as_str()), (2, "/next"));
    // CONNECT declined: it is never read.
    fn no(connection: &mut Connection<Server>, _: &Head, out: &mut SendBuf) {
        connection.respond(&ResponseHead::new(403), BodyLength::Empty, out).unwrap();
    }
    let connect = format!("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n{NEXT}");
    let trace = Wire::server(&connect).answer(no).see();
    assert_eq!((trace.completed(), trace.left, trace.error), (1, NEXT.len(), None));
}

#[test]
fn case_of_protocols() {
    covers!("R9110-7.8-09");
    let mut server = Endpoint::asked(&get("Connection: UPGRADE\r\nUpgrade: WebSocket\r\n"));
    server.connection.upgrade(&ResponseHead::new(101).upgrade("websocket"), &mut server.out).unwrap();
    assert!(server.wire().contains("\r\nUpgrade: websocket\r\n"));
    let trace =
        Wire::client(&[("GET", &["websocket"])], "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: WEBSOCKET\r\n\r\n");
    assert_eq!(trace.see().tail(), Some(&b""[..]));
}

#[test]
fn connect_waits_for_the_answer() {
    covers!("R9931-8-01");
    for close in [false, true] {
        let head = RequestHead::new("CONNECT", "h:80");
        let mut client = Endpoint::client();
        client.start(&if close { head.close() } else { head }, BodyLength::Empty).unwrap();
        assert!(client.send("raw").is_err());
        client.feed("HTTP/1.1 103 x\r\n\r\n").unwrap();
        assert!(client.send("raw").is_err());
        client.feed("HTTP/1.1 200 OK\r\n\r\n").unwrap();
        assert_eq!(client.send("raw").unwrap(), "raw");
    }
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("CONNECT", "h:80"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(client.send("raw").is_err());
    assert_eq!(asked(&RequestHead::new("CONNECT", "h:80"), BodyLength::Exact(1)), Err(SendError::BodyNotAllowed));
}

#[test]
fn refused_connect_closes() {
    covers!("R9931-8-02");
    for status in [204, 301, 403, 407, 500] {
        let mut server = Endpoint::asked(&format!("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n{NEXT}"));
        assert!(!server.connection.interest(&server.out).read);
        let sent = server.respond(&ResponseHead::new(status), BodyLength::Empty).unwrap();
        assert!(sent.contains("\r\nConnection: close\r\n"), "{sent}");
        let (events, _) = server.feed(NEXT).unwrap();
        assert!(events.is_empty());
        assert_eq!(server.connection.state(), State::Closing);
    }
    // Accepted, everything behind it belongs to the tunnel.
    let mut server = Endpoint::asked(&format!("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n{NEXT}"));
    server.connection.upgrade(&ResponseHead::new(200), &mut server.out).unwrap();
    assert_eq!(server.feed("").unwrap().0, [Seen::Tail(NEXT.as_bytes().to_vec())]);
}

#[test]
fn never_kept_after_a_refusal() {
    covers!("R9931-8-03");
    // No option of the client, and nothing in the configuration, keeps the connection.
    for fields in ["", "Connection: keep-alive\r\n", "Connection: close\r\n"] {
        for version in ["1.0", "1.1"] {
            let mut server = Endpoint::asked(&format!("CONNECT h:80 HTTP/{version}\r\nHost: h\r\n{fields}\r\n"));
            let sent = server.respond(&ResponseHead::new(403), BodyLength::Exact(0)).unwrap();
            assert!(sent.contains("\r\nConnection: close\r\n"), "{sent}");
            server.finish().unwrap();
            assert!(server.connection.interest(&server.out).shutdown_write);
        }
    }
}
