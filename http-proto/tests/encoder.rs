//! The encoder, exhaustively: every octet through every setter, in first, middle and last place. What is accepted is
//! read back the same by the other role, and never puts a bare CR or LF, or NUL, on the wire; what is refused has
//! changed neither the connection nor the buffer.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "encoder/refusals.rs"]
mod refusals;
#[path = "encoder/tables.rs"]
mod tables;

use http_proto::syntax::is_host;
use http_proto::{
    BodyLength, Chunk, Client, Config, Connection, Event, FieldBlock, OwnedRequest, OwnedResponse, Pipeline, RecvBuf,
    RequestHead, ResponseHead, SendBuf, SendError, Server, Step,
};
use std::sync::Arc;

pub(crate) const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

pub(crate) fn wire(out: &SendBuf) -> Vec<u8> {
    match out.front() {
        Some(Chunk::Octets(octets)) => {
            assert_eq!(octets.len() as u64, out.len(), "heads lie in one piece");
            octets.to_vec()
        }
        Some(Chunk::External(_)) => panic!("nothing external was sent"),
        None => Vec::new(),
    }
}

/// A client with a request outstanding, so that a refused call has something to spoil.
pub(crate) fn client() -> (Connection<Client>, SendBuf) {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 4, safe_only: false };
    let (mut client, mut out) = (Connection::client(Arc::new(config)), SendBuf::new());
    client.start(&RequestHead::get("first", "/first"), BodyLength::Empty, &mut out).unwrap();
    (client, out)
}

/// A server that has received this.
pub(crate) fn server(requests: &str) -> Connection<Server> {
    let mut server = Connection::server(Arc::new(Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(requests.as_bytes());
    while server.step(&mut input).unwrap() == Step::Event {}
    server
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// A server that has answered one request and owes another answer.
fn busy_server() -> (Connection<Server>, SendBuf) {
    let (mut server, mut out) = (server(&GET.repeat(2)), SendBuf::new());
    server.respond(&ResponseHead::new(201), BodyLength::Empty, &mut out).unwrap();
    (server, out)
}

/// Runs a command; a refused one must have changed nothing.
pub(crate) fn attempt<C: std::fmt::Debug, T>(
    connection: &mut C,
    out: &mut SendBuf,
    command: impl FnOnce(&mut C, &mut SendBuf) -> Result<T, SendError>,
) -> Result<T, SendError> {
    let before = (format!("{connection:?}"), wire(out), out.len());
    let result = command(connection, out);
    if let Err(error) = result {
        assert_eq!((format!("{connection:?}"), wire(out), out.len()), before, "{error:?} has changed something");
    }
    result
}

/// CR and LF stand together only, and there is no NUL.
fn assert_clean(octets: &[u8]) {
    for (at, c) in octets.iter().enumerate() {
        let clean = match c {
            b'\r' => octets.get(at + 1) == Some(&b'\n'),
            b'\n' => at > 0 && octets[at - 1] == b'\r',
            c => *c != 0,
        };
        assert!(clean, "octet {at} of {}", octets.escape_ascii());
    }
}

/// The second request that a server reads in this.
fn read_request(octets: &[u8]) -> OwnedRequest {
    assert_clean(octets);
    let mut config = Config::server();
    config.pipeline.safe_only = false;
    let mut server = Connection::server(Arc::new(config));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(octets);
    let mut heads = Vec::new();
    loop {
        match server.recv(&mut input).unwrap_or_else(|error| panic!("{error} in {}", octets.escape_ascii())) {
            Event::HeadersComplete(head) => heads.push(head.to_owned()),
            Event::NeedInput | Event::Paused => break,
            Event::Payload(_) | Event::UpgradeTail(_) | Event::Closed => panic!("{}", octets.escape_ascii()),
            Event::MessageComplete(_) => {}
        }
    }
    assert_eq!(heads.len(), 2, "{}", octets.escape_ascii());
    heads.remove(1)
}

/// The second response that a client reads in this, and its trailers.
fn read_response(octets: &[u8]) -> (OwnedResponse, Vec<(String, Vec<u8>)>) {
    assert_clean(octets);
    let (mut client, mut out) = client();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut out).unwrap();
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(octets);
    let (mut heads, mut trailers) = (Vec::new(), Vec::new());
    loop {
        match client.recv(&mut input).unwrap_or_else(|error| panic!("{error} in {}", octets.escape_ascii())) {
            Event::HeadersComplete(head) => heads.push(head.to_owned()),
            Event::MessageComplete(fields) => {
                trailers = fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            }
            Event::NeedInput | Event::Closed => break,
            Event::Payload(_) | Event::UpgradeTail(_) | Event::Paused => panic!("{}", octets.escape_ascii()),
        }
    }
    assert_eq!(heads.len(), 2, "{}", octets.escape_ascii());
    (heads.remove(1), trailers)
}

/// First, middle and last place of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    First,
    Middle,
    Last,
}

const PLACES: [Place; 3] = [Place::First, Place::Middle, Place::Last];

fn put(place: Place, front: &[u8], c: &[u8], back: &[u8]) -> Vec<u8> {
    match place {
        Place::First => [c, front, back].concat(),
        Place::Middle => [front, c, back].concat(),
        Place::Last => [front, back, c].concat(),
    }
}

/// Every octet that text can hold, in a character that holds it.
fn characters() -> Vec<char> {
    let ascii = (0..0x80).map(char::from);
    let continuations = ('\u{80}'..='\u{bf}').chain('\u{c0}'..='\u{ff}');
    let leads = (3..0x20).map(|n| n << 6).chain([0x800, 0x10000]);
    let leads = leads.chain((1..16).map(|n| n << 12)).chain((1..5).map(|n| n << 18));
    let characters: Vec<char> = ascii.chain(continuations).chain(leads.filter_map(char::from_u32)).collect();
    let mut seen = [false; 256];
    characters.iter().for_each(|c| c.encode_utf8(&mut [0; 4]).bytes().for_each(|c| seen[usize::from(c)] = true));
    let never = seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(c, _)| c);
    assert_eq!(never.collect::<Vec<_>>(), [vec![0xc0, 0xc1], (0xf5..=0xff).collect()].concat());
    characters
}

/// Every character in every place of `front` + `back`.
fn texts(front: &str, back: &str, mut check: impl FnMut(char, Place, &str)) {
    for c in characters() {
        for place in PLACES {
            let text = put(place, front.as_bytes(), c.encode_utf8(&mut [0; 4]).as_bytes(), back.as_bytes());
            check(c, place, &String::from_utf8(text).unwrap());
        }
    }
}

/// Every octet in every place of `a b`.
fn values(mut check: impl FnMut(u8, Place, &[u8])) {
    for c in 0..=255 {
        PLACES.iter().for_each(|&place| check(c, place, &put(place, b"a", &[c], b"b")));
    }
}

// Written out on their own, not taken from the code that they judge.
fn is_tchar(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_value_octet(c: u8) -> bool {
    matches!(c, 9 | 0x20..=0x7e | 0x80..=0xff)
}

fn is_blank(c: u8) -> bool {
    matches!(c, 9 | 0x20)
}

/// Starts a request; what was accepted, as a server reads it.
fn start(head: &RequestHead<'_>) -> Result<OwnedRequest, SendError> {
    let (mut client, mut out) = client();
    attempt(&mut client, &mut out, |client, out| client.start(head, BodyLength::Empty, out))?;
    Ok(read_request(&wire(&out)))
}

fn respond(head: &ResponseHead<'_>) -> Result<OwnedResponse, SendError> {
    let (mut server, mut out) = busy_server();
    attempt(&mut server, &mut out, |server, out| server.respond(head, BodyLength::Empty, out))?;
    Ok(read_response(&wire(&out)).0)
}

#[test]
fn method() {
    texts("A", "B", |c, _, method| {
        let read = start(&RequestHead::new(method, "/").host("h"));
        assert_eq!(read.is_ok(), is_tchar(c), "{method:?}");
        assert!(read.is_ok_and(|read| read.view().unwrap().method() == method) || !is_tchar(c));
    });
}

#[test]
fn target() {
    texts("/a", "b", |c, place, target| {
        let read = start(&RequestHead::get("h", target));
        let allowed = match place {
            Place::First => c == '/',
            Place::Middle | Place::Last => c.is_ascii_graphic() && c != '#',
        };
        assert_eq!(read.is_ok(), allowed, "{target:?}");
        assert!(read.is_ok_and(|read| read.view().unwrap().target() == target) || !allowed);
    });
    // In an authority only what a host may have.
    texts("http://a", "b/", |c, place, target| {
        let read = start(&RequestHead::new("GET", target));
        let allowed = match place {
            Place::First => c.is_ascii_alphabetic(),
            Place::Middle => is_host_octet(c) || matches!(c, '/' | '?'),
            Place::Last => c.is_ascii_graphic() && c != '#',
        };
        assert_eq!(read.is_ok(), allowed, "{target:?}");
        assert!(read.is_ok_and(|read| read.view().unwrap().target() == target) || !allowed);
    });
}

fn is_host_octet(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c)
}

#[test]
fn host() {
    // No hexadecimal digits, so that `%` begins nothing.
    texts("x", "y", |c, place, host| {
        let read = start(&RequestHead::get(host, "/"));
        let allowed = is_host_octet(c) || (c == ':' && place == Place::Last);
        assert_eq!(read.is_ok(), allowed, "{host:?}");
        let same = |read: OwnedRequest| read.view().unwrap().fields().get("host") == Some(host.as_bytes());
        assert!(read.is_ok_and(same) || !allowed);
    });
    assert!(is_host(&[b'x'; 65_535]) && !is_host(&[b'x'; 65_536]), "longer than any head");
}

#[test]
fn field_name() {
    texts("X-A", "b", |c, _, name| {
        let fields = [(name, &b"v"[..])];
        let (read, answer) =
            (start(&RequestHead::get("h", "/").fields(&fields)), respond(&ResponseHead::new(200).fields(&fields)));
        assert_eq!((read.is_ok(), answer.is_ok()), (is_tchar(c), is_tchar(c)), "{name:?}");
        if let (Ok(read), Ok(answer)) = (read, answer) {
            assert_eq!(read.view().unwrap().fields().iter().nth(1), Some((name, &b"v"[..])));
            assert_eq!(answer.view().unwrap().fields().iter().next(), Some((name, &b"v"[..])));
        }
        assert_eq!(FieldBlock::from_fields(fields).is_ok(), is_tchar(c));
    });
}

#[test]
fn field_value() {
    values(|c, place, value| {
        let fields = [("A", value)];
        let allowed = is_value_octet(c) && (place == Place::Middle || !is_blank(c));
        let read = start(&RequestHead::get("h", "/").fields(&fields));
        let answer = respond(&ResponseHead::new(200).fields(&fields));
        assert_eq!((read.is_ok(), answer.is_ok()), (allowed, allowed), "{c} {place:?}");
        if let (Ok(read), Ok(answer)) = (read, answer) {
            assert_eq!(read.view().unwrap().fields().get("a"), Some(value));
            assert_eq!(answer.view().unwrap().fields().get("a"), Some(value));
        }
        let block = FieldBlock::from_fields(fields);
        assert_eq!(block.is_ok(), allowed);
        if let Ok(block) = block {
            let read = start(&RequestHead::get("h", "/").block(&block)).unwrap();
            assert_eq!(read.view().unwrap().fields().get("a"), Some(value));
        }
    });
}

#[test]
fn reason() {
    values(|c, _, reason| {
        let read = respond(&ResponseHead::new(299).reason(reason));
        assert_eq!(read.is_ok(), is_value_octet(c), "{c}");
        assert!(read.is_ok_and(|read| read.view().unwrap().reason() == reason) || !is_value_octet(c));
    });
}

#[test]
fn upgrade_protocol() {
    texts("a", "b", |c, place, protocol| {
        let protocols = ["x", protocol];
        let read = start(&RequestHead::get("h", "/").upgrade(&protocols));
        let allowed = is_tchar(c) || (c == '/' && place == Place::Middle);
        assert_eq!(read.is_ok(), allowed, "{protocol:?}");
        let lists = |read: OwnedRequest| {
            let expected = format!("x, {protocol}");
            read.view().unwrap().fields().get("upgrade") == Some(expected.as_bytes())
        };
        assert!(read.is_ok_and(lists) || !allowed);
        let read = respond(&ResponseHead::upgrade_required(protocol));
        assert_eq!(read.is_ok(), allowed);
        let names = |read: OwnedResponse| read.view().unwrap().fields().get("upgrade") == Some(protocol.as_bytes());
        assert!(read.is_ok_and(names) || !allowed);
    });
}

#[test]
fn connection_option() {
    texts("a", "b", |c, _, option| {
        let options = [option];
        let read = start(&RequestHead { connection_options: &options, ..RequestHead::get("h", "/") });
        let answer = respond(&ResponseHead { connection_options: &options, ..ResponseHead::new(200) });
        assert_eq!((read.is_ok(), answer.is_ok()), (is_tchar(c), is_tchar(c)), "{option:?}");
        if let (Ok(read), Ok(answer)) = (read, answer) {
            assert_eq!(read.view().unwrap().fields().get("connection"), Some(option.as_bytes()));
            assert_eq!(answer.view().unwrap().fields().get("connection"), Some(option.as_bytes()));
        }
    });
}

/// Sends these trailers, if a block takes them; what a client reads.
fn trailers(name: &str, value: &[u8]) -> Result<Vec<(String, Vec<u8>)>, SendError> {
    let block = FieldBlock::from_fields([(name, value)])?;
    let (mut server, mut out) = busy_server();
    server.respond(&ResponseHead::new(200), BodyLength::Unknown, &mut out).unwrap();
    attempt(&mut server, &mut out, |server, out| server.finish(Some(&block), out))?;
    Ok(read_response(&wire(&out)).1)
}

#[test]
fn trailer_name_and_value() {
    texts("X-A", "b", |c, _, name| {
        let read = trailers(name, b"v");
        assert_eq!(read.is_ok(), is_tchar(c), "{name:?}");
        assert!(read.is_err() || read == Ok(vec![(name.to_owned(), b"v".to_vec())]));
        let announced = FieldBlock::trailer(&[name]);
        assert_eq!(announced.is_ok(), is_tchar(c));
    });
    values(|c, place, value| {
        let read = trailers("A", value);
        assert_eq!(read.is_ok(), is_value_octet(c) && (place == Place::Middle || !is_blank(c)), "{c} {place:?}");
        assert!(read.is_err() || read == Ok(vec![("A".to_owned(), value.to_vec())]));
    });
}

#[test]
fn allowed_method() {
    texts("A", "B", |c, _, method| {
        let block = FieldBlock::allow(&["GET", method]);
        assert_eq!(block.is_ok(), is_tchar(c), "{method:?}");
        if let Ok(block) = block {
            let read = respond(&ResponseHead::method_not_allowed(&block)).unwrap();
            assert_eq!(read.view().unwrap().fields().get("allow"), Some(format!("GET, {method}").as_bytes()));
        }
    });
}

#[test]
fn date() {
    const FORM: &[u8; 29] = b"Aaa, 00 Aaa 0000 00:00:00 GMT";
    for place in 0..29 {
        for c in 0..=255 {
            let mut date = *DATE;
            date[place] = c;
            let allowed = match FORM[place] {
                b'A' => c.is_ascii_uppercase(),
                b'a' => c.is_ascii_lowercase(),
                b'0' => c.is_ascii_digit(),
                other => c == other,
            };
            let read = respond(&ResponseHead::new(200).date(&date));
            assert_eq!(read.is_ok(), allowed, "{c} at {place}");
            assert!(read.is_ok_and(|read| read.view().unwrap().fields().get("date") == Some(&date)) || !allowed);
        }
    }
}

#[test]
fn status() {
    for status in (0..=1100).chain([u16::MAX]) {
        let read = respond(&ResponseHead::new(status));
        // 426 names a protocol, and interim responses are another call.
        let allowed = (200..1000).contains(&status) && status != 426;
        assert_eq!(read.is_ok(), allowed, "{status}");
        assert!(read.is_ok_and(|read| read.view().unwrap().status() == status) || !allowed);
        let (mut server, mut out) = busy_server();
        let informed = attempt(&mut server, &mut out, |server, out| server.inform(&ResponseHead::new(status), out));
        assert_eq!(informed.is_ok(), (102..200).contains(&status), "{status}");
    }
}
