//! Closing connections: RFC 9112 section 9.6.

use crate::support::*;
use http_proto::{BodyLength, Config, End, HalfClose, RequestHead, ResponseHead, SendError, State, Step};

checks![
    close_is_announced,
    client_that_announced_it,
    client_closes,
    server_closes,
    nothing_behind_a_close,
    server_that_announced_it,
    client_that_was_told,
    close_in_stages,
    half_close,
];

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const CLOSING: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn close_is_announced() {
    covers!("R9112-9.6-01", "R9112-9.6-05");
    let unasked = post("Expect: 100-continue\r\nContent-Length: 2\r\n", "");
    for request in [
        get("Connection: close\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        unasked,
    ] {
        for body in [BodyLength::Empty, BodyLength::Exact(0), BodyLength::Unknown] {
            let mut server = Endpoint::asked(&request);
            let sent = server.respond(&ResponseHead::new(403), body).unwrap();
            assert_eq!(sent.matches("Connection: close\r\n").count(), 1, "{request}");
            if body != BodyLength::Empty {
                server.finish().unwrap();
            }
            assert!(server.connection.interest(&server.out).shutdown_write, "{request}");
        }
    }
    let mut server = Endpoint::asked(&get(""));
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert_eq!(sent, EMPTY);
    assert!(!server.connection.interest(&server.out).shutdown_write);
}

#[test]
fn client_that_announced_it() {
    covers!("R9112-9.6-02");
    let mut config = Config::client();
    config.pipeline.depth = 4;
    let mut client = Endpoint::client_with(config);
    let head = RequestHead::get("h", "/");
    client.start(&head, BodyLength::Empty).unwrap();
    client.start(&head.close(), BodyLength::Empty).unwrap();
    assert_eq!(client.start(&head, BodyLength::Empty), Err(SendError::Closed));
    client.feed(EMPTY).unwrap();
    assert_eq!(client.start(&head, BodyLength::Empty), Err(SendError::Closed));
    assert_eq!(client.feed(EMPTY).unwrap().0.len(), 2);
}

#[test]
fn client_closes() {
    covers!("R9112-9.6-03");
    for answer in [EMPTY, CLOSING, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"] {
        let mut client = Endpoint::client();
        client.start(&RequestHead::get("h", "/").close(), BodyLength::Empty).unwrap();
        assert!(!client.connection.interest(&client.out).close);
        let (events, step) = client.feed(answer).unwrap();
        assert_eq!((events.len(), step), (2, Step::Closed));
        assert!(client.connection.interest(&client.out).close);
    }
}

#[test]
fn server_closes() {
    covers!("R9112-9.6-04");
    let mut server = Endpoint::asked(&get("Connection: close\r\n"));
    server.connection.respond(&ResponseHead::new(200), BodyLength::Exact(2), &mut server.out).unwrap();
    let _ = server.connection.send(b"hi", &mut server.out).unwrap();
    server.connection.finish(None, &mut server.out).unwrap();
    // The last octet goes out first.
    let interest = server.connection.interest(&server.out);
    assert!(interest.write && !interest.shutdown_write && !interest.close);
    assert!(server.wire().ends_with("hi"));
    let interest = server.connection.interest(&server.out);
    assert!(!interest.write && interest.shutdown_write);
    assert_eq!(server.connection.state(), State::Closing);
}

#[test]
fn nothing_behind_a_close() {
    covers!("R9112-9.6-06");
    for request in [get("Connection: close\r\n"), "GET / HTTP/1.0\r\n\r\n".to_owned()] {
        for behind in [NEXT, "\x00garbage", "\r\n\r\n"] {
            let trace = Wire::server(&format!("{request}{behind}")).see();
            assert_eq!((trace.error, trace.completed(), trace.left), (None, 1, behind.len()), "{behind:?}");
            assert_eq!(trace.sent, CLOSING);
        }
    }
}

#[test]
fn server_that_announced_it() {
    covers!("R9112-9.6-07");
    let mut server = Endpoint::server();
    assert_eq!(server.feed(&NEXT.repeat(2)).unwrap().0.len(), 4);
    assert_eq!(server.respond(&ResponseHead::new(200).close(), BodyLength::Empty).unwrap(), CLOSING);
    assert_eq!(server.respond(&ResponseHead::new(200), BodyLength::Empty), Err(SendError::Closed));
    assert!(server.feed(NEXT).unwrap().0.is_empty());
    assert_eq!(server.connection.state(), State::Closing);
    // The handler of the second one is told by it, and gives it up.
    assert_eq!(server.connection.outstanding(), 1);
    server.connection.abandon();
    assert_eq!(server.connection.outstanding(), 0);
}

#[test]
fn client_that_was_told() {
    covers!("R9112-9.6-08");
    let mut config = Config::client();
    config.pipeline.depth = 4;
    let mut client = Endpoint::client_with(config);
    let head = RequestHead::get("h", "/");
    for _ in 0..3 {
        client.start(&head, BodyLength::Empty).unwrap();
    }
    let (events, step) = client.feed(&format!("{CLOSING}{EMPTY}")).unwrap();
    assert_eq!((events.len(), step), (2, Step::Closed));
    assert!(matches!(&events[0], Seen::Head(head) if !head.keep_alive));
    assert_eq!(client.start(&head, BodyLength::Empty), Err(SendError::Closed));
    assert_eq!(client.connection.unanswered(&client.out).count(), 2);
    assert!(client.connection.interest(&client.out).close);
}

#[test]
fn close_in_stages() {
    covers!("R9112-9.6-10");
    let mut server = Endpoint::asked(&get("Connection: close\r\n"));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    // Half-closed; what still comes is read and thrown away, up to a bound, and then the rest.
    let interest = server.connection.interest(&server.out);
    assert!(interest.shutdown_write && interest.read && !interest.close && !interest.abort);
    let piece = "x".repeat(64 * 1024);
    for _ in 0..4 {
        assert_eq!(server.feed(&piece).unwrap(), (Vec::new(), Step::NeedInput));
        assert!(!server.connection.interest(&server.out).close);
    }
    assert_eq!(server.feed("x").unwrap(), (Vec::new(), Step::Closed));
    assert!(server.connection.interest(&server.out).close);
    // Or until the client has closed.
    let mut server = Endpoint::asked(&get("Connection: close\r\n"));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    server.end(End::Clean).unwrap();
    assert!(server.connection.interest(&server.out).close);
    // Or for a while.
    let mut server = Endpoint::asked(&get("Connection: close\r\n"));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    let now = http_proto::Instant::from_nanos(1);
    let due = server.connection.poll_timeout(now, &server.out).unwrap();
    assert_eq!(due.saturating_since(now), std::time::Duration::from_secs(2));
    server.connection.handle_timeout(due, &server.out);
    assert!(server.connection.interest(&server.out).close);
}

#[test]
fn half_close() {
    covers!("R9112-9.6-11");
    for request in [get(""), post("Content-Length: 2\r\n", "hi"), NEXT.repeat(2)] {
        let mut server = Endpoint::asked(&request);
        let outstanding = server.connection.outstanding();
        server.end(End::Clean).unwrap();
        for index in 1..=outstanding {
            let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
            assert_eq!(sent, if index == outstanding { CLOSING } else { EMPTY });
        }
        assert!(server.connection.interest(&server.out).close);
    }
    // Nor does it end a message.
    let trace = Wire::server(&post("Content-Length: 2\r\n", "h")).end(End::Clean).see();
    assert_eq!((trace.completed(), trace.error.unwrap().0), (0, Kind::IncompleteBody));
    // A server may be told to read it as a loss of interest.
    let mut config = Config::server();
    config.half_close = HalfClose::Cancel;
    let mut server = Endpoint::server_with(config);
    server.feed(&get("")).unwrap();
    server.end(End::Clean).unwrap();
    assert_eq!(server.respond(&ResponseHead::new(200), BodyLength::Empty), Err(SendError::Closed));
}
