//! Responses received: the status line, what they answer, and where they end. RFC 9112 sections 4 and 6.3, RFC 9110
//! section 15.

use crate::support::*;
use http_proto::{BodyLength, End, Framing, RequestHead, Step};

checks![
    status_lines,
    no_other_separators,
    reasons,
    classes_of_status,
    statuses_out_of_range,
    content_by_request_and_status,
    without_content,
    tunnel_of_connect,
    until_close,
    unsolicited,
    surplus,
    order_of_answers,
    nothing_outstanding,
    interim_responses,
    coded_answers_without_content,
];

#[test]
fn status_lines() {
    covers!("R9112-4-01");
    let trace = takes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((trace.head().status, trace.head().reason.as_slice()), (200, &b"OK"[..]));
    let wrong = [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 2OO OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 -20 OK",
        "HTTP/1.1 200",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK",
        " HTTP/1.1 200 OK",
        "HTTP/1.1 0x2 OK",
        "HTTP/1.1 OK",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "200 OK",
        "ICY 200 OK",
    ];
    for line in wrong {
        rejects(format!("{line}\r\nContent-Length: 0\r\n\r\n"), Kind::InvalidStatusLine);
    }
}

#[test]
fn no_other_separators() {
    covers!("R9112-4-02");
    for c in ['\t', '\x0b', '\x0c', '\r', '\u{a0}'] {
        rejects(format!("HTTP/1.1{c}200 OK\r\n\r\n"), Kind::InvalidStatusLine);
        rejects(format!("HTTP/1.1 200{c}OK\r\n\r\n"), Kind::InvalidStatusLine);
    }
}

#[test]
fn reasons() {
    covers!("R9112-4-03");
    let with = |reason: &[u8]| [b"HTTP/1.1 200 ", reason, b"\r\nContent-Length: 0\r\n\r\n"].concat();
    let plain = takes(with(b"OK"));
    for reason in [&b""[..], b"404 Not Found", b"a\tb", b"\xff\x80", b" OK ", b"HTTP/1.1 500 x"] {
        let trace = takes(with(reason));
        assert_eq!(trace.head().reason, reason);
        assert_eq!(Head { reason: b"OK".to_vec(), ..trace.head().clone() }, *plain.head());
    }
    for c in (0..=8).chain([0x0b, 0x0c]).chain(0x0e..=0x1f).chain([0x7f]) {
        rejects(with(&[b'a', c, b'b']), Kind::InvalidStatusLine);
    }
}

#[test]
fn classes_of_status() {
    covers!("R9110-15-01");
    for status in [200, 299, 399, 499, 599, 600, 700, 999] {
        let trace = takes(format!("HTTP/1.1 {status} \r\nContent-Length: 2\r\n\r\nhi"));
        assert_eq!((trace.head().status, trace.contents()), (status, vec!["hi".to_owned()]));
    }
    for status in [100, 102, 103, 150, 199] {
        let trace = takes(format!(
            "HTTP/1.1 {status} \r\nContent-Length: 2\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        ));
        assert_eq!((trace.heads()[0].status, trace.heads()[0].interim, trace.completed()), (status, true, 1));
    }
}

#[test]
fn statuses_out_of_range() {
    covers!("R9110-15-02");
    for status in ["000", "001", "099", "600", "999"] {
        let trace = takes(format!("HTTP/1.1 {status} x\r\nContent-Length: 2\r\n\r\nhi"));
        assert_eq!((trace.head().status, trace.head().interim), (status.parse().unwrap(), false));
        assert_eq!((trace.contents(), trace.completed()), (vec!["hi".to_owned()], 1));
    }
}

#[test]
fn content_by_request_and_status() {
    covers!("R9112-6-02");
    for method in ["GET", "POST", "HEAD", "CONNECT", "OPTIONS", "FROB"] {
        for status in [200, 201, 204, 205, 206, 299, 304, 400, 500] {
            for (fields, framing) in [
                ("", Framing::UntilClose),
                ("Content-Length: 2\r\n", Framing::Length(2)),
                ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
            ] {
                let expected = match (method, status) {
                    (_, 204 | 304) | ("HEAD", _) => Framing::None,
                    ("CONNECT", 200..=299) => Framing::Tunnel,
                    _ => framing,
                };
                let trace = Wire::client(&[(method, &[])], &format!("HTTP/1.1 {status} x\r\n{fields}\r\n")).see();
                assert_eq!((trace.error, trace.head().framing), (None, expected), "{method} {status} {fields}");
            }
        }
    }
}

#[test]
fn without_content() {
    covers!("R9112-6.3#1-01");
    let next = "HTTP/1.1 201 x\r\nContent-Length: 1\r\n\r\n!";
    for fields in [
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 1, x\r\nContent-Length: -1\r\n",
        "Transfer-Encoding: ;;\r\n",
    ] {
        for (method, status) in [("HEAD", 200), ("HEAD", 404), ("GET", 204), ("GET", 304), ("POST", 304)] {
            let requests = [(method, &[][..]), ("GET", &[][..])];
            let input = format!("HTTP/1.1 {status} x\r\n{fields}\r\n{next}");
            let trace = Wire::client(&requests, &input).see();
            assert_eq!((trace.error, trace.completed(), trace.left), (None, 2, 0), "{method} {status} {fields}");
            assert_eq!((trace.heads()[0].framing, trace.contents()), (Framing::None, vec!["!".to_owned()]));
        }
        let input = format!("HTTP/1.1 103 x\r\n{fields}\r\n{next}");
        let trace = Wire::client(&[("GET", &[])], &input).see();
        assert_eq!((trace.error, trace.completed(), trace.contents()), (None, 1, vec!["!".to_owned()]));
    }
}

#[test]
fn tunnel_of_connect() {
    covers!("R9112-6.3#2-01", "R9110-9.3.6-04");
    for fields in
        ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: x\r\nTransfer-Encoding: ;\r\n"]
    {
        for status in [200, 201, 299] {
            let input = format!("HTTP/1.1 {status} x\r\n{fields}\r\nHTTP/1.1 tail");
            let client = Wire::client(&[("CONNECT", &[])], &input);
            let whole = client.run_whole();
            assert_eq!((whole.error, whole.head().framing), (None, Framing::Tunnel));
            assert_eq!(whole.tail(), Some(&b"HTTP/1.1 tail"[..]));
            assert_eq!(whole.last, Step::Closed);
        }
    }
    // A refusal is an answer like any other.
    let trace = answers("CONNECT", "HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!((trace.contents(), trace.tail()), (vec!["no".to_owned()], None));
}

#[test]
fn until_close() {
    covers!("R9112-6.3#8-01");
    let response = "HTTP/1.1 200 OK\r\n\r\nabc";
    let trace = takes(response);
    assert_eq!((trace.head().framing, trace.contents()), (Framing::UntilClose, vec!["abc".to_owned()]));
    assert_eq!((trace.completed(), trace.head().keep_alive), (1, false));
    assert_eq!(Wire::client(&[("GET", &[])], response).see().completed(), 0);
    let cut = Wire::client(&[("GET", &[])], response).end(End::Aborted).see();
    assert_eq!((cut.completed(), cut.error), (0, Some((Kind::Aborted, 22))));
}

#[test]
fn unsolicited() {
    covers!("R9112-6.3-06");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let input = format!("{answer}{answer}");
    let trace = Wire::client(&[("GET", &[])], &input).see();
    assert_eq!((trace.completed(), trace.error), (1, Some((Kind::UnsolicitedResponse, 0))));
    assert_eq!((trace.heads().len(), trace.contents()), (1, vec!["x".to_owned()]));
}

#[test]
fn surplus() {
    covers!("R9112-6.3-07");
    let mut client = Endpoint::client();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    let error = client.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz").unwrap_err();
    assert_eq!(error.kind(), Kind::UnsolicitedResponse);
    assert!(!client.connection.is_reusable());
    assert!(client.connection.interest(&client.out).close);
    // Behind an announced close it is simply not read.
    let trace = takes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nxyz");
    assert_eq!((trace.contents(), trace.left, trace.last), (vec!["x".to_owned()], 2, Step::Closed));
}

#[test]
fn order_of_answers() {
    covers!("R9112-9.2-01");
    let answer = |length: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    // HEAD, then GET, both with a length: only the second has content.
    let requests: [(&str, &[&str]); 2] = [("HEAD", &[]), ("GET", &[])];
    let trace = Wire::client(&requests, &format!("{}{}abc", answer("99"), answer("3"))).see();
    assert_eq!((trace.error, trace.completed(), trace.contents()), (None, 2, vec!["abc".to_owned()]));
    // All sequences of three methods and four answers.
    let methods = ["GET", "HEAD", "POST"];
    let statuses = [200, 204, 304, 500];
    for n in 0..3usize.pow(3) * 4usize.pow(3) {
        let pick = |i: u32| (methods[n / 3usize.pow(i) % 3], statuses[n / 27 / 4usize.pow(i) % 4]);
        let exchanges = [pick(0), pick(1), pick(2)];
        let requests = exchanges.map(|(method, _)| (method, &[][..]));
        let mut input = String::new();
        let mut contents = Vec::new();
        for (index, (method, status)) in exchanges.iter().enumerate() {
            input += &format!("HTTP/1.1 {status} x\r\nContent-Length: 1\r\n\r\n");
            if *method != "HEAD" && !matches!(status, 204 | 304) {
                input += &index.to_string();
                contents.push(index.to_string());
            }
        }
        let trace = Wire::client(&requests, &input).run_whole();
        let seen: Vec<_> = trace.heads().iter().map(|head| head.status).collect();
        assert_eq!(seen, exchanges.map(|(_, status)| status));
        assert_eq!((trace.error, trace.completed(), trace.left, trace.contents()), (None, 3, 0, contents));
    }
}

#[test]
fn nothing_outstanding() {
    covers!("R9112-9.2-02", "R9112-9.2-03");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let trace = Wire::client(&[], answer).see();
    assert_eq!((trace.events.len(), trace.error), (0, Some((Kind::UnsolicitedResponse, 0))));
    // What came before the request was sent is no answer to it: the connection is spoilt, not the request answered.
    let mut client = Endpoint::client();
    assert_eq!(client.feed(answer).unwrap_err().kind(), Kind::UnsolicitedResponse);
    assert!(!client.connection.is_reusable() && client.connection.interest(&client.out).close);
    assert!(client.start(&RequestHead::get("h", "/"), BodyLength::Empty).is_err());
    // A few empty lines do no harm; more do.
    let mut client = Endpoint::client();
    assert_eq!(client.feed(&"\r\n".repeat(10)).unwrap(), (Vec::new(), Step::NeedInput));
    assert!(client.connection.is_reusable());
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    assert_eq!(client.feed(answer).unwrap().0.len(), 2);
    assert_eq!(Wire::client(&[], &"\r\n".repeat(11)).see().error.unwrap().0, Kind::TooManyEmptyLines);
}

#[test]
fn interim_responses() {
    covers!("R9110-15.2-02");
    let interim = |status: u16| format!("HTTP/1.1 {status} x\r\nA: b\r\n\r\n");
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let trace = takes([interim(100), interim(103), interim(103), interim(102), last.to_owned()].concat());
    let statuses: Vec<_> = trace.heads().iter().map(|head| (head.status, head.interim)).collect();
    assert_eq!(statuses, [(100, true), (103, true), (103, true), (102, true), (200, false)]);
    assert_eq!((trace.completed(), trace.contents()), (1, vec!["x".to_owned()]));
    assert_eq!(takes([interim(103).repeat(16), last.to_owned()].concat()).heads().len(), 17);
    let flood = Wire::client(&[("GET", &[])], &interim(103).repeat(17)).see();
    assert_eq!((flood.heads().len(), flood.error.unwrap().0), (16, Kind::TooManyInterim));
}

#[test]
fn coded_answers_without_content() {
    covers!("R9112-6.1-08");
    for (method, status) in [("HEAD", 200), ("GET", 304)] {
        let trace = answers(method, format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert_eq!((trace.head().framing, trace.completed(), trace.left), (Framing::None, 1, 0));
        // The field is allowed there, not wanted: ours have none.
        let request = format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n");
        let sent = answered(&request, &http_proto::ResponseHead::new(status), BodyLength::Unknown).unwrap();
        assert!(!sent.contains("Transfer-Encoding"), "{sent}");
    }
}
