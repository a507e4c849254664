//! The end of a connection: early answers, unread bodies, half-closes, resets, shutdown.

use http_proto::{BodyLength, Config, End, HalfClose, Interest, RequestHead, ResponseHead, SendError, State};
use tests::pair::one::One;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: ResponseHead<'static> = ResponseHead::new(200);

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn i28_closing_flushes_half_closes_and_swallows() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(server.connection.state(), State::Closing);
    let interest = server.interest();
    assert!(interest.write && !interest.shutdown_write && !interest.close, "{interest:?}");
    server.written();
    let interest = server.interest();
    assert!(interest.shutdown_write && interest.read && !interest.close, "a reset would eat the answer: {interest:?}");
    assert_eq!(server.hear("anything \0 at all"), ["NeedInput"]);
    assert_eq!(server.input.unread_len(), 0, "swallowed");
    server.input.set_end(End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    let interest = server.interest();
    assert!(interest.close && !interest.read && !interest.abort, "{interest:?}");
}

#[test]
fn i28_with_the_input_ended_nothing_lingers() {
    let mut server = One::server();
    server.input.set_end(End::Clean);
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert!(server.interest().close);
}

#[test]
fn l9_an_unread_body_under_the_limit_is_drained() {
    let mut config = Config::server();
    config.limits.drain = 10;
    for (length, drained) in [(10, true), (11, false)] {
        let mut server = One::server_with(config.clone());
        server.hear(post(length));
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server.written();
        assert_eq!(server.connection.state() == State::Closing, !drained, "{length}");
        if drained {
            assert_eq!(server.hear("0123456789"), ["M", "NeedInput"], "content that nobody reads is no event");
            assert_eq!(server.hear(GET)[..2], ["H GET / HTTP/1.1", "M"]);
        } else {
            assert_eq!(server.hear("0123456789a"), ["NeedInput"]);
            assert!(server.interest().shutdown_write);
        }
    }
}

#[test]
fn l9_what_is_not_announced_is_counted() {
    let mut config = Config::server();
    config.limits.drain = 4;
    for (chunks, drained) in [("4\r\nabcd\r\n0\r\n\r\n", true), ("4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n", false)] {
        let mut server = One::server_with(config.clone());
        server.hear("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server.written();
        server.hear(chunks);
        assert_eq!(server.connection.state() == State::Closing, !drained, "{chunks}");
    }
}

#[test]
fn l9_discard_before_the_answer() {
    let mut server = One::server();
    server.hear(post(4));
    assert_eq!(server.hear("ab"), ["P ab", "NeedInput"]);
    server.connection.discard();
    assert_eq!(server.hear("cd"), ["M", "Paused"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"));
    // A client discards an answer in the same way.
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    client.hear("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    client.connection.discard();
    assert_eq!(client.hear("abcd"), ["M", "NeedInput"]);
    assert!(client.connection.is_reusable());
}

#[test]
fn n8_an_answer_may_come_before_the_body() {
    let mut server = One::server();
    server.hear(post(1_000_000));
    server.connection.respond(&ResponseHead::new(401), BodyLength::Exact(2), &mut server.out).unwrap();
    let _ = server.connection.send(b"no", &mut server.out).unwrap();
    assert_eq!(server.connection.state(), State::ReceivingBody, "the upload may go on meanwhile");
    assert_eq!(server.hear("abc"), ["P abc", "NeedInput"]);
    server.connection.finish(None, &mut server.out).unwrap();
    assert_eq!(server.connection.state(), State::Closing, "too much to drain");
    // The client hears of it while it is sending; a close makes it stop.
    let mut client = One::client();
    client.connection.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(9), &mut client.out).unwrap();
    client.hear("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    let _ = client.connection.send(b"123456789", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    assert!(client.connection.is_reusable(), "without a close it sends all of it");
    client.connection.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(9), &mut client.out).unwrap();
    client.hear("HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.connection.send(b"123456789", &mut client.out), Err(SendError::Closed));
}

#[test]
fn n13_a_half_close_does_not_cancel_by_default() {
    let mut server = One::server();
    server.hear([GET, GET].concat());
    server.input.set_end(End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    for _ in 0..3 {
        assert_eq!(server.events(), ["Closed"]);
        assert!(!server.interest().read, "no busy loop after the end");
    }
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"), "another answer follows");
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert!(server.interest().close);
}

#[test]
fn n13_a_half_close_cancels_by_choice() {
    let mut config = Config::server();
    config.half_close = HalfClose::Cancel;
    let mut server = One::server_with(config);
    server.hear(GET);
    server.input.set_end(End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closed, 1));
    assert_eq!(server.connection.respond(&OK, BodyLength::Empty, &mut server.out), Err(SendError::Closed));
}

#[test]
fn n13_an_end_between_messages_is_clean_and_inside_one_is_not() {
    let ends = [
        ("", "Closed"),
        ("\r\n", "Closed"),
        ("\r", "IncompleteHead at 1"),
        ("GET", "IncompleteHead at 3"),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx", "IncompleteBody at 48"),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "IncompleteBody at 59"),
    ];
    for (octets, expected) in ends {
        let mut server = One::server();
        server.hear(octets);
        server.input.set_end(End::Clean);
        assert_eq!(server.events(), [expected], "{octets}");
    }
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    client.input.set_end(End::Clean);
    assert_eq!(client.events(), ["NoResponse at 0"]);
    assert!(client.connection.unanswered(&client.out).next().unwrap().may_retry());
}

#[test]
fn n27_abort_asks_for_a_reset() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Exact(10), &mut server.out).unwrap();
    let _ = server.connection.send(b"part", &mut server.out).unwrap();
    server.connection.abort();
    let interest = server.interest();
    assert!(interest.abort && interest.close && !interest.write && !interest.shutdown_write, "{interest:?}");
    assert_eq!(server.events(), ["Closed"]);
    let mut client = One::client();
    client.connection.start(&RequestHead::new("PUT", "/").host("h"), BodyLength::Exact(9), &mut client.out).unwrap();
    client.connection.abort();
    assert!(client.interest().abort);
    assert_eq!(client.connection.finish(None, &mut client.out), Err(SendError::Closed));
}

#[test]
fn n31_an_aborted_body_is_never_a_short_success() {
    let heads = ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", ""];
    for (head, content) in heads.iter().zip(["abc", "3\r\nabc\r\n", "abc"]) {
        for end in [End::Clean, End::Aborted] {
            let mut client = One::client();
            client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
            let heard = client.hear(format!("HTTP/1.1 200 OK\r\n{head}\r\n{content}"));
            assert_eq!(heard[1..], ["P abc", "NeedInput"]);
            client.input.set_end(end);
            let last = client.events().concat();
            match (end, head.is_empty()) {
                (End::Aborted, _) => assert!(last.starts_with("Aborted"), "{last}"),
                (End::Clean, true) => assert_eq!(last, "MClosed", "only a clean end completes it"),
                (End::Clean, false) => assert!(last.starts_with("IncompleteBody"), "{last}"),
            }
            let expected = if end == End::Clean && head.is_empty() { 0 } else { 1 };
            assert_eq!(client.connection.outstanding(), expected);
        }
    }
}

#[test]
fn n31_a_reset_takes_the_place_of_an_end() {
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    client.hear("HTTP/1.1 200 OK\r\n\r\nabc");
    client.input.set_end(End::Clean);
    client.input.set_end(End::Aborted);
    assert!(client.events()[0].starts_with("Aborted"));
}

#[test]
fn l11_a_failed_delivery_ends_a_server_and_leaves_a_client_its_answer() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.connection.delivery_failed();
    assert_eq!(server.events(), ["DeliveryFailed at 0"]);
    assert_eq!(server.connection.state(), State::Closed);

    let mut client = One::client();
    client.connection.start(&RequestHead::new("PUT", "/").host("h"), BodyLength::Exact(9), &mut client.out).unwrap();
    client.connection.delivery_failed();
    assert!(client.connection.send(b"x", &mut client.out).is_err());
    let heard = client.hear("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(heard, ["H HTTP/1.1 413 No", "P no", "M", "Closed"]);
}

#[test]
fn shutdown_finishes_what_is_outstanding_and_begins_nothing() {
    let mut idle = One::server();
    idle.connection.shutdown();
    assert_eq!(idle.connection.state(), State::Closing);

    let mut server = One::server();
    server.hear([GET, GET].concat());
    server.connection.shutdown();
    assert_eq!(server.hear(GET), ["Closed"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert_eq!(server.connection.state(), State::Closing);

    // A head that has begun is still answered.
    let mut server = One::server();
    server.hear(&GET[..9]);
    server.connection.shutdown();
    assert_eq!(server.hear(&GET[9..])[..2], ["H GET / HTTP/1.1", "M"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
}

// Wherever the connection stands when it comes: paused behind a request that nothing may join, undecided, or at its end.
#[test]
fn n13_a_half_close_cancels_by_choice_in_every_state() {
    let requests = [
        post(0),
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n".to_owned(),
        format!("{}{GET}", post(0)),
        format!("{GET}{}", post(0)),
    ];
    for request in requests {
        for half_close in [HalfClose::Cancel, HalfClose::Finish] {
            let mut config = Config::server();
            config.half_close = half_close;
            let mut server = One::server_with(config);
            server.hear(&request);
            server.input.set_end(End::Clean);
            let heard = server.events();
            let cancelled = half_close == HalfClose::Cancel;
            assert_eq!(heard == ["Closed"] && server.connection.state() == State::Closed, cancelled, "{request}");
            assert_eq!(server.connection.outstanding(), 1);
            let responded = server.connection.respond(&OK, BodyLength::Empty, &mut server.out);
            assert_eq!(responded, if cancelled { Err(SendError::Closed) } else { Ok(()) }, "{request}");
        }
    }
}

// A reset during the linger is seen at once, and the same in every later step.
#[test]
fn l10_a_reset_while_closing_aborts_what_was_pipelined_behind() {
    let mut server = One::server();
    server.hear([GET, GET].concat());
    server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closing, 1));
    server.input.set_end(End::Aborted);
    let first = server.events();
    assert!(first[0].starts_with("Aborted"), "{first:?}");
    assert_eq!(server.events(), first);
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closed, 1));
}

// What is drained is counted in octets of content, however its chunks are split.
#[test]
fn l9_a_drain_is_the_same_for_every_split() {
    let mut config = Config::server();
    config.limits.drain = 6;
    let body = "1;a=b\r\nx\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for at in 0..=body.len() {
        let mut server = One::server_with(config.clone());
        server.hear("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server.written();
        server.hear(&body[..at]);
        server.hear(&body[at..]);
        assert_eq!(server.connection.state(), State::ReceivingHeaders, "split at {at}");
    }
}

// RFC 9112 section 9.6: nothing is started once the server has announced the close, though its answer still arrives.
#[test]
fn n35_an_announced_close_ends_the_requests_at_once() {
    let mut config = Config::client();
    config.pipeline.depth = 4;
    let mut client = One::client_with(config);
    let get = RequestHead::get("h", "/");
    client.connection.start(&get, BodyLength::Empty, &mut client.out).unwrap();
    client.hear("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\na");
    assert!(!client.connection.is_reusable());
    assert_eq!(client.connection.start(&get, BodyLength::Empty, &mut client.out), Err(SendError::Closed));
    assert_eq!(client.hear("b"), ["P b", "M", "Closed"]);
}

#[test]
fn half_an_empty_line_does_not_put_a_shutdown_off() {
    let mut server = One::server();
    server.hear("\r");
    server.connection.shutdown();
    assert_eq!(server.connection.state(), State::Closing);
    let mut client = One::client();
    let head = RequestHead::new("PUT", "/").host("h");
    client.connection.start(&head, BodyLength::Exact(2), &mut client.out).unwrap();
    client.hear("HTTP/1.1 204 No Content\r\n\r\n\r");
    client.connection.shutdown();
    let _ = client.connection.send(b"ok", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    assert_eq!(client.connection.state(), State::Closing);
}

#[test]
fn l11_what_cannot_be_written_is_not_tried_again() {
    let mut client = One::client();
    let head = RequestHead::new("PUT", "/").host("h");
    client.connection.start(&head, BodyLength::Exact(2), &mut client.out).unwrap();
    assert!(client.interest().write);
    client.connection.delivery_failed();
    assert!(client.interest().read && !client.interest().write, "an answer may still come");
    assert_eq!(client.connection.poll_timeout(http_proto::Instant::ORIGIN, &client.out), None);
    assert_eq!(client.hear("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n").pop().as_deref(), Some("Closed"));
    assert!(client.interest().close);
}

#[test]
fn l10_the_first_error_is_the_error_for_ever() {
    let mut server = One::server();
    let found = server.hear("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(found, ["MissingHost at 17"]);
    let error = server.connection.failure().unwrap();
    server.connection.refuse(error, None, &mut server.out).unwrap();
    server.connection.delivery_failed();
    assert_eq!((server.events(), server.connection.failure()), (found, Some(error)));
}

/// A client whose request is whole, and not written, when its answer comes.
fn answered_early(answer: &str) -> One<http_proto::Client> {
    let mut client = One::client();
    client.connection.start(&RequestHead::new("PUT", "/").host("h"), BodyLength::Exact(5), &mut client.out).unwrap();
    let _ = client.connection.send(b"hello", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    client.hear(answer);
    assert_eq!(client.connection.outstanding(), 0);
    client
}

// I28: a server that answers early still reads; what is asked of it is written before a client closes.
#[test]
fn i28_a_client_closes_behind_its_request() {
    let mut client = answered_early("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    client.connection.shutdown();
    assert_eq!(client.events(), ["Closed"]);
    assert_eq!(client.interest(), Interest { write: true, ..Interest::default() });
    client.out.advance(client.out.len() - 1);
    assert_eq!((client.interest().write, client.connection.state()), (true, State::Closing));
    client.out.advance(1);
    assert_eq!(client.interest(), Interest { close: true, ..Interest::default() });

    // Nor does it wait for a peer that does not take it.
    let mut client = answered_early("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    client.connection.shutdown();
    client.connection.delivery_failed();
    assert!(client.interest().close);
}

#[test]
fn i28_a_client_closes_at_once_where_the_server_reads_no_more() {
    let client = answered_early("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.interest(), Interest { close: true, ..Interest::default() });
}
