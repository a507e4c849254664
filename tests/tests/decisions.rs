//! Readings of the RFCs that could have gone another way, each held by a test.

use http_proto::syntax::HeadParser;
use http_proto::{BodyLength, Client, Config, Connection, Event, Limits, RecvBuf, RequestHead, SendBuf, State};
use std::sync::Arc;

// Pieces fed without a step between them are one input: no step says NeedInput while octets are left.
#[test]
fn a_name_cut_by_pieces_is_parsed_to_the_end_of_what_is_there() {
    let (mut client, _out) = asked();
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(b"HTTP/1.1 200 OK\r\nConte");
    assert!(matches!(client.recv(&mut input), Ok(Event::NeedInput)));
    input.feed(b"nt-Le");
    input.feed(b"ngth: 0\r\n\r\n");
    assert!(matches!(client.recv(&mut input), Ok(Event::HeadersComplete(_))));
}

// Nothing may be waited for without a deadline: with the answer whole and the rest undeliverable, the client is done.
#[test]
fn a_failed_delivery_behind_a_whole_answer_ends_the_connection() {
    let mut client = Connection::client(Arc::new(Config::client()));
    let (mut input, mut out) = (RecvBuf::<&[u8]>::new(), SendBuf::new());
    client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(9), &mut out).unwrap();
    input.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert!(matches!(client.recv(&mut input), Ok(Event::HeadersComplete(_))));
    assert!(matches!(client.recv(&mut input), Ok(Event::MessageComplete(_))));
    assert_eq!((client.outstanding(), client.interest(&out).close), (1, false));
    client.delivery_failed();
    assert_eq!((client.outstanding(), client.interest(&out).close), (0, true));
}

fn asked() -> (Connection<Client>, SendBuf) {
    let mut client = Connection::client(Arc::new(Config::client()));
    let mut out = SendBuf::new();
    client.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut out).unwrap();
    out.advance(u64::MAX);
    (client, out)
}

// Browsers send these octets raw in paths and queries; only what the grammar of a URI puts to another use is refused.
#[test]
fn paths_and_queries_hold_any_visible_octet_but_the_number_sign() {
    let mut parser = HeadParser::new();
    for octet in 0..=255u8 {
        let head = [b"GET /a", &[octet][..], b"b?c", &[octet], b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
        let parsed = parser.parse_request(&head, &Limits::server());
        let accepted = matches!(&parsed, Ok(Some((request, _))) if request.target().as_bytes()[2] == octet);
        assert_eq!(accepted, (0x21..0x7f).contains(&octet) && octet != b'#', "{octet:#x}: {parsed:?}");
    }
}

// RFC 9112 section 9.6 gives `close` its meaning in a final response; one in a 1xx decides nothing.
#[test]
fn connection_options_of_an_interim_response_decide_nothing() {
    let (mut client, mut out) = asked();
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    let Event::HeadersComplete(hints) = client.recv(&mut input).unwrap() else { panic!("no head") };
    assert!(hints.is_interim() && hints.keep_alive());
    let Event::HeadersComplete(answer) = client.recv(&mut input).unwrap() else { panic!("no answer") };
    assert!(answer.status() == 204 && answer.keep_alive());
    assert!(matches!(client.recv(&mut input), Ok(Event::MessageComplete(_))));
    assert_eq!(client.state(), State::ReceivingHeaders);
    assert_eq!(client.start(&RequestHead::get("h", "/2"), BodyLength::Empty, &mut out), Ok(()));
}
