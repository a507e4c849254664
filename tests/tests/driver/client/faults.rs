//! Servers that break the protocol, or just off: a client is told what it was, says nothing to it, and closes; what came
//! whole before that is whole, and nothing else is.

use super::*;

/// An answer to GET that is wrong: what is seen of it (heads, octets of content, ends), and what it is.
const FAULTS: &[(&str, (usize, usize, usize), RecvErrorKind)] = &[
    ("", (0, 0, 0), RecvErrorKind::NoResponse),
    ("\r\n\r\n", (0, 0, 0), RecvErrorKind::NoResponse),
    ("\r", (0, 0, 0), RecvErrorKind::IncompleteHead),
    ("H", (0, 0, 0), RecvErrorKind::IncompleteHead),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", (0, 0, 0), RecvErrorKind::IncompleteHead),
    ("HTTP/1.1 103 Early Hints\r\n\r\n", (1, 0, 0), RecvErrorKind::NoResponse),
    ("nonsense\r\n\r\n", (0, 0, 0), RecvErrorKind::InvalidStatusLine),
    ("HTTP/2.0 200 OK\r\n\r\n", (0, 0, 0), RecvErrorKind::UnsupportedVersion),
    ("HTTP/1.1 20 OK\r\n\r\n", (0, 0, 0), RecvErrorKind::InvalidStatusLine),
    ("HTTP/1.1 2000 OK\r\n\r\n", (0, 0, 0), RecvErrorKind::InvalidStatusLine),
    ("HTTP/1.1 200 O\0K\r\n\r\n", (0, 0, 0), RecvErrorKind::InvalidStatusLine),
    ("HTTP/1.1 200 OK\nA: b\r\n\r\n", (0, 0, 0), RecvErrorKind::BareLf),
    ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", (0, 0, 0), RecvErrorKind::BareCr),
    ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", (0, 0, 0), RecvErrorKind::BlankBeforeColon),
    ("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", (0, 0, 0), RecvErrorKind::LeadingBlank),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        (0, 0, 0),
        RecvErrorKind::LengthWithTransferEncoding,
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        (0, 0, 0),
        RecvErrorKind::RepeatedContentLength,
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", (0, 0, 0), RecvErrorKind::InvalidContentLength),
    (
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        (0, 0, 0),
        RecvErrorKind::TransferEncodingInHttp10,
    ),
    (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        (0, 0, 0),
        RecvErrorKind::UnsolicitedUpgrade,
    ),
    // Bodies that end too early.
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", (1, 4, 0), RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", (1, 5, 0), RecvErrorKind::IncompleteBody),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        (1, 5, 0),
        RecvErrorKind::IncompleteBody,
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n",
        (1, 5, 0),
        RecvErrorKind::IncompleteBody,
    ),
    // Chunks that are none.
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", (1, 0, 0), RecvErrorKind::InvalidChunkSize),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n", (1, 5, 0), RecvErrorKind::InvalidChunkEnd),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        (1, 0, 0),
        RecvErrorKind::ChunkSizeOverflow,
    ),
    // More than was asked for, or announced.
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok...", (1, 2, 1), RecvErrorKind::UnsolicitedResponse),
    ("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", (1, 0, 1), RecvErrorKind::UnsolicitedResponse),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", (1, 0, 1), RecvErrorKind::UnsolicitedResponse),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n",
        (1, 0, 1),
        RecvErrorKind::UnsolicitedResponse,
    ),
];

fn seen(events: &[Seen]) -> (usize, usize, usize) {
    let heads = events.iter().filter(|event| matches!(event, Seen::Head(_))).count();
    let ends = events.iter().filter(|event| matches!(event, Seen::Complete(_))).count();
    let octets = events.iter().map(|event| if let Seen::Payload(octets) = event { octets.len() } else { 0 });
    (heads, octets.sum(), ends)
}

fn judge(mut end: End<Client>, peer: &Peer, fault: &str, expected: ((usize, usize, usize), RecvErrorKind)) {
    peer.swallow();
    let (events, error) = end.failure();
    assert_eq!((seen(&events), kind(&error)), expected, "{fault:?}");
    let ((_, _, ends), _) = expected;
    assert_eq!((end.conn.outstanding(), end.conn.unanswered().count()), (1 - ends, 1 - ends), "{fault:?}");
    is_over(&mut end);
    assert!(!end.conn.is_reusable());
    drop(end);
    assert_eq!(peer.text(), "", "a client says nothing to it");
    assert_eq!(peer.saw_reset(), ends == 0, "what is unanswered is cut off: {fault:?}");
}

// L10, N31, I18: the same however octets come in.
#[test]
fn l10_n31_whatever_is_wrong_is_told_once() {
    for (fault, counts, kind) in FAULTS {
        for size in [1, 2, 7, 1000] {
            let (mut end, peer) = client_with(Config::client(), pieces(size));
            ask(&mut end);
            peer.send_last(fault);
            judge(end, &peer, fault, (*counts, *kind));
        }
        for split in 1..fault.len() {
            let (mut end, peer) = client();
            ask(&mut end);
            peer.send(&fault[..split]);
            let (mut before, mut failed) = (Vec::new(), None);
            while let Some(event) = end.try_next() {
                match event {
                    Ok(Seen::Closed) => break,
                    Ok(event) => before.push(event),
                    Err(error) => failed = Some(error),
                }
            }
            peer.send_last(&fault[split..]);
            let (after, error) = failed.map_or_else(|| end.failure(), |error| (Vec::new(), error));
            let events = Seen::joined(before.into_iter().chain(after));
            assert_eq!((seen(&events), super::kind(&error)), (*counts, *kind), "{fault:?} at {split}");
            is_over(&mut end);
        }
    }
}

// N31: the same broken off by a reset: then it is the transport that has failed, wherever that was.
#[test]
fn n31_a_reset_in_every_place() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for length in 0..=ANSWER.len() {
        let (mut end, peer) = client();
        ask(&mut end);
        peer.send(&ANSWER[..length]);
        let events = end.events();
        let whole = length == ANSWER.len();
        assert_eq!(events.iter().any(|event| matches!(event, Seen::Complete(_))), whole);
        peer.reset();
        assert_eq!(transport_error(end.error()), std::io::ErrorKind::ConnectionReset);
        assert_eq!(end.conn.outstanding(), usize::from(!whole));
        is_over(&mut end);
    }
}

// L10: an answer that is wrong behind a whole one: that one is whole, and the two others have none.
#[test]
fn l10_a_pipeline_with_a_fault_in_it() {
    for (fault, (heads, octets, _), expected) in FAULTS.iter().filter(|(_, (_, _, ends), _)| *ends == 0) {
        let (mut end, peer) = pipelining();
        for _ in 0..3 {
            ask(&mut end);
        }
        peer.send_last([OK, fault].concat());
        let (events, error) = end.failure();
        assert_eq!((seen(&events), kind(&error)), ((1 + heads, 2 + octets, 1), *expected), "{fault:?}");
        assert_eq!(end.conn.unanswered().count(), 2);
        assert!(end.conn.unanswered().nth(1).is_some_and(|last| last.may_retry()), "nothing has come to it");
        is_over(&mut end);
    }
}

/// A server that sends so many of these: a client reads a little of it, and says why.
fn flood(piece: &str, count: usize, begun: bool) -> (RecvErrorKind, usize) {
    let (mut end, peer) = client();
    if begun {
        ask(&mut end);
    } else {
        end.rest();
    }
    peer.send(piece.repeat(count));
    let (events, error) = end.failure();
    let read = piece.len() * count - peer.unread();
    assert!(read <= 256 * 1024, "{read} octets were read of {piece:?}");
    is_over(&mut end);
    (kind(&error), events.len())
}

// X1: a million interim responses.
#[test]
fn x1_interim_responses_without_end() {
    let piece = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    assert_eq!(flood(piece, 1_000_000, true), (RecvErrorKind::TooManyInterim, 16));
    assert_eq!(flood("HTTP/1.1 100 Continue\r\n\r\n", 1_000_000, true), (RecvErrorKind::TooManyInterim, 16));
}

#[test]
fn what_never_ends() {
    assert_eq!(flood("\r\n", 1_000_000, true), (RecvErrorKind::TooManyEmptyLines, 0));
    assert_eq!(flood("\r\n", 1_000_000, false), (RecvErrorKind::TooManyEmptyLines, 0));
    assert_eq!(flood("HTTP/1.1 200 OK", 1_000_000, true).0, RecvErrorKind::HeadTooLong);
    assert_eq!(flood("A: b\r\n", 1, true).0, RecvErrorKind::InvalidStatusLine);
    assert_eq!(flood("HTTP/1.1 200 OK\r\n\r\n", 1_000_000, false), (RecvErrorKind::UnsolicitedResponse, 0));
    for (piece, kind) in [
        ("A: b\r\n", RecvErrorKind::TooManyFields),
        ("x", RecvErrorKind::HeadTooLong),
        (" ", RecvErrorKind::LeadingBlank),
        ("A: b\r\n c\r\n", RecvErrorKind::TooManyFields),
    ] {
        let (mut end, peer) = client();
        ask(&mut end);
        peer.send("HTTP/1.1 200 OK\r\n");
        peer.send(piece.repeat(1_000_000));
        let (events, error) = end.failure();
        assert_eq!((events.len(), super::kind(&error)), (0, kind), "{piece:?}");
        assert!(piece.len() * 1_000_000 - peer.unread() <= 256 * 1024, "{piece:?}");
    }
}

// Trailers and chunk lines are bounded like heads.
#[test]
fn a_body_whose_lines_never_end() {
    for (piece, kind) in [
        ("0\r\nA: b\r\n", RecvErrorKind::TooManyTrailers),
        ("0\r\nA: ", RecvErrorKind::TrailersTooLong),
        ("1;", RecvErrorKind::ChunkExtensionTooLong),
    ] {
        let (mut end, peer) = client();
        ask(&mut end);
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        peer.send(piece);
        let more = if kind == RecvErrorKind::TooManyTrailers { "A: b\r\n" } else { "x" };
        peer.send(more.repeat(1_000_000));
        let (events, error) = end.failure();
        assert_eq!((events.len(), super::kind(&error)), (1, kind));
        assert!(more.len() * 1_000_000 - peer.unread() <= 512 * 1024, "{kind:?}");
    }
}
