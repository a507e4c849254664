//! Level 1 on sockets and on anything else: both roles, without a server.

use bytes::Bytes;
use http_std::role::{Client, Server};
use http_std::{
    AutoHead, BodyLength, Config, Connection, ErrorKind, Event, FieldBlock, Flow, Inbox, RequestHead, ResponseHead,
    SendError, State, Stream,
};
use std::io::{self, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tests::scenario::{self, DEADLINE, GET, SHORT, post};

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// A server's end, and a client of octets.
fn server(adjust: impl FnOnce(&mut Config)) -> (Connection<Server>, scenario::Client) {
    let mut config = Config::server();
    adjust(&mut config);
    let (client, stream) = sockets();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    (Connection::<Server>::server(stream, Arc::new(config)), scenario::Client::new(client.into()))
}

fn client() -> (Connection<Client>, TcpStream) {
    client_with(|_| {})
}

/// A client's end, and a server of octets.
fn client_with(adjust: impl FnOnce(&mut Config)) -> (Connection<Client>, TcpStream) {
    let mut config = Config::client();
    adjust(&mut config);
    let (client, stream) = sockets();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    (Connection::<Client>::client(client, Arc::new(config)), stream)
}

/// A request with content that is held back.
fn expect(http: &mut Connection<Client>) {
    http.start(&RequestHead::new("POST", "/").host("h").expect_continue(), BodyLength::Exact(2)).unwrap();
    assert_eq!(http.send(b"hi"), Err(SendError::AwaitingContinue));
}

fn send_it(http: &mut Connection<Client>, stream: &mut TcpStream) {
    assert!(!http.awaiting_continue());
    assert_eq!(http.send(b"hi"), Ok(Flow::Ready));
    http.finish(None).unwrap();
    http.flush();
    let mut received = Vec::new();
    while !received.ends_with(b"hi") {
        let mut room = [0; 100];
        let count = stream.read(&mut room).unwrap();
        assert_ne!(count, 0);
        received.extend_from_slice(&room[..count]);
    }
}

/// Answers every request with its content in upper case, by reading and writing.
fn shout(mut http: Connection<Server>) -> io::Result<()> {
    let mut inbox = Inbox::new();
    loop {
        match http.next_event(&mut inbox)? {
            Event::HeadersComplete(_) => {}
            Event::Closed => return Ok(()),
            _ => continue,
        }
        if http.awaiting_continue() {
            http.proceed().unwrap();
        }
        let mut text = String::new();
        let mut content = http.content(&mut inbox);
        content.read_to_string(&mut text)?;
        let sum = content.trailers().and_then(|trailers| trailers.get("sum")).is_some();
        let mut writer = http.writer();
        writer.write_all(text.to_uppercase().as_bytes())?;
        writer.flush()?;
        let trailers = FieldBlock::from_fields([("sum", b"1".as_slice())]).unwrap();
        http.finish(sum.then_some(&trailers)).unwrap();
    }
}

#[test]
fn content_is_read_and_written() {
    let (http, mut client) = server(|_| {});
    let served = thread::spawn(|| shout(http));
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3\r\nabc\r\n2\r\nde\r\n0\r\nsum: 1\r\n\r\n");
    assert!(client.head().contains("Transfer-Encoding: chunked"));
    assert_eq!(client.octets(23), b"5\r\nABCDE\r\n0\r\nsum: 1\r\n\r\n");
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 100 "));
    client.send("ab");
    client.head();
    assert_eq!(client.octets(12), b"2\r\nAB\r\n0\r\n\r\n");
    drop(client);
    served.join().unwrap().unwrap();
}

#[test]
fn both_roles_speak_with_each_other() {
    let (theirs, ours) = sockets();
    let served = thread::spawn(|| shout(Connection::<Server>::server(ours, Arc::new(Config::server()))));
    let mut http = Connection::<Client>::client(theirs, Arc::new(Config::client()));
    let mut inbox = Inbox::new();
    // More than a buffer holds, up and down.
    let text = "some words, ".repeat(100_000);
    for _ in 0..3 {
        http.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(text.len() as u64)).unwrap();
        http.writer().write_all(text.as_bytes()).unwrap();
        http.finish(None).unwrap();
        let Event::HeadersComplete(head) = http.next_event(&mut inbox).unwrap() else { panic!("no answer") };
        assert_eq!(head.status(), 200);
        let mut answer = String::new();
        http.content(&mut inbox).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, text.to_uppercase());
        assert!(http.is_reusable() && http.unanswered().count() == 0);
        assert!(http.timings().head_in.is_some() && http.timings().done.is_some());
    }
    http.close(&mut inbox).unwrap();
    drop(http);
    served.join().unwrap().unwrap();
}

#[test]
fn any_stream_carries_a_connection() {
    struct Both(Cursor<Vec<u8>>, Vec<u8>);
    impl Read for Both {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let most = room.len().min(7);
            self.0.read(&mut room[..most])
        }
    }
    impl Write for Both {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.1.extend_from_slice(&octets[..octets.len().min(5)]);
            Ok(octets.len().min(5))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let input = GET.repeat(3) + &post("/", 3) + "abc";
    let both = Stream::new(Both(Cursor::new(input.into_bytes()), Vec::new()));
    let mut http = Connection::<Server, Stream<Both>>::server(both, Arc::new(Config::server()));
    let (mut inbox, mut requests) = (Inbox::new(), 0);
    loop {
        match http.next_event(&mut inbox).unwrap() {
            Event::HeadersComplete(_) => {
                requests += 1;
                http.respond(&ResponseHead::new(204), BodyLength::Empty).unwrap();
            }
            Event::Closed => break,
            _ => {}
        }
    }
    assert_eq!(requests, 4);
    let parts = http.into_parts().unwrap();
    let output = String::from_utf8(parts.io.into_inner().1).unwrap();
    assert_eq!(output.matches("HTTP/1.1 204 No Content\r\n").count(), 4);
}

// N36, L12
#[test]
fn deadlines_are_kept() {
    let (mut http, mut client) = server(|config| config.timeouts.head = SHORT);
    client.send("GET / HT");
    let error = http.next_event(&mut Inbox::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Received(error) if error.status() == Some(408)), "{error:?}");
    assert!(client.rest().starts_with("HTTP/1.1 408 "));

    let (mut http, client) = server(|config| config.timeouts.idle = SHORT);
    assert!(matches!(http.next_event(&mut Inbox::new()), Ok(Event::Closed)));
    drop(http);
    assert_eq!(client.rest(), "");

    // A peer that does not read.
    let (mut http, mut client) = server(|config| config.timeouts.write = SHORT);
    let mut inbox = Inbox::new();
    client.send(GET);
    while !matches!(http.next_event(&mut inbox).unwrap(), Event::MessageComplete(_)) {}
    http.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    while let Ok(Flow::Ready | Flow::Full) = http.send_owned(Bytes::from(vec![b'x'; 1024 * 1024])) {
        http.ready();
    }
    assert_eq!(http.state(), State::Closed);
    drop(http);
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    client.rest_until_reset();
}

// X5, X6
#[test]
fn an_answer_that_never_comes() {
    let (mut http, _stream) = client();
    http.set_answer_timeout(SHORT);
    http.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    let error = http.next_event(&mut Inbox::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::AnswerTimeout) && error.may_retry());
    assert_eq!(http.unanswered().count(), 1);
}

#[test]
fn a_head_goes_out_by_itself_or_as_set_or_not_at_all() {
    let (mut http, mut client) = server(|_| {});
    let mut inbox = Inbox::new();
    client.send(GET.repeat(3));
    for which in 0..3 {
        while !matches!(http.next_event(&mut inbox).unwrap(), Event::MessageComplete(_)) {}
        match which {
            0 => {}
            1 => http.set_auto_head(AutoHead { status: 201, body: BodyLength::Exact(2), ..AutoHead::default() }),
            _ => {
                http.no_auto_head();
                assert!(http.send(b"ab").is_err());
                http.respond(&ResponseHead::new(202), BodyLength::Exact(2)).unwrap();
            }
        }
        let _one_small_piece = http.send(b"ab").unwrap();
        http.finish(None).unwrap();
    }
    http.flush();
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    client.octets(12);
    for status in ["201", "202"] {
        let answer = client.answer();
        assert_eq!((answer.status(), answer.text()), (status, "ab"));
    }
}

// I16
#[test]
fn an_upgraded_connection_reads_its_tail_first() {
    let (mut http, mut client) = server(|_| {});
    let mut inbox = Inbox::new();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\ntail");
    loop {
        match http.next_event(&mut inbox).unwrap() {
            Event::Paused => http.upgrade(&ResponseHead::new(101).upgrade("x")).unwrap(),
            Event::UpgradeTail(_) => break,
            _ => {}
        }
    }
    let tail = inbox.retain();
    let mut stream = http.into_upgraded(tail).unwrap();
    stream.write_all(b"ours").unwrap();
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.octets(4), b"ours");
    client.send(" and more");
    client.half_close();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text, "tail and more");
}

// L12
#[test]
fn what_is_cut_off_is_reset() {
    let (mut http, mut client) = server(|_| {});
    let mut inbox = Inbox::new();
    client.send(GET);
    while !matches!(http.next_event(&mut inbox).unwrap(), Event::MessageComplete(_)) {}
    http.respond(&ResponseHead::new(200), BodyLength::Exact(100)).unwrap();
    let _one_small_piece = http.send(b"some").unwrap();
    http.flush();
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    drop(http);
    assert_eq!(client.rest_until_reset(), b"some");
}

// X2: content goes out at the deadline for 100 (Continue), or with it.
#[test]
fn content_is_held_back_no_longer_than_it_must() {
    let (mut http, mut stream) = client_with(|config| config.timeouts.expect_continue = SHORT);
    let mut inbox = Inbox::new();
    expect(&mut http);
    assert!(http.ready_or_event(&mut inbox).unwrap().is_none());
    send_it(&mut http, &mut stream);

    let (mut http, mut stream) = client_with(|config| config.timeouts.expect_continue = Duration::MAX);
    let mut inbox = Inbox::new();
    expect(&mut http);
    stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    let Some(Event::HeadersComplete(head)) = http.ready_or_event(&mut inbox).unwrap() else { panic!("no 100") };
    assert_eq!(head.status(), 100);
    assert!(http.ready_or_event(&mut inbox).unwrap().is_none());
    send_it(&mut http, &mut stream);
}

// X3: an answer that is there is heard before more is sent; one that is not is not waited for.
#[test]
fn a_refusal_is_seen_in_the_middle_of_an_upload() {
    let (mut http, mut stream) = client();
    let mut inbox = Inbox::new();
    http.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown).unwrap();
    assert_eq!(http.send(b"some"), Ok(Flow::Ready));
    assert!(http.ready_or_event(&mut inbox).unwrap().is_none());
    stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
    let begun = Instant::now();
    let status = loop {
        match http.ready_or_event(&mut inbox).unwrap() {
            Some(Event::HeadersComplete(head)) => break head.status(),
            other => assert!(other.is_none() && begun.elapsed() < DEADLINE),
        }
    };
    assert_eq!((status, http.send(b"more")), (413, Err(SendError::Closed)));

    // What cannot be asked whether anything is there.
    struct Silent;
    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("it would wait for ever")
        }
    }
    impl Write for Silent {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let config = Arc::new(Config::client());
    let mut http = Connection::<Client, Stream<Silent>>::client(Stream::new(Silent), config);
    http.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(1 << 20)).unwrap();
    assert_eq!(http.send_owned(vec![b'x'; 1 << 20].into()), Ok(Flow::Full));
    assert!(http.ready_or_event(&mut inbox).unwrap().is_none());
    assert_eq!(http.finish(None), Ok(()));
}

// X5
#[test]
fn a_client_may_read_an_answer_that_came_before_the_end() {
    let (mut http, mut stream) = client();
    http.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown).unwrap();
    http.flush();
    stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n").unwrap();
    drop(stream);
    let mut inbox = Inbox::new();
    let Event::HeadersComplete(answer) = http.next_event(&mut inbox).unwrap() else { panic!("no answer") };
    assert_eq!(answer.status(), 413);
    assert!(matches!(http.next_event(&mut inbox), Ok(Event::MessageComplete(_))));
    thread::sleep(Duration::ZERO);
    let _ = http.close(&mut inbox);
}
