//! What a connection costs in memory: nothing per message once its buffers are warm, and little by itself.

use bytes::{Bytes, BytesMut};
use http_proto::buffer::{Fill, Storage};
use http_proto::{
    BodyLength, Client, Config, Connection, Event, FieldBlock, Pipeline, RecvBuf, RequestHead, ResponseHead, Role,
    SendBuf, Server, Step,
};
use std::io::IoSlice;
use std::sync::Arc;

const GET: &str = "GET /path?query HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
const POST: &str = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world";
const CHUNKED: &str =
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
const FIELDS: [(&str, &[u8]); 2] = [("Content-Type", b"text/plain"), ("X-A", b"b")];
const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

/// The allocations of a hundred rounds, after ten that warm up.
fn allocations(mut round: impl FnMut()) -> u64 {
    (0..10).for_each(|_| round());
    allocation_counter::measure(|| (0..100).for_each(|_| round())).count_total
}

/// Writes everything, as a vectored write would.
fn drain(out: &mut SendBuf) -> usize {
    let mut written = 0;
    while !out.is_empty() {
        let mut slices = [IoSlice::new(&[]); 8];
        let count = out.io_slices(&mut slices);
        let octets: usize = slices[..count].iter().map(|slice| slice.len()).sum();
        out.advance(octets as u64);
        written += octets;
    }
    written
}

/// Steps to the end of what is there, and counts heads and octets of content.
fn receive<R: Role, S: Storage>(connection: &mut Connection<R>, input: &mut RecvBuf<S>) -> (usize, usize) {
    let (mut heads, mut content) = (0, 0);
    while connection.step(input).unwrap() == Step::Event {
        match connection.event(input) {
            Event::HeadersComplete(_) => heads += 1,
            Event::Payload(octets) => content += octets.len(),
            Event::MessageComplete(_) => {}
            Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => panic!("not here"),
        }
    }
    (heads, content)
}

/// Hands octets over in pieces, some of them in the middle of a head.
fn server_round<S: Fill>(
    server: &mut Connection<Server>,
    input: &mut RecvBuf<S>,
    out: &mut SendBuf,
    block: &FieldBlock,
) {
    let head = ResponseHead::new(200).fields(&FIELDS).block(block).date(DATE);
    for (request, content) in [(GET, 0), (POST, 11), (CHUNKED, 5)] {
        for length in [BodyLength::Empty, BodyLength::Exact(5), BodyLength::Unknown] {
            let (mut heads, mut octets) = (0, 0);
            for piece in request.as_bytes().chunks(70) {
                input.fill_from(piece);
                let found = receive(server, input);
                (heads, octets) = (heads + found.0, octets + found.1);
            }
            assert_eq!((heads, octets), (1, content));
            server.respond(&head, length, out).unwrap();
            if length != BodyLength::Empty {
                let _ = server.send(b"12", out).unwrap();
                let _ = server.send_owned(Bytes::from_static(b"345"), out).unwrap();
                let trailers = (length == BodyLength::Unknown).then_some(block);
                server.finish(trailers, out).unwrap();
            }
            assert!(drain(out) > 100);
        }
    }
}

#[test]
fn i23_a_warm_server_allocates_nothing() {
    fn count<S: Fill>() -> u64 {
        let mut server = Connection::server(Arc::new(Config::server()));
        let (mut input, mut out) = (RecvBuf::<S>::new(), SendBuf::new());
        let block = FieldBlock::from_fields([("X-Sum", b"1".as_slice())]).unwrap();
        allocations(|| server_round(&mut server, &mut input, &mut out, &block))
    }
    assert_eq!((count::<Vec<u8>>(), count::<BytesMut>()), (0, 0));
}

#[test]
fn i23_a_warm_server_allocates_nothing_for_a_pipeline_either() {
    let mut server = Connection::server(Arc::new(Config::server()));
    let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
    let requests = GET.repeat(12);
    let count = allocations(|| {
        input.fill_from(requests.as_bytes());
        assert_eq!(receive(&mut server, &mut input), (12, 0));
        for _ in 0..12 {
            server.respond(&ResponseHead::new(200), BodyLength::Empty, &mut out).unwrap();
        }
        drain(&mut out);
    });
    assert_eq!(count, 0);
}

#[test]
fn i23_pieces_that_are_fed_are_carried_over_without_allocation() {
    let mut server = Connection::server(Arc::new(Config::server()));
    let (mut input, mut out) = (RecvBuf::<&'static [u8]>::new(), SendBuf::new());
    let count = allocations(|| {
        let mut heads = 0;
        for piece in CHUNKED.as_bytes().chunks(9) {
            input.feed(piece);
            heads += receive(&mut server, &mut input).0;
        }
        assert_eq!(heads, 1);
        server.respond(&ResponseHead::new(200), BodyLength::Empty, &mut out).unwrap();
        drain(&mut out);
    });
    assert_eq!(count, 0);
}

#[test]
fn i23_a_warm_client_allocates_nothing() {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 1, safe_only: true };
    let mut client = Connection::<Client>::client(Arc::new(config));
    let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
    let get = RequestHead::get("example.com", "/").fields(&FIELDS);
    let mut post = get.expect_continue();
    post.method = "POST";
    let count = allocations(|| {
        client.start(&get, BodyLength::Empty, &mut out).unwrap();
        drain(&mut out);
        let head =
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        input.fill_from(head);
        input.fill_from(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
        assert_eq!(receive(&mut client, &mut input), (2, 5));
        for length in [BodyLength::Unknown, BodyLength::Exact(5)] {
            client.start(&post, length, &mut out).unwrap();
            input.fill_from(b"HTTP/1.1 100 Continue\r\n\r\n");
            assert_eq!(receive(&mut client, &mut input), (1, 0));
            let _ = client.send(b"hello", &mut out).unwrap();
            client.finish(None, &mut out).unwrap();
            drain(&mut out);
            input.fill_from(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assert_eq!(receive(&mut client, &mut input), (1, 2));
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn i23_copying_a_head_into_a_used_copy_allocates_nothing() {
    let mut owned = http_proto::OwnedRequest::default();
    assert!(owned.view().is_none(), "nothing was copied");
    let mut server = Connection::server(Arc::new(Config::server()));
    let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
    let count = allocations(|| {
        input.fill_from(GET.as_bytes());
        let Event::HeadersComplete(head) = server.recv(&mut input).unwrap() else { panic!("no head") };
        head.clone_into(&mut owned);
        assert_eq!(receive(&mut server, &mut input), (0, 0));
        server.respond(&ResponseHead::new(200), BodyLength::Empty, &mut out).unwrap();
        drain(&mut out);
    });
    assert_eq!((count, owned.view().unwrap().fields().len()), (0, 3));
}

// N39 (core part): an idle connection holds itself and empty buffers.
#[test]
fn n39_a_connection_is_small_and_new_buffers_are_empty() {
    let size = std::mem::size_of::<Connection<Server>>();
    assert!(size <= 256, "{size} octets");
    assert_eq!(std::mem::size_of::<Connection<Client>>(), size);
    let config = Arc::new(Config::server());
    let info = allocation_counter::measure(|| {
        let connection = (Connection::server(config.clone()), RecvBuf::<Vec<u8>>::new(), SendBuf::new());
        assert_eq!(connection.0.outstanding(), 0);
    });
    assert_eq!(info.count_total, 0);
}
