//! TLS on threads: who holds a worker, the transport, and connections of level 1 on it.

use crate::handlers::{Running, run_as};
use http::{Request, Response};
use http_std::role;
use http_std::{
    BlockingTransport, Body, BodyLength, Config, Connection, Event, Inbox, ListenOptions, RequestHead, ResponseHead,
    Stream, Tls, TlsErrorKind, handler_fn, serve,
};
use std::io::{ErrorKind, IoSlice};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use tests::scenario::by_hand::ByHand;
use tests::scenario::wired::keys;
use tests::scenario::{Client, DEADLINE, GET, SHORT, get, within};

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Two ends, client first; the handshake is not made.
fn ends() -> (Tls<Stream>, Tls<Stream>) {
    let (client, server) = sockets();
    let name = client.peer_addr().unwrap().ip().into();
    let client = Tls::client(Stream::from(client), Arc::clone(&keys().client), name).unwrap();
    (client, Tls::server(Stream::from(server), Arc::clone(&keys().server)).unwrap())
}

// N11
#[test]
fn a_handshake_that_waits_holds_no_worker() {
    let server = run_as(true, handler_fn(|_: Request<Body>| Response::new(Body::from("Hello, World!"))), 1);
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let mut client = ByHand::client(server.address(), &keys().clients[n % 2]);
            let hello = client.wants();
            client.send(&hello[..[0, 10, hello.len()][n % 3]]);
            client
        })
        .collect();
    let mut client = server.client_of(true);
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
    assert_eq!(server.0.connections().len(), 1 + waiting.len());
}

// N11: how long the workers are busy is none of the client's.
#[test]
fn the_deadline_of_a_handshake_begins_when_it_is_taken_up() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let gate = Arc::new(Barrier::new(2));
    let here = Arc::clone(&gate);
    let handler = handler_fn(move |request: Request<Body>| {
        if request.uri().path() == "/busy" {
            here.wait();
            here.wait();
        }
        Response::new(Body::from("Hello, World!"))
    });
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = serve(listener, handler).workers(1).tls(Arc::clone(&keys().server)).tls_handshake_timeout(TIMEOUT);
    let server = Running(server.spawn().unwrap());
    let mut busy = server.client_of(true);
    busy.send(get("/busy"));
    gate.wait();
    let address = server.address();
    let waiting = thread::spawn(move || {
        let mut client = Client::connect_secured(address);
        client.send(GET);
        client.answer().text().to_owned()
    });
    within(|| server.0.connections().len() == 2);
    thread::sleep(TIMEOUT + SHORT);
    gate.wait();
    assert_eq!(busy.answer().text(), "Hello, World!");
    assert_eq!(waiting.join().unwrap(), "Hello, World!");
}

#[test]
fn a_handshake_has_a_deadline_and_may_go_on_behind_it() {
    let (mut client, mut server) = ends();
    let late = server.handshake(SHORT).unwrap_err();
    assert_eq!(late.kind(), TlsErrorKind::Timeout);
    assert!(server.info().is_none());
    thread::scope(|scope| {
        scope.spawn(|| client.handshake(DEADLINE).unwrap());
        server.handshake(DEADLINE).unwrap();
    });
    assert_eq!(server.info().unwrap().alpn(), None);
    assert_eq!(client.info().unwrap().server_name(), Some("127.0.0.1"));
}

// What did not leave in time is not lost, nor sent twice.
#[test]
fn a_write_goes_on_behind_its_deadline() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let (mut client, mut server) = ends();
    let octets: Vec<u8> = (0..LENGTH).map(|at| (at / 7) as u8).collect();
    let (mut late, mut written) = (0, 0);
    let received = thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut received = Vec::new();
            let mut room = [0; 10_000];
            loop {
                match client.read(&mut room, None).unwrap() {
                    0 => return received,
                    count => received.extend_from_slice(&room[..count]),
                }
                if received.len() < LENGTH / 8 {
                    thread::sleep(SHORT / 50);
                }
            }
        });
        while written < LENGTH {
            let soon = server.now().saturating_add(SHORT / 100);
            let slices = [IoSlice::new(&octets[written..]), IoSlice::new(b"behind")];
            match server.write_vectored(&slices[..1], Some(soon)) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::TimedOut => late += 1,
                Err(error) => panic!("{error}"),
            }
        }
        server.shutdown(None).unwrap();
        assert_eq!(server.write_vectored(&[IoSlice::new(b"late")], None).unwrap_err().kind(), ErrorKind::BrokenPipe);
        reading.join().unwrap()
    });
    assert!(late > 0);
    assert!(received == octets);
}

#[test]
fn what_is_held_is_told() {
    let (mut client, mut server) = ends();
    thread::scope(|scope| {
        scope.spawn(|| client.handshake(DEADLINE).unwrap());
        server.handshake(DEADLINE).unwrap();
    });
    client.write_vectored(&[IoSlice::new(b"ten octets")], None).unwrap();
    let mut room = [0; 4];
    for (count, more) in [(4, true), (4, true), (2, false)] {
        assert_eq!(server.read(&mut room, None).unwrap(), count);
        assert_eq!(server.has_buffered(), more);
    }
    let at_once = server.now();
    assert_eq!(server.read(&mut room, Some(at_once)).unwrap_err().kind(), ErrorKind::TimedOut);
    client.shutdown(None).unwrap();
    assert_eq!(server.read(&mut room, None).unwrap(), 0);
    // Not in order.
    let (mut client, mut server) = ends();
    thread::scope(|scope| {
        scope.spawn(|| client.handshake(DEADLINE).unwrap());
        server.handshake(DEADLINE).unwrap();
    });
    drop(client);
    // What it has not read makes a reset of its end.
    let error = server.read(&mut room, None).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
}

// I26
#[test]
fn both_ends_of_level_1_speak_over_tls() {
    let (client, server) = ends();
    let serving = thread::spawn(move || {
        let mut http = Connection::<role::Server, Tls<Stream>>::server(server, Arc::new(Config::server()));
        let mut inbox = Inbox::new();
        let mut content = Vec::new();
        loop {
            match http.next_event(&mut inbox).unwrap() {
                Event::Payload(octets) => content.extend_from_slice(octets),
                Event::MessageComplete(_) => {
                    let content = std::mem::take(&mut content);
                    http.respond(&ResponseHead::new(200), BodyLength::Exact(content.len() as u64)).unwrap();
                    let _ = http.send_owned(content.into()).unwrap();
                    http.finish(None).unwrap();
                }
                Event::Closed => break,
                _ => {}
            }
        }
        assert!(http.io().unwrap().info().is_some());
    });
    let mut http = Connection::<role::Client, Tls<Stream>>::client(client, Arc::new(Config::client()));
    let mut inbox = Inbox::new();
    for length in [0, 10, 100_000] {
        http.start(&RequestHead { method: "POST", ..RequestHead::get("h", "/") }, BodyLength::Exact(length as u64))
            .unwrap();
        let _ = http.send_owned(vec![b'x'; length].into()).unwrap();
        http.finish(None).unwrap();
        let mut received = 0;
        loop {
            match http.next_event(&mut inbox).unwrap() {
                Event::Payload(octets) => received += octets.len(),
                Event::MessageComplete(_) => break,
                Event::Closed => panic!("closed"),
                _ => {}
            }
        }
        assert_eq!(received, length);
    }
    http.close(&mut inbox).unwrap();
    drop(http);
    serving.join().unwrap();
}
