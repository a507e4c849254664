//! Where received messages end: RFC 9112 section 6, RFC 9110 section 8.6.

use crate::support::*;
use http_proto::{End, Framing};

checks![
    content_by_fields_alone,
    chunked_is_parsed,
    chunked_twice,
    other_codings,
    both_in_a_request,
    coded_http10,
    case_of_codings,
    both_override,
    chunked_last,
    coded_until_close,
    chunked_not_last,
    invalid_lengths,
    repeated_lengths,
    invalid_length_in_a_response,
    no_length_in_a_request,
    large_lengths,
    parameters_of_chunked,
    parameters_of_other_codings,
    content_in_any_method,
    trace_with_content,
];

const CODED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn content_by_fields_alone() {
    covers!("R9112-6-01");
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FROB"] {
        let head = format!("{method} / HTTP/1.1\r\nHost: h\r\n");
        let trace = accepts(format!("{head}Content-Length: 2\r\n\r\nhi{NEXT}"));
        assert_eq!((trace.contents(), trace.completed()), (vec!["hi".to_owned()], 2), "{method}");
        let trace = accepts(format!("{head}{CODED}\r\n2\r\nhi\r\n0\r\n\r\n{NEXT}"));
        assert_eq!((trace.contents(), trace.completed()), (vec!["hi".to_owned()], 2), "{method}");
        let trace = accepts(format!("{head}\r\n{NEXT}"));
        assert_eq!((trace.contents().len(), trace.completed()), (0, 2), "{method}");
        assert_eq!(trace.heads()[1].target, "/next");
    }
}

#[test]
fn chunked_is_parsed() {
    covers!("R9112-6.1-01");
    assert_eq!(accepts(chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")).contents(), ["hello world"]);
    let trace = takes(format!("HTTP/1.1 200 OK\r\n{CODED}\r\n5\r\nhello\r\n0\r\n\r\n"));
    assert_eq!((trace.contents(), trace.completed()), (vec!["hello".to_owned()], 1));
    refuses(chunked("hello"), Kind::InvalidChunkSize, 400);
}

#[test]
fn chunked_twice() {
    covers!("R9112-6.1-03");
    for fields in
        ["Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: chunked\r\ntransfer-encoding: Chunked\r\n"]
    {
        refuses(post(fields, "0\r\n\r\n"), Kind::RepeatedChunked, 400);
        rejects(format!("HTTP/1.1 200 OK\r\n{fields}\r\n0\r\n\r\n"), Kind::RepeatedChunked);
    }
    refuses(post("Transfer-Encoding: chunked, gzip, chunked\r\n", "0\r\n\r\n"), Kind::RepeatedChunked, 400);
}

#[test]
fn other_codings() {
    covers!("R9112-6.1-09");
    for value in ["gzip, chunked", "x, chunked", "identity, chunked", "gzip\r\nTransfer-Encoding: chunked"] {
        let request = post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n");
        refuses(request, Kind::UnknownTransferCoding, 501);
    }
    // A client hands over what is inside the chunks.
    let trace = takes("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\n\x1f\r\n0\r\n\r\n");
    assert_eq!((trace.head().framing, trace.contents()), (Framing::Chunked, vec!["\x1f".to_owned()]));
}

#[test]
fn both_in_a_request() {
    covers!("R9112-6.1-12");
    for length in ["0", "5", "x", ""] {
        for fields in
            [format!("{CODED}Content-Length: {length}\r\n"), format!("Content-Length: {length}\r\nA: b\r\n{CODED}")]
        {
            refuses(post(&fields, "0\r\n\r\n"), Kind::LengthWithTransferEncoding, 400);
        }
    }
}

#[test]
fn coded_http10() {
    covers!("R9112-6.1-14");
    let head = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n";
    refuses(format!("{head}\r\n0\r\n\r\n"), Kind::TransferEncodingInHttp10, 400);
    refuses(format!("{head}Content-Length: 5\r\n\r\n0\r\n\r\n"), Kind::TransferEncodingInHttp10, 400);
    refuses("POST / HTTP/1.0\r\nTransfer-Encoding: x\r\n\r\n", Kind::TransferEncodingInHttp10, 400);
    rejects(format!("HTTP/1.0 200 OK\r\n{CODED}\r\n0\r\n\r\n"), Kind::TransferEncodingInHttp10);
}

#[test]
fn case_of_codings() {
    covers!("R9112-6.1-15");
    for value in ["Chunked", "CHUNKED", "cHUNKED", " chunked\t"] {
        assert_eq!(accepts(post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n")).completed(), 1);
    }
    refuses(post("Transfer-Encoding: chun\u{212a}ed\r\n", ""), Kind::InvalidTransferEncoding, 400);
    refuses(post("Transfer-Encoding: \u{17f}chunked\r\n", ""), Kind::InvalidTransferEncoding, 400);
}

#[test]
fn both_override() {
    covers!("R9112-6.3#3-01");
    refuses(post(&format!("{CODED}Content-Length: 5\r\n"), "0\r\n\r\n"), Kind::LengthWithTransferEncoding, 400);
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{CODED}\r\n0\r\n\r\n");
    rejects(response, Kind::LengthWithTransferEncoding);
}

#[test]
fn chunked_last() {
    covers!("R9112-6.3#4-01");
    let trace = accepts(format!("{}{NEXT}", chunked("3\r\n0\r\n\r\n0\r\n\r\n")));
    assert_eq!((trace.contents(), trace.completed()), (vec!["0\r\n".to_owned()], 2));
}

#[test]
fn coded_until_close() {
    covers!("R9112-6.3#4-02");
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    let trace = takes(response);
    assert_eq!((trace.head().framing, trace.head().keep_alive), (Framing::UntilClose, false));
    assert_eq!(trace.contents(), ["1\r\nx\r\n0\r\n\r\n"]);
    let silent = Wire::client(&[("GET", &[])], response).see();
    assert_eq!((silent.completed(), silent.error), (0, None));
    let cut = Wire::client(&[("GET", &[])], response).end(End::Aborted).see();
    assert_eq!((cut.completed(), cut.error.unwrap().0), (0, Kind::Aborted));
}

#[test]
fn chunked_not_last() {
    covers!("R9112-6.3#4-03");
    for value in ["chunked, gzip", "identity", "gzip", "chunkedx", "xchunked", "chunked, identity"] {
        refuses(post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n"), Kind::ChunkedNotFinal, 400);
    }
    for value in ["", ",", " , "] {
        let trace = Wire::server(&post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n")).see();
        assert_eq!((trace.error.is_some(), trace.completed()), (true, 0), "{value:?}");
    }
    for value in ["chunked gzip", "\"chunked\"", "chunked;", "ch unked", "chunked,;", "{}"] {
        refuses(post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n"), Kind::InvalidTransferEncoding, 400);
    }
}

#[test]
fn invalid_lengths() {
    covers!("R9112-6.3#5-01");
    let wrong = ["", "+1", "-1", "0x1", "1 2", "1.0", "1e3", "a", "1a", "\u{661}", "1\t2", "\"1\"", "1;"];
    for value in wrong {
        refuses(post(&format!("Content-Length: {value}\r\n"), ""), Kind::InvalidContentLength, 400);
        rejects(format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n"), Kind::InvalidContentLength);
    }
    // Differing, or the same twice: refused all the same.
    for fields in ["Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 1\r\ncontent-length: 1\r\n"] {
        refuses(post(fields, "x"), Kind::RepeatedContentLength, 400);
        rejects(format!("HTTP/1.1 200 OK\r\n{fields}\r\nx"), Kind::RepeatedContentLength);
    }
}

#[test]
fn repeated_lengths() {
    covers!("R9110-8.6-07");
    for value in ["42, 42", "42,43", "42,", ",42", "42, "] {
        refuses(post(&format!("Content-Length: {value}\r\n"), ""), Kind::RepeatedContentLength, 400);
        rejects(format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n"), Kind::RepeatedContentLength);
    }
}

#[test]
fn invalid_length_in_a_response() {
    covers!("R9112-6.3#5-03", "R9112-6.3#5-04");
    let mut client = Endpoint::client();
    client.start(&http_proto::RequestHead::get("h", "/"), http_proto::BodyLength::Empty).unwrap();
    let error = client.feed("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nx").unwrap_err();
    // What a proxy needs for its 502: no event of the response, the kind, no status for a client to send, and the
    // request that went unanswered, which must not simply be sent again: something has come.
    assert_eq!((error.kind(), error.element()), (Kind::RepeatedContentLength, http_proto::Element::Head));
    let unanswered: Vec<_> = client.connection.unanswered(&client.out).collect();
    assert_eq!((unanswered.len(), unanswered[0].answer_begun), (1, true));
    assert!(!client.connection.is_reusable());
    assert!(client.connection.interest(&client.out).close);
    let again = http_proto::RequestHead::get("h", "/");
    assert_eq!(client.start(&again, http_proto::BodyLength::Empty), Err(http_proto::SendError::Closed));
}

#[test]
fn no_length_in_a_request() {
    covers!("R9112-6.3#7-01");
    for method in ["GET", "POST", "PUT"] {
        for version in ["1.0\r\nConnection: keep-alive", "1.1"] {
            let trace = accepts(format!("{method} / HTTP/{version}\r\nHost: h\r\n\r\n{NEXT}"));
            assert_eq!((trace.completed(), trace.heads()[0].framing), (2, Framing::Length(0)));
        }
    }
    // The end of the input is no end of its content: those octets were a request.
    let trace = Wire::server("POST / HTTP/1.1\r\nHost: h\r\n\r\nbody").end(End::Clean).see();
    assert_eq!((trace.completed(), trace.error.unwrap().0, trace.contents().len()), (1, Kind::IncompleteHead, 0));
}

#[test]
fn large_lengths() {
    covers!("R9110-8.6-05");
    let length = |value: &str| Wire::server(&post(&format!("Content-Length: {value}\r\n"), "x")).see();
    for value in [1 << 32, 1 << 53, (1 << 53) + 1, 1 << 63, u64::MAX] {
        let trace = length(&value.to_string());
        assert_eq!((trace.error, trace.head().framing, trace.completed()), (None, Framing::Length(value), 0));
        let zeros = length(&format!("{}{value}", "0".repeat(40)));
        assert_eq!((zeros.error, zeros.head().framing), (None, Framing::Length(value)));
    }
    for value in ["18446744073709551616".to_owned(), format!("1{}", "0".repeat(30)), "9".repeat(1000)] {
        refuses(post(&format!("Content-Length: {value}\r\n"), "x"), Kind::ContentLengthOverflow, 400);
        rejects(format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n"), Kind::ContentLengthOverflow);
    }
}

#[test]
fn parameters_of_chunked() {
    covers!("R9112-7.1-03");
    for value in ["chunked;q=1", "chunked; a=\"b\"", "chunked ;a=b", "gzip, chunked;a=b"] {
        let fields = format!("Transfer-Encoding: {value}\r\n");
        refuses(post(&fields, "0\r\n\r\n"), Kind::InvalidTransferEncoding, 400);
        rejects(format!("HTTP/1.1 200 OK\r\n{fields}\r\n0\r\n\r\n"), Kind::InvalidTransferEncoding);
    }
}

#[test]
fn parameters_of_other_codings() {
    covers!("R9112-7.2-01");
    let request = post("Transfer-Encoding: gzip;level=1, chunked\r\n", "0\r\n\r\n");
    refuses(request, Kind::UnknownTransferCoding, 501);
    refuses(post("Transfer-Encoding: gzip;level, chunked\r\n", ""), Kind::InvalidTransferEncoding, 400);
}

#[test]
fn content_in_any_method() {
    covers!("R9110-9.3.1/.2/.5-01");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
    for method in ["GET", "HEAD", "DELETE"] {
        let head = format!("{method} / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", hidden.len());
        let trace = accepts(format!("{head}{hidden}{NEXT}"));
        assert_eq!((trace.contents(), trace.heads()[1].target.as_str()), (vec![hidden.to_owned()], "/next"));
    }
}

#[test]
fn trace_with_content() {
    covers!("R9110-9.3.8-01");
    use http_proto::{BodyLength, RequestHead, SendError};
    let head = RequestHead::new("TRACE", "/").host("h");
    for body in [BodyLength::Exact(1), BodyLength::Exact(0), BodyLength::Unknown, BodyLength::Streaming] {
        assert_eq!(asked(&head, body), Err(SendError::BodyNotAllowed));
    }
    assert_eq!(asked(&head, BodyLength::Empty).unwrap(), "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n");
    let trace = accepts(format!("TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi{NEXT}"));
    assert_eq!((trace.contents(), trace.completed()), (vec!["hi".to_owned()], 2));
}
