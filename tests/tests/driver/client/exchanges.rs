//! Whole exchanges of a client: what it says of them and in which order, and what both ends can tell each other beside
//! content.

use super::*;
use http_proto::{Event, FieldBlock, SendError};
use tests::memory::server;

fn head(text: &str) -> Seen {
    Seen::Head(text.to_owned())
}

fn content(text: &str) -> Seen {
    Seen::Payload(text.into())
}

fn complete(trailers: &str) -> Seen {
    Seen::Complete(trailers.to_owned())
}

/// An exchange: the method, the answer, and what is seen of it.
type Exchange = (&'static str, &'static str, Vec<Seen>);

fn exchanges() -> Vec<Exchange> {
    vec![
        ("GET", OK, vec![head("200\nContent-Length: 2\n"), content("ok"), complete("")]),
        (
            "POST",
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
             HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n",
            vec![
                head("102\n"),
                head("103\nLink: </a>\n"),
                head("200\nTransfer-Encoding: chunked\n"),
                content("hello!"),
                complete("X-Sum: 1\n"),
            ],
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", vec![head("200\nContent-Length: 5\n"), complete("")]),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", vec![head("204\n"), complete("")]),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            vec![head("304\nContent-Length: 9\n"), complete("")],
        ),
        (
            "OPTIONS",
            "\r\nHTTP/1.1 299 \r\nContent-Length: 0\r\nA:b\r\n c\r\n\r\n",
            vec![head("299\nContent-Length: 0\nA: b   c\n"), complete("")],
        ),
        ("DELETE", "HTTP/1.1 200 OK\r\n\r\ntill the end", vec![head("200\n"), content("till the end"), complete("")]),
    ]
}

// I18: head, content, completion, exchange after exchange, however octets come in; `Closed` once and last.
#[test]
fn i18_the_trace_of_a_connection() {
    for size in (1..64).chain([1000]) {
        let (mut end, peer) = client_with(Config::client(), pieces(size));
        let exchanges = exchanges();
        for (index, (method, answer, expected)) in exchanges.iter().enumerate() {
            start(&mut end, method, BodyLength::Empty);
            end.rest();
            assert!(peer.text().starts_with(&format!("{method} / HTTP/1.1\r\n")));
            let last = index + 1 == exchanges.len();
            if last {
                peer.send_last(answer)
            } else {
                peer.send(answer)
            }
            let mut events = end.events();
            if last {
                assert_eq!(events.pop(), Some(Seen::Closed));
            }
            assert_eq!(events, *expected, "{size} at a time: {answer}");
            assert_eq!((end.conn.outstanding(), end.conn.is_reusable()), (0, !last));
        }
        assert_eq!((end.event(), end.event()), (Seen::Closed, Seen::Closed));
        drop(end);
        assert!(peer.saw_fin() && !peer.counts().aborted);
    }
}

// X5: the same in a pipeline: answers belong to the requests in their order, whatever they are framed by.
#[test]
fn x5_the_trace_of_a_pipeline() {
    for size in [1, 3, 17, 1000] {
        let mut config = Config::client();
        config.pipeline = Pipeline { depth: 7, safe_only: false };
        let (mut end, peer) = client_with(config, pieces(size));
        for (method, _, _) in exchanges() {
            start(&mut end, method, BodyLength::Empty);
        }
        assert_eq!(
            end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty),
            Err(SendError::PipelineFull),
            "no more than was allowed"
        );
        end.rest();
        let requests = peer.text();
        let methods: Vec<_> = requests.split(" / HTTP/1.1\r\n").filter_map(|text| text.rsplit("\r\n").next()).collect();
        assert_eq!(methods[..7], exchanges().iter().map(|(method, _, _)| *method).collect::<Vec<_>>());
        peer.send_last(exchanges().iter().map(|(_, answer, _)| *answer).collect::<String>());
        let mut expected: Vec<_> = exchanges().into_iter().flat_map(|(_, _, seen)| seen).collect();
        expected.push(Seen::Closed);
        assert_eq!(end.events(), expected, "{size} at a time");
    }
}

// X5: one at a time unless more are asked for, and then only what is safe.
#[test]
fn x5_pipelining_is_by_choice() {
    let (mut end, _peer) = client();
    ask(&mut end);
    assert_eq!(end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::PipelineFull));
    let mut config = Config::client();
    config.pipeline.depth = 2;
    let (mut end, _peer) = client_with(config, Shape::default());
    ask(&mut end);
    let post = RequestHead::new("POST", "/").host("h");
    assert_eq!(end.conn.start(&post, BodyLength::Empty), Err(SendError::NotPipelinable));
    ask(&mut end);
    assert_eq!(end.conn.outstanding(), 2);
}

// I1: what is sent belongs to a request that was started; a refused call leaves nothing on the wire.
#[test]
fn i1_start_comes_first() {
    let (mut end, peer) = client();
    for _ in 0..2 {
        assert_eq!(end.conn.send(b"x"), Err(SendError::NoMessage));
        assert_eq!(end.conn.send_owned("x".into()), Err(SendError::NoMessage));
        assert_eq!(end.conn.finish(None), Err(SendError::NoMessage));
        let bad = RequestHead::new("GET", "/").host("h").fields(&[("X", b"a\r\nY: b")]);
        assert_eq!(end.conn.start(&bad, BodyLength::Empty), Err(SendError::InvalidFieldValue));
        end.rest();
        assert_eq!((peer.text().as_str(), end.conn.outstanding()), ("", 0));
    }
    start(&mut end, "POST", BodyLength::Exact(2));
    assert_eq!(end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::RequestUnfinished));
    assert_eq!(end.conn.send(b"abc"), Err(SendError::BodyTooLong));
    assert_eq!(end.conn.finish(None), Err(SendError::BodyTooShort));
    let _ = end.conn.send(b"ab").unwrap();
    end.conn.finish(None).unwrap();
    assert_eq!(end.conn.send(b"c"), Err(SendError::NoMessage));
    end.rest();
    assert_eq!(peer.text(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");
}

/// A server that owes an answer to a GET, and a client that waits for it: what one writes the other is given.
fn both() -> (End<Client>, Peer, End<Server>, Peer) {
    let (mut asks, to_client) = client();
    let (mut answers, to_server) = server();
    ask(&mut asks);
    to_server.send(to_client.text());
    assert_eq!(answers.events().len(), 2);
    (asks, to_client, answers, to_server)
}

// N29: reason phrases of one's own, on the wire and parsed back; and what none may hold.
#[test]
fn n29_reason_phrases() {
    for reason in ["All Good", "", "caf\u{e9}", "a\tb  c", "200 OK", "\u{80}\u{ff}"] {
        let reason: Vec<u8> = reason.chars().map(|octet| u8::try_from(u32::from(octet)).unwrap()).collect();
        let (mut asks, to_client, mut answers, to_server) = both();
        answers.conn.respond(&ResponseHead::new(299).reason(&reason), BodyLength::Empty).unwrap();
        answers.rest();
        let octets = to_server.read();
        assert!(octets.starts_with(&[b"HTTP/1.1 299 ", reason.as_slice(), b"\r\n"].concat()));
        to_client.send(octets);
        let heard = asks.run(async |conn, inbox| match conn.next_event(inbox).await {
            Ok(Event::HeadersComplete(head)) => (head.status(), head.reason().to_vec()),
            other => panic!("{other:?}"),
        });
        assert_eq!(heard, Some((299, reason)));
    }
    let (_, _, mut answers, to_server) = both();
    for octet in (0..=0x1f).filter(|octet| *octet != b'\t').chain([0x7f]) {
        let refused = answers.conn.respond(&ResponseHead::new(200).reason(&[b'a', octet]), BodyLength::Empty);
        assert_eq!(refused, Err(SendError::InvalidReason), "{octet}");
    }
    answers.rest();
    assert_eq!(to_server.text(), "");
}

// X1: every interim status there can be, from one end to the other, as often as the client allows.
#[test]
fn x1_interim_responses() {
    let (mut asks, to_client, mut answers, to_server) = both();
    for status in [102, 103, 104, 199].into_iter().cycle().take(16) {
        let hints = ResponseHead::new(status).fields(&[("Link", b"</style.css>; rel=preload")]);
        answers.conn.inform(&hints).unwrap();
        answers.rest();
        to_client.send(to_server.read());
        assert_eq!(asks.events(), [head(&format!("{status}\nLink: </style.css>; rel=preload\n"))]);
        assert_eq!(asks.conn.outstanding(), 1);
    }
    for status in [99, 100, 101, 200, 1000] {
        assert!(answers.conn.inform(&ResponseHead::new(status)).is_err(), "{status}");
    }
    answer(&mut answers);
    answers.rest();
    to_client.send(to_server.read());
    assert_eq!(asks.events().len(), 2);
    assert!(asks.conn.is_reusable());
}

// X3: trailers in both directions, apart from the fields of the head; what may not stand there stays out.
#[test]
fn x3_trailers() {
    let sums = FieldBlock::from_fields([("X-Sum", b"abc".as_slice()), ("X-Length", b"5".as_slice())]).unwrap();
    let (mut asks, to_client) = client();
    let (mut answers, to_server) = server();
    start(&mut asks, "POST", BodyLength::Unknown);
    let _ = asks.conn.send(b"hello").unwrap();
    for name in ["Authorization", "Cache-Control", "Content-Type", "Set-Cookie", "Content-Range", "Date"] {
        let forbidden = FieldBlock::from_fields([(name, b"x".as_slice())]).unwrap();
        assert_eq!(asks.conn.finish(Some(&forbidden)), Err(SendError::ForbiddenTrailer), "{name}");
    }
    // Content is still possible: nothing has changed.
    let _ = asks.conn.send(b"!").unwrap();
    asks.conn.finish(Some(&sums)).unwrap();
    asks.rest();
    to_server.send(to_client.read());
    let heard = answers.events();
    let both_sums = complete("X-Sum: abc\nX-Length: 5\n");
    assert_eq!(heard[1..3], [content("hello!"), both_sums.clone()]);
    assert!(matches!(&heard[0], Seen::Head(head) if !head.contains("X-Sum")));

    answers.conn.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    let _ = answers.conn.send(b"ok").unwrap();
    answers.conn.finish(Some(&sums)).unwrap();
    answers.rest();
    to_client.send(to_server.read());
    assert_eq!(asks.events()[1..], [content("ok"), both_sums]);

    // A length that is announced has no room for them.
    start(&mut asks, "POST", BodyLength::Exact(0));
    assert_eq!(asks.conn.finish(Some(&sums)), Err(SendError::TrailersNotAllowed));
}

// X4: an answer to CONNECT makes a tunnel, or is one like any other.
#[test]
fn x4_a_tunnel_or_not() {
    let connect = |answer: &str| {
        let (mut end, peer) = client();
        end.conn.start(&RequestHead::new("CONNECT", "h:1"), BodyLength::Empty).unwrap();
        end.rest();
        assert_eq!(peer.text(), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
        peer.send(answer);
        assert!(matches!(end.event(), Seen::Head(_)));
        (end, peer)
    };
    let (mut end, peer) = connect("HTTP/1.1 200 OK\r\n\r\nraw");
    assert_eq!(end.events(), [complete(""), Seen::Tail(b"raw".to_vec()), Seen::Closed]);
    assert_eq!((end.conn.state(), end.conn.outstanding()), (State::Upgraded, 0));
    let _ = end.conn.send(b"raw too").unwrap();
    assert!(end.flush());
    assert_eq!(peer.text(), "raw too");
    assert_eq!(end.conn.finish(None), Err(SendError::Upgraded));

    let (mut end, peer) = connect("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(end.events(), [content("no"), complete("")]);
    assert!(end.conn.is_reusable());
    ask(&mut end);
    peer.send(OK);
    assert_eq!(end.events().len(), 3);

    // 204 has no content, to whatever request.
    let (mut end, _peer) = connect("HTTP/1.1 204 No Content\r\n\r\nraw");
    let (events, error) = end.failure();
    assert_eq!((events, kind(&error)), (vec![complete("")], RecvErrorKind::UnsolicitedResponse));
}
