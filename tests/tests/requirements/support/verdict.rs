//! Messages, and what either role makes of them.

use super::{Endpoint, Kind, Trace, Wire};
use http_proto::End;

/// A GET with these further field lines.
pub(crate) fn get(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

/// A POST with these further field lines and this body.
pub(crate) fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}")
}

/// A chunked POST.
pub(crate) fn chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// What follows behind a request to see whether it is taken for one.
pub(crate) const NEXT: &str = "GET /next HTTP/1.1\r\nHost: n\r\n\r\n";

/// A server takes this, and nothing is left over.
pub(crate) fn accepts(input: impl AsRef<[u8]>) -> Trace {
    let input = input.as_ref();
    let trace = Wire::server(input).see();
    assert_eq!((trace.error, trace.left), (None, 0), "{}", input.escape_ascii());
    assert!(trace.completed() > 0, "{}", input.escape_ascii());
    trace
}

/// A server refuses this with that status, completes no message of it, and reads nothing behind it.
pub(crate) fn refuses(input: impl AsRef<[u8]>, kind: Kind, status: u16) -> Trace {
    let input = input.as_ref();
    let trace = Wire::server(input).see();
    let shown = input.escape_ascii();
    assert_eq!(trace.error.map(|(kind, _)| kind), Some(kind), "{shown}");
    assert_eq!(trace.completed(), 0, "{shown}");
    let behind = Wire::server(&[input, NEXT.as_bytes()].concat()).see();
    assert_eq!((&behind.events, behind.error), (&trace.events, trace.error), "{shown}");
    let mut server = Endpoint::server();
    assert_eq!(server.input.fill_from(input), input.len());
    let error = server.feed("").unwrap_err();
    server.connection.refuse(error, None, &mut server.out).unwrap();
    let answer = server.wire();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {answer}");
    assert!(answer.ends_with("Content-Length: 0\r\nConnection: close\r\n\r\n"), "{shown}: {answer}");
    trace
}

/// One GET is outstanding, and a client takes this and then the clean end.
pub(crate) fn takes(input: impl AsRef<[u8]>) -> Trace {
    answers("GET", input)
}

/// One request of this method is outstanding, and a client takes this and then the clean end.
pub(crate) fn answers(method: &str, input: impl AsRef<[u8]>) -> Trace {
    let input = input.as_ref();
    let trace = Wire::client(&[(method, &[])], input).end(End::Clean).see();
    assert_eq!(trace.error, None, "{}", input.escape_ascii());
    trace
}

/// One GET is outstanding, and a client refuses this.
pub(crate) fn rejects(input: impl AsRef<[u8]>, kind: Kind) -> Trace {
    let input = input.as_ref();
    let trace = Wire::client(&[("GET", &[])], input).see();
    assert_eq!(trace.error.map(|(kind, _)| kind), Some(kind), "{}", input.escape_ascii());
    assert_eq!(trace.completed(), 0);
    trace
}
