//! Exchanges from the connection to the close, answered by scripts.

use crate::{OK, Wire, complete, content, head, name, run};
use http_tokio::{BodyLength, Config, Event, FieldBlock, RequestHead, SendError};
use tests::memory::Seen;
use tests::raw::{End, Raw};
use tests::raw_server::RawServer;

const CHUNKED: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
    HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n";

// I18: connect, head, content, head, content, completion, close; on both sides it is an orderly one.
#[test]
fn i18_connect_ask_hear_close() {
    let server = RawServer::start(|number, mut peer| {
        assert_eq!(number, 0, "one connection is enough");
        assert_eq!(peer.head(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        // X1, X3: an interim response, and trailers; in pieces of every size.
        let sizes = [1, 2, 3, 5, 8, 13, 21, 34, CHUNKED.len()];
        let mut rest = CHUNKED;
        peer.send_slowly(sizes.map(|size| {
            let (piece, more) = rest.split_at(size.min(rest.len()));
            rest = more;
            piece
        }));
        assert!(peer.head().starts_with("PUT / HTTP/1.1\r\n"));
        assert_eq!(peer.octets(18), b"5\r\nhello\r\n0\r\nX-Sum");
        peer.head();
        peer.send(OK);
        assert_eq!(peer.rest(), (Vec::new(), End::Closed));
    });
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.get();
        let expected = [
            head("103\nLink: </a>\n"),
            head("200\nTransfer-Encoding: chunked\n"),
            content("hello!"),
            complete("X-Sum: 1\n"),
        ];
        assert_eq!(wire.answer().await, expected);
        let timings = wire.conn.timings();
        assert!(timings.first_octet_out <= timings.done && timings.done <= timings.first_octet_in, "{timings:?}");
        assert!(timings.first_octet_in <= timings.head_in && timings.done.is_some(), "N44: {timings:?}");
        wire.start("PUT", BodyLength::Unknown);
        let _ = wire.conn.send(b"hello").unwrap();
        let sum = FieldBlock::from_fields([("X-Sum", b"1".as_slice())]).unwrap();
        wire.conn.finish(Some(&sum)).unwrap();
        assert_eq!(wire.answer().await, [head("200\nContent-Length: 2\n"), content("ok"), complete("")]);
        assert!(wire.conn.is_reusable());
        wire.conn.close(&mut wire.inbox).await.unwrap();
        wire.is_over().await;
    });
    server.finish();
}

// I1: nothing goes out before `start`, nor with a call that is refused.
#[test]
fn i1_nothing_is_sent_without_a_request() {
    let server = RawServer::start(|_, peer| assert_eq!(peer.rest(), (Vec::new(), End::Closed)));
    run(async {
        let mut wire = Wire::open(&server).await;
        assert_eq!(wire.conn.send(b"x"), Err(SendError::NoMessage));
        assert_eq!(wire.conn.finish(None), Err(SendError::NoMessage));
        let smuggled = RequestHead::get("h", "/ HTTP/1.1\r\nX: y");
        assert_eq!(wire.conn.start(&smuggled, BodyLength::Empty), Err(SendError::InvalidTarget));
        wire.conn.flush().await;
        wire.conn.close(&mut wire.inbox).await.unwrap();
    });
    server.finish();
}

// N29
#[test]
fn n29_a_reason_phrase_arrives() {
    let server = RawServer::answering([&b"HTTP/1.1 200 Tr\xe8s bien\r\nContent-Length: 0\r\n\r\n"[..]]);
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.get();
        match wire.conn.next_event(&mut wire.inbox).await {
            Ok(Event::HeadersComplete(head)) => assert_eq!((head.status(), head.reason()), (200, &b"Tr\xe8s bien"[..])),
            other => panic!("{other:?}"),
        }
    });
    server.finish();
}

fn pipelining(depth: u16) -> Config {
    let mut config = Config::client();
    config.pipeline.depth = depth;
    config
}

fn number(peer: &mut Raw) -> String {
    let head = peer.head();
    head["GET /".len()..].split(' ').next().expect("a target").to_owned()
}

// X5: requests go out together, answers come in their order, and the ones that the server leaves are known.
#[test]
fn x5_a_pipeline_and_what_is_left_of_it() {
    for reset in [false, true] {
        let server = RawServer::start(move |_, mut peer| {
            // All are there before the first is answered.
            let numbers: Vec<_> = (0..8).map(|_| number(&mut peer)).collect();
            for number in &numbers[..5] {
                peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
            }
            if reset {
                // Behind what was sent, so that it can be read.
                peer.octets(1);
                peer.reset();
            }
        });
        run(async {
            let mut wire = Wire::open_with(&server, pipelining(8)).await;
            for number in 0..8 {
                wire.conn.start(&RequestHead::get("h", &format!("/{number}")), BodyLength::Empty).unwrap();
            }
            let full = wire.conn.start(&RequestHead::get("h", "/8"), BodyLength::Empty);
            assert_eq!(full, Err(SendError::PipelineFull));
            for number in 0..5 {
                assert_eq!(wire.answer().await[1], content(&number.to_string()));
            }
            if reset {
                wire.get();
                wire.conn.flush().await;
            }
            let (events, error) = wire.failure().await;
            assert_eq!(events, []);
            let expected = if reset { "connection reset" } else { "no_response" };
            assert_eq!((name(&error).as_str(), error.may_retry()), (expected, true));
            let left = wire.conn.unanswered().map(|request| request.may_retry()).collect::<Vec<_>>();
            assert_eq!(left, vec![true; if reset { 4 } else { 3 }]);
        });
        server.finish();
    }
}

// X5: a server that closes while the connection idles: what is asked then has got no answer, and which of it may be asked
// again is known.
#[test]
fn x5_a_server_that_has_closed_meanwhile() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send(OK);
    });
    run(async {
        for (method, idempotent) in [("GET", true), ("POST", false)] {
            let mut wire = Wire::open(&server).await;
            wire.get();
            wire.answer().await;
            // The end of the input is there, and has not been read.
            wire.readable().await;
            wire.start(method, BodyLength::Empty);
            let (events, error) = wire.failure().await;
            assert_eq!((events, error.may_retry()), (vec![], idempotent), "{method}: {error:?}");
        }
    });
    server.finish();
}

// What a HEAD is answered with has no content, whatever it announces; then the connection goes on.
#[test]
fn an_answer_to_head() {
    let server = RawServer::start(|_, mut peer| {
        for _ in 0..2 {
            peer.head();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        }
        peer.head();
        peer.send("HTTP/1.0 200 OK\r\n\r\ntill the end");
    });
    run(async {
        let mut wire = Wire::open(&server).await;
        for _ in 0..2 {
            wire.start("HEAD", BodyLength::Empty);
            assert_eq!(wire.answer().await, [head("200\nContent-Length: 1000000\n"), complete("")]);
        }
        wire.get();
        let events = wire.until(|event| *event == Seen::Closed).await;
        assert_eq!(events, [head("200\n"), content("till the end"), complete(""), Seen::Closed]);
        wire.is_over().await;
    });
    server.finish();
}
