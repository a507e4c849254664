//! Both directions at once: answers that come before the request is sent, content that waits for 100 (Continue), and
//! octets that go and come at the same time.

use super::*;
use http_proto::{Flow, SendError};

const NANO: Duration = Duration::from_nanos(1);
const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much";

/// Room for content, an event, or nothing to do but to wait.
#[derive(Debug, PartialEq)]
enum Turn {
    Room,
    Event(Seen),
    Waits,
}

fn turn(end: &mut End<Client>) -> Turn {
    let turn = end.run(async |conn, inbox| {
        let event = conn.ready_or_event(inbox).await.expect("no error");
        event.map(Seen::new::<Client>)
    });
    match turn {
        Some(Some(event)) => Turn::Event(event),
        Some(None) => Turn::Room,
        None => Turn::Waits,
    }
}

fn head(end: &mut End<Client>, status: &str) {
    match turn(end) {
        Turn::Event(Seen::Head(head)) => assert!(head.starts_with(status), "{head}"),
        other => panic!("{other:?} instead of {status}"),
    }
}

/// A client whose upload the server does not read.
fn stuck(length: BodyLength) -> (End<Client>, Peer) {
    let (mut end, peer) = client();
    peer.limit(1000);
    start(&mut end, "POST", length);
    assert_eq!(end.conn.send_owned(vec![b'x'; 1 << 20].into()), Ok(Flow::Full));
    assert!(!end.ready());
    assert_eq!(turn(&mut end), Turn::Waits);
    (end, peer)
}

#[test]
fn an_early_refusal_is_seen_while_the_upload_is_stuck() {
    for length in [BodyLength::Unknown, BodyLength::Exact(1 << 30)] {
        let (mut end, peer) = stuck(length);
        peer.send(&TOO_LARGE[..20]);
        assert_eq!(turn(&mut end), Turn::Waits);
        peer.send(&TOO_LARGE[20..]);
        head(&mut end, "413");
        // The server closes: it reads no more of it, and nothing more of it is sent.
        assert_eq!(end.conn.send(b"more"), Err(SendError::Closed));
        assert_eq!(end.conn.finish(None), Err(SendError::Closed));
        assert_eq!(turn(&mut end), Turn::Event(Seen::Payload(b"too much".to_vec())));
        assert_eq!(turn(&mut end), Turn::Event(Seen::Complete(String::new())));
        // What follows is the end, and no wait for a server that does not read.
        assert_eq!(turn(&mut end), Turn::Room);
        is_over(&mut end);
        assert_eq!((end.conn.outstanding(), end.conn.is_reusable()), (0, false));
        assert_eq!(end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::Closed));
        drop(end);
        assert!(peer.saw_reset(), "half a request is not to be taken for a whole one");
    }
}

// The server goes on reading, and the request is finished: the connection carries another one.
#[test]
fn an_early_answer_without_a_close_lets_the_upload_go_on() {
    let (mut end, peer) = stuck(BodyLength::Exact((1 << 20) + 4));
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    head(&mut end, "200");
    assert_eq!(turn(&mut end), Turn::Event(Seen::Payload(b"ok".to_vec())));
    assert_eq!(turn(&mut end), Turn::Event(Seen::Complete(String::new())));
    assert_eq!((turn(&mut end), end.conn.outstanding()), (Turn::Waits, 1));
    peer.limit(usize::MAX);
    assert_eq!(turn(&mut end), Turn::Room);
    assert_eq!(end.conn.send(b"last"), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    end.rest();
    assert!(peer.text().ends_with("xlast"));
    assert_eq!((end.conn.outstanding(), end.conn.is_reusable()), (0, true));
    ask(&mut end);
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
}

// A server that has answered and closed has nothing more to say; the rest of the request is nobody's.
#[test]
fn an_early_answer_and_the_end_behind_it() {
    for last in [TOO_LARGE, "HTTP/1.1 200 OK\r\n\r\ntill the end", "HTTP/1.0 400 Bad Request\r\n\r\nno"] {
        let (mut end, peer) = stuck(BodyLength::Unknown);
        peer.send_last(last);
        let events = end.events();
        assert!(matches!(events[..], [Seen::Head(_), Seen::Payload(_), Seen::Complete(_), Seen::Closed]), "{events:?}");
        is_over(&mut end);
        assert_eq!(end.conn.send(b"more"), Err(SendError::Closed));
    }
    // Nor is it an error where the upload could have gone on.
    let (mut end, peer) = stuck(BodyLength::Unknown);
    peer.send_last(OK);
    let events = end.events();
    assert!(matches!(events[..], [Seen::Head(_), Seen::Payload(_), Seen::Complete(_), Seen::Closed]), "{events:?}");
    assert_eq!(end.conn.outstanding(), 1, "it was never sent as a whole");
    assert_eq!(end.conn.send(b"more"), Err(SendError::Closed));
}

fn expecting(length: BodyLength) -> (End<Client>, Peer) {
    let (mut end, peer) = client();
    end.conn.start(&RequestHead::new("POST", "/").host("h").expect_continue(), length).unwrap();
    assert_eq!(turn(&mut end), Turn::Waits);
    assert!(peer.text().contains("\r\nExpect: 100-continue\r\n"));
    assert_eq!(end.conn.send(b"hello"), Err(SendError::AwaitingContinue));
    (end, peer)
}

// X2
#[test]
fn x2_content_waits_for_100() {
    let (mut end, peer) = expecting(BodyLength::Exact(5));
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    head(&mut end, "103");
    assert_eq!(turn(&mut end), Turn::Waits, "another interim response says nothing of content");
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    head(&mut end, "100");
    assert_eq!(turn(&mut end), Turn::Room);
    assert_eq!(end.conn.send(b"hello"), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    end.rest();
    assert_eq!(peer.text(), "hello");
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    assert!(end.conn.is_reusable());
}

// X2: a second, to the nanosecond; a 100 that comes too late is told and changes nothing.
#[test]
fn x2_content_waits_no_longer_than_a_second() {
    let (mut end, peer) = expecting(BodyLength::Unknown);
    end.clock.advance(seconds(1) - NANO);
    assert_eq!(turn(&mut end), Turn::Waits);
    end.clock.advance(NANO);
    assert_eq!(turn(&mut end), Turn::Room);
    assert_eq!(end.conn.send(b"hello"), Ok(Flow::Ready));
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    head(&mut end, "100");
    end.conn.finish(None).unwrap();
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    assert_eq!(peer.text(), "5\r\nhello\r\n0\r\n\r\n");
    assert!(end.conn.is_reusable());
}

// X2: a final answer instead: the content is never sent, and nobody could tell what follows (RFC 9110 section 10.1.1).
#[test]
fn x2_content_that_is_not_wanted_is_not_sent() {
    for status in ["417 Expectation Failed", "401 Unauthorized", "200 OK"] {
        let (mut end, peer) = expecting(BodyLength::Exact(5));
        peer.send(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        head(&mut end, &status[..3]);
        assert_eq!(end.conn.send(b"hello"), Err(SendError::Closed));
        assert_eq!(turn(&mut end), Turn::Event(Seen::Complete(String::new())));
        assert_eq!(turn(&mut end), Turn::Room);
        is_over(&mut end);
        assert_eq!((peer.text().as_str(), end.conn.is_reusable()), ("", false));
        drop(end);
        assert!(peer.saw_fin() && !peer.counts().aborted, "there is nothing to cut off");
    }
}

// X2: a server that closes instead, or says nothing sensible.
#[test]
fn x2_content_that_waits_in_vain() {
    let (mut end, peer) = expecting(BodyLength::Exact(5));
    peer.fin();
    let error = end.error();
    assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::NoResponse, false));
    assert_eq!(end.conn.send(b"hello"), Err(SendError::Closed));
    assert_eq!(turn(&mut end), Turn::Room, "there is nothing to wait for");
    is_over(&mut end);
}

// An error is returned by whoever finds it, once.
#[test]
fn an_error_while_there_is_no_room() {
    let (mut end, peer) = stuck(BodyLength::Unknown);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    let error = end.run(async |conn, inbox| conn.ready_or_event(inbox).await.map(|_| ()).unwrap_err());
    assert_eq!(kind(&error.expect("at once")), RecvErrorKind::InvalidContentLength);
    assert_eq!(turn(&mut end), Turn::Room);
    assert_eq!(end.conn.send(b"more"), Err(SendError::Closed));
    is_over(&mut end);
}

// A peer that sends back what it gets as soon as it gets it, and takes no more than it has sent: who only sends, or only
// listens, waits for ever.
#[test]
fn content_that_comes_back_while_it_is_sent() {
    const LENGTH: usize = 3 << 20;
    for size in [1000, 4096, 100_000] {
        let (mut end, peer) = client_with(Config::client(), pieces(size));
        peer.limit(10_000);
        start(&mut end, "POST", BodyLength::Exact(LENGTH as u64));
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        let (mut sent, mut received, mut behind_the_head) = (0, 0, Vec::new());
        loop {
            match turn(&mut end) {
                Turn::Room if sent < LENGTH => {
                    let piece: Vec<u8> = (sent..LENGTH.min(sent + 7919)).map(|at| (at % 251) as u8).collect();
                    let _ = end.conn.send(&piece).unwrap();
                    sent += piece.len();
                    if sent == LENGTH {
                        end.conn.finish(None).unwrap();
                    }
                }
                Turn::Event(Seen::Payload(octets)) => {
                    assert!(octets.iter().enumerate().all(|(at, octet)| *octet == ((received + at) % 251) as u8));
                    received += octets.len();
                }
                Turn::Event(Seen::Complete(_)) => break,
                Turn::Event(Seen::Head(_)) => {}
                Turn::Room | Turn::Waits => assert!(peer.unread() > 0 || received < LENGTH, "nothing moves"),
                Turn::Event(other) => panic!("{other:?}"),
            }
            // The other end: what is behind the head goes back.
            let octets = peer.read();
            behind_the_head.extend(octets);
            let head = behind_the_head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            match head {
                Some(length) if received == 0 && behind_the_head.starts_with(b"POST") => {
                    peer.send(&behind_the_head[length..]);
                    behind_the_head.clear();
                }
                _ if !behind_the_head.starts_with(b"POST") => peer.send(std::mem::take(&mut behind_the_head)),
                _ => {}
            }
        }
        assert_eq!((sent, received), (LENGTH, LENGTH), "{size} at a time");
        assert!(end.conn.is_reusable());
    }
}

// I28: closing writes what has been asked, although the answer is there already.
#[test]
fn i28_close_writes_what_has_been_asked() {
    let (mut end, peer) = client();
    peer.limit(10);
    start(&mut end, "PUT", BodyLength::Exact(5));
    let _ = end.conn.send(b"hello").unwrap();
    end.conn.finish(None).unwrap();
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    let mut text = String::new();
    let closed = std::iter::repeat_with(|| (end.close(), text.push_str(&peer.text())).0).flatten().next();
    assert!(closed.expect("sooner or later").is_ok());
    assert!(text.starts_with("PUT / HTTP/1.1\r\n") && text.ends_with("\r\n\r\nhello"), "{text}");
    drop(end);
    assert!(peer.saw_fin() && !peer.counts().aborted);
}
