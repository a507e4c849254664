//! What is sent: content without copies, marks, reasons, interim responses, expectations, trailers.

use bytes::Bytes;
use http_proto::{
    BodyLength, Chunk, Config, FieldBlock, Flow, Pipeline, RequestHead, ResponseHead, SendBuf, SendError, WaterMarks,
};
use tests::pair::one::One;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: ResponseHead<'static> = ResponseHead::new(200);
const EXPECTING: &str = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

#[test]
fn i24_owned_content_is_queued_without_a_copy() {
    for length in [BodyLength::Exact(5), BodyLength::Unknown] {
        for pop in [false, true] {
            let mut server = One::server();
            server.hear(GET);
            server.connection.respond(&OK, length, &mut server.out).unwrap();
            let content = Bytes::from(vec![b'c'; 5]);
            let _ = server.connection.send_owned(content.clone(), &mut server.out).unwrap();
            let mut found = false;
            while let Some(chunk) = server.out.front() {
                let Chunk::Octets(octets) = chunk else { panic!("nothing is external") };
                let (start, count) = (octets.as_ptr(), octets.len() as u64);
                found |= start == content.as_ptr() && octets == content;
                if pop {
                    let popped = server.out.pop_owned().unwrap();
                    found |= popped.as_ptr() == content.as_ptr();
                    assert_eq!(popped.len() as u64, count);
                }
                server.out.advance(count);
            }
            assert!(found, "the very octets that were given");
        }
    }
    // In a vectored write too.
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Exact(5), &mut server.out).unwrap();
    let content = Bytes::from(vec![b'c'; 5]);
    let _ = server.connection.send_owned(content.clone(), &mut server.out).unwrap();
    let mut slices = [std::io::IoSlice::new(b""); 4];
    assert_eq!(server.out.io_slices(&mut slices), 2);
    assert_eq!(slices[1].as_ptr(), content.as_ptr());
}

#[test]
fn n18_one_drain_for_every_full() {
    let mut server = One::server();
    server.out = SendBuf::with_marks(WaterMarks { high: 1000, low: 100, copied: 10_000 });
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    server.written();
    for _ in 0..5 {
        let mut sent = 0;
        let send = |server: &mut One<_>| server.connection.send_owned(Bytes::from(vec![b'c'; 95]), &mut server.out);
        while send(&mut server).unwrap() == Flow::Ready {
            sent += 1;
        }
        assert_eq!(sent, 9, "100 octets each with their framing, Full at the tenth");
        assert_eq!(send(&mut server), Ok(Flow::Full), "Full is advice: everything is taken, and still full");
        assert_eq!(server.out.len(), 11 * 101);
        let drains = (0..server.out.len()).filter(|_| server.out.advance(1)).count();
        assert_eq!(drains, 1);
        assert!(!server.out.advance(1), "nothing is left");
    }
    // Without a Full there is no drain.
    let _ = server.connection.send(b"x", &mut server.out).unwrap();
    assert!(!server.out.advance(u64::MAX));
}

#[test]
fn n29_reason_phrases_there_and_back() {
    for (reason, expected) in [
        (None, "OK"),
        (Some(b"".as_slice()), ""),
        (Some(b"All \t right"), "All \\t right"),
        (Some(b"\xfcber"), "\\xfcber"),
    ] {
        let mut server = One::server();
        server.hear(GET);
        server.connection.respond(&ResponseHead { reason, ..OK }, BodyLength::Empty, &mut server.out).unwrap();
        let mut client = One::client();
        client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
        let mut slices = [std::io::IoSlice::new(b"")];
        server.out.io_slices(&mut slices);
        assert_eq!(client.hear(&slices[0][..])[0], format!("H HTTP/1.1 200 {expected}"));
    }
    let mut server = One::server();
    server.hear(GET);
    for reason in [b"a\r\nb".as_slice(), b"\0", b"a\n", b"\x7f"] {
        let refused = server.connection.respond(&OK.reason(reason), BodyLength::Empty, &mut server.out);
        assert_eq!(refused, Err(SendError::InvalidReason));
    }
}

#[test]
fn x1_interim_responses_are_sent_and_seen() {
    let mut server = One::server();
    server.hear(GET);
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    for (status, link) in [(103, b"</a>".as_slice()), (103, b"</b>"), (102, b"")] {
        let head = ResponseHead::new(status);
        server.connection.inform(&head.fields(&[("Link", link)]), &mut server.out).unwrap();
        let heard = client.hear(server.written());
        assert!(heard[0].starts_with(&format!("H HTTP/1.1 {status}")) && heard[1] == "NeedInput", "{heard:?}");
        assert_eq!(client.connection.outstanding(), 1, "the request still awaits its answer");
    }
    for status in [100, 101, 99, 200] {
        let refused = server.connection.inform(&ResponseHead::new(status), &mut server.out);
        assert_eq!(refused, Err(SendError::InvalidStatus), "{status}");
    }
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(client.hear(server.written()), ["H HTTP/1.1 200 OK", "M", "NeedInput"]);
}

#[test]
fn x1_too_many_interim_responses_are_an_error() {
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.hear("HTTP/1.1 103 \r\n\r\n".repeat(16)).len(), 17);
    assert_eq!(client.hear("HTTP/1.1 103 \r\n\r\n"), ["TooManyInterim at 16"]);
}

#[test]
fn x2_the_server_asks_for_the_content() {
    let mut server = One::server();
    server.hear(EXPECTING);
    assert!(server.connection.awaiting_continue());
    server.connection.proceed(&mut server.out).unwrap();
    assert_eq!(server.written(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue), "once");
    assert_eq!(server.hear("ab"), ["P ab", "M", "Paused"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"));
}

// The client may or may not send the content then, and nobody could tell what comes next: the connection closes.
#[test]
fn x2_a_final_answer_in_its_place_closes() {
    let mut server = One::server();
    server.hear(EXPECTING);
    server.connection.respond(&ResponseHead::new(417), BodyLength::Empty, &mut server.out).unwrap();
    let answer = server.written();
    assert!(answer.contains("Connection: close"));
    let mut client = One::client();
    let put = RequestHead::new("PUT", "/").host("h").expect_continue();
    client.connection.start(&put, BodyLength::Exact(2), &mut client.out).unwrap();
    client.written();
    assert_eq!(client.hear(answer), ["H HTTP/1.1 417 Expectation Failed", "M", "Closed"]);
    assert!(client.connection.send(b"ab", &mut client.out).is_err());
    assert_eq!((client.written().as_str(), client.interest().close), ("", true));
}

#[test]
fn x2_a_declined_unknown_expectation_closes_while_content_may_be_held_back() {
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    for expect in ["x", "100-continue, x", "x\r\nExpect: 100-continue"] {
        let ask = |content: &str| {
            let mut server = One::server();
            server.hear(format!("PUT / HTTP/1.1\r\nHost: h\r\nExpect: {expect}\r\nContent-Length: 2\r\n\r\n{content}"));
            server.connection.respond(&ResponseHead::new(417), BodyLength::Empty, &mut server.out).unwrap();
            (server.written().contains("Connection: close\r\n"), server.hear(get))
        };
        // The next request must not be taken for the content that never came.
        assert_eq!(ask(""), (true, vec!["NeedInput".to_owned()]), "{expect}");
        let next = ["H GET / HTTP/1.1", "M", "NeedInput"].map(str::to_owned).to_vec();
        assert_eq!(ask("ok"), (false, next), "{expect}");
    }
}

#[test]
fn x2_a_100_to_an_earlier_request_releases_no_content() {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 2, safe_only: false };
    let mut client = One::client_with(config);
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    let head = RequestHead::new("PUT", "/").host("h").expect_continue();
    client.connection.start(&head, BodyLength::Exact(2), &mut client.out).unwrap();
    client.hear("HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.connection.send(b"ok", &mut client.out), Err(SendError::AwaitingContinue));
    client.hear("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.connection.send(b"ok", &mut client.out), Ok(Flow::Ready));
}

#[test]
fn x2_the_expectation_is_moot_once_content_comes() {
    let mut server = One::server();
    server.hear(format!("{EXPECTING}a"));
    assert!(!server.connection.awaiting_continue());
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
    server.hear("b");
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"), "no doubt is left about what follows");
    let mut old = One::server();
    old.hear(EXPECTING.replace("1.1", "1.0"));
    assert!(!old.connection.awaiting_continue(), "HTTP/1.0 has no expectations");
}

#[test]
fn x2_a_client_holds_its_content_back() {
    let put = RequestHead::new("PUT", "/").host("h").expect_continue();
    let mut client = One::client();
    client.connection.start(&put, BodyLength::Exact(2), &mut client.out).unwrap();
    assert!(client.written().contains("Expect: 100-continue\r\n"));
    assert!(client.connection.awaiting_continue());
    assert_eq!(client.connection.send(b"ab", &mut client.out), Err(SendError::AwaitingContinue));
    assert_eq!(client.connection.finish(None, &mut client.out), Err(SendError::AwaitingContinue));
    assert_eq!(client.hear("HTTP/1.1 103 \r\n\r\n").len(), 2);
    assert!(client.connection.awaiting_continue(), "another interim response is no permission");
    client.hear("HTTP/1.1 100 \r\n\r\n");
    let _ = client.connection.send(b"ab", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    assert_eq!(client.written(), "ab");
}

#[test]
fn x3_trailers_both_ways_and_only_such_as_may_be() {
    let trailers = FieldBlock::from_fields([("X-Sum", b"1".as_slice()), ("x-sum", b"2")]).unwrap();
    let mut client = One::client();
    let post = RequestHead::new("POST", "/").host("h");
    client.connection.start(&post, BodyLength::Unknown, &mut client.out).unwrap();
    client.connection.finish(Some(&trailers), &mut client.out).unwrap();
    let mut server = One::server();
    assert_eq!(server.hear(client.written()), ["H POST / HTTP/1.1", "M X-Sum=1 x-sum=2", "Paused"]);
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    for name in ["Trailer", "TE", "Cookie", "Set-Cookie", "Content-Type", "Authorization", "Cache-Control", "Vary"] {
        let block = FieldBlock::from_fields([(name, b"x".as_slice())]).unwrap();
        let refused = server.connection.finish(Some(&block), &mut server.out);
        assert_eq!(refused, Err(SendError::ForbiddenTrailer), "{name}");
    }
    for name in ["Content-Length", "Transfer-Encoding", "Host", "Connection", "Upgrade", "Expect"] {
        let refused = FieldBlock::from_fields([(name, b"x".as_slice())]);
        assert_eq!(refused, Err(SendError::FramingField), "{name}");
    }
    server.connection.finish(Some(&trailers), &mut server.out).unwrap();
    assert_eq!(client.hear(server.written()), ["H HTTP/1.1 200 OK", "M X-Sum=1 x-sum=2", "NeedInput"]);
}

#[test]
fn x3_trailers_need_chunks() {
    let trailers = FieldBlock::from_fields([("X", b"1".as_slice())]).unwrap();
    for (request, length) in [
        (GET, BodyLength::Exact(0)),
        ("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", BodyLength::Unknown),
        ("GET / HTTP/1.0\r\n\r\n", BodyLength::Unknown),
    ] {
        let mut server = One::server();
        server.hear(request);
        server.connection.respond(&OK, length, &mut server.out).unwrap();
        let refused = server.connection.finish(Some(&trailers), &mut server.out);
        assert_eq!(refused, Err(SendError::TrailersNotAllowed), "{request}");
        server.connection.finish(Some(FieldBlock::EMPTY), &mut server.out).unwrap();
    }
}
