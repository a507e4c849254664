//! Ends of connections with TLS, from a server's side: in order, cut off, and at every octet between.

use crate::support::{GET, NAME, Set, Site, about, authority, content, secs};
use http::{Request, Response};
use http_driver::{Body, Tls, Transport, Upgraded};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tests::certificates::VERSIONS;
use tests::memory::{Secret, Shape, Wakes, wire};
use tests::scenario::{app, exchange_of};

const CLOSE: &str = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
const PLAIN: Set = |server| server;

/// What a handler has read of its request, and how that ended.
type Bodies = Arc<Mutex<Vec<Result<String, ()>>>>;

fn collecting(version: &'static http_driver::rustls::SupportedProtocolVersion) -> (Site, Secret, Bodies) {
    let (authority, identity) = authority();
    let bodies = Bodies::default();
    let keep = Arc::clone(&bodies);
    let app = app(move |mut request: Request<Body>| {
        let bodies = Arc::clone(&keep);
        async move {
            let body = request.body_mut().collect(1 << 20).await;
            let text = body.map(|octets| String::from_utf8(octets.to_vec()).unwrap()).map_err(|_| ());
            bodies.lock().unwrap().push(text.clone());
            Ok(Response::new(text.map_err(|()| "broken")?.into()))
        }
    });
    let config = authority.client_of(&[version]);
    let mut site = Site::with(authority, identity.server(), app, PLAIN);
    let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
    site.talk(&mut client);
    site.told();
    (site, client, bodies)
}

// I26, N31
#[test]
fn the_last_answer_is_followed_by_close_notify() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let config = authority.client_of(&[version]);
        let mut site = Site::with(authority, identity.server(), app(about), PLAIN);
        let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
        site.talk(&mut client);
        client.send(CLOSE);
        site.world.turn();
        assert!(client.last().starts_with("HTTP/1.1 200 "));
        assert!(client.peer.saw_fin());
        client.close();
        client.peer.fin();
        site.world.turn();
        assert_eq!(site.told(), ["connected", "closed None"]);
    }
}

// I26: as long as the socket is full, close_notify waits, and FIN behind it.
#[test]
fn close_notify_waits_for_room() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let config = authority.client_of(&[version]);
        let mut site = Site::with(authority, identity.server(), app(about), PLAIN);
        let mut waited = 0;
        for room in 1.. {
            let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
            site.talk(&mut client);
            client.take();
            client.peer.limit(room);
            client.send(CLOSE);
            site.world.turn();
            let (mut seen, mut closed) = client.read();
            if closed {
                break;
            }
            let mut turns = 0..1000;
            while !closed {
                assert!(!client.peer.saw_fin(), "FIN without close_notify where there is room for {room}");
                assert!(turns.next().is_some(), "nothing more comes where there is room for {room}");
                site.world.turn();
                let (more, end) = client.read();
                seen.extend(more);
                closed = end;
            }
            assert!(seen.starts_with(b"HTTP/1.1 200 "));
            assert!(client.peer.saw_fin());
            waited += 1;
        }
        assert!(waited > 100, "{waited}");
    }
}

#[test]
fn idle_connections_and_shutdowns_end_with_close_notify() {
    let mut site = Site::new();
    let mut idle = site.ready();
    site.ask(&mut idle, GET);
    site.world.advance(secs(3600));
    assert_eq!(idle.last(), "");
    let mut client = site.ready();
    site.ask(&mut client, GET);
    let handle = site.handle.clone();
    site.world.spawn(async move {
        handle.shutdown(secs(30)).await;
    });
    site.world.turn();
    assert_eq!(client.last(), "");
}

// N31
#[test]
fn a_request_cut_off_at_any_octet_is_never_whole() {
    for version in VERSIONS {
        let pieces = ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", "hello", "world"];
        let length = {
            let (_, mut client, _) = collecting(version);
            pieces.iter().map(|piece| client.seal(piece).len()).sum::<usize>()
        };
        for cut in 0..=length {
            let (mut site, mut client, bodies) = collecting(version);
            let octets: Vec<u8> = pieces.iter().flat_map(|piece| client.seal(piece)).collect();
            client.peer.send_last(&octets[..cut]);
            site.world.turn();
            let bodies = std::mem::take(&mut *bodies.lock().unwrap());
            let (seen, closed) = client.read();
            if cut == length {
                assert_eq!(bodies, [Ok("helloworld".to_owned())]);
                assert!(seen.ends_with(b"helloworld"), "the answer is on its way before the end shows");
            } else {
                assert!(bodies.is_empty(), "{bodies:?} of {cut}");
                assert!(seen.is_empty() && !closed, "{cut} of {length}: {closed}, {}", seen.escape_ascii());
                assert_eq!(site.told(), ["closed Some(UnexpectedEof)"]);
            }
            assert!(client.peer.counts().dropped);
        }
    }
}

#[test]
fn a_half_close_is_answered() {
    for version in VERSIONS {
        let (mut site, mut client, bodies) = collecting(version);
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        client.close();
        client.peer.fin();
        site.world.turn();
        assert_eq!(*bodies.lock().unwrap(), [Ok("hello".to_owned())]);
        assert!(client.last().ends_with("\r\n\r\nhello"));
        assert_eq!(site.told(), ["closed None"]);
    }
}

#[test]
fn a_record_that_was_changed_breaks_the_connection() {
    for version in VERSIONS {
        let (mut site, mut client, bodies) = collecting(version);
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
        let mut record = client.seal("world");
        *record.last_mut().unwrap() ^= 1;
        client.peer.send(record);
        site.world.turn();
        // The handler goes with its client.
        assert!(bodies.lock().unwrap().is_empty());
        assert!(client.peer.saw_reset());
        assert_eq!(site.told(), ["closed Some(InvalidData)"]);
    }
}

#[test]
fn keys_may_change_on_the_way() {
    let mut site = Site::new();
    let mut client = site.ready();
    for _ in 0..3 {
        client.tls.refresh_traffic_keys().unwrap();
        client.pump();
        assert!(site.ask(&mut client, GET).starts_with("HTTP/1.1 200 "));
    }
}

// Plaintext that was decrypted is there without any more octets to come.
#[test]
fn large_records_are_read_in_pieces() {
    let (mut site, mut client, bodies) = collecting(VERSIONS[1]);
    let content = "x".repeat(100_000);
    let mut octets = client.seal(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", content.len()));
    for piece in content.as_bytes().chunks(16 * 1024) {
        octets.extend(client.seal(piece));
    }
    client.peer.send(octets);
    site.world.turn();
    assert_eq!(*bodies.lock().unwrap(), [Ok(content)]);
}

// N18: two ends that both have more to say than is taken must hear each other.
#[test]
fn reading_goes_on_while_nothing_can_be_written() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let (wire, peer) = wire(Shape::default());
        let mut client = Secret::client(peer, &authority.client_of(&[version]), NAME);
        let mut tls = Tls::server(wire, Arc::new(identity.server())).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        while tls.poll_handshake(&mut cx).is_pending() {
            assert!(client.pump());
        }
        client.take();
        client.peer.limit(1000);
        while tls.poll_write(&mut cx, &[b'x'; 1000]).is_ready() {}
        assert!(tls.poll_flush(&mut cx).is_pending());
        client.send("hello");
        let mut room = [0; 100];
        assert!(matches!(tls.poll_read(&mut cx, &mut room), Poll::Ready(Ok(5))), "{version:?}");
        assert_eq!(&room[..5], b"hello");
    }
}

// The work of one read is bounded, and the rest of a record is not forgotten, though nothing else happens.
#[test]
fn a_record_in_many_pieces_does_not_keep_the_task() {
    let (authority, identity) = authority();
    let (wire, peer) = wire(Shape { reads: vec![1], ..Shape::default() });
    let mut client = Secret::client(peer, &authority.client(), NAME);
    let mut tls = Tls::server(wire, Arc::new(identity.server())).unwrap();
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    while tls.poll_handshake(&mut cx).is_pending() {
        assert!(client.pump());
    }
    let content = "x".repeat(1000);
    client.send(&content);
    let (mut room, mut waits) = ([0; 2000], 0);
    let read = loop {
        match tls.poll_read(&mut cx, &mut room) {
            Poll::Ready(read) => break read.unwrap(),
            Poll::Pending => assert!(wakes.take(), "it would never go on"),
        }
        waits += 1;
    };
    assert_eq!(&room[..read], content.as_bytes());
    assert!(waits > 50, "{waits}");
}

#[test]
fn a_slow_reader_holds_little() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let (authority, identity) = authority();
    let app = app(|_| async { Ok(Response::new(vec![b'x'; LENGTH].into())) });
    let mut site = Site::with(authority, identity.server(), app, PLAIN);
    let mut client = site.ready();
    client.peer.limit(10_000);
    client.send(GET);
    site.world.turn();
    let written = site.handle.connections()[0].statistics().written;
    assert!(written <= 160 * 1024, "{written} octets have been taken");
    let mut read = 0;
    while read < LENGTH {
        let (octets, closed) = client.read();
        assert!(!octets.is_empty() || !closed);
        read += octets.len();
        site.world.turn();
    }
    assert_eq!(site.handle.connections()[0].statistics().written as usize, read);
}

#[test]
fn large_content_makes_few_large_records_and_writes() {
    const LENGTH: usize = 1024 * 1024;
    let (authority, identity) = authority();
    let app = app(|_| async { Ok(Response::new(vec![b'x'; LENGTH].into())) });
    let mut site = Site::with(authority, identity.server(), app, PLAIN);
    let mut client = site.ready();
    let before = client.peer.counts().writes;
    client.send(GET);
    site.world.turn();
    let writes = client.peer.counts().writes - before;
    assert!(writes <= 20, "{writes} writes");
    let octets = client.peer.read();
    assert!(octets.len() < LENGTH + 100 * 30, "the overhead of {} octets", octets.len() - LENGTH);
}

#[test]
fn an_upgrade_carries_on_with_tls() {
    let (authority, identity) = authority();
    let app = app(|request: Request<Body>| async move {
        let upgrade = exchange_of(&request).upgrade();
        // The stream of the other protocol goes where the connection was.
        let mut stream = Box::pin(async move { echo(upgrade.await.unwrap()).await });
        let polled = poll_fn(|cx| std::task::Poll::Ready(stream.as_mut().poll(cx).is_ready())).await;
        assert!(!polled);
        STREAM.lock().unwrap().replace(stream);
        Ok(Response::builder().status(101).header("upgrade", "echo").body(Body::empty())?)
    });
    let mut site = Site::with(authority, identity.server(), app, PLAIN);
    let mut client = site.ready();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly");
    site.world.turn();
    let stream = STREAM.lock().unwrap().take().unwrap();
    site.world.spawn(stream);
    site.world.turn();
    let answer = client.text();
    assert!(answer.starts_with("HTTP/1.1 101 "));
    assert_eq!(content(&answer), "early");
    assert_eq!(site.ask(&mut client, "late"), "late");
    client.close();
    site.world.turn();
    assert_eq!(client.last(), "");
}

static STREAM: Mutex<Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>> = Mutex::new(None);

async fn echo<Io: Transport>(mut stream: Upgraded<Io>) {
    let mut room = [0; 100];
    loop {
        let count = poll_fn(|cx| stream.poll_read(cx, &mut room)).await.unwrap();
        if count == 0 {
            break;
        }
        let mut rest = &room[..count];
        while !rest.is_empty() {
            let written = poll_fn(|cx| stream.poll_write(cx, rest)).await.unwrap();
            rest = &rest[written..];
        }
    }
    poll_fn(|cx| stream.poll_shutdown(cx)).await.unwrap();
    // Nothing can be written behind it.
    let late = poll_fn(|cx| stream.poll_write(cx, b"late")).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

// N27: what is cut off says nothing that could be taken for its end.
#[test]
fn an_answer_that_is_cut_off_is_reset() {
    let (authority, identity) = authority();
    let app = app(|_| async {
        let pieces = [Ok(bytes::Bytes::from("some")), Err("a failure of the handler")];
        Ok(Response::new(Body::stream(futures_util::stream::iter(pieces))))
    });
    let mut site = Site::with(authority, identity.server(), app, PLAIN);
    let mut client = site.ready();
    client.send(GET);
    site.world.turn();
    assert!(client.peer.saw_reset());
    assert!(!client.read().1);
}
