//! [`http_proto::RecvBuf`].

use bytes::{Bytes, BytesMut};
use http_proto::buffer::Fill;
use http_proto::{BodyLength, Client, Connection, Event, RecvBuf, RequestHead, ResponseHead, Server, Step};
use tests::pair::inbox::Inbox;
use tests::pair::one::One;

const KIB: usize = 1024;

/// A client that waits for an answer.
fn waiting<S: for<'a> Inbox<'a>>() -> One<Client, S> {
    let mut client = One::new(Connection::client(std::sync::Arc::new(http_proto::Config::client())));
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    client
}

/// A client in the middle of an answer of so many octets, whose head has been consumed.
fn receiving<S: for<'a> Inbox<'a>>(length: usize) -> One<Client, S> {
    let mut client = waiting();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(client.hear(head), ["H HTTP/1.1 200 OK", "NeedInput"]);
    client
}

#[test]
fn it_starts_small_and_grows_only_while_reads_fill_it() {
    fn growth<S: Fill>() -> Vec<usize> {
        let mut buffer = RecvBuf::<S>::new();
        let mut sizes = Vec::new();
        for _ in 0..8 {
            let spare = buffer.spare_mut().len();
            sizes.push((buffer.unread_len() + spare) / KIB);
            buffer.commit(spare);
        }
        sizes
    }
    // Nothing is consumed, so that every read fills it: up to 256 KiB, and then there is no room.
    for sizes in [growth::<Vec<u8>>(), growth::<BytesMut>()] {
        assert_eq!(sizes, [8, 16, 32, 64, 128, 256, 256, 256]);
    }
    let mut buffer = RecvBuf::<Vec<u8>>::new();
    for _ in 0..100 {
        assert_eq!(buffer.spare_mut().len() + buffer.unread_len(), 8 * KIB, "small reads do not grow it");
        buffer.commit(50);
    }
}

#[test]
fn it_stops_at_256_kib() {
    let mut buffer = RecvBuf::<Vec<u8>>::new();
    let much = vec![b'x'; 300 * KIB];
    assert_eq!(buffer.fill_from(&much), 256 * KIB);
    assert_eq!((buffer.unread_len(), buffer.spare_mut().len()), (256 * KIB, 0));
    assert_eq!(buffer.fill_from(b"x"), 0);
}

#[test]
fn a_read_that_is_consumed_leaves_all_the_room_again() {
    let mut client = receiving::<Vec<u8>>(10_000_000);
    let mut sizes = Vec::new();
    for _ in 0..20 {
        let spare = client.input.spare_mut().len();
        sizes.push(spare);
        client.input.commit(spare);
        while client.connection.step(&mut client.input).unwrap() == Step::Event {}
    }
    assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1]), "{sizes:?}");
    assert_eq!(*sizes.last().unwrap(), 256 * KIB, "full reads make it grow");
}

#[test]
fn commit_takes_no_more_than_there_is_room_for() {
    let mut buffer = RecvBuf::<Vec<u8>>::new();
    let room = buffer.spare_mut().len();
    buffer.commit(room + 1);
    assert_eq!(buffer.unread_len(), room);
}

#[test]
fn position_counts_what_was_consumed() {
    let mut server = One::server();
    server.hear("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nGET");
    assert_eq!((server.input.position(), server.input.unread_len()), (29, 3));
    assert_eq!(server.connection.received(), 29);
}

// I8: in constant time where the storage is counted, else by a copy.
#[test]
fn i8_retain_keeps_the_very_octets() {
    let content = Bytes::from(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789".to_vec());
    let mut connection = Connection::client(std::sync::Arc::new(http_proto::Config::client()));
    connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut http_proto::SendBuf::new()).unwrap();
    let mut input = RecvBuf::<Bytes>::new();
    input.feed(content.clone());
    connection.step(&mut input).unwrap();
    connection.step(&mut input).unwrap();
    let Event::Payload(payload) = connection.event(&input) else { panic!("no payload") };
    let place = payload.as_ptr();
    let kept = input.retain();
    assert_eq!((kept.as_ptr(), &kept[..]), (place, &b"0123456789"[..]));
    assert_eq!(place, content[content.len() - 10..].as_ptr(), "where it was when it came");
    assert_eq!(input.retain(), "", "the event is over");
    assert_eq!(connection.step(&mut input), Ok(Step::Event));

    let mut client = receiving::<BytesMut>(10);
    let spare = client.input.spare_mut();
    spare[..6].copy_from_slice(b"012345");
    client.input.commit(6);
    client.connection.step(&mut client.input).unwrap();
    let Event::Payload(payload) = client.connection.event(&client.input) else { panic!("no payload") };
    let place = payload.as_ptr();
    let kept = client.input.retain();
    assert_eq!((kept.as_ptr(), &kept[..]), (place, &b"012345"[..]));
    assert_eq!(client.hear("6789")[..2], ["P 6789", "M"]);
    assert_eq!(kept, "012345", "and stays what it was");
}

#[test]
fn i8_retain_copies_from_other_storages_and_keeps_no_head() {
    let mut client = receiving::<Vec<u8>>(3);
    assert_eq!(client.input.fill_from(b"abc"), 3);
    client.connection.step(&mut client.input).unwrap();
    assert_eq!(client.input.retain(), "abc");
    // A payload that ends the storage leaves nothing that could be kept twice.
    client.connection.step(&mut client.input).unwrap();
    assert_eq!(client.input.retain(), "");
}

#[test]
fn an_event_that_is_over_cannot_be_retained() {
    fn check<S: for<'a> Inbox<'a>>(end: impl Fn(&mut RecvBuf<S>)) {
        let mut client = waiting::<S>();
        S::give(&mut client.input, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
        assert_eq!(client.connection.step(&mut client.input), Ok(Step::Event));
        assert!(matches!(client.connection.recv(&mut client.input), Ok(Event::Payload(b"abc"))));
        end(&mut client.input);
        assert_eq!(client.input.retain(), "");
        assert_eq!(client.hear("def")[..2], ["P def", "M"], "and nothing else is lost");
    }
    check::<Vec<u8>>(|input| assert!(!input.spare_mut().is_empty()));
    check::<BytesMut>(|input| assert!(!input.spare_mut().is_empty()));
    check::<Bytes>(|input| input.feed(Bytes::new()));
}

// What was fed before the pieces in front of it had been read is carried over, content among it.
#[test]
fn content_and_tail_that_were_carried_over_can_be_retained() {
    let mut server: One<Server, Bytes> =
        One::new(Connection::server(std::sync::Arc::new(http_proto::Config::server())));
    server.input.feed(Bytes::from_static(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc"));
    server.input.feed(Bytes::from_static(b"defCONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\nta"));
    assert_eq!(server.connection.step(&mut server.input), Ok(Step::Event));
    let mut content = Vec::new();
    while let Event::Payload(_) = server.connection.recv(&mut server.input).unwrap() {
        content.extend_from_slice(&server.input.retain());
    }
    assert_eq!(content, b"abcdef");
    server.connection.respond(&ResponseHead::new(200), BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(server.events(), ["H CONNECT h:1 HTTP/1.1", "M", "Paused"]);
    server.input.feed(Bytes::from_static(b"il"));
    server.connection.upgrade(&ResponseHead::new(200), &mut server.out).unwrap();
    assert_eq!(server.connection.step(&mut server.input), Ok(Step::Event));
    assert!(matches!(server.connection.event(&server.input), Event::UpgradeTail(b"tail")));
    assert_eq!(server.input.retain(), "tail");
    assert_eq!(server.input.unread_len(), 0);
}

#[test]
fn lend_sends_the_unread_in_front_and_restore_finds_what_came_behind() {
    fn check<S: Fill + AsRef<[u8]> + Extend<u8> + for<'a> Inbox<'a>>() {
        let mut client = receiving::<S>(10);
        client.hear("0123");
        client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap_err();
        let mut server: One<Server, S> =
            One::new(Connection::server(std::sync::Arc::new(http_proto::Config::server())));
        server.hear("GET / HT");
        let mut storage = server.input.lend().unwrap();
        assert_eq!(storage.as_ref(), b"GET / HT");
        assert!(server.input.lend().is_none(), "it is lent already");
        assert_eq!(server.events(), ["NeedInput"]);
        assert_eq!((server.input.spare_mut().len(), server.input.unread_len()), (0, 8));
        assert!(!server.input.release(), "something is unread");
        storage.extend(b"TP/1.1\r\nHost: h\r\n\r\n".iter().copied());
        server.input.restore(storage, 19).unwrap();
        assert_eq!(server.events(), ["H GET / HTTP/1.1", "M", "NeedInput"]);
        assert_eq!(server.input.unread_len(), 0);
    }
    check::<Vec<u8>>();
    check::<BytesMut>();
}

#[test]
fn a_lent_storage_has_room() {
    let mut buffer = RecvBuf::<Vec<u8>>::new();
    assert!(buffer.lend().unwrap().capacity() >= 8 * KIB);
    let mut buffer = RecvBuf::<BytesMut>::new();
    assert!(buffer.lend().unwrap().capacity() >= 8 * KIB);
}

#[test]
fn restore_refuses_what_cannot_be_the_lent_storage() {
    let mut buffer = RecvBuf::<Vec<u8>>::new();
    let refused = buffer.restore(vec![1, 2, 3], 3).unwrap_err();
    let told = format!("{refused:?}: {refused}");
    assert_eq!(told, "RestoreError: the storage is not the one that was lent, or too short", "no octet of it");
    assert_eq!(refused.0, [1, 2, 3], "nothing was lent, and nothing is lost");
    buffer.fill_from(b"unread");
    let mut storage = buffer.lend().unwrap();
    let refused = buffer.restore(vec![0; 5], 0).unwrap_err();
    assert_eq!(refused.0.len(), 5, "shorter than what was unread");
    assert!(buffer.restore(vec![0; 6], 1).is_err(), "shorter than what was received");
    assert!(buffer.restore(Vec::new(), usize::MAX).is_err());
    storage.push(b'!');
    buffer.restore(storage, 1).unwrap();
    assert_eq!(buffer.unread_len(), 7);
}

// A storage of any size goes on being filled.
#[test]
fn a_small_storage_that_came_back_still_grows() {
    for size in 0..10 {
        let mut buffer = RecvBuf::<Vec<u8>>::new();
        buffer.lend().unwrap();
        buffer.restore(vec![b'x'; size], size).unwrap();
        assert!(!buffer.spare_mut().is_empty(), "after {size} octets");
    }
}

#[test]
fn release_gives_the_memory_back_when_nothing_is_unread() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\nHost: h\r\n\r\nG");
    assert!(!server.input.release());
    server.hear("ET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(server.input.release());
    assert!(server.input.release(), "again does no harm");
    server.connection.respond(&ResponseHead::new(200), BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(server.hear("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")[..2], ["H GET /2 HTTP/1.1", "M"]);
    let mut lent = RecvBuf::<Vec<u8>>::new();
    lent.lend().unwrap();
    assert!(!lent.release(), "it is on loan");
}

#[test]
fn feed_carries_an_incomplete_head_over_and_leaves_content_where_it_is() {
    let piece = Bytes::from_static(b"1\r\nContent-Length: 4\r\n\r\nabcd");
    let mut server = Connection::server(std::sync::Arc::new(http_proto::Config::server()));
    let mut input = RecvBuf::<Bytes>::new();
    input.feed(Bytes::from_static(b"POST / HTTP/1.1\r\nHost: h"));
    assert_eq!(server.step(&mut input), Ok(Step::NeedInput));
    input.feed(piece.clone());
    let Event::HeadersComplete(head) = server.recv(&mut input).unwrap() else { panic!("no head") };
    assert_eq!(head.fields().get("host"), Some(b"h1".as_slice()));
    let Event::Payload(payload) = server.recv(&mut input).unwrap() else { panic!("no payload") };
    assert_eq!((payload, payload.as_ptr()), (b"abcd".as_slice(), piece[piece.len() - 4..].as_ptr()));
}

#[test]
fn feeding_with_everything_unread_loses_nothing() {
    let octets = b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut server: One<Server, Bytes> =
        One::new(Connection::server(std::sync::Arc::new(http_proto::Config::server())));
    for piece in octets.chunks(5) {
        server.input.feed(Bytes::copy_from_slice(piece));
    }
    assert_eq!(server.events(), ["H GET /1 HTTP/1.1", "M", "H GET /2 HTTP/1.1", "M", "NeedInput"]);
}
