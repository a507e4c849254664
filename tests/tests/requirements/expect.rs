//! 100 (Continue) and other interim responses: RFC 9110 sections 10.1.1 and 15.2.

use crate::support::*;
use http_proto::{BodyLength, Expectation, Instant, RequestHead, ResponseHead, SendError, Step};
use std::time::Duration;

checks![
    value_of_expect,
    not_without_content,
    client_waits,
    client_waits_no_longer,
    ignored_in_http10,
    content_is_never_awaited,
    continue_is_omitted,
    final_answer_first,
    other_expectations,
];

const ASKS: &str = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[test]
fn value_of_expect() {
    covers!("R9110-10.1.1-01");
    for (fields, expected) in [
        ("", Expectation::None),
        ("Expect: 100-continue\r\n", Expectation::Continue),
        ("eXPECT: 100-Continue\r\n", Expectation::Continue),
        ("Expect: 100-continue\r\nExpect: 100-CONTINUE\r\n", Expectation::Continue),
        ("Expect: , 100-continue ,\r\n", Expectation::Continue),
        ("Expect: x, 100-continue\r\n", Expectation::Unknown),
        ("Expect: 100-continue\r\nExpect: x\r\n", Expectation::Unknown),
        ("Expect: 100-continue;a=b\r\n", Expectation::Unknown),
        ("Expect:\r\n", Expectation::None),
    ] {
        let trace = accepts(post(&format!("{fields}Content-Length: 1\r\n"), "x"));
        assert_eq!(trace.head().expectation, expected, "{fields}");
    }
}

#[test]
fn not_without_content() {
    covers!("R9110-10.1.1-02");
    for method in ["POST", "GET"] {
        let head = RequestHead::new(method, "/").host("h").expect_continue();
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::BodyNotAllowed));
        assert_eq!(asked(&head, BodyLength::Exact(0)), Err(SendError::BodyNotAllowed));
    }
    let fields = [("Expect", &b"100-continue"[..])];
    let head = RequestHead::new("POST", "/").host("h").fields(&fields);
    assert_eq!(asked(&head, BodyLength::Exact(1)), Err(SendError::FramingField));
}

fn waiting() -> Endpoint<http_proto::Client> {
    let mut client = Endpoint::client();
    let head = RequestHead::new("POST", "/").host("h").expect_continue();
    let sent = client.start(&head, BodyLength::Exact(2)).unwrap();
    assert_eq!(sent, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client
}

#[test]
fn client_waits() {
    covers!("R9110-10.1.1-03");
    let mut client = waiting();
    assert!(client.connection.awaiting_continue());
    assert_eq!(client.send("hi"), Err(SendError::AwaitingContinue));
    assert_eq!(client.finish(), Err(SendError::AwaitingContinue));
    client.feed("HTTP/1.1 103 x\r\n\r\n").unwrap();
    assert_eq!(client.send("hi"), Err(SendError::AwaitingContinue));
    client.feed(CONTINUE).unwrap();
    assert!(!client.connection.awaiting_continue());
    assert_eq!((client.send("hi").unwrap().as_str(), client.finish().unwrap().as_str()), ("hi", ""));
    // Without asking nothing is awaited.
    let mut client = Endpoint::client();
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(2)).unwrap();
    assert_eq!(client.send("hi").unwrap(), "hi");
    // A final answer instead: the content is never sent, and the connection is at its end.
    let mut client = waiting();
    client.feed("HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(client.send("hi").is_err());
    assert!(!client.connection.is_reusable());
}

#[test]
fn client_waits_no_longer() {
    covers!("R9110-10.1.1-04");
    let mut client = waiting();
    let at = |millis| Instant::from(Duration::from_millis(millis));
    client.feed("").unwrap();
    assert_eq!(client.connection.poll_timeout(at(500), &client.out), Some(at(1500)));
    client.connection.handle_timeout(at(1499), &client.out);
    assert_eq!(client.send("hi"), Err(SendError::AwaitingContinue));
    client.connection.handle_timeout(at(1500), &client.out);
    assert_eq!((client.send("hi").unwrap().as_str(), client.finish().unwrap().as_str()), ("hi", ""));
    let (events, _) = client.feed(&format!("{CONTINUE}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).unwrap();
    assert_eq!(events.len(), 3);
    assert!(client.connection.is_reusable());
}

#[test]
fn ignored_in_http10() {
    covers!("R9110-10.1.1-06", "R9110-15.2-01");
    let request = "POST / HTTP/1.0\r\nExpect: 100-continue, x\r\nContent-Length: 2\r\n\r\n";
    let mut server = Endpoint::asked(request);
    assert!(!server.connection.awaiting_continue());
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
    let refused = server.connection.inform(&ResponseHead::new(103), &mut server.out);
    assert_eq!((refused, server.wire()), (Err(SendError::InterimToHttp10), String::new()));
    assert_eq!(accepts(format!("{request}hi")).head().expectation, Expectation::None);
    let mut server = Endpoint::asked(&get(""));
    server.connection.inform(&ResponseHead::new(103), &mut server.out).unwrap();
    assert_eq!(server.wire(), "HTTP/1.1 103 Early Hints\r\n\r\n");
}

#[test]
fn content_is_never_awaited() {
    covers!("R9110-10.1.1-07");
    // The head is delivered while the client holds its content back, and either answer can be given at once.
    let mut server = Endpoint::server();
    let (events, step) = server.feed(ASKS).unwrap();
    assert!(matches!(events[..], [Seen::Head(_)]) && step == Step::NeedInput);
    assert!(server.connection.awaiting_continue());
    server.connection.proceed(&mut server.out).unwrap();
    assert_eq!(server.wire(), CONTINUE);
    assert_eq!(server.feed("hi").unwrap().0.len(), 2);
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert!(!sent.contains("close"));

    let mut server = Endpoint::asked(ASKS);
    let sent = server.respond(&ResponseHead::new(401), BodyLength::Empty).unwrap();
    assert!(sent.starts_with("HTTP/1.1 401 "));
}

#[test]
fn continue_is_omitted() {
    covers!("R9110-10.1.1-09");
    // Content has come: there is no need.
    let mut server = Endpoint::asked(&format!("{ASKS}h"));
    assert!(!server.connection.awaiting_continue());
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
    // There is no content.
    let mut server = Endpoint::asked(&get("Expect: 100-continue\r\n"));
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
    // Once is enough.
    let mut server = Endpoint::asked(ASKS);
    server.connection.proceed(&mut server.out).unwrap();
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
    assert_eq!(server.wire(), CONTINUE);
}

#[test]
fn final_answer_first() {
    covers!("R9110-10.1.1-10");
    // Nobody knows whether the content follows: the answer says close, and nothing behind it is a request.
    let mut server = Endpoint::asked(ASKS);
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert!(sent.contains("\r\nConnection: close\r\n"));
    assert!(server.feed(NEXT).unwrap().0.is_empty());
    // It was told to send it, or sends it anyway: then the rest is swallowed and the connection goes on.
    let mut server = Endpoint::asked(ASKS);
    server.connection.proceed(&mut server.out).unwrap();
    server.wire();
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert!(!sent.contains("close"));
    let (events, _) = server.feed(&format!("hi{NEXT}")).unwrap();
    assert!(events.iter().any(|seen| matches!(seen, Seen::Head(head) if head.target == "/next")));
}

#[test]
fn other_expectations() {
    covers!("R9110-10.1.1-11");
    let mut server = Endpoint::server();
    let (events, _) = server.feed(&get("Expect: something-else\r\n")).unwrap();
    assert!(matches!(&events[0], Seen::Head(head) if head.expectation == Expectation::Unknown));
    let sent = server.respond(&ResponseHead::new(417), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
}
