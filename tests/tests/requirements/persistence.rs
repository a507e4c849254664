//! Connections over several exchanges: RFC 9112 sections 9.3 and 9.5.

use crate::support::*;
use http_proto::{BodyLength, Client, Config, End, Pipeline, RequestHead, ResponseHead, SendError, Step};

checks![
    many_requests,
    persistence_table,
    client_without_persistence,
    server_without_persistence,
    no_request_after_a_close,
    unread_request_body,
    unread_response_body,
    http10_client_of_a_proxy,
    answers_in_order,
    unanswered_are_handed_back,
    nothing_behind_an_unsafe_request,
    pipelined_safe_requests,
    early_answer_with_close,
    early_answer_without_close,
    graceful_shutdown,
];

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn client_of(depth: u16, safe_only: bool) -> Endpoint<Client> {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth, safe_only };
    Endpoint::client_with(config)
}

#[test]
fn many_requests() {
    covers!("R9112-9.3-01");
    let trace = accepts(NEXT.repeat(50));
    assert_eq!((trace.completed(), trace.sent), (50, EMPTY.repeat(50)));
    let mut client = Endpoint::client();
    for _ in 0..50 {
        client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
        assert_eq!(client.feed(EMPTY).unwrap().0.len(), 2);
        assert!(client.connection.is_reusable() && client.connection.outstanding() == 0);
    }
}

#[test]
fn persistence_table() {
    covers!("R9112-9.3-02");
    for (fields, http10, http11) in [
        ("", false, true),
        ("Connection: keep-alive\r\n", true, true),
        ("Connection: Keep-Alive\r\n", true, true),
        ("Connection: close\r\n", false, false),
        ("Connection: CLOSE\r\n", false, false),
        ("Connection: close, keep-alive\r\n", false, false),
        ("Connection: keep-alive, close\r\n", false, false),
        ("Connection: keep-alive\r\nConnection: close\r\n", false, false),
        ("Connection: x, keep-alive , y\r\n", true, true),
        ("Connection: x\r\n", false, true),
        ("Connection:\r\n", false, true),
        ("Keep-Alive: timeout=5\r\n", false, true),
        ("Connection: keep-alive-not\r\n", false, true),
    ] {
        for (version, keep_alive) in [("1.0", http10), ("1.1", http11), ("1.5", http11)] {
            let request = format!("GET / HTTP/{version}\r\nHost: h\r\n{fields}\r\n");
            let trace = Wire::server(&format!("{request}{NEXT}")).see();
            assert_eq!(trace.heads()[0].keep_alive, keep_alive, "{request}");
            assert_eq!(trace.completed(), if keep_alive { 2 } else { 1 }, "{request}");
            // HTTP/1.0 is told that the connection lasts.
            let says = trace.sent.contains("keep-alive");
            assert_eq!(says, version == "1.0" && keep_alive);
            let response = format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n{fields}\r\n");
            assert_eq!(takes(response).head().keep_alive, keep_alive, "{fields}");
        }
    }
}

#[test]
fn client_without_persistence() {
    covers!("R9112-9.3-03");
    for method in ["GET", "POST", "FROB"] {
        let sent = asked(&RequestHead::new(method, "/").host("h").close(), BodyLength::Empty).unwrap();
        assert!(sent.ends_with("Connection: close\r\n\r\n"));
    }
    // HTTP/1.0 asks for what is not its default.
    let old = RequestHead { version: http_proto::Version::HTTP_10, ..RequestHead::get("h", "/") };
    assert!(asked(&old, BodyLength::Empty).unwrap().ends_with("Connection: keep-alive\r\n\r\n"));
    assert!(asked(&old.close(), BodyLength::Empty).unwrap().ends_with("Connection: close\r\n\r\n"));
}

#[test]
fn server_without_persistence() {
    covers!("R9112-9.3-04");
    for status in [200, 204, 304, 404, 500] {
        let sent = answered(&get(""), &ResponseHead::new(status).close(), BodyLength::Empty).unwrap();
        assert_eq!(sent.matches("Connection: close\r\n").count(), 1);
    }
    let mut server = Endpoint::asked(&get(""));
    let refused = server.connection.inform(&ResponseHead::new(103).close(), &mut server.out);
    assert_eq!(refused, Err(SendError::InvalidConnectionOption));
}

#[test]
fn no_request_after_a_close() {
    covers!("R9112-9.3-05");
    let head = RequestHead::get("h", "/");
    for (first, answer, usable) in [
        (head, EMPTY, true),
        (head.close(), EMPTY, false),
        (head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false),
        (head, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
        (head, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true),
    ] {
        let mut client = Endpoint::client();
        client.start(&first, BodyLength::Empty).unwrap();
        client.feed(answer).unwrap();
        assert_eq!(client.connection.is_reusable(), usable, "{answer}");
        let again = client.start(&head, BodyLength::Empty);
        assert_eq!(again.is_ok(), usable);
        assert!(usable || again == Err(SendError::Closed));
    }
}

#[test]
fn unread_request_body() {
    covers!("R9112-9.3-06");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
    for request in
        [post(&format!("Content-Length: {}\r\n", hidden.len()), ""), chunked(&format!("{:x}\r\n", hidden.len()))]
    {
        // Answered before the body was read: the rest is swallowed, and the next request is the next.
        let mut server = Endpoint::asked(&request);
        server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
        let rest = if request.contains("chunked") { "\r\n0\r\n\r\n" } else { "" };
        let (events, _) = server.feed(&format!("{hidden}{rest}{NEXT}")).unwrap();
        let heads: Vec<_> = events.iter().filter(|seen| matches!(seen, Seen::Head(_))).collect();
        assert!(matches!(heads[..], [Seen::Head(head)] if head.target == "/next"), "{events:?}");
    }
    // Too much of it: the connection closes, and nothing more is parsed.
    let mut server = Endpoint::asked(&post("Content-Length: 300000\r\n", ""));
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert!(sent.contains("\r\nConnection: close\r\n"));
    assert!(server.feed(NEXT).unwrap().0.is_empty());
    assert!(server.connection.interest(&server.out).shutdown_write);
    let mut server = Endpoint::asked(&chunked(""));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65536));
    for _ in 0..5 {
        assert!(server.feed(&chunk).unwrap().0.is_empty());
    }
    assert!(server.connection.interest(&server.out).shutdown_write);
}

#[test]
fn unread_response_body() {
    covers!("R9112-9.3-07");
    let mut client = Endpoint::client();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab").unwrap();
    let again = client.start(&RequestHead::get("h", "/2"), BodyLength::Empty);
    assert_eq!(again, Err(SendError::PipelineFull));
    client.connection.discard();
    let (events, _) = client.feed("cdefghij").unwrap();
    assert!(matches!(events[..], [Seen::Complete(_)]));
    client.start(&RequestHead::get("h", "/2"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").unwrap();
    client.connection.discard();
    assert!(!client.connection.is_reusable());
    assert!(client.connection.interest(&client.out).close);
}

#[test]
fn http10_client_of_a_proxy() {
    covers!("R9112-9.3-08");
    // The version is there to be asked for, and `close` overrules what the client asks.
    let request = "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
    let trace = accepts(request);
    assert_eq!((trace.head().minor, trace.head().keep_alive), (0, true));
    let mut server = Endpoint::asked(request);
    let sent = server.respond(&ResponseHead::new(200).close(), BodyLength::Empty).unwrap();
    assert!(sent.ends_with("Connection: close\r\n\r\n") && !sent.contains("keep-alive"));
    assert!(server.connection.interest(&server.out).shutdown_write);
}

#[test]
fn answers_in_order() {
    covers!("R9112-9.3.2-01");
    let mut server = Endpoint::server();
    assert_eq!(server.feed(&NEXT.repeat(3)).unwrap().0.len(), 6);
    assert_eq!(server.connection.outstanding(), 3);
    let first = server.respond(&ResponseHead::new(201), BodyLength::Exact(2)).unwrap();
    assert!(first.starts_with("HTTP/1.1 201 "));
    // The second answer waits for the end of the first.
    let second = ResponseHead::new(202);
    assert_eq!(server.respond(&second, BodyLength::Empty), Err(SendError::AlreadyResponded));
    server.send("hi").unwrap();
    assert_eq!(server.respond(&second, BodyLength::Empty), Err(SendError::AlreadyResponded));
    server.finish().unwrap();
    assert!(server.respond(&second, BodyLength::Empty).unwrap().starts_with("HTTP/1.1 202 "));
    assert_eq!(server.connection.outstanding(), 1);
    server.respond(&ResponseHead::new(203), BodyLength::Empty).unwrap();
    assert_eq!(server.respond(&second, BodyLength::Empty), Err(SendError::NothingToAnswer));
}

#[test]
fn unanswered_are_handed_back() {
    covers!("R9112-9.3.2-02", "R9112-9.6-09");
    let mut client = client_of(4, false);
    for method in ["GET", "PUT", "POST", "GET"] {
        client.start(&RequestHead::new(method, "/").host("h"), BodyLength::Empty).unwrap();
    }
    client.feed(EMPTY).unwrap();
    assert_eq!(client.connection.unanswered(&client.out).count(), 3);
    client.feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\na").unwrap();
    let error = client.end(End::Clean).unwrap_err();
    assert_eq!(error.kind(), Kind::IncompleteBody);
    let unanswered: Vec<_> = client.connection.unanswered(&client.out).collect();
    // The answer to PUT had begun, POST is not idempotent; only the last one may simply be sent again.
    assert_eq!(unanswered.iter().map(|request| request.method).collect::<Vec<_>>(), ["PUT", "POST", "GET"].map(kind));
    assert_eq!(unanswered.iter().map(|request| request.may_retry()).collect::<Vec<_>>(), [false, false, true]);
    assert!(unanswered.iter().all(|request| request.sent));
    // The same where the answer before them says close.
    let mut client = client_of(2, true);
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(
        client.connection.unanswered(&client.out).map(|request| request.may_retry()).collect::<Vec<_>>(),
        [true]
    );
}

#[test]
fn nothing_behind_an_unsafe_request() {
    covers!("R9112-9.3.2-04");
    let (safe, other) = (RequestHead::get("h", "/"), RequestHead::new("POST", "/").host("h"));
    let mut client = Endpoint::client();
    client.start(&safe, BodyLength::Empty).unwrap();
    assert_eq!(client.start(&safe, BodyLength::Empty), Err(SendError::PipelineFull));
    for (first, second, refused) in [(safe, safe, false), (safe, other, true), (other, safe, true)] {
        let mut client = client_of(2, true);
        client.start(&first, BodyLength::Empty).unwrap();
        let result = client.start(&second, BodyLength::Empty);
        assert_eq!(result.err(), refused.then_some(SendError::NotPipelinable));
    }
}

#[test]
fn pipelined_safe_requests() {
    covers!("R9112-9.3.2-05");
    let mut server = Endpoint::server();
    let (events, step) = server.feed(&NEXT.repeat(20)).unwrap();
    assert_eq!((events.len(), step, server.connection.outstanding()), (32, Step::Paused, 16));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert_eq!(server.feed("").unwrap().0.len(), 2);
    // One that is not safe waits until it is alone, and holds back those behind it.
    let mut server = Endpoint::server();
    let (events, step) = server.feed(&format!("{NEXT}{}{NEXT}", post("Content-Length: 1\r\n", "x"))).unwrap();
    assert_eq!((events.len(), step), (2, Step::Paused));
    server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    let (events, step) = server.feed("").unwrap();
    assert_eq!((events.len(), step), (3, Step::Paused));
}

#[test]
fn early_answer_with_close() {
    covers!("R9112-9.5-03");
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(1 << 30)).unwrap();
    client.send("some of it").unwrap();
    let (events, _) = client.feed("HTTP/1.1 413 x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno").unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(client.send("more"), Err(SendError::Closed));
    assert!(client.connection.interest(&client.out).close);
    // A write that fails does not take the answer away that is already here.
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(1 << 30)).unwrap();
    client.connection.delivery_failed();
    let (events, _) = client.feed("HTTP/1.1 413 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(events.len(), 2);
}

#[test]
fn early_answer_without_close() {
    covers!("R9110-7.5-01");
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(4)).unwrap();
    client.send("ab").unwrap();
    assert_eq!(client.feed(EMPTY).unwrap().0.len(), 2);
    assert_eq!(client.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::RequestUnfinished));
    assert_eq!(client.send("cd").unwrap(), "cd");
    client.finish().unwrap();
    assert!(client.connection.is_reusable());
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
}

#[test]
fn graceful_shutdown() {
    covers!("R9112-9.5-04");
    let mut server = Endpoint::asked(&get(""));
    server.connection.shutdown();
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    assert!(sent.contains("\r\nConnection: close\r\n"));
    server.send("hi").unwrap();
    server.finish().unwrap();
    let interest = server.connection.interest(&server.out);
    assert!(interest.shutdown_write && interest.read && !interest.close && !interest.abort);
    assert!(server.feed(NEXT).unwrap().0.is_empty());
    let mut idle = Endpoint::server();
    idle.connection.shutdown();
    assert!(idle.connection.interest(&idle.out).shutdown_write);
}
