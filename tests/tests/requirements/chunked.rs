//! The chunked coding and trailer sections: RFC 9112 section 7, RFC 9110 sections 5.6 and 6.5.

use crate::support::*;
use http_proto::{BodyLength, End, FieldBlock, Framing, ResponseHead, SendError};

checks![
    grammar,
    large_sizes,
    extensions_are_ignored,
    extensions_are_bounded,
    blanks_in_extensions,
    quoted_pairs,
    trailers_stay_apart,
    trailers_change_nothing,
    trailer_section,
    trailers_that_are_sent,
    trailers_announced,
];

/// A chunked request that begins with this chunk line.
fn line(line: &str) -> String {
    chunked(&format!("{line}\r\nx\r\n0\r\n\r\n"))
}

#[test]
fn grammar() {
    covers!("R9112-7.1-01");
    for body in
        ["0\r\n\r\n", "000\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "0001\r\nx\r\n00\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n"]
    {
        assert_eq!(accepts(format!("{}{NEXT}", chunked(body))).completed(), 2);
    }
    assert_eq!(
        accepts(chunked(&format!("A\r\n0123456789\r\n{}0\r\n\r\n", "1\r\nx\r\n".repeat(1000)))).contents()[0].len(),
        1010
    );
    for size in ["", "0x1", "+1", "-1", " 1", "g", "\t1", "1g", "1_0", "\u{661}", ";a", "1.0", "1,"] {
        refuses(line(size), Kind::InvalidChunkSize, 400);
    }
    refuses(chunked("1\nx\r\n0\r\n\r\n"), Kind::InvalidChunkSize, 400);
    refuses(chunked("1\r\r\nx\r\n0\r\n\r\n"), Kind::InvalidChunkEnd, 400);
    refuses(chunked("1;a\nx\r\n0\r\n\r\n"), Kind::InvalidChunkExtension, 400);
    for data_end in ["\n", "\r", "y\r\n", "", "\r\r\n", " \r\n"] {
        refuses(chunked(&format!("1\r\nx{data_end}0\r\n\r\n")), Kind::InvalidChunkEnd, 400);
    }
    refuses(chunked("0\n\r\n"), Kind::InvalidChunkSize, 400);
    refuses(chunked("0\r\n\n"), Kind::BareLf, 400);
    rejects("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", Kind::InvalidChunkSize);
}

#[test]
fn large_sizes() {
    covers!("R9112-7.1-02");
    for size in ["8000000000000000", "ffffffffffffffff", "FFFFFFFFFFFFFFFF", "0fffffffffffffff", "100000000"] {
        let trace = Wire::server(&line(size)).see();
        assert_eq!((trace.error, trace.completed(), trace.contents()), (None, 0, vec!["x\r\n0\r\n\r\n".to_owned()]));
    }
    for size in ["10000000000000000", "00000000000000001", "fffffffffffffffff", "99999999999999999999999"] {
        let trace = refuses(line(size), Kind::ChunkSizeOverflow, 400);
        // At the 17th digit, whatever follows.
        assert_eq!(trace.error.unwrap().1, chunked("").len() as u64 + 16);
    }
    assert_eq!(accepts(line("0000000000000001")).contents(), ["x"]);
    // After a complete chunk the largest one still begins: nothing adds the sizes up.
    let trace = Wire::server(&chunked("1\r\nx\r\nffffffffffffffff\r\nyz")).see();
    assert_eq!((trace.error, trace.contents()), (None, vec!["xyz".to_owned()]));
}

#[test]
fn extensions_are_ignored() {
    covers!("R9112-7.1.1-01");
    for extension in [";a", ";a=b", ";a;b;c=d", ";a=\"b c;,\"", ";a=\"\"", ";!#$%&'*+-.^_`|~=1", ";a=\"\t\u{e9}\""] {
        let trace = accepts(chunked(&format!("1{extension}\r\nx\r\n0{extension}\r\n\r\n")));
        assert_eq!((trace.contents(), trace.trailers().len()), (vec!["x".to_owned()], 0), "{extension}");
    }
    for extension in [
        ";",
        ";;a",
        ";=b",
        ";a=",
        ";a==b",
        ";a=b c",
        ";a b",
        ";a=\"b\"c",
        ";a,b",
        ";a=\"\x01\"",
        ";\"a\"",
        ";a=(b)",
        " ",
        "\t",
        " a",
        ";a=\"b\nc\"",
        ";a=\"\x7f\"",
    ] {
        refuses(line(&format!("1{extension}")), Kind::InvalidChunkExtension, 400);
    }
}

#[test]
fn extensions_are_bounded() {
    covers!("R9112-7.1.1-02");
    let extension = |length: usize| format!(";{}", "a".repeat(length - 1));
    assert_eq!(accepts(line(&format!("1{}", extension(4096)))).completed(), 1);
    refuses(line(&format!("1{}", extension(4097))), Kind::ChunkExtensionTooLong, 400);
    // Over the whole message, in however many chunks.
    let chunk = format!("1{}\r\nx\r\n", extension(128));
    assert_eq!(accepts(chunked(&format!("{}0\r\n\r\n", chunk.repeat(128)))).contents()[0].len(), 128);
    refuses(chunked(&format!("{}1;a\r\nx\r\n", chunk.repeat(128))), Kind::ChunkExtensionTooLong, 400);
    // Chunks without extensions are bounded by nothing.
    assert_eq!(accepts(chunked(&format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(5000)))).contents()[0].len(), 5000);
}

#[test]
fn blanks_in_extensions() {
    covers!("R9110-5.6.3-02");
    for extension in [" ;a", "\t; a", " \t;\ta = b", ";a =b", ";a= \"b\" ;c", "; a\t=\t\"b\""] {
        assert_eq!(accepts(line(&format!("1{extension}"))).contents(), ["x"], "{extension}");
    }
}

#[test]
fn quoted_pairs() {
    covers!("R9110-5.6.4-01");
    for extension in [r#";a="a\"b""#, r#";a="\\""#, r#";a="\;\x\ ""#, ";a=\"\\\t\"", ";a=\"\\\u{e9}\""] {
        assert_eq!(accepts(line(&format!("1{extension}"))).contents(), ["x"], "{extension}");
    }
    for extension in [";a=\"\\\r\n", ";a=\"\\\n\"", ";a=\"\\\x00\"", ";a=\"\\\x7f\"", ";a=\"\\\x1f\""] {
        refuses(line(&format!("1{extension}")), Kind::InvalidChunkExtension, 400);
    }
    // An escaped quote ends nothing: here the string is still open when the line ends.
    refuses(line(r#"1;a="b\""#), Kind::InvalidChunkExtension, 400);
    // The same in the parameters of codings.
    let coded = post("Transfer-Encoding: x;a=\"\\\",chunked\", chunked\r\n", "0\r\n\r\n");
    refuses(coded, Kind::UnknownTransferCoding, 501);
    refuses(post("Transfer-Encoding: x;a=\"\\\", chunked\r\n", ""), Kind::InvalidTransferEncoding, 400);
}

#[test]
fn trailers_stay_apart() {
    covers!("R9112-7.1.2-01");
    let trace = accepts(chunked("1\r\nx\r\n0\r\nA: t\r\nB:\r\na: u\r\n\r\n"));
    let expected = [("A", "t"), ("B", ""), ("a", "u")].map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()));
    assert_eq!(trace.trailers(), expected);
    assert_eq!((trace.head().fields.len(), trace.value("a")), (2, None));
    assert_eq!(trace.events.len(), 3);
    assert!(accepts(post("Content-Length: 1\r\n", "x")).trailers().is_empty());
}

#[test]
fn trailers_change_nothing() {
    covers!("R9112-7.1.2-02", "R9110-6.5.1-02");
    let forbidden = "Content-Length: 5\r\nTransfer-Encoding: gzip\r\nHost: evil\r\nConnection: close\r\n\
                     Authorization: x\r\nExpect: 100-continue\r\nUpgrade: x\r\n";
    let request = chunked(&format!("1\r\nx\r\n0\r\n{forbidden}\r\n"));
    let trace = accepts(format!("{request}{NEXT}"));
    let plain = accepts(chunked("1\r\nx\r\n0\r\n\r\n"));
    assert_eq!(trace.heads()[0], plain.head());
    assert_eq!((trace.completed(), trace.heads()[1].target.as_str()), (2, "/next"));
    let mut server = Endpoint::asked(&request);
    let sent = server.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
    assert!(!sent.contains("close") && server.connection.interest(&server.out).read);
}

#[test]
fn trailer_section() {
    covers!("R9112-7.1.3-01");
    refuses(chunked("0\r\nA\r\n\r\n"), Kind::MissingColon, 400);
    refuses(chunked("0\r\nA b: c\r\n\r\n"), Kind::BlankBeforeColon, 400);
    refuses(chunked("0\r\nA: b\n\r\n"), Kind::BareLf, 400);
    let cut = Wire::server(&chunked("1\r\nx\r\n0\r\nA: b\r\n")).end(End::Clean).see();
    assert_eq!((cut.error.unwrap().0, cut.completed()), (Kind::IncompleteBody, 0));
    let lines = |count: usize| chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(count)));
    assert_eq!(accepts(lines(32)).trailers().len(), 32);
    refuses(lines(33), Kind::TooManyTrailers, 431);
    let long = |length: usize| chunked(&format!("0\r\nA:{}\r\n\r\n", "b".repeat(length - 6)));
    assert_eq!(accepts(long(16 * 1024)).completed(), 1);
    refuses(long(16 * 1024 + 1), Kind::TrailersTooLong, 431);
}

#[test]
fn trailers_that_are_sent() {
    covers!("R9110-6.5.1-01");
    let forbidden = [
        "Trailer",
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Range",
        "TE",
        "Set-Cookie",
        "If-Match",
        "Max-Forwards",
        "Pragma",
        "Age",
        "Date",
        "Expires",
        "Location",
        "Retry-After",
        "Vary",
        "Proxy-Authenticate",
        "WWW-Authenticate",
        "Cookie",
        "keep-alive",
        "content-whatever",
    ];
    for name in forbidden {
        let block = FieldBlock::from_fields([(name, &b"1"[..])]).unwrap();
        let mut server = Endpoint::asked(&get(""));
        server.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
        let refused = server.connection.finish(Some(&block), &mut server.out);
        assert_eq!((refused, server.wire()), (Err(SendError::ForbiddenTrailer), String::new()), "{name}");
        assert_eq!(server.finish().unwrap(), "0\r\n\r\n");
    }
    for name in ["Transfer-Encoding", "Content-Length", "Host", "Connection", "Upgrade", "Expect"] {
        assert_eq!(FieldBlock::from_fields([(name, &b"1"[..])]), Err(SendError::FramingField), "{name}");
    }
    let block = FieldBlock::from_fields([("ETag", &b"\"x\""[..]), ("Server-Timing", b"a")]).unwrap();
    let mut server = Endpoint::asked(&get(""));
    let head = server.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    server.connection.finish(Some(&block), &mut server.out).unwrap();
    let end = server.wire();
    assert_eq!(end, "0\r\nETag: \"x\"\r\nServer-Timing: a\r\n\r\n");
    assert_eq!(takes(format!("{head}{end}")).trailers().len(), 2);
}

#[test]
fn trailers_announced() {
    covers!("R9110-6.6.2-01");
    let announced = FieldBlock::trailer(&["ETag", "Server-Timing"]).unwrap();
    let mut server = Endpoint::asked(&get(""));
    let sent = server.respond(&ResponseHead::new(200).block(&announced), BodyLength::Unknown).unwrap();
    let expected = "HTTP/1.1 200 OK\r\nTrailer: ETag, Server-Timing\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(sent, expected);
    assert_eq!(takes(format!("{sent}0\r\n\r\n")).head().framing, Framing::Chunked);
    assert_eq!(FieldBlock::trailer(&["Content-Type"]), Err(SendError::ForbiddenTrailer));
    assert_eq!(FieldBlock::trailer(&["Content-Length"]), Err(SendError::FramingField));
    assert_eq!(FieldBlock::trailer(&["a b"]), Err(SendError::InvalidFieldName));
}
