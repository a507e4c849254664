//! Receiving: the same events for every fragmentation and storage, no state that leaks from one message to the next.

use super::cases;
use super::messages::{mutated, request, response};
use bytes::{Bytes, BytesMut};
use http_proto::{
    BodyLength, Client, Config, Connection, End, Event, MethodKind, Pipeline, RecvBuf, RequestHead, ResponseHead, Role,
    SendBuf, Server, Step,
};
use proptest::prelude::*;
use std::sync::Arc;
use tests::pair::inbox::Inbox;
use tests::pair::one::{HeadText, note};

/// What a role does when a message is complete, or before anything comes.
trait Reader: Role {
    fn open() -> Connection<Self>;
    fn answer(connection: &mut Connection<Self>, method: MethodKind);
    fn method(head: &Self::Head<'_>) -> MethodKind;
}

impl Reader for Server {
    fn open() -> Connection<Self> {
        Connection::server(Arc::new(Config::server()))
    }

    fn answer(connection: &mut Connection<Self>, method: MethodKind) {
        let out = &mut SendBuf::new();
        match method {
            MethodKind::Connect => connection.upgrade(&ResponseHead::new(200), out),
            _ => connection.respond(&ResponseHead::new(200), BodyLength::Empty, out),
        }
        .unwrap();
    }

    fn method(head: &Self::Head<'_>) -> MethodKind {
        head.method_kind()
    }
}

impl Reader for Client {
    /// With four GETs outstanding.
    fn open() -> Connection<Self> {
        let mut config = Config::client();
        config.pipeline = Pipeline { depth: 4, safe_only: true };
        let mut connection = Connection::client(Arc::new(config));
        for _ in 0..4 {
            let head = RequestHead::get("h", "/");
            connection.start(&head, BodyLength::Empty, &mut SendBuf::new()).unwrap();
        }
        connection
    }

    fn answer(_: &mut Connection<Self>, _: MethodKind) {}

    fn method(_: &Self::Head<'_>) -> MethodKind {
        MethodKind::Get
    }
}

/// All events of the pieces as text, adjacent payloads joined, with the error or what else ended it.
fn read<'a, R: Reader, S: Inbox<'a>>(pieces: &[&'a [u8]], end: Option<End>) -> Vec<String>
where
    for<'b> R::Head<'b>: HeadText,
{
    let mut connection = R::open();
    let mut input = RecvBuf::<S>::new();
    let mut found = Vec::new();
    let mut method = MethodKind::Get;
    let mut last = String::new();
    for piece in pieces.iter().map(Some).chain([None]) {
        match (piece, end) {
            (Some(piece), _) => S::give(&mut input, piece),
            (None, Some(end)) => input.set_end(end),
            (None, None) => break,
        }
        loop {
            match connection.step(&mut input) {
                Ok(Step::Event) => {}
                Ok(step) => {
                    last = format!("{step:?}");
                    break;
                }
                Err(error) => {
                    found.push(format!("{:?} at {}, {} in all", error.kind(), error.offset(), connection.received()));
                    return found;
                }
            }
            let event = connection.event(&input);
            if let Event::HeadersComplete(head) = &event {
                method = R::method(head);
            }
            note(&mut found, &event, true);
            if matches!(event, Event::MessageComplete(_)) {
                R::answer(&mut connection, method);
            }
        }
    }
    found.push(last);
    found
}

/// Every storage and fragmentation gives the same.
fn check_splits<R: Reader>(octets: &[u8], cuts: &[prop::sample::Index], end: Option<End>) -> Result<(), TestCaseError>
where
    for<'b> R::Head<'b>: HeadText,
{
    let whole = read::<R, &[u8]>(&[octets], end);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(octets.len() + 1)).collect();
    cuts.extend([0, octets.len()]);
    cuts.sort_unstable();
    let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &octets[pair[0]..pair[1]]).collect();
    let single: Vec<&[u8]> = if octets.is_empty() { vec![octets] } else { octets.chunks(1).collect() };
    for pieces in [&pieces, &single] {
        prop_assert_eq!(&read::<R, &[u8]>(pieces, end), &whole);
        prop_assert_eq!(&read::<R, Bytes>(pieces, end), &whole);
        prop_assert_eq!(&read::<R, Vec<u8>>(pieces, end), &whole);
        prop_assert_eq!(&read::<R, BytesMut>(pieces, end), &whole);
    }
    Ok(())
}

fn end() -> impl Strategy<Value = Option<End>> {
    prop::sample::select(vec![None, Some(End::Clean), Some(End::Aborted)])
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..6)
}

proptest! {
    #![proptest_config(cases(1500))]

    // I3
    #[test]
    fn i3_requests_are_the_same_for_every_split(
        requests in prop::collection::vec(request(true), 1..4), cuts in cuts(), end in end()
    ) {
        check_splits::<Server>(&requests.concat(), &cuts, end)?;
    }

    // I3
    #[test]
    fn i3_so_are_requests_that_are_wrong(
        octets in mutated(prop::collection::vec(request(true), 1..3).prop_map(|all| all.concat())), cuts in cuts(), end in end()
    ) {
        check_splits::<Server>(&octets, &cuts, end)?;
    }

    // I3
    #[test]
    fn i3_responses_are_the_same_for_every_split(
        responses in prop::collection::vec(response(), 1..4), cuts in cuts(), end in end()
    ) {
        check_splits::<Client>(&responses.concat(), &cuts, end)?;
    }

    // I3
    #[test]
    fn i3_so_are_responses_that_are_wrong(
        octets in mutated(prop::collection::vec(response(), 1..3).prop_map(|all| all.concat())), cuts in cuts(), end in end()
    ) {
        check_splits::<Client>(&octets, &cuts, end)?;
    }

    // Concatenation: what one message means does not depend on the one before it; the statement of "no smuggling".
    #[test]
    fn no_request_changes_the_meaning_of_the_next(a in request(false), b in mutated(request(true)), end in end()) {
        let alone = read::<Server, &[u8]>(&[&a], None);
        prop_assert_eq!(alone.last().unwrap(), "NeedInput", "a valid request that leaves the connection open");
        let mut expected = alone[..alone.len() - 1].to_vec();
        expected.extend(read::<Server, &[u8]>(&[&b], end).into_iter().map(|event| shifted(event, a.len())));
        prop_assert_eq!(read::<Server, &[u8]>(&[&[a, b].concat()], end), expected);
    }

    #[test]
    fn no_response_changes_the_meaning_of_the_next(a in response(), b in mutated(response())) {
        let alone = read::<Client, &[u8]>(&[&a], None);
        prop_assert_eq!(alone.last().unwrap(), "NeedInput");
        let mut expected = alone[..alone.len() - 1].to_vec();
        expected.extend(read::<Client, &[u8]>(&[&b], None).into_iter().map(|event| shifted(event, a.len())));
        prop_assert_eq!(read::<Client, &[u8]>(&[&[a, b].concat()], None), expected);
    }

    // I9: a used connection is as good as a fresh one, in what it hears and in what it says.
    #[test]
    fn i9_two_exchanges_equal_two_fresh_connections(a in request(false), b in request(true), length in 0..3u8) {
        let length = [BodyLength::Empty, BodyLength::Exact(2), BodyLength::Unknown][usize::from(length)];
        let mut used = exchange(None, &a, length);
        let first = used.1;
        used = exchange(Some(used.0), &b, length);
        prop_assert_eq!(&first, &exchange(None, &a, length).1);
        prop_assert_eq!(used.1, exchange(None, &b, length).1);
    }
}

/// An event of a message that lies behind so many octets: only the count of all octets differs.
fn shifted(event: String, by: usize) -> String {
    match event.strip_suffix(" in all").and_then(|event| event.rsplit_once(", ")) {
        Some((error, count)) => format!("{error}, {} in all", count.parse::<usize>().unwrap() + by),
        None => event,
    }
}

/// One exchange on a connection, used or fresh: what was heard, and what was said.
fn exchange(used: Option<Connection<Server>>, request: &[u8], length: BodyLength) -> (Connection<Server>, Vec<String>) {
    let mut connection = used.unwrap_or_else(Server::open);
    let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
    let mut found = Vec::new();
    input.fill_from(request);
    while connection.step(&mut input).unwrap() == Step::Event {
        note(&mut found, &connection.event(&input), true);
    }
    connection.respond(&ResponseHead::new(200), length, &mut out).unwrap();
    if length != BodyLength::Empty {
        if let Err(error) = connection.send(b"ab", &mut out) {
            found.push(format!("{error:?}"));
        }
        connection.finish(None, &mut out).unwrap();
    }
    let mut slices = [std::io::IoSlice::new(&[]); 4];
    let count = out.io_slices(&mut slices);
    found.extend(slices[..count].iter().map(|slice| slice.escape_ascii().to_string()));
    found.push(format!("{:?} {:?}", connection.state(), connection.interest(&SendBuf::new())));
    (connection, found)
}
