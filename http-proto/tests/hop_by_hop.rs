//! What is taken out of the fields of a message that is to be forwarded.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use http::{HeaderMap, HeaderName};
use http_proto::HopByHop;

/// What is left of the fields, and what was taken.
fn taken(fields: &[(&'static str, &str)]) -> (Vec<(String, String)>, HopByHop) {
    let mut map = map(fields);
    let hop = HopByHop::take(&mut map);
    (text(&map), hop)
}

fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn text(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

/// Names may change their order, the values of one name may not.
fn left(fields: &[(&'static str, &str)]) -> Vec<String> {
    let mut left = taken(fields).0;
    left.sort_by(|(one, _), (other, _)| one.cmp(other));
    left.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

#[test]
fn what_connection_names_and_what_is_always_taken() {
    let fields = [
        ("a", "1"),
        ("x-hop", "2"),
        ("a", "3"),
        ("keep-alive", "4"),
        ("te", "trailers"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "x"),
        ("connection", "X-HOP,, b , not a name"),
        ("b", "5"),
        ("b", "6"),
        ("connection", "close"),
    ];
    assert_eq!(left(&fields), ["a: 1", "a: 3"]);
}

#[test]
fn what_the_next_connection_writes_anew_stays() {
    let named = ("connection", "host, content-length, expect");
    let fields = [named, ("host", "h"), ("content-length", "5"), ("expect", "100-continue")];
    assert_eq!(left(&fields), ["content-length: 5", "expect: 100-continue", "host: h"]);
}

#[test]
fn lengths_that_are_none_go() {
    for (values, kept) in [
        (&["5"][..], true),
        (&["5", "5"], true),
        (&["05", "5"], true),
        (&["5", "6"], false),
        (&["5, 5"], false),
        (&["+5"], false),
        (&[""], false),
        (&["18446744073709551616"], false),
    ] {
        let fields: Vec<_> = values.iter().map(|value| ("content-length", *value)).collect();
        assert_eq!(left(&fields).is_empty(), !kept, "{values:?}");
        let both: Vec<_> = fields.into_iter().chain([("transfer-encoding", "chunked")]).collect();
        assert!(left(&both).is_empty(), "{values:?}");
    }
}

#[test]
fn what_is_told() {
    let hop = |fields: &[(&'static str, &str)]| taken(fields).1;
    let upgrade = |fields: &[(&'static str, &str)]| hop(fields).upgrade().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(upgrade(&[("upgrade", "a, b/1"), ("upgrade", "c"), ("connection", "Upgrade")]), ["a", "b/1", "c"]);
    assert_eq!(upgrade(&[("upgrade", "a"), ("connection", "upgraded")]), [""; 0]);
    for (te, trailers) in [("trailers", true), ("gzip, Trailers", true), ("gzip", false), ("trailers;q=1", false)] {
        assert_eq!(hop(&[("te", te)]).accepts_trailers(), trailers, "{te}");
    }
    assert!(!hop(&[]).accepts_trailers());
    for (codings, coded) in [("chunked", false), ("CHUNKED", false), ("gzip, chunked", true), ("gzip", true)] {
        assert_eq!(hop(&[("transfer-encoding", codings)]).is_coded(), coded, "{codings}");
    }
    assert!(!hop(&[]).is_coded());
}

#[test]
fn trailers_lose_the_same() {
    let hop = HopByHop::take(&mut map(&[("connection", "x-hop, host")]));
    let mut trailers = map(&[("x-hop", "1"), ("x-sum", "2"), ("keep-alive", "3"), ("connection", "x-sum")]);
    hop.strip(&mut trailers);
    assert_eq!(text(&trailers), [("x-sum".to_owned(), "2".to_owned())]);
}
