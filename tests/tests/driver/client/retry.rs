//! Every error of a client says whether its requests may be sent again, and stays true when the connection is over.

use super::*;
use http_proto::{Outstanding, SendError};

fn may_retry(end: &End<Client>) -> Vec<bool> {
    end.conn.unanswered().map(|request| request.may_retry()).collect()
}

type Break = fn(&Peer);

/// Ways in which a connection breaks before an octet of an answer.
const BREAKS: [Break; 3] =
    [|peer| peer.fin(), |peer| peer.reset(), |peer| (peer.fail_writes(std::io::ErrorKind::BrokenPipe), peer.fin()).1];

// X5: by the method, and by what has left, whatever broke; the error and the connection agree, then and at the end.
#[test]
fn x5_every_error_says_it() {
    for breaks in BREAKS {
        for (method, idempotent) in [("GET", true), ("PUT", true), ("POST", false), ("PATCH", false)] {
            for room in [0, 1, 1000] {
                let (mut end, peer) = client();
                peer.limit(room);
                start(&mut end, method, BodyLength::Empty);
                end.rest();
                breaks(&peer);
                let error = end.error();
                let expected = idempotent || room == 0;
                assert_eq!(error.may_retry(), expected, "{method}, {room} octets have left: {error:?}");
                is_over(&mut end);
                assert_eq!(may_retry(&end), [expected]);
                let Outstanding { left, answer_begun, .. } = end.conn.unanswered().next().unwrap();
                assert_eq!((left, answer_begun), (room > 0, false));
                // Once it is given up, nothing is left of it.
                let _ = end.close().expect("nothing to wait for");
                assert_eq!(may_retry(&end), [false; 0]);
            }
        }
    }
}

// X5: the last octet of a request in a transport that keeps it back has left, as far as can be known.
#[test]
fn x5_what_a_transport_holds_has_left() {
    let (mut end, peer) = client_with(Config::client(), Shape { holds: true, ..Shape::default() });
    peer.limit(0);
    start(&mut end, "POST", BodyLength::Empty);
    end.rest();
    peer.fin();
    assert!(!end.error().may_retry());
}

// X5: an answer that breaks off, at every octet of it.
#[test]
fn x5_nothing_behind_the_first_octet_of_an_answer() {
    const ANSWER: &str = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell";
    for breaks in BREAKS {
        for length in 0..=ANSWER.len() {
            let (mut end, peer) = client();
            ask(&mut end);
            peer.send(&ANSWER[..length]);
            end.events();
            breaks(&peer);
            assert_eq!(end.error().may_retry(), length == 0, "{length}");
            is_over(&mut end);
            assert_eq!(may_retry(&end), [length == 0]);
        }
    }
}

// X5: what is wrong is an answer all the same; what is too late is too.
#[test]
fn x5_an_answer_that_is_wrong_is_one() {
    for answer in [
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
    ] {
        let (mut end, peer) = client();
        ask(&mut end);
        peer.send(answer);
        let (_, error) = end.failure();
        assert_eq!((error.may_retry(), may_retry(&end)), (false, vec![false]), "{answer:?}");
    }
}

// L10, X5: N in flight, broken at every octet of what they are: exactly N are left, each with its own word; the error
// speaks for all of them.
#[test]
fn l10_x5_a_pipeline_that_breaks_at_every_octet() {
    let methods = ["GET", "POST", "PUT", "POST"];
    let texts = methods.map(|method| {
        let length = if method == "GET" { "" } else { "Content-Length: 0\r\n" };
        format!("{method} / HTTP/1.1\r\nHost: h\r\n{length}\r\n")
    });
    let whole: usize = texts.iter().map(String::len).sum();
    for room in 0..=whole {
        let (mut end, peer) = pipelining();
        peer.limit(room);
        for method in methods {
            start(&mut end, method, BodyLength::Empty);
        }
        end.rest();
        peer.reset();
        let error = end.error();
        let begins = |index: usize| texts[..index].iter().map(String::len).sum::<usize>();
        let expected: Vec<_> = (0..4).map(|index| methods[index] != "POST" || room <= begins(index)).collect();
        assert_eq!(may_retry(&end), expected, "{room}");
        assert_eq!(error.may_retry(), expected.iter().all(|may| *may), "{room}");
        is_over(&mut end);
        assert_eq!((end.conn.outstanding(), may_retry(&end)), (4, expected));
    }
}

// X5: answers come in order, and those behind the break are known to have none.
#[test]
fn x5_unanswered_requests_behind_a_break_and_a_close() {
    for answered in 0..4 {
        let (mut end, peer) = pipelining();
        for _ in 0..4 {
            ask(&mut end);
        }
        peer.send(OK.repeat(answered));
        assert_eq!(end.events().len(), 3 * answered);
        peer.fin();
        let error = end.error();
        assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::NoResponse, true));
        assert_eq!(may_retry(&end), vec![true; 4 - answered]);
    }
    // A server that says close leaves those behind it unanswered: no error, and the same list.
    let (mut end, peer) = pipelining();
    for method in ["GET", "GET", "POST"] {
        start(&mut end, method, BodyLength::Empty);
    }
    end.rest();
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    peer.send(OK);
    assert_eq!(end.events().len(), 3, "what is behind the close is not looked at");
    assert_eq!(may_retry(&end), [true, false]);
}

// Nothing outstanding, nothing to be sent again.
#[test]
fn without_a_request_there_is_none_to_retry() {
    let (mut end, peer) = client();
    end.rest();
    peer.send(OK);
    let error = end.error();
    assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::UnsolicitedResponse, false));

    // On a server there is never one.
    let (mut end, peer) = tests::memory::server();
    asked(&mut end, &peer);
    peer.reset();
    assert!(!end.error().may_retry());
}

// The connection of a pool: closed by the server while it idled. The request has not even begun, or no octet has left.
#[test]
fn a_connection_that_was_closed_while_it_idled() {
    let (mut end, peer) = client();
    peer.fin();
    assert_eq!(end.event(), Seen::Closed);
    assert_eq!(end.conn.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Empty), Err(SendError::Closed));
    assert_eq!(may_retry(&end), [false; 0]);

    for reset in [false, true] {
        let (mut end, peer) = client();
        peer.limit(0);
        if reset {
            peer.reset()
        } else {
            peer.fin()
        }
        start(&mut end, "POST", BodyLength::Empty);
        assert!(end.error().may_retry(), "reset: {reset}");
    }
}

// Closing gives up what is unanswered; its error still says what could be known.
#[test]
fn close_says_it_too() {
    for (method, room, expected) in [("GET", 5, true), ("POST", 5, false), ("POST", 0, true)] {
        let (mut end, peer) = client();
        peer.limit(room);
        start(&mut end, method, BodyLength::Empty);
        assert!(end.close().is_none());
        peer.fail_writes(std::io::ErrorKind::BrokenPipe);
        let error = end.close().expect("nothing to wait for").expect_err("it could not be written");
        assert_eq!((error.may_retry(), end.conn.outstanding()), (expected, 0), "{method}");
        assert_eq!(transport_error(error), std::io::ErrorKind::BrokenPipe);
    }
}
