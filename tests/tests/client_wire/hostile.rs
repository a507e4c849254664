//! Servers that break the protocol, flood, or go away. Every script ends with its connection, so a client that is told
//! has been told by what it got.

use crate::{OK, Wire, complete, content, head, name, run};
use http_tokio::{BodyLength, Config, ConnectError};
use std::time::Duration;
use tests::memory::Seen;
use tests::raw::End;
use tests::raw_server::RawServer;

/// Octets behind the request, and the error that they are.
const FAULTS: &[(&str, &str)] = &[
    ("", "no_response"),
    ("\r\n\r\n", "no_response"),
    ("HTTP/1.1 200 OK\r\nContent-Le", "incomplete_head"),
    ("HTTP/1.1 103 Early Hints\r\n\r\n", "no_response"),
    ("SSH-2.0-OpenSSH_9.9\r\n", "invalid_status_line"),
    ("HTTP/2.0 200 OK\r\n\r\n", "unsupported_version"),
    ("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n", "bare_lf"),
    ("HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", "blank_before_colon"),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "length_with_transfer_encoding",
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", "repeated_content_length"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n", "content_length_overflow"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "incomplete_body"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "incomplete_body"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n", "incomplete_body"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "invalid_chunk_end"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "invalid_chunk_size"),
    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "unsolicited_upgrade"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "unsolicited_response"),
    ("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "unsolicited_response"),
];

// L10, N31
#[test]
fn l10_n31_whatever_is_wrong_is_told() {
    // At once, and octet by octet.
    for slowly in [false, true] {
        let server = RawServer::start(move |number, mut peer| {
            peer.head();
            let fault = FAULTS[number].0;
            let size = if slowly { 1 } else { fault.len().max(1) };
            for piece in fault.as_bytes().chunks(size) {
                // A client that has understood is gone.
                if peer.try_send(piece).is_err() {
                    return;
                }
                if slowly && piece == b"\n" {
                    peer.pause(Duration::from_millis(1));
                }
            }
            peer.half_close();
            let (octets, _) = peer.rest();
            assert_eq!(octets, b"", "a client says nothing to it");
        });
        run(async {
            for (fault, expected) in FAULTS {
                let mut wire = Wire::open(&server).await;
                wire.get();
                let (_, error) = wire.failure().await;
                assert_eq!(name(&error), *expected, "{fault:?}, slowly: {slowly}");
                let begun = !fault.trim_start().is_empty();
                assert_eq!(error.may_retry(), !begun && wire.conn.outstanding() == 1, "{fault:?}");
            }
        });
        server.finish();
    }
}

// N31: a body that a reset cuts off is none, wherever that is: what came before it may be seen or not.
#[test]
fn n31_a_reset_in_the_middle() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
    let server = RawServer::start(move |number, mut peer| {
        peer.head();
        peer.send(&CHUNKED[..number]);
        peer.reset();
    });
    run(async {
        for length in 0..=CHUNKED.len() {
            let mut wire = Wire::open(&server).await;
            wire.get();
            let (events, error) = wire.failure().await;
            assert_eq!(name(&error), "connection reset", "{length}");
            assert!(!events.iter().any(|event| matches!(event, Seen::Complete(_))), "{length}: {events:?}");
            assert!(length > 0 || error.may_retry());
        }
    });
    server.finish();
}

// An answer without a request, in front of the first one or behind one.
#[test]
fn an_answer_that_nobody_asked_for() {
    let server = RawServer::start(|number, mut peer| {
        if number == 1 {
            peer.head();
            peer.send(OK);
        }
        peer.send(OK);
        peer.rest();
    });
    run(async {
        for number in 0..2 {
            let mut wire = Wire::open(&server).await;
            if number == 1 {
                wire.get();
            }
            let (events, error) = wire.failure().await;
            assert_eq!((events.len(), name(&error).as_str()), (3 * number, "unsolicited_response"));
            assert!(!error.may_retry());
        }
    });
    server.finish();
}

// obs-fold is unfolded (RFC 9112 section 5.2).
#[test]
fn folded_lines() {
    let server =
        RawServer::answering(["HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n\td\r\nContent-Length:\r\n", "  0\r\n\r\n"]);
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.get();
        let Seen::Head(text) = wire.next().await.unwrap() else { panic!("no head") };
        let words: Vec<_> = text.split_whitespace().collect();
        assert_eq!(words, ["200", "A:", "b", "c", "d", "Content-Length:", "0"]);
        assert_eq!(wire.next().await.unwrap(), complete(""));
    });
    server.finish();
}

/// A server that sends this, over and over, until nobody takes it; the number of octets that somebody did.
fn flood(front: &'static str, piece: &'static str) -> (String, u64) {
    let server = RawServer::start(move |_, mut peer| {
        peer.head();
        let pieces = piece.repeat(1 + (64 << 10) / piece.len());
        let mut sent = peer.try_send(front);
        while sent.is_ok() {
            sent = peer.try_send(&pieces);
        }
    });
    let told = run(async {
        let mut wire = Wire::open(&server).await;
        wire.get();
        let (_, error) = wire.failure().await;
        (name(&error), wire.conn.transferred().0)
    });
    server.finish();
    told
}

// X1: interim responses, heads, lines, trailers without end: a bounded part is read, and the connection is gone.
#[test]
fn x1_floods() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (front, piece, expected) in [
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "too_many_interim"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", "too_many_interim"),
        ("", "\r\n", "too_many_empty_lines"),
        (HEAD, "A: b\r\n", "too_many_fields"),
        (HEAD, "x", "head_too_long"),
        ("HTTP/1.1 200 ", "x", "head_too_long"),
        (CHUNKED, "0", "chunk_size_overflow"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", "chunk_extension_too_long"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", "too_many_trailers"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", "x", "trailers_too_long"),
    ] {
        let (told, read) = flood(front, piece);
        assert_eq!(told, expected, "{front:?}, then {piece:?}");
        assert!(read <= 1 << 20, "{read} octets were read of {piece:?}");
    }
}

// A body of which nobody wants more is not read, and one that is read goes on for as long as it does.
#[test]
fn an_endless_body_is_read_as_far_as_it_is_wanted() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while peer.try_send([b'.'; 64 << 10]).is_ok() {}
    });
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.get();
        assert_eq!(wire.next().await.unwrap(), head("200\n"));
        let mut received = 0;
        while received < 4 << 20 {
            let Seen::Payload(octets) = wire.next().await.unwrap() else { panic!("no end is in sight") };
            received += octets.len();
        }
        // What is read ahead is what one read brings.
        assert!(wire.conn.transferred().0 <= received as u64 + (1 << 20));
        wire.conn.discard();
        let _ = wire.conn.close(&mut wire.inbox).await;
    });
    server.finish();
}

// A server that accepts and closes, or resets, at once; the client may be writing.
#[test]
fn a_server_that_only_accepts() {
    let server = RawServer::start(|number, peer| {
        if number % 2 == 0 {
            peer.reset()
        }
    });
    run(async {
        for number in 0..10 {
            let mut wire = match Wire::try_open(&server, Config::client()).await {
                Ok(wire) => wire,
                // The reset was faster.
                Err(error) => {
                    assert!(matches!(error, ConnectError::Connect(_)), "{error:?}");
                    continue;
                }
            };
            wire.start(if number < 5 { "GET" } else { "POST" }, BodyLength::Empty);
            let (events, error) = wire.failure().await;
            assert_eq!(events, []);
            let left = wire.conn.unanswered().next().expect("it has got no answer");
            assert_eq!(error.may_retry(), number < 5 || !left.left, "{error:?}");
        }
    });
    server.finish();
}

// A client that goes away in the middle of its request, or of the answer, cuts it off: no server takes a part for the whole.
#[test]
fn what_a_client_leaves_half_done_is_reset() {
    let server = RawServer::start(|number, mut peer| {
        peer.head();
        if number == 1 {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
        }
        assert_eq!(peer.rest().1, End::Reset, "{number}");
    });
    run(async {
        for number in 0..3 {
            let mut wire = Wire::open_with(&server, Config::client()).await;
            let length = if number == 0 { BodyLength::Unknown } else { BodyLength::Empty };
            wire.start("PUT", length);
            match number {
                0 => {
                    let _ = wire.conn.send(b"half a body").unwrap();
                    wire.conn.flush().await;
                }
                1 => assert_eq!(wire.until(|event| *event == content("hell")).await.len(), 2),
                _ => wire.conn.flush().await,
            }
        }
    });
    server.finish();
}
