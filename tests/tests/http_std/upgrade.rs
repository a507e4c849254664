//! Other protocols on a connection that spoke HTTP, with threads.

use crate::handlers::{KINDS, Running, run_as};
use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use http_std::{Body, Exchange, NotUpgraded, ThreadService, Upgraded, handler_fn};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use tests::scenario::{Client, DEADLINE, SHORT};

const OFFER: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

/// Accepts every offer but on "/decline", and tunnels; `then` gets the connection in a thread of its own.
fn switching(
    secure: bool,
    then: impl Fn(Result<Upgraded, NotUpgraded>) + Send + Sync + 'static,
) -> Running<impl ThreadService + Clone> {
    let then = Arc::new(then);
    let handler = move |request: Request<Body>| {
        let upgrade = request.extensions().get::<Exchange>().unwrap().upgrade();
        let then = Arc::clone(&then);
        thread::spawn(move || then(upgrade.wait()));
        let response = Response::builder();
        let response = match request.uri().path() {
            _ if request.method() == Method::CONNECT => response,
            "/decline" => response.status(StatusCode::FORBIDDEN),
            _ => response.status(StatusCode::SWITCHING_PROTOCOLS).header(UPGRADE, "echo"),
        };
        response.body(Body::empty()).unwrap()
    };
    run_as(secure, handler_fn(handler), 2)
}

fn echo(upgraded: Result<Upgraded, NotUpgraded>) {
    let Ok(mut stream) = upgraded else { return };
    let mut room = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut room) {
        stream.write_all(&room[..count]).unwrap();
    }
    stream.shutdown().unwrap();
}

// I16, I17
#[test]
fn what_came_with_the_handshake_is_read_first() {
    let all = format!("{OFFER}the first octets");
    let cuts = [0, 1, OFFER.len() - 1, OFFER.len(), OFFER.len() + 3, all.len()];
    for (&secure, at) in KINDS.iter().flat_map(|secure| cuts.map(|at| (secure, at))) {
        let server = switching(secure, echo);
        let mut client = server.client_of(secure);
        client.send(&all[..at]);
        thread::sleep(SHORT / 10);
        client.send(&all[at..]);
        assert!(client.head().starts_with("HTTP/1.1 101 "));
        assert_eq!(client.octets(16), b"the first octets");
        client.send("and more");
        assert_eq!(client.octets(8), b"and more");
        client.half_close();
        assert_eq!(client.rest(), "");
        assert!(server.0.connections().is_empty());
    }
}

// I15
#[test]
fn a_declined_offer_is_told_and_http_goes_on() {
    let (send, told) = mpsc::channel();
    let send = Mutex::new(send);
    let server = switching(false, move |upgraded| send.lock().unwrap().send(upgraded.map(|_| ())).unwrap());
    let mut client = server.client();
    for _ in 0..2 {
        client.send(OFFER.replace("/chat", "/decline"));
        assert_eq!(client.answer().status(), "403");
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Err(NotUpgraded));
    }
}

// X4
#[test]
fn a_tunnel_delivers_both_ways_to_the_ends() {
    /// More than sockets hold.
    const LENGTH: usize = 8 * 1024 * 1024;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = other.local_addr().unwrap();
    let server = switching(false, move |upgraded| {
        let mut client = upgraded.unwrap();
        let mut there = TcpStream::connect(target).unwrap();
        let mut reads = client.try_clone().unwrap();
        let mut writes = there.try_clone().unwrap();
        // The tail is with the first.
        std::mem::swap(&mut client, &mut reads);
        let up = thread::spawn(move || {
            io::copy(&mut reads, &mut writes).unwrap();
            writes.shutdown(Shutdown::Write).unwrap();
        });
        io::copy(&mut there, &mut client).unwrap();
        client.shutdown().unwrap();
        up.join().unwrap();
    });
    for client_first in [true, false] {
        let mut client = server.client();
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nahead"));
        assert!(client.head().starts_with("HTTP/1.1 200 "));
        let (mut there, _) = other.accept().unwrap();
        there.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut ahead = [0; 5];
        there.read_exact(&mut ahead).unwrap();
        assert_eq!(&ahead, b"ahead");
        let Client { stream, read } = client;
        let here = stream.socket();
        assert!(read.is_empty());
        let (first, second) = if client_first { (here, &there) } else { (&there, here) };
        for (mut from, mut to) in [(first, second), (second, first)] {
            thread::scope(|scope| {
                scope.spawn(move || {
                    from.write_all(&vec![b'x'; LENGTH]).unwrap();
                    from.shutdown(Shutdown::Write).unwrap();
                });
                let mut received = Vec::new();
                to.read_to_end(&mut received).unwrap();
                assert_eq!(received.len(), LENGTH);
            });
        }
    }
}

#[test]
fn an_offer_with_content_waits_for_its_end() {
    let server = switching(false, echo);
    let mut client = server.client();
    let offer = OFFER.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n");
    client.send(&offer);
    assert!(client.is_silent(SHORT));
    client.send("abctail");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.octets(4), b"tail");
}

// I26: neither waits for what the other waits for.
#[cfg(feature = "tls")]
#[test]
fn with_tls_one_thread_reads_while_another_writes() {
    use tests::scenario::by_hand::ByHand;
    use tests::scenario::wired::keys;

    /// More than sockets hold.
    const LENGTH: usize = 16 * 1024 * 1024;
    let (send, told) = mpsc::channel();
    let send = Mutex::new(send);
    let server = switching(true, move |upgraded| {
        let mut reads = upgraded.unwrap();
        let mut writes = reads.try_clone().unwrap();
        let writing = thread::spawn(move || {
            writes.write_all(&vec![b'x'; LENGTH]).unwrap();
            writes.shutdown().unwrap();
        });
        let count = io::copy(&mut reads, &mut io::sink()).unwrap();
        send.lock().unwrap().send(count).unwrap();
        writing.join().unwrap();
    });
    for config in &keys().clients {
        let mut client = ByHand::shaken(server.address(), config);
        let offer = client.seal(OFFER);
        client.send(offer);
        // While the other end has nothing to read,
        client.take_until("xxxxxxxx", 1000);
        // and while it can write nothing.
        for _ in 0..LENGTH / 4096 {
            let record = client.seal([b'y'; 4096]);
            client.send(record);
        }
        client.tls.send_close_notify();
        let end = client.wants();
        client.send(end);
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), LENGTH as u64);
        let rest = client.rest();
        assert!(rest.closed && rest.text.bytes().all(|octet| octet == b'x'));
    }
}

#[test]
fn who_waits_is_told_of_a_close() {
    for &secure in KINDS {
        let (send, told) = mpsc::channel();
        let send = Mutex::new(send);
        let server = switching(secure, move |upgraded| {
            let mut waits = upgraded.unwrap();
            let mut closes = waits.try_clone().unwrap();
            let send = send.lock().unwrap().clone();
            let waiting = thread::spawn(move || send.send(waits.read(&mut [0; 10])).unwrap());
            thread::sleep(SHORT);
            closes.close().unwrap();
            waiting.join().unwrap();
        });
        let mut client = server.client_of(secure);
        client.send(OFFER);
        assert!(client.head().starts_with("HTTP/1.1 101 "));
        assert_eq!(client.rest(), "");
        assert!(!matches!(told.recv_timeout(DEADLINE).unwrap(), Ok(1..)));
    }
}
