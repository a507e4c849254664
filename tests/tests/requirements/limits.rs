//! Bounds: each at its value and one above, at every split. RFC 9110 sections 5.4 and 17.5.

use crate::support::*;
use http_proto::{Config, Limits};

checks![fields_too_large, every_limit];

/// Within the limit the input is taken; with an octet more it fails with `kind` at that octet.
fn server_limit(change: fn(&mut Limits), within: &str, beyond: &str, expected: (Kind, u64)) {
    let set = |config: &mut Config| change(&mut config.limits);
    let trace = Wire::server(within).config(set).see();
    assert_eq!((trace.error, trace.completed()), (None, 1), "{within:?}");
    let trace = Wire::server(beyond).config(set).see();
    assert_eq!((trace.error, trace.completed()), (Some(expected), 0), "{beyond:?}");
}

#[test]
fn fields_too_large() {
    covers!("R9110-5.4-01");
    let line = |length: usize| get(&format!("A:{}\r\n", "b".repeat(length - 2)));
    let start = get("").len() as u64 - 2;
    assert_eq!(accepts(line(32 * 1024)).value("a").unwrap().len(), 32 * 1024 - 2);
    let trace = refuses(line(32 * 1024 + 1), Kind::FieldTooLong, 431);
    assert_eq!(trace.error.unwrap().1, start + 32 * 1024);
    let many = |count: usize| get(&"A: b\r\n".repeat(count - 1));
    assert_eq!(accepts(many(100)).head().fields.len(), 100);
    refuses(many(101), Kind::TooManyFields, 431);
    let head = |length: usize| {
        let first = format!("A:{}\r\n", "b".repeat(30_000));
        let rest = length - get("").len() - 2 * first.len() - 4;
        get(&format!("{first}{first}B:{}\r\n", "b".repeat(rest)))
    };
    assert_eq!(head(65_535).len(), 65_535);
    assert_eq!(accepts(head(65_535)).head().fields.len(), 4);
    refuses(head(65_536), Kind::HeadTooLong, 431);
    // Nothing is cut off or left out: an error is all that comes of it.
    assert!(Wire::server(&many(101)).see().events.is_empty());
}

#[test]
fn every_limit() {
    covers!("R9110-17.5-01");
    let end = "HTTP/1.1\r\nHost: h\r\n\r\n";
    server_limit(|l| l.method = 3, &format!("GET / {end}"), &format!("GETS / {end}"), (Kind::MethodTooLong, 3));
    server_limit(|l| l.target = 3, &format!("GET /ab {end}"), &format!("GET /abc {end}"), (Kind::TargetTooLong, 7));
    server_limit(|l| l.field_line = 8, &get("A: 45678\r\n"), &get("A: 456789\r\n"), (Kind::FieldTooLong, 33));
    server_limit(|l| l.field_line = 8, &get("ABCDEFG:\r\n"), &get("ABCDEFGH:\r\n"), (Kind::FieldTooLong, 33));
    server_limit(|l| l.head = 33, &get("A: b\r\n"), &get("A: bc\r\n"), (Kind::HeadTooLong, 33));
    server_limit(|l| l.fields = 2, &get("A: b\r\n"), &get("A: b\r\nC: d\r\n"), (Kind::TooManyFields, 31));
    server_limit(
        |l| l.empty_lines = 1,
        &format!("\r\n{NEXT}"),
        &format!("\r\n\r\n{NEXT}"),
        (Kind::TooManyEmptyLines, 2),
    );

    let start = chunked("").len() as u64;
    let short = |body: &str| chunked(body);
    server_limit(
        |l| l.chunk_extension_line = 2,
        &short("1;a\r\nx\r\n0;b\r\n\r\n"),
        &short("1;ab\r\nx\r\n0\r\n\r\n"),
        (Kind::ChunkExtensionTooLong, start + 3),
    );
    server_limit(
        |l| l.chunk_extensions = 4,
        &short("1;a\r\nx\r\n0;b\r\n\r\n"),
        &short("1;a\r\nx\r\n0;bc\r\n\r\n"),
        (Kind::ChunkExtensionTooLong, start + 11),
    );
    server_limit(
        |l| l.trailers = 8,
        &short("0\r\nA: b\r\n\r\n"),
        &short("0\r\nA: bc\r\n\r\n"),
        (Kind::TrailersTooLong, start + 11),
    );
    server_limit(
        |l| l.trailer_fields = 1,
        &short("0\r\nA: b\r\n\r\n"),
        &short("0\r\nA: b\r\nC: d\r\n\r\n"),
        (Kind::TooManyTrailers, start + 9),
    );
    // Numbers: 16 digits of a chunk size, 2^64 - 1 of a length, three digits of a status.
    let size = |digits: &str| Wire::server(&chunked(&format!("{digits}\r\n"))).see().error;
    assert_eq!(
        (size("0000000000000001"), size("00000000000000001")),
        (None, Some((Kind::ChunkSizeOverflow, start + 16)))
    );
    // A client has the same bounds but for interim responses, and reasons are part of the head.
    let one = |config: &mut Config| config.limits.interim = 1;
    let interim = "HTTP/1.1 103 x\r\n\r\n";
    assert_eq!(Wire::client(&[("GET", &[])], interim).config(one).see().error, None);
    let twice = Wire::client(&[("GET", &[])], &interim.repeat(2)).config(one).see().error;
    assert_eq!(twice, Some((Kind::TooManyInterim, 17)));
    let small = |config: &mut Config| config.limits.head = 24;
    assert_eq!(Wire::client(&[("GET", &[])], "HTTP/1.1 204 abcdefg\r\n\r\n").config(small).see().completed(), 1);
    let long = Wire::client(&[("GET", &[])], "HTTP/1.1 204 abcdefgh\r\n\r\n").config(small).see();
    assert_eq!((long.completed(), long.error), (0, Some((Kind::HeadTooLong, 24))));
}
