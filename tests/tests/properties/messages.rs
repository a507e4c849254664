//! Random messages as octets, valid and mutated.

use proptest::prelude::*;

/// A token.
pub(crate) fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}"
}

/// The name of a field that means nothing to the connection.
pub(crate) fn field_name() -> impl Strategy<Value = String> {
    "[Xx]-[a-zA-Z0-9!#$%&'*+.^_`|~-]{0,10}"
}

/// A field value, without blanks around it.
pub(crate) fn field_value() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop_oneof![8 => 0x21..0x7fu8, 1 => Just(b' '), 1 => Just(b'\t'), 1 => 0x80..=0xffu8];
    prop::collection::vec(inner, 0..20).prop_map(|value| value.trim_ascii().to_vec())
}

/// Fields.
pub(crate) fn fields() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    prop::collection::vec((field_name(), field_value()), 0..5)
}

fn join(start: String, fields: &[(String, Vec<u8>)], framing: &str, body: &[u8]) -> Vec<u8> {
    let mut octets = start.into_bytes();
    for (name, value) in fields {
        octets.extend_from_slice(&[name.as_bytes(), b":", value, b"\r\n"].concat());
    }
    octets.extend_from_slice(framing.as_bytes());
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(body);
    octets
}

/// A framing field and the body that it announces.
fn framed() -> impl Strategy<Value = (String, Vec<u8>)> {
    let content = || prop::collection::vec(any::<u8>(), 0..60);
    let chunk =
        (prop::collection::vec(any::<u8>(), 1..30), prop_oneof![Just(""), Just(";a"), Just(" ; a = \"b;\\\"\"")]);
    let chunked = (prop::collection::vec(chunk, 0..4), fields()).prop_map(|(chunks, trailers)| {
        let mut body = Vec::new();
        for (data, extension) in chunks {
            body.extend_from_slice(format!("{:X}{extension}\r\n", data.len()).as_bytes());
            body.extend_from_slice(&[&data[..], b"\r\n"].concat());
        }
        body.extend_from_slice(&join("0\r\n".into(), &trailers, "", b""));
        ("Transfer-Encoding: chunked\r\n".to_owned(), body)
    });
    prop_oneof![
        2 => Just((String::new(), Vec::new())),
        2 => content().prop_map(|body| (format!("Content-Length: {}\r\n", body.len()), body)),
        2 => chunked,
    ]
}

/// A valid request; `last`: it may end the connection.
pub(crate) fn request(last: bool) -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![Just("GET".to_owned()), Just("HEAD".to_owned()), Just("POST".to_owned()), token()]
        .prop_filter("a tunnel ends HTTP", |method| method != "CONNECT");
    let target =
        prop_oneof![Just("/".to_owned()), "/[a-z0-9/?&=%]{0,20}", "http://[a-z]{1,8}(:[0-9]{1,4})?/[a-z]{0,5}"];
    let options = if last { vec!["", "Connection: close\r\n"] } else { vec!["", "Connection: keep-alive, x\r\n"] };
    let extra =
        prop::sample::select(["", "Expect: 100-continue\r\n", "Connection: upgrade\r\nUpgrade: x\r\n"].to_vec());
    let empty_line = prop::bool::weighted(0.2);
    (method, target, fields(), framed(), prop::sample::select(options), extra, empty_line).prop_map(
        |(method, target, fields, (framing, body), option, extra, empty_line)| {
            let blank = if empty_line { "\r\n" } else { "" };
            let start = format!("{blank}{method} {target} HTTP/1.1\r\nHost: h\r\n{option}{extra}");
            join(start, &fields, &framing, &body)
        },
    )
}

/// A valid response to GET that leaves the connection open; perhaps with interim responses before it.
pub(crate) fn response() -> impl Strategy<Value = Vec<u8>> {
    let interim = prop::collection::vec((prop::sample::select(vec![100u16, 102, 103, 199]), fields()), 0..3);
    let framed = framed().prop_map(|(framing, body)| {
        if framing.is_empty() { ("Content-Length: 0\r\n".to_owned(), body) } else { (framing, body) }
    });
    let fold = prop_oneof![Just(""), Just("X-Folded: a\r\n b\r\n\t c\r\n")];
    (interim, 200..=999u16, "[ -~]{0,12}", fields(), framed, fold).prop_map(
        |(interim, status, reason, fields, (framing, body), fold)| {
            let mut octets = Vec::new();
            for (status, fields) in interim {
                octets.extend(join(format!("HTTP/1.1 {status} \r\n"), &fields, "", b""));
            }
            let bare = matches!(status, 204 | 304);
            let start = format!("HTTP/1.1 {status} {reason}\r\n{fold}");
            octets.extend(join(start, &fields, &framing, if bare { b"" } else { &body }));
            octets
        },
    )
}

/// Octets with some of them changed, removed, doubled or put in.
pub(crate) fn mutated(octets: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let octet =
        prop_oneof![any::<u8>(), prop::sample::select(b"\r\n\0 \t:;,=\"\\0123456789abcdefghHTPCL/%#*".to_vec()),];
    let change = (any::<prop::sample::Index>(), 0..4u8, octet);
    (octets, prop::collection::vec(change, 0..4)).prop_map(|(mut octets, changes)| {
        for (index, kind, octet) in changes {
            let at = index.index(octets.len().max(1));
            match kind {
                0 if !octets.is_empty() => octets[at] = octet,
                1 if !octets.is_empty() => drop(octets.remove(at)),
                2 if !octets.is_empty() => octets.truncate(at),
                _ => octets.insert(at, octet),
            }
        }
        octets
    })
}
