//! Messages that are cut off, by the end of the input or by time: RFC 9112 sections 6.3, 8 and 9.8, RFC 9110 section
//! 15.5.9.

use crate::support::*;
use http_proto::{BodyLength, End, Instant, RequestHead, Step};
use std::time::Duration;

checks![
    length_not_reached,
    answer_before_closing,
    incomplete_responses,
    cut_in_the_head,
    every_prefix,
    clean_and_aborted,
    incomplete_close,
    request_timeout,
];

fn at(seconds: u64) -> Instant {
    Instant::from(Duration::from_secs(seconds))
}

#[test]
fn length_not_reached() {
    covers!("R9112-6.3#6-01");
    let request = post("Content-Length: 3\r\n", "ab");
    let trace = Wire::server(&request).end(End::Clean).see();
    assert_eq!((trace.completed(), trace.error), (0, Some((Kind::IncompleteBody, request.len() as u64))));
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
    let trace = Wire::client(&[("GET", &[])], response).end(End::Clean).see();
    assert_eq!((trace.completed(), trace.error), (0, Some((Kind::IncompleteBody, response.len() as u64))));
    // Silence for too long comes to the same.
    let mut server = Endpoint::asked(&request);
    let due = server.connection.poll_timeout(at(100), &server.out).unwrap();
    assert_eq!(due, at(130));
    server.connection.handle_timeout(due, &server.out);
    let error = server.feed("").unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::BodyTimeout, Some(408)));
    assert_eq!(server.feed("c"), Err(error));
    assert_eq!(accepts(post("Content-Length: 3\r\n", "abc")).completed(), 1);
}

#[test]
fn answer_before_closing() {
    covers!("R9112-8-01");
    for partial in ["G", "GET / HTTP/1.1\r\nHost", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx"] {
        let mut server = Endpoint::asked(partial);
        let error = server.end(End::Clean).unwrap_err();
        assert_eq!(error.status(), Some(400));
        server.connection.refuse(error, None, &mut server.out).unwrap();
        assert!(server.wire().contains("\r\nConnection: close\r\n"));
        assert!(server.connection.interest(&server.out).close);
    }
    // Where nothing has begun there is nothing to answer.
    let mut server = Endpoint::server();
    assert_eq!(server.end(End::Clean).unwrap(), (Vec::new(), Step::Closed));
    assert!(server.out.is_empty());
}

#[test]
fn incomplete_responses() {
    covers!("R9112-8-02");
    let coded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["", "5", "5\r\n", "5\r\nabc", "5\r\nabcde", "5\r\nabcde\r\n", "0\r\n", "0\r\nA: b\r\n", "0\r\n\r"] {
        let input = format!("{coded}{body}");
        for (end, kind) in [(End::Clean, Kind::IncompleteBody), (End::Aborted, Kind::Aborted)] {
            let trace = Wire::client(&[("GET", &[])], &input).end(end).see();
            assert_eq!((trace.completed(), trace.error.unwrap().0), (0, kind), "{body:?}");
        }
    }
    rejects(format!("{coded}5\r\nabcdeX\r\n"), Kind::InvalidChunkEnd);
    assert_eq!(takes(format!("{coded}0\r\n\r\n")).completed(), 1);
}

#[test]
fn cut_in_the_head() {
    covers!("R9112-8-03");
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n";
    for length in 0..head.len() {
        let trace = Wire::client(&[("GET", &[])], &head[..length]).end(End::Clean).run_whole();
        assert!(trace.events.is_empty());
        let kind = if length == 0 { Kind::NoResponse } else { Kind::IncompleteHead };
        assert_eq!(trace.error, Some((kind, length as u64)));
    }
}

#[test]
fn every_prefix() {
    covers!("R9112-8-04");
    let samples =
        [get("A: b\r\n"), post("Content-Length: 5\r\n", "hello"), chunked("5;a=\"b\"\r\nhello\r\n0\r\nA: b\r\n\r\n")];
    for sample in samples {
        for length in 0..=sample.len() {
            let trace = Wire::server(&sample[..length]).end(End::Clean).run_whole();
            let complete = length == sample.len();
            assert_eq!(trace.completed(), usize::from(complete), "{length} of {sample:?}");
            assert_eq!(trace.error.is_some(), length > 0 && !complete, "{length} of {sample:?}");
        }
        let response = sample.split_once("\r\n").unwrap().1;
        let response = format!("HTTP/1.1 200 OK\r\n{response}");
        for length in 0..response.len() {
            let trace = Wire::client(&[("GET", &[])], &response[..length]).end(End::Aborted).run_whole();
            assert_eq!((trace.completed(), trace.error.is_some()), (0, true), "{length} of {response:?}");
        }
    }
}

#[test]
fn clean_and_aborted() {
    covers!("R9112-8-05");
    let response = "HTTP/1.1 200 OK\r\n\r\nabc";
    let whole = Wire::client(&[("GET", &[])], response).end(End::Clean).see();
    assert_eq!((whole.completed(), whole.error, whole.last), (1, None, Step::Closed));
    let cut = Wire::client(&[("GET", &[])], response).end(End::Aborted).see();
    assert_eq!((cut.completed(), cut.error.unwrap().0), (0, Kind::Aborted));
    // Aborted takes the place of Clean, never the other way round.
    let mut input = http_proto::RecvBuf::<Vec<u8>>::new();
    input.set_end(End::Aborted);
    input.set_end(End::Clean);
    assert_eq!(input.end(), Some(End::Aborted));
}

#[test]
fn incomplete_close() {
    covers!("R9112-9.8-01");
    for (response, complete) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true),
        ("HTTP/1.1 204 x\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\nabc", false),
    ] {
        let trace = Wire::client(&[("GET", &[])], response).end(End::Aborted).see();
        assert_eq!((trace.completed() == 1, trace.error.is_none()), (complete, complete), "{response}");
    }
}

#[test]
fn request_timeout() {
    covers!("R9110-15.5.9-01", "R9112-9.5-01");
    let mut server = Endpoint::asked("GET / HTT");
    assert_eq!(server.connection.poll_timeout(at(100), &server.out), Some(at(130)));
    // Further octets do not buy further time.
    server.feed("P/1.1\r\n").unwrap();
    assert_eq!(server.connection.poll_timeout(at(120), &server.out), Some(at(130)));
    server.connection.handle_timeout(at(130), &server.out);
    let error = server.feed("Host: h\r\n\r\n").unwrap_err();
    assert_eq!(error.kind(), Kind::HeadTimeout);
    server.connection.refuse(error, None, &mut server.out).unwrap();
    let expected = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(server.wire(), expected);
    assert!(server.connection.interest(&server.out).shutdown_write);
    // An idle connection closes without a word, on either side.
    let mut server = Endpoint::server();
    server.feed("").unwrap();
    assert_eq!(server.connection.poll_timeout(at(0), &server.out), Some(at(75)));
    server.connection.handle_timeout(at(75), &server.out);
    assert!(server.out.is_empty() && server.connection.interest(&server.out).close);
    let mut client = Endpoint::client();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    client.feed("HTTP/1.1 204 x\r\n\r\n").unwrap();
    assert!(client.connection.interest(&client.out).read);
    // The peer's FIN on an idle connection frees it at once.
    assert_eq!(client.end(End::Clean).unwrap().1, Step::Closed);
    assert!(client.connection.interest(&client.out).close && !client.connection.is_reusable());
}
