//! Field lines: RFC 9112 section 5, RFC 9110 sections 5 and 17.10.

use crate::support::*;
use http_proto::syntax::env_name;
use http_proto::{BodyLength, Framing, RequestHead, ResponseHead, SendError};

checks![
    line_grammar,
    names_play_no_part_in_delimiting,
    blank_before_colon,
    blank_before_colon_in_a_response,
    blanks_around_values,
    fold_is_not_sent,
    fold_in_a_request,
    fold_in_a_response,
    line_that_begins_with_a_blank,
    case_of_names,
    order_and_duplicates,
    singletons_once,
    cr_lf_nul_in_values,
    controls_in_values,
    obs_text,
    names_with_underscores,
    nothing_between_requests,
    message_http_is_content,
];

fn responds(fields: &str) -> Trace {
    takes(format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n"))
}

#[test]
fn line_grammar() {
    covers!("R9112-5-01");
    refuses(get("NoColon\r\n"), Kind::MissingColon, 400);
    refuses(get(": v\r\n"), Kind::InvalidFieldName, 400);
    for name in ["a(b", "a/b", "a\"b", "a@b", "a\x00b", "a\x7fb", "a\u{e9}b", "{a}", "a[", "a;b"] {
        refuses(get(&format!("{name}: v\r\n")), Kind::InvalidFieldName, 400);
    }
    let trace = accepts(get("!#$%&'*+-.^_`|~09AZaz: v\r\nEmpty:\r\nColons: a:b::\r\n"));
    assert_eq!(trace.value("!#$%&'*+-.^_`|~09azAZ").unwrap(), b"v");
    assert_eq!(trace.value("EMPTY").unwrap(), b"");
    assert_eq!(trace.value("colons").unwrap(), b"a:b::");
}

#[test]
fn names_play_no_part_in_delimiting() {
    covers!("R9112-5-02");
    // The same line, wrong in the same way, under a name that means something and one that does not.
    for name in ["Content-Length", "Transfer-Encoding", "Host", "Connection", "X-Unknown-Name"] {
        for (line, kind) in [
            (format!("{name} : 1\r\n"), Kind::BlankBeforeColon),
            (format!("{name}\r\n"), Kind::MissingColon),
            (format!("{name}: 1\x00\r\n"), Kind::InvalidFieldValue),
            (format!("{name}: 1\n"), Kind::BareLf),
            (format!("{name}: 1\r\n 2\r\n"), Kind::ObsFold),
        ] {
            refuses(format!("GET / HTTP/1.1\r\n{line}\r\n"), kind, 400);
        }
    }
    // A name that only begins or ends like one of them frames nothing.
    let trace = accepts(get("Content-Length-X: 5\r\nX-Content-Length: 5\r\nTransfer-Encodin: chunked\r\n"));
    assert_eq!(trace.head().framing, Framing::Length(0));
}

#[test]
fn blank_before_colon() {
    covers!("R9112-5.1-01");
    for blank in [" ", "\t", " \t "] {
        for (name, value) in [("Host", "h"), ("Transfer-Encoding", "chunked"), ("Content-Length", "0"), ("X", "y")] {
            refuses(format!("POST / HTTP/1.1\r\n{name}{blank}: {value}\r\n\r\n"), Kind::BlankBeforeColon, 400);
        }
    }
    refuses(chunked("0\r\nX : y\r\n\r\n"), Kind::BlankBeforeColon, 400);
}

#[test]
fn blank_before_colon_in_a_response() {
    covers!("R9112-5.1-02");
    // Refused, so that nothing is left to be removed before forwarding.
    rejects("HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", Kind::BlankBeforeColon);
    rejects("HTTP/1.1 200 OK\r\nX\t: y\r\n\r\n", Kind::BlankBeforeColon);
    let head = ResponseHead::new(200).fields(&[("X ", b"y")]);
    assert_eq!(answered(&get(""), &head, BodyLength::Empty), Err(SendError::InvalidFieldName));
}

#[test]
fn blanks_around_values() {
    covers!("R9112-5.1-03", "R9110-5.5-01");
    for (line, value) in [
        ("A: \t v \t ", &b"v"[..]),
        ("A:v", b"v"),
        ("A:  \t ", b""),
        ("A:", b""),
        ("A: a \t b ", b"a \t b"),
        ("A: \u{85}v\u{a0}", "\u{85}v\u{a0}".as_bytes()),
    ] {
        assert_eq!(accepts(get(&format!("{line}\r\n"))).value("a").unwrap(), value);
        assert_eq!(responds(&format!("{line}\r\n")).value("a").unwrap(), value);
    }
    assert_eq!(accepts(chunked("0\r\nA: \t v \t\r\n\r\n")).trailers(), [("A".to_owned(), b"v".to_vec())]);
    let raw = accepts(b"GET / HTTP/1.1\r\nHost: h\r\nA: \x85v\xa0\r\n\r\n");
    assert_eq!(raw.value("a").unwrap(), b"\x85v\xa0");
    // VT and FF are no blanks.
    refuses(get("A: \x0bv\r\n"), Kind::InvalidFieldValue, 400);
    refuses(get("A: v\x0c\r\n"), Kind::InvalidFieldValue, 400);
    accepts(post("Content-Length: \t 1 \t \r\n", "x"));
}

#[test]
fn fold_is_not_sent() {
    covers!("R9112-5.2-01");
    for value in [&b"a\r\n b"[..], b"a\r\n\tb", b"a\n b", b"a\r b", b"\r\n a", b"a\r\n "] {
        let fields = [("A", value)];
        let request = RequestHead::get("h", "/").fields(&fields);
        assert_eq!(asked(&request, BodyLength::Empty), Err(SendError::InvalidFieldValue));
        let response = ResponseHead::new(200).fields(&fields);
        assert_eq!(answered(&get(""), &response, BodyLength::Empty), Err(SendError::InvalidFieldValue));
    }
    let fields = [("A", &b"a \t b"[..])];
    asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
}

#[test]
fn fold_in_a_request() {
    covers!("R9112-5.2-02");
    for fold in ["A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A: b\r\n \r\n", "Content-Length: 1\r\n 0\r\n"] {
        refuses(get(fold), Kind::ObsFold, 400);
    }
    refuses(get("Transfer-Encoding:\r\n chunked\r\n"), Kind::ObsFold, 400);
    refuses(chunked("0\r\nA: b\r\n c\r\n\r\n"), Kind::ObsFold, 400);
}

#[test]
fn fold_in_a_response() {
    covers!("R9112-5.2-03", "R9112-5.2-04");
    let trace = responds("A: b\r\n c\r\nB: x\tx\t\r\n\t\r\n \ty\tz\r\nC:\r\n z\r\nD: w\r\n  \r\n");
    assert_eq!(trace.value("a").unwrap(), b"b   c");
    // The blanks beside a fold are part of it; others are not.
    assert_eq!(trace.value("b").unwrap(), b"x\tx        y\tz");
    assert_eq!(trace.value("c").unwrap(), b"z");
    assert_eq!(trace.value("d").unwrap(), b"w");
    let fields = trace.head().fields.clone();
    assert_eq!(fields.len(), 5);
    for (name, value) in &fields {
        assert!(!value.iter().any(|c| matches!(c, b'\r' | b'\n')));
        if !name.eq_ignore_ascii_case("content-length") {
            // What was unfolded can be sent on as it is.
            let line = [(name.as_str(), value.as_slice())];
            let sent = answered(&get(""), &ResponseHead::new(200).fields(&line), BodyLength::Empty).unwrap();
            assert!(!sent.contains("\r\n ") && !sent.contains("\r\n\t"));
        }
    }
    let trailers = takes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n").trailers();
    assert_eq!(trailers, [("A".to_owned(), b"b   c".to_vec())]);
    // Folded framing fields count if they are valid once unfolded.
    let trace = takes("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi");
    assert_eq!(trace.head().framing, Framing::Length(2));
    let trace = takes("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n\tchunked\r\n\r\n0\r\n\r\n");
    assert_eq!(trace.head().framing, Framing::Chunked);
    rejects("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 0\r\n\r\n", Kind::InvalidContentLength);
}

#[test]
fn line_that_begins_with_a_blank() {
    covers!("R9112-2.2-08", "R9112-2.2-09");
    refuses("GET / HTTP/1.1\r\n Host: x\r\n\r\n", Kind::LeadingBlank, 400);
    refuses("GET / HTTP/1.1\r\n\tHost: x\r\nHost: y\r\n\r\n", Kind::LeadingBlank, 400);
    refuses("GET / HTTP/1.1\r\n \r\nHost: y\r\n\r\n", Kind::LeadingBlank, 400);
    rejects("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", Kind::LeadingBlank);
    refuses(chunked("0\r\n A: b\r\n\r\n"), Kind::LeadingBlank, 400);
    for name in [" A", "\tA", ""] {
        let fields = [(name, &b"b"[..])];
        let head = RequestHead::get("h", "/").fields(&fields);
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidFieldName));
    }
}

#[test]
fn case_of_names() {
    covers!("R9110-5.1-01");
    let trace =
        accepts("POST / HTTP/1.1\r\nhOsT: h\r\ntRANSFER-eNCODING: chunked\r\ncOnNeCtIoN: close\r\n\r\n0\r\n\r\n");
    assert_eq!((trace.head().framing, trace.head().keep_alive), (Framing::Chunked, false));
    let trace = accepts("POST / HTTP/1.1\r\nHOST: h\r\ncontent-LENGTH: 1\r\n\r\nx");
    assert_eq!((trace.value("Content-Length").unwrap(), trace.contents()), (b"1".to_vec(), vec!["x".to_owned()]));
    let trace = accepts(get("EXPECT: 100-continue\r\nUPGRADE: x\r\nconnection: UPGRADE\r\n"));
    assert!(trace.head().upgrade);
    assert_eq!(trace.head().expectation, http_proto::Expectation::Continue);
    let trace = accepts(get("X-Never-Heard-Of: 1\r\n"));
    assert_eq!(trace.head().fields[1], ("X-Never-Heard-Of".to_owned(), b"1".to_vec()));
}

#[test]
fn order_and_duplicates() {
    covers!("R9110-5.2/5.3-01");
    let request = get("A: 1\r\nB: 2\r\na: 3, 4\r\nA:\r\n");
    let mut connection = http_proto::Connection::server(std::sync::Arc::new(http_proto::Config::server()));
    let mut input = http_proto::RecvBuf::<&[u8]>::new();
    input.feed(request.as_bytes());
    let http_proto::Event::HeadersComplete(head) = connection.recv(&mut input).unwrap() else { panic!() };
    let fields = head.fields();
    let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Host", "A", "B", "a", "A"]);
    assert_eq!(fields.get("a"), Some(&b"1"[..]));
    assert_eq!(fields.get_all("A").collect::<Vec<_>>(), [&b"1"[..], b"3, 4", b""]);
    assert_eq!(fields.combined("a").unwrap(), b"1, 3, 4, ");
    assert!(fields.lists("a", "3") && fields.lists("A", "4") && !fields.lists("a", "2") && !fields.lists("a", ""));
    assert_eq!((fields.get("c"), fields.combined("c"), fields.get_all("c").count()), (None, None, 0));
}

#[test]
fn singletons_once() {
    covers!("R9110-5.3-01");
    for name in ["Host", "Content-Length"] {
        let fields = [(name, &b"1"[..])];
        let head = ResponseHead::new(200).fields(&fields);
        assert_eq!(answered(&get(""), &head, BodyLength::Empty), Err(SendError::FramingField));
    }
    let block = http_proto::FieldBlock::from_fields([("content-type", &b"a/b"[..])]).unwrap();
    let fields = [("Content-Type", &b"a/b"[..])];
    let head = ResponseHead::new(200).block(&block).fields(&fields);
    assert_eq!(answered(&get(""), &head, BodyLength::Empty), Err(SendError::RepeatedField));
    let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
    let fields = [("date", &date[..])];
    let head = ResponseHead::new(200).date(date).fields(&fields);
    assert_eq!(answered(&get(""), &head, BodyLength::Empty), Err(SendError::RepeatedField));
    let twice = [("Set-Cookie", &b"a"[..]), ("Set-Cookie", b"b")];
    answered(&get(""), &ResponseHead::new(200).fields(&twice), BodyLength::Empty).unwrap();
}

#[test]
fn cr_lf_nul_in_values() {
    covers!("R9110-5.5-02");
    refuses(get("A: b\x00c\r\n"), Kind::InvalidFieldValue, 400);
    refuses(get("A: \x00\r\n"), Kind::InvalidFieldValue, 400);
    refuses(get("A: b\rc\r\n"), Kind::BareCr, 400);
    refuses(get("A: b\nc: d\r\n"), Kind::BareLf, 400);
    rejects("HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\n", Kind::InvalidFieldValue);
    refuses(chunked("0\r\nA: b\x00\r\n\r\n"), Kind::InvalidFieldValue, 400);
}

#[test]
fn controls_in_values() {
    covers!("R9110-5.5-03");
    for c in (1..=8).chain([0x0b, 0x0c]).chain(0x0e..=0x1f).chain([0x7f]) {
        for value in [vec![c], vec![b'a', c, b'b']] {
            let request = [b"GET / HTTP/1.1\r\nHost: h\r\nA: ", &value[..], b"\r\n\r\n"].concat();
            refuses(request, Kind::InvalidFieldValue, 400);
            let response = [b"HTTP/1.1 200 OK\r\nA: ", &value[..], b"\r\n\r\n"].concat();
            rejects(response, Kind::InvalidFieldValue);
        }
    }
    assert_eq!(accepts(get("A: a\tb\r\n")).value("a").unwrap(), b"a\tb");
}

#[test]
fn obs_text() {
    covers!("R9110-5.5-04");
    let all: Vec<u8> = (0x80..=0xff).collect();
    for head in [&b"GET / HTTP/1.1\r\nHost: h\r\nA: "[..], b"GET / HTTP/1.0\r\nA: "] {
        assert_eq!(accepts([head, &all, b"\r\n\r\n"].concat()).value("a").unwrap(), all);
    }
    let fields = [("A", &all[..])];
    asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
}

#[test]
fn names_with_underscores() {
    covers!("R9110-17.10-01");
    let trace = accepts(get("Transfer_Encoding: chunked\r\nContent_Length: 5\r\n"));
    assert_eq!(trace.head().framing, Framing::Length(0));
    assert_eq!(trace.head().fields[1].0, "Transfer_Encoding");
    assert_eq!(env_name("Content-Length").unwrap(), "HTTP_CONTENT_LENGTH");
    assert_eq!(env_name("x1-Y").unwrap(), "HTTP_X1_Y");
    for name in ["Content_Length", "Transfer_Encoding", "a.b", "a b", "", "a~", "\u{e9}"] {
        assert_eq!(env_name(name), None, "{name}");
    }
}

#[test]
fn nothing_between_requests() {
    covers!("R9110-3.3-01");
    let first = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nA: b\r\n\r\n\
                 1;x=y\r\nz\r\n0\r\nT: t\r\n\r\n";
    let second = "GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let alone = accepts(second);
    let trace = accepts(format!("{first}{second}{first}{second}"));
    assert_eq!(trace.heads().len(), 4);
    assert_eq!(trace.heads()[1], alone.head());
    assert_eq!(trace.heads()[3], alone.head());
    assert_eq!(trace.heads()[0], trace.heads()[2]);
    assert!(trace.trailers().is_empty());
    // Limits count anew: each of these uses up what one message may have.
    let long = chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(4095)).repeat(1));
    assert_eq!(accepts(long.repeat(5)).completed(), 5);
}

#[test]
fn message_http_is_content() {
    covers!("R9112-10.1-01");
    // Nothing here interprets message/http, so its folds are nobody's to replace.
    let echoed = "TRACE / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n";
    let fields = format!("Content-Type: message/http\r\nContent-Length: {}\r\n", echoed.len());
    assert_eq!(answers("TRACE", format!("HTTP/1.1 200 OK\r\n{fields}\r\n{echoed}")).contents(), [echoed]);
}
