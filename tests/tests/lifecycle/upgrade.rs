//! Where HTTP ends: Upgrade and CONNECT, accepted and refused, from both ends.

use http_proto::{
    BodyLength, Config, End, Framing, Instant, Pipeline, RequestHead, ResponseHead, SendError, Server, State,
};
use std::time::Duration;
use tests::pair::one::One;

const HANDSHAKE: &str =
    "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket, x/2\r\n\r\n";
const CONNECT: &str = "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n";
const FRAME: &str = "\x01\x02frame";
const SWITCH: ResponseHead<'static> = ResponseHead::new(101).upgrade("websocket");

fn hear_handshake() -> One<Server> {
    let mut server = One::server();
    assert_eq!(server.hear(HANDSHAKE), ["H GET /ws HTTP/1.1", "M", "Paused"]);
    server
}

#[test]
fn i15_an_offer_is_accepted_with_101() {
    let mut server = hear_handshake();
    assert!(!server.interest().read, "undecided");
    let refused = |server: &mut One<Server>, head: ResponseHead<'_>| {
        server.connection.upgrade(&head, &mut server.out).unwrap_err()
    };
    assert_eq!(refused(&mut server, ResponseHead::new(101)), SendError::InvalidUpgrade);
    assert_eq!(refused(&mut server, SWITCH.upgrade("other")), SendError::UpgradeNotOffered);
    assert_eq!(refused(&mut server, ResponseHead::new(200).upgrade("websocket")), SendError::InvalidStatus);
    assert_eq!(server.connection.respond(&SWITCH, BodyLength::Empty, &mut server.out), Err(SendError::UpgradeRequired));
    server.connection.upgrade(&SWITCH.fields(&[("Sec-X", b"y")]), &mut server.out).unwrap();
    assert_eq!(
        server.written(),
        "HTTP/1.1 101 Switching Protocols\r\nSec-X: y\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    );
    assert_eq!(server.events(), ["T ", "Closed"]);
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Upgraded, 0));
    let _ = server.connection.send(b"raw", &mut server.out).unwrap();
    assert_eq!(server.written(), "raw");
    assert_eq!(server.connection.finish(None, &mut server.out), Err(SendError::Upgraded));
    assert_eq!(server.connection.respond(&SWITCH, BodyLength::Empty, &mut server.out), Err(SendError::Upgraded));
}

#[test]
fn i15_a_refused_offer_stays_http_and_loses_nothing() {
    for (status, head) in [(400, ResponseHead::new(400)), (426, ResponseHead::upgrade_required("websocket"))] {
        let mut server = hear_handshake();
        // What came behind the offer is held until the decision, and is HTTP again then.
        assert_eq!(server.hear("GET /next HTTP/1.1\r\nHost: h\r\n\r\n"), ["Paused"]);
        server.connection.respond(&head, BodyLength::Empty, &mut server.out).unwrap();
        assert!(server.written().starts_with(&format!("HTTP/1.1 {status} ")));
        assert_eq!(server.events(), ["H GET /next HTTP/1.1", "M", "NeedInput"]);
        assert_eq!(
            server.connection.upgrade(&SWITCH, &mut server.out),
            Err(SendError::UpgradeNotOffered),
            "the offer is gone"
        );
    }
}

#[test]
fn i15_what_is_no_offer() {
    let heads = [
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ];
    for head in heads {
        let mut server = One::server();
        assert!(!server.hear(head).contains(&"Paused".to_owned()), "{head}");
        let head = SWITCH.upgrade("x");
        assert_eq!(server.connection.upgrade(&head, &mut server.out), Err(SendError::UpgradeNotOffered));
    }
}

// RFC 9110 section 7.8: content first, and 100 (Continue) goes before 101.
#[test]
fn i15_an_offer_with_content() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\nExpect: 100-continue\r\n\
        Content-Length: 2\r\n\r\n";
    let mut server = One::server();
    server.hear(head);
    let switch = ResponseHead::new(101).upgrade("x");
    assert_eq!(server.connection.upgrade(&switch, &mut server.out), Err(SendError::RequestIncomplete));
    assert_eq!(server.hear("ab!"), ["P ab", "M", "Paused"]);
    server.connection.upgrade(&switch, &mut server.out).unwrap();
    assert!(server.written().starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 "));
    assert_eq!(server.events(), ["T !", "Closed"]);
}

#[test]
fn i15_a_client_takes_only_a_101_that_it_asked_for() {
    let get = RequestHead::get("h", "/");
    let answer = "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let mut client = One::client();
    client.connection.start(&get, BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.hear(answer), ["UnsolicitedUpgrade at 49"]);
    let mut client = One::client();
    client.connection.start(&get.upgrade(&["x", "y"]), BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.written(), "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: x, y\r\nConnection: upgrade\r\n\r\n");
    assert_eq!(client.hear(answer), ["H HTTP/1.1 101 ", "M", "T ", "Closed"]);
    let mut client = One::client();
    client.connection.start(&get.upgrade(&["x"]), BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.hear("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")[1..], ["M", "NeedInput"]);
    assert!(client.connection.is_reusable(), "a refusal stays HTTP");
}

/// The events of a server that accepts, when the octets come in two pieces; then the octets after the tail.
fn accept_in_pieces(handshake: &str, head: &ResponseHead<'_>, at: usize) -> Vec<String> {
    let octets = format!("{handshake}{FRAME}");
    let (first, second) = octets.as_bytes().split_at(at);
    let mut server = One::server();
    let mut found = Vec::new();
    for piece in [first, second] {
        if server.interest().read {
            found.extend(server.hear(piece));
            if found.last().is_some_and(|last| last == "Paused") {
                server.connection.upgrade(head, &mut server.out).unwrap();
                found.extend(server.events());
            }
        } else {
            // After the tail the octets belong to the next protocol, and its owner reads them.
            assert_eq!(server.connection.state(), State::Upgraded);
            found.push(format!("T {}", piece.escape_ascii()));
        }
    }
    found.retain(|event| !matches!(event.as_str(), "NeedInput" | "Paused" | "Closed"));
    let tails: Vec<String> = found.iter().filter_map(|event| event.strip_prefix("T ")).map(str::to_owned).collect();
    found.retain(|event| !event.starts_with("T "));
    found.push(tails.concat());
    found
}

#[test]
fn i16_octets_behind_the_handshake_reach_the_next_protocol_at_every_split() {
    let accepted = ResponseHead::new(200);
    for (handshake, head) in [(HANDSHAKE, &SWITCH), (CONNECT, &accepted)] {
        let whole = accept_in_pieces(handshake, head, handshake.len() + FRAME.len());
        assert_eq!(whole[1..], ["M", "\\x01\\x02frame"]);
        for at in 0..handshake.len() + FRAME.len() {
            assert_eq!(accept_in_pieces(handshake, head, at), whole, "split at {at}");
        }
    }
}

#[test]
fn i16_the_same_at_the_client() {
    for connect in [false, true] {
        let answer = if connect {
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        } else {
            "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n"
        };
        let octets = format!("{answer}{FRAME}");
        for at in 0..=octets.len() {
            let mut client = One::client();
            let request =
                if connect { RequestHead::new("CONNECT", "h:1") } else { RequestHead::get("h", "/").upgrade(&["x"]) };
            client.connection.start(&request, BodyLength::Empty, &mut client.out).unwrap();
            let (first, second) = octets.as_bytes().split_at(at);
            let mut found = client.hear(first);
            let tail_from = at.max(answer.len());
            if at < answer.len() {
                found.extend(client.hear(second));
                found.retain(|event| event != "NeedInput");
                let tail = octets.as_bytes()[answer.len()..].escape_ascii().to_string();
                assert_eq!(found[1..], ["M".to_owned(), format!("T {tail}"), "Closed".to_owned()], "split at {at}");
            } else {
                let tail = octets.as_bytes()[answer.len()..tail_from].escape_ascii().to_string();
                assert_eq!(found[1..], ["M".to_owned(), format!("T {tail}"), "Closed".to_owned()], "split at {at}");
                assert!(!client.interest().read, "the rest is not for HTTP");
            }
        }
    }
}

#[test]
fn i17_no_deadline_and_no_framing_outlive_the_upgrade() {
    let mut server = hear_handshake();
    let mut client = One::client();
    client
        .connection
        .start(&RequestHead::get("h", "/").upgrade(&["websocket"]), BodyLength::Empty, &mut client.out)
        .unwrap();
    client.written();
    server.connection.upgrade(&SWITCH, &mut server.out).unwrap();
    client.hear(server.written());
    server.events();
    let mut now = Instant::from_nanos(1);
    for _ in 0..10 {
        assert_eq!(server.connection.poll_timeout(now, &server.out), None);
        assert_eq!(client.connection.poll_timeout(now, &client.out), None);
        now = now.saturating_add(Duration::from_secs(90));
        server.connection.handle_timeout(now, &server.out);
        client.connection.handle_timeout(now, &client.out);
    }
    // Octets that wait to be written are the next protocol's affair too.
    let _ = server.connection.send(b"raw", &mut server.out).unwrap();
    assert_eq!(server.connection.poll_timeout(now, &server.out), None);
    assert_eq!((server.connection.state(), client.connection.state()), (State::Upgraded, State::Upgraded));
    assert_eq!(server.events(), ["Closed"], "no end of a body, no error");
    server.input.set_end(End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    assert_eq!(server.connection.state(), State::Upgraded);
}

#[test]
fn x4_connect_makes_a_tunnel_with_any_2xx_but_204() {
    for status in [200, 201, 299] {
        let mut server = One::server();
        assert_eq!(server.hear(CONNECT), ["H CONNECT h:443 HTTP/1.1", "M", "Paused"]);
        let head = ResponseHead::new(status);
        assert_eq!(
            server.connection.respond(&head, BodyLength::Empty, &mut server.out),
            Err(SendError::UpgradeRequired)
        );
        server.connection.upgrade(&head, &mut server.out).unwrap();
        let written = server.written();
        assert!(!written.contains("Content-Length") && !written.contains("Transfer-Encoding"), "{written}");
        assert_eq!(server.connection.state(), State::Upgraded);

        let mut client = One::client();
        client.connection.start(&RequestHead::new("CONNECT", "h:443"), BodyLength::Empty, &mut client.out).unwrap();
        assert_eq!(client.written(), CONNECT);
        assert_eq!(client.hear(written)[1..], ["M", "T ", "Closed"]);
        let _ = client.connection.send(b"hello", &mut client.out).unwrap();
        assert_eq!(client.written(), "hello");
    }
    let mut server = One::server();
    server.hear(CONNECT);
    for status in [204, 403, 101] {
        let refused = server.connection.upgrade(&ResponseHead::new(status), &mut server.out);
        assert_eq!(refused, Err(SendError::InvalidStatus), "{status}");
    }
}

// RFC 9931: a server that refuses CONNECT closes, and processes nothing behind it.
#[test]
fn x4_a_refused_connect_closes() {
    let mut server = One::server();
    server.hear(format!("{CONNECT}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));
    server.connection.respond(&ResponseHead::new(403), BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert_eq!(server.events(), ["NeedInput"], "swallowed, not parsed");
    assert_eq!((server.connection.state(), server.interest().shutdown_write), (State::Closing, true));

    let mut client = One::client();
    client.connection.start(&RequestHead::new("CONNECT", "h:443"), BodyLength::Empty, &mut client.out).unwrap();
    client.written();
    let heard = client.hear("HTTP/1.1 407 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(heard, ["H HTTP/1.1 407 No", "P no", "M", "Closed"]);
    assert!(client.interest().close);
}

#[test]
fn x4_connect_has_no_content() {
    for field in ["Content-Length: 0", "Transfer-Encoding: chunked"] {
        let heard = One::server().hear(format!("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n{field}\r\n\r\n"));
        assert!(heard[0].starts_with("FramedConnect"), "{heard:?}");
    }
    // And the answer's framing fields mean nothing.
    let mut client = One::client();
    client.connection.start(&RequestHead::new("CONNECT", "h:1"), BodyLength::Empty, &mut client.out).unwrap();
    assert!(client.input.fill_from(b"HTTP/1.1 200 \r\nTransfer-Encoding: nonsense;\r\n\r\n") > 0);
    let http_proto::Event::HeadersComplete(head) = client.connection.recv(&mut client.input).unwrap() else {
        panic!("no head");
    };
    assert_eq!(head.framing(), Framing::Tunnel);
}

// An upgrade waits for the exchanges before it.
#[test]
fn x4_a_tunnel_behind_a_pipelined_request() {
    let mut config = Config::server();
    config.pipeline = Pipeline { depth: 4, safe_only: false };
    let mut server = One::server_with(config);
    server.hear(format!("GET / HTTP/1.1\r\nHost: h\r\n\r\n{HANDSHAKE}{FRAME}"));
    assert_eq!(server.connection.upgrade(&SWITCH, &mut server.out), Err(SendError::UpgradeNotOffered));
    server.connection.respond(&ResponseHead::new(200), BodyLength::Empty, &mut server.out).unwrap();
    server.connection.upgrade(&SWITCH, &mut server.out).unwrap();
    assert_eq!(server.events(), ["T \\x01\\x02frame", "Closed"]);
}

// The peer knows that a body of announced length is complete before the caller has said so.
#[test]
fn i15_a_101_may_come_before_finish() {
    let offer = RequestHead::new("POST", "/").host("h").upgrade(&["x"]);
    let switch = "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    for (sent, accepted) in [(&b"ab"[..], true), (b"a", false)] {
        let mut client = One::client();
        client.connection.start(&offer, BodyLength::Exact(2), &mut client.out).unwrap();
        let _ = client.connection.send(sent, &mut client.out).unwrap();
        assert_eq!(client.hear(switch)[0] == "H HTTP/1.1 101 ", accepted);
        assert_eq!(client.connection.state() == State::Upgraded, accepted);
        assert!(client.connection.finish(None, &mut client.out).is_err());
    }
}

// A failed delivery between the head of the 101 and its end does not lead back to HTTP.
#[test]
fn i15_a_tunnel_that_cannot_be_written_to_is_closed() {
    let mut client = One::client();
    let head = RequestHead::get("h", "/").upgrade(&["x"]);
    client.connection.start(&head, BodyLength::Empty, &mut client.out).unwrap();
    assert!(client.input.fill_from(b"HTTP/1.1 101 \r\n\r\n") > 0);
    client.connection.step(&mut client.input).unwrap();
    assert_eq!(client.connection.state(), State::Upgraded);
    client.connection.delivery_failed();
    assert_eq!(client.connection.finish(None, &mut client.out), Err(SendError::Closed));
    assert_eq!(client.connection.state(), State::Closed);
}

// Nor does one that began while the request's end was still to be read: the tail must not be lost to it.
#[test]
fn i17_a_deadline_of_the_request_does_not_outlive_it() {
    let mut server = One::server();
    assert!(server.input.fill_from(format!("{CONNECT}{FRAME}").as_bytes()) > 0);
    server.connection.step(&mut server.input).unwrap();
    server.connection.upgrade(&ResponseHead::new(200), &mut server.out).unwrap();
    server.written();
    let storage = server.input.lend().unwrap();
    assert_eq!(server.events(), ["NeedInput"]);
    server.connection.discard();
    assert_eq!(server.connection.poll_timeout(Instant::ORIGIN, &server.out), None);
    server.connection.handle_timeout(Instant::from(Duration::from_secs(1000)), &server.out);
    server.input.restore(storage, 0).unwrap();
    assert_eq!(server.events(), ["M", "T \\x01\\x02frame", "Closed"]);
}
