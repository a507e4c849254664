//! The head parser on its own finds what a connection finds, however its block grows.

use http_proto::syntax::HeadParser;
use http_proto::{
    BodyLength, Config, Connection, Event, Limits, MethodKind, RecvBuf, RecvErrorKind, RequestHead, Role, SendBuf,
};
use std::fmt::Debug;
use std::sync::Arc;
use tests::cases::{Case, public};
use tests::reference;

/// A head and its length, or what is wrong and where; nothing if it is incomplete.
type Found = Option<Result<(String, usize), (RecvErrorKind, usize)>>;

fn by_connection<R: Role>(mut connection: Connection<R>, input: &[u8]) -> Found
where
    for<'b> R::Head<'b>: Debug,
{
    let mut buffer = RecvBuf::<&[u8]>::new();
    buffer.feed(input);
    match connection.recv(&mut buffer) {
        Ok(Event::HeadersComplete(head)) => Some(Ok((format!("{head:?}"), connection.received() as usize))),
        Ok(_) => None,
        Err(error) => Some(Err((error.kind(), error.offset() as usize))),
    }
}

/// The first head of a client's input is one of the answers to a request of this method.
fn client(method: &str) -> Connection<http_proto::Client> {
    let mut connection = Connection::client(Arc::new(Config::client()));
    let (target, host) = if method == "CONNECT" { ("h:80", "h:80") } else { ("/", "h") };
    let offer: &[&str] = if method == "CONNECT" { &[] } else { &["x"] };
    let head = RequestHead::new(method, target).host(host).upgrade(offer);
    connection.start(&head, BodyLength::Empty, &mut SendBuf::new()).unwrap();
    connection
}

fn by_parser(parser: &mut HeadParser, case: &Case, method: &str, end: usize) -> Found {
    let block = &case.input[..end];
    let kind = MethodKind::of(method.as_bytes());
    match case.role {
        reference::Role::Server => match parser.parse_request(block, &Limits::server()) {
            Ok(found) => found.map(|(head, length)| Ok((format!("{head:?}"), length))),
            Err(fault) => Some(Err((fault.kind, fault.at))),
        },
        reference::Role::Client => match parser.parse_response(kind, block, &Limits::client()) {
            Ok(found) => found.map(|(head, length)| Ok((format!("{head:?}"), length))),
            Err(fault) => Some(Err((fault.kind, fault.at))),
        },
    }
}

#[test]
fn a_parser_alone_finds_what_a_connection_finds() {
    let mut parser = HeadParser::default();
    let mut found = [0; 3];
    for case in public().iter().filter(|case| !case.input.starts_with(b"\r")) {
        let method = match (case.role, case.requests.first()) {
            (reference::Role::Server, _) => "",
            (reference::Role::Client, Some(request)) => std::str::from_utf8(&request.method).unwrap(),
            (reference::Role::Client, None) => continue,
        };
        let expected = match case.role {
            reference::Role::Server => by_connection(Connection::server(Arc::new(Config::server())), &case.input),
            reference::Role::Client => by_connection(client(method), &case.input),
        };
        let all = case.input.len();
        for at in (0..all).filter(|at| all <= 400 || at % 97 == 0) {
            // The same parser, for one head after another; an incomplete one would be gone on with.
            let first = by_parser(&mut parser, case, method, at);
            let whole = first.or_else(|| by_parser(&mut parser, case, method, all));
            assert_eq!(whole, expected, "{} cut at {at}", case.id);
            if whole.is_none() {
                parser = HeadParser::new();
            }
        }
        found[match expected {
            Some(Ok(_)) => 0,
            Some(Err(_)) => 1,
            None => 2,
        }] += 1;
    }
    assert!(found.iter().all(|count| *count > 0), "heads, faults and beginnings: {found:?}");
}

/// Names and values that end wherever blocks of octets end that are looked at together.
#[test]
fn lengths_of_names_and_values_do_not_matter() {
    let limits = Limits::server();
    let mut parser = HeadParser::new();
    for (name_length, value_length) in (1..=40).flat_map(|name| (1..=140).map(move |value| (name, value))) {
        let (name, value) = ("n".repeat(name_length), "v".repeat(value_length));
        let head = format!("GET / HTTP/1.1\r\nHost: h\r\n{name}: {value}\r\nLast: l\r\n\r\n").into_bytes();
        let (request, length) = parser.parse_request(&head, &limits).unwrap().unwrap();
        let fields = [("Host", "h"), (&name, &value), ("Last", "l")].map(|(name, value)| (name, value.as_bytes()));
        assert!(request.fields().iter().eq(fields), "{name_length} {value_length}");
        assert_eq!(length, head.len());
    }
}

#[test]
fn a_wrong_or_missing_octet_is_found_wherever_it_stands() {
    let limits = Limits::server();
    let mut parser = HeadParser::new();
    for value_length in 1..=140 {
        let head = format!("GET / HTTP/1.1\r\nHost: h\r\nName: {}\r\n\r\n", "v".repeat(value_length)).into_bytes();
        let value = head.len() - 4 - value_length;
        for at in value..value + value_length {
            for (octet, kind) in [(0x7f, RecvErrorKind::InvalidFieldValue), (b'\n', RecvErrorKind::BareLf)] {
                let mut wrong = head.clone();
                wrong[at] = octet;
                let fault = parser.parse_request(&wrong, &limits).unwrap_err();
                assert_eq!((fault.kind, fault.at), (kind, at), "{value_length}");
            }
            assert!(parser.parse_request(&head[..at], &limits).unwrap().is_none());
            let (request, _) = parser.parse_request(&head, &limits).unwrap().unwrap();
            assert_eq!(request.fields().get("name"), Some(&head[value..value + value_length]), "{value_length} {at}");
        }
    }
}

/// What stands behind letters and `-` in a name is judged by the grammar, wherever blocks of octets end.
#[test]
fn every_octet_is_judged_wherever_it_stands_in_a_name() {
    let limits = Limits::server();
    let mut parser = HeadParser::new();
    for at in 1..40 {
        for octet in (0..=255).filter(|octet| *octet != b':') {
            let mut name: Vec<u8> = b"a-Z-".iter().copied().cycle().take(40).collect();
            name[at] = octet;
            let head = [b"GET / HTTP/1.1\r\nHost: h\r\n", name.as_slice(), b": value\r\nLast: 1\r\n\r\n"].concat();
            let accepted = parser.parse_request(&head, &limits).is_ok();
            let is_tchar = octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
            assert_eq!(accepted, is_tchar, "{octet} at {at}");
        }
    }
}

/// Pieces of one size after the other, so that lines are cut everywhere, with few and with many new octets.
#[test]
fn pieces_of_any_size_make_the_same_head() {
    let heads = [
        "Name: value\r\nAnother-Name-2:value\t\r\nEmpty:\r\nLong-Name-Of-More-Octets-Than-A-Block: 1\r\nLast: l",
        "Latin: caf\u{e9} au lait, and much more than that, so that it takes pieces\r\nBlanks:  \t a  b \t \r\nL: l",
        "Wrong Name: in the middle of what is otherwise as usual as can be\r\nName: value",
        "Name: value\r\nWrong: a value with a control \u{1} in it, which is not usual at all\r\nName: value",
    ];
    for fields in heads {
        let head = format!("GET /a/target/of/some/length HTTP/1.1\r\nHost: example.org\r\n{fields}\r\n\r\n");
        let whole = by_connection(Connection::server(Arc::new(Config::server())), head.as_bytes());
        assert!(whole.is_some());
        for size in 1..head.len() {
            let mut connection = Connection::server(Arc::new(Config::server()));
            let mut input = RecvBuf::<Vec<u8>>::new();
            let mut fed = 0;
            let found = loop {
                let end = (fed + size).min(head.len());
                assert!(fed < end, "incomplete, {size}: {fields}");
                input.fill_from(&head.as_bytes()[fed..end]);
                fed = end;
                match connection.recv(&mut input) {
                    Ok(Event::HeadersComplete(head)) => {
                        break Ok((format!("{head:?}"), connection.received() as usize));
                    }
                    Ok(Event::NeedInput) => {}
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => break Err((error.kind(), error.offset() as usize)),
                }
            };
            assert_eq!(Some(found), whole, "{size}: {fields}");
        }
    }
}
