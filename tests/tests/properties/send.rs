//! Sending: whatever is accepted is read back as it was meant, by the other role and by the reference.

use super::cases;
use super::messages::{field_value, fields, token};
use http_proto::{
    BodyLength, Client, Config, Connection, Event, FieldBlock, RecvBuf, RequestHead, ResponseHead, Role, SendBuf,
    Server, Step, Version,
};
use proptest::prelude::*;
use std::sync::Arc;
use tests::pair::one::{HeadText, note};
use tests::reference::{Bounds, Ending, Outstanding, Start, requests, responses};

type Fields = Vec<(String, Vec<u8>)>;

/// A message to be sent: what both directions have.
#[derive(Debug, Clone)]
struct Content {
    fields: Fields,
    length: u8,
    pieces: Vec<Vec<u8>>,
    trailers: Fields,
    close: bool,
}

impl Content {
    fn length(&self) -> BodyLength {
        match self.length {
            0 => BodyLength::Empty,
            1 => BodyLength::Exact(self.octets().len() as u64),
            2 => BodyLength::Unknown,
            _ => BodyLength::Streaming,
        }
    }

    /// What is to be read.
    fn octets(&self) -> Vec<u8> {
        if self.length == 0 { Vec::new() } else { self.pieces.concat() }
    }

    fn slices(&self) -> Vec<(&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
    }

    /// Sends content and end; whether the trailers were taken.
    fn send<R: Role>(&self, connection: &mut Connection<R>, out: &mut SendBuf) -> bool {
        if self.length == 0 {
            return false;
        }
        for (index, piece) in self.pieces.iter().enumerate() {
            let _ = match index % 2 {
                0 => connection.send(piece, out),
                _ => connection.send_owned(piece.clone().into(), out),
            };
        }
        let block =
            FieldBlock::from_fields(self.trailers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        let block = block.unwrap();
        let taken = connection.finish(Some(&block), out).is_ok();
        if !taken {
            connection.finish(None, out).unwrap();
        }
        taken && !block.is_empty()
    }
}

fn content() -> impl Strategy<Value = Content> {
    let pieces = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4);
    (fields(), 0..4u8, pieces, fields(), prop::bool::weighted(0.2)).prop_map(
        |(fields, length, pieces, mut trailers, close)| {
            trailers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-forwarded-for"));
            Content { fields, length, pieces, trailers, close }
        },
    )
}

fn taken(out: &mut SendBuf) -> Vec<u8> {
    let mut octets = Vec::new();
    while let Some(piece) = out.pop_owned() {
        octets.extend_from_slice(&piece);
    }
    octets
}

/// The events of one message as text.
fn heard<R: Role>(connection: &mut Connection<R>, octets: &[u8], closes: bool) -> Vec<String>
where
    for<'b> R::Head<'b>: HeadText,
{
    let mut input = RecvBuf::<&[u8]>::new();
    let mut found = Vec::new();
    input.feed(octets);
    if closes {
        input.set_end(http_proto::End::Clean);
    }
    loop {
        match connection.step(&mut input) {
            Ok(Step::Event) => note(&mut found, &connection.event(&input), true),
            Ok(Step::NeedInput | Step::Paused | Step::Closed) => return found,
            Err(error) => panic!("{error:?} in {}", octets.escape_ascii()),
        }
    }
}

fn text(fields: &[(String, Vec<u8>)]) -> String {
    fields.iter().map(|(name, value)| format!(" {name}={}", value.escape_ascii())).collect()
}

/// Our fields among those of the message: the rest was written by the connection.
fn ours(fields: &[(Vec<u8>, Vec<u8>)], sent: &Fields) -> bool {
    let own = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"];
    let is_own = |name: &[u8]| own.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
    let rest: Vec<_> = fields.iter().filter(|(name, _)| !is_own(name)).cloned().collect();
    rest == sent.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone())).collect::<Vec<_>>()
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn every_request_is_read_back(
        method in prop_oneof![2 => Just("GET".to_owned()), 2 => Just("POST".to_owned()), 1 => token()],
        target in prop_oneof![4 => "/[!-\"$-~]{0,20}", 1 => "http://h/[a-z]{0,3}", 1 => "\\*|h:[0-9]{1,5}|[ -~]{0,6}"],
        host in prop_oneof![4 => Just(Some("h".to_owned())), 1 => prop::option::of("[a-z]{0,5}(:[0-9]{0,5})?")],
        content in content(),
        flags in 0..8u8,
    ) {
        let mut client = Connection::client(Arc::new(Config::client()));
        let mut out = SendBuf::new();
        let slices = content.slices();
        let mut head = RequestHead::new(&method, &target).fields(&slices);
        (head.host, head.close) = (host.as_deref(), content.close);
        if flags & 1 != 0 {
            head.version = Version::HTTP_10;
        }
        if flags & 6 == 6 {
            head.upgrade = &["x", "y/1"];
        }
        let started = client.start(&head, content.length(), &mut out);
        if started.is_err() {
            prop_assert!(out.is_empty(), "refused, and something was written");
            return Ok(());
        }
        let trailed = content.send(&mut client, &mut out);
        let octets = taken(&mut out);

        let outcome = requests(&octets, false, &Bounds::server());
        prop_assert!(!matches!(outcome.ending, Ending::Error { .. }), "{}", octets.escape_ascii());
        prop_assert_eq!(outcome.messages.len(), 1, "{}", octets.escape_ascii());
        let message = &outcome.messages[0];
        let minor = u8::from(flags & 1 == 0);
        let start = Start::Request { method: method.clone().into_bytes(), target: target.clone().into_bytes(), minor };
        prop_assert_eq!(&message.start, &start);
        prop_assert!(ours(&message.fields, &content.fields));
        prop_assert_eq!(&message.body, &content.octets());
        prop_assert_eq!(message.trailers.len(), if trailed { content.trailers.len() } else { 0 });
        prop_assert_eq!(message.keep_alive, !content.close);

        let found = heard(&mut Connection::<Server>::server(Arc::new(Config::server())), &octets, false);
        let fields: Fields =
            message.fields.iter().map(|(name, value)| (String::from_utf8(name.clone()).unwrap(), value.clone())).collect();
        prop_assert_eq!(&found[0], &format!("H {method} {target} HTTP/1.{minor}{}", text(&fields)));
        let body = message.body.escape_ascii().to_string();
        let payload = if body.is_empty() { vec![] } else { vec![format!("P {body}")] };
        prop_assert_eq!(&found[1..found.len() - 1], &payload[..]);
        let trailers = if trailed { text(&content.trailers) } else { String::new() };
        prop_assert_eq!(&found[found.len() - 1], &format!("M{trailers}"));
    }

    #[test]
    fn every_response_is_read_back(
        asked in prop::sample::select(vec!["GET", "HEAD", "POST"]),
        old in any::<bool>(),
        status in prop_oneof![3 => Just(200u16), 1 => prop::sample::select(vec![204, 205, 304, 404]), 1 => 0..1100u16],
        reason in prop::option::of(field_value()),
        content in content(),
        dated in any::<bool>(),
    ) {
        let mut server = Connection::server(Arc::new(Config::server()));
        let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
        let version = if old { "1.0\r\nConnection: keep-alive" } else { "1.1" };
        input.fill_from(format!("{asked} / HTTP/{version}\r\nHost: h\r\n\r\n").as_bytes());
        while server.step(&mut input).unwrap() == Step::Event {}
        let slices = content.slices();
        let mut head = ResponseHead::new(status).fields(&slices);
        (head.reason, head.close) = (reason.as_deref(), content.close);
        if dated {
            head.date = Some(b"Sun, 06 Nov 1994 08:49:37 GMT");
        }
        let responded = server.respond(&head, content.length(), &mut out);
        if responded.is_err() {
            prop_assert!(out.is_empty(), "refused, and something was written");
            return Ok(());
        }
        let trailed = content.send(&mut server, &mut out);
        let closes = server.interest(&SendBuf::new()).shutdown_write;
        let octets = taken(&mut out);
        let bare = asked == "HEAD" || matches!(status, 204 | 304);
        let body = if bare { Vec::new() } else { content.octets() };

        let outstanding = [Outstanding { method: asked.into(), upgrade: false }];
        let outcome = responses(&octets, closes, &outstanding, &Bounds::client());
        prop_assert!(!matches!(outcome.ending, Ending::Error { .. }), "{}", octets.escape_ascii());
        prop_assert_eq!(outcome.messages.len(), 1, "{}", octets.escape_ascii());
        let message = &outcome.messages[0];
        let Start::Response { status: read, reason: phrase, minor } = &message.start else { panic!("a response") };
        prop_assert_eq!((*read, *minor), (status, 1));
        if let Some(reason) = &reason {
            prop_assert_eq!(phrase, reason);
        }
        let mut fields = message.fields.clone();
        if dated {
            prop_assert_eq!(&fields.remove(0).0[..], b"Date");
        }
        prop_assert!(ours(&fields, &content.fields));
        prop_assert_eq!(&message.body, &body);
        prop_assert_eq!(message.trailers.len(), if trailed { content.trailers.len() } else { 0 });
        prop_assert_eq!(message.keep_alive, !closes, "what is said is done");

        let mut client = Connection::<Client>::client(Arc::new(Config::client()));
        client.start(&RequestHead::new(asked, "/").host("h"), BodyLength::Empty, &mut SendBuf::new()).unwrap();
        let found = heard(&mut client, &octets, closes);
        let expected = format!("H HTTP/1.1 {status} {}", phrase.escape_ascii());
        prop_assert!(found[0].starts_with(&expected), "{} instead of {}", found[0], expected);
        let text_of_body = body.escape_ascii().to_string();
        let payload = if body.is_empty() { vec![] } else { vec![format!("P {text_of_body}")] };
        prop_assert_eq!(&found[1..found.len() - 1], &payload[..]);
        let trailers = if trailed { text(&content.trailers) } else { String::new() };
        prop_assert_eq!(&found[found.len() - 1], &format!("M{trailers}"));
        prop_assert_eq!(client.is_reusable(), !closes);
    }

    // Whatever is in a setter, no CR, LF or NUL of it reaches the wire: refused, or harmless.
    #[test]
    fn no_setter_smuggles(
        name in "\\PC{0,6}", value in prop::collection::vec(any::<u8>(), 0..8), reason in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut server = Connection::server(Arc::new(Config::server()));
        let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
        input.fill_from(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        while server.step(&mut input).unwrap() == Step::Event {}
        let fields = [(name.as_str(), value.as_slice())];
        let head = ResponseHead::new(200).fields(&fields).reason(&reason);
        match server.respond(&head, BodyLength::Empty, &mut out) {
            Err(_) => prop_assert!(out.is_empty()),
            Ok(()) => {
                let octets = taken(&mut out);
                let lines = octets.windows(2).filter(|pair| pair == b"\r\n").count();
                // A field that is for this connection only, such as TE, is named by one more line.
                let named = octets.windows(14).filter(|text| text == b"\r\nConnection: ").count();
                prop_assert_eq!(lines, 4 + named, "{}", octets.escape_ascii());
                prop_assert_eq!(octets.iter().filter(|octet| matches!(octet, b'\r' | b'\n' | 0)).count(), 2 * lines);
            }
        }
        prop_assert!(matches!(server.recv(&mut input), Ok(Event::NeedInput | Event::Paused)));
    }
}
