//! TLS on the wire: clients that do not do their part in a handshake, records that are cut off, and keys that change.

use super::by_hand::{ByHand, cuts};
use super::routes::exchange_of;
use super::wired::keys;
use super::{App, Build, Client, DEADLINE, GET, Rig, Running, app, start, start_routes, text, within};
use crate::certificates::{Authority, VERSIONS};
use http::{Request, Response};
use http_driver::rustls::Error;
use http_driver::{Body, TlsErrorKind};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const CLOSE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
/// For handshakes that are to end by their deadline, and for those that are not.
const SOON: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(3600);

fn hello() -> App {
    app(|_| async { text("Hello, World!") })
}

/// A server of so much time for handshakes, and for so many connections; and what it says of handshakes that have failed,
/// and of other connections that are over.
fn waiting<R: Rig>(rig: R, timeout: Duration, most: usize) -> (Running<App>, Receiver<Option<TlsErrorKind>>) {
    let (tell, told) = channel();
    let (fails, closes) = (Mutex::new(tell.clone()), Mutex::new(tell));
    let server = start(rig, hello(), move |server| {
        server
            .max_connections(most)
            .tls_handshake_timeout(timeout)
            .on_tls_error(move |_, error| fails.lock().unwrap().send(Some(error.kind())).unwrap())
            .on_close(move |_, _| closes.lock().unwrap().send(None).unwrap())
    });
    (server, told)
}

fn silent(to: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&to, DEADLINE).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// Nothing comes but an end, of whatever kind.
fn ends(mut socket: TcpStream) {
    let mut rest = Vec::new();
    if socket.read_to_end(&mut rest).is_ok() {
        // Its flight of the handshake may have gone out.
        assert_ne!(rest.first(), Some(&0x17), "{}", rest.escape_ascii());
    }
}

// I26
pub fn a_client_that_stops_anywhere_in_the_handshake_has_so_long(rig: impl Rig) {
    let (server, told) = waiting(rig, SOON, usize::MAX);
    let mut stopped = vec![silent(server.address)];
    for config in &keys().clients {
        for sent in [1, 4, 5, 6, 100, usize::MAX] {
            let mut client = ByHand::client(server.address, config);
            let hello = client.wants();
            client.send(&hello[..sent.min(hello.len())]);
            stopped.push(client.socket);
        }
        // Within its second flight.
        for left in [usize::MAX, 1] {
            let mut client = ByHand::client(server.address, config);
            let hello = client.wants();
            client.send(hello);
            let mut flight = Vec::new();
            while flight.is_empty() {
                assert!(client.take());
                flight = client.wants();
            }
            client.send(&flight[..flight.len().saturating_sub(left)]);
            stopped.push(client.socket);
        }
    }
    for _ in &stopped {
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Some(TlsErrorKind::Timeout));
    }
    stopped.into_iter().for_each(ends);
    within(|| server.handle.connections().is_empty());
}

// I26
pub fn handshakes_hold_up_nobody(rig: impl Rig) {
    let (server, told) = waiting(rig, LONG, usize::MAX);
    let mut waiting = Vec::new();
    for n in 0..60 {
        let mut client = ByHand::client(server.address, &keys().client);
        let hello = client.wants();
        client.send(&hello[..[0, 3, hello.len() / 2][n % 3]]);
        waiting.push((client, hello, n));
    }
    let mut client = server.client();
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
    // They can go on when they like.
    for (mut client, hello, n) in waiting {
        client.send(&hello[[0, 3, hello.len() / 2][n % 3]..]);
        while client.tls.is_handshaking() {
            assert!(client.take());
        }
        let last = client.seal(CLOSE);
        client.send(last);
        let rest = client.rest();
        assert!(rest.closed && rest.text.ends_with("Hello, World!"), "{rest:?}");
    }
    assert_eq!(told.try_iter().flatten().count(), 0);
}

// I26, N25
pub fn handshakes_count_against_the_limit(rig: impl Rig) {
    let (server, told) = waiting(rig, SOON, 1);
    let waiting = silent(server.address);
    within(|| server.handle.connections().len() == 1);
    // Accepted when the other one's time is over.
    let mut client = server.client();
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Some(TlsErrorKind::Timeout));
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
    ends(waiting);
}

// I26
pub fn what_is_no_tls_is_told_so(rig: impl Rig) {
    let (server, told) = waiting(rig, LONG, usize::MAX);
    let alert = |octets: &[u8]| matches!(octets, [0x15, _, _, 0, 2, 2, _]);
    // The last is the beginning of a message without end, which is ended without a word.
    let endless = [&[0x16, 3, 1, 0x3f, 0xff][..], &[0xff; 0x3fff]].concat().repeat(5);
    for octets in [GET.as_bytes(), &[0; 600], &[0xff; 40_000], &endless] {
        let mut socket = silent(server.address);
        socket.write_all(octets).unwrap();
        let mut said = Vec::new();
        socket.read_to_end(&mut said).unwrap();
        assert!(alert(&said) || octets == endless, "{said:?}");
        drop(socket);
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Some(TlsErrorKind::Protocol));
    }
    within(|| server.handle.connections().is_empty());
}

// N31
pub fn a_request_cut_off_at_any_record_is_never_whole(rig: impl Rig) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let collect = app(move |mut request: Request<Body>| {
        let tell = tell.lock().unwrap().clone();
        async move {
            let collected = request.body_mut().collect(1 << 20).await;
            tell.send(collected.is_ok()).unwrap();
            Ok(Response::new(collected?.into()))
        }
    });
    let server = start(rig, collect, |server| server);
    let pieces = ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", "hello", "world"];
    let mut whole = 0;
    for config in &keys().clients {
        let sealed = |client: &mut ByHand| pieces.map(|piece| client.seal(piece)).concat();
        let octets = sealed(&mut ByHand::shaken(server.address, config));
        for cut in cuts(&octets) {
            let mut client = ByHand::shaken(server.address, config);
            let octets = sealed(&mut client);
            client.send(&octets[..cut]);
            client.cut();
            let rest = client.rest();
            assert!(!rest.closed, "{cut}: {rest:?}");
            if cut == octets.len() {
                assert!(rest.text.ends_with("\r\n\r\nhelloworld"), "the answer goes before the end shows: {rest:?}");
                whole += 1;
            } else {
                assert_eq!(rest.text, "", "{cut} of {}", octets.len());
            }
        }
    }
    assert_eq!(told.try_iter().filter(|&whole| whole).count(), whole);
}

// I26
pub fn ends_in_order_are_announced(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| config.timeouts.idle = Duration::from_secs(1));
    for config in &keys().clients {
        // By the answer, by the client, and by nobody.
        let mut client = ByHand::shaken(server.address, config);
        let last = client.seal(CLOSE);
        client.send(last);
        let rest = client.rest();
        assert!(rest.closed && !rest.reset && rest.text.ends_with("Hello, World!"), "{rest:?}");

        let mut client = ByHand::shaken(server.address, config);
        let request = client.seal(GET);
        client.send(request);
        client.tls.send_close_notify();
        let end = client.wants();
        client.send(end);
        client.cut();
        let rest = client.rest();
        assert!(rest.closed && !rest.reset && rest.text.ends_with("Hello, World!"), "{rest:?}");

        let mut client = ByHand::shaken(server.address, config);
        let request = client.seal(GET);
        client.send(request);
        let rest = client.rest();
        assert!(rest.closed && !rest.reset && rest.text.ends_with("Hello, World!"), "{rest:?}");
    }
    let mut idle = server.client();
    idle.send(GET);
    idle.answer();
    thread::scope(|scope| {
        scope.spawn(|| server.shutdown(DEADLINE));
        assert_eq!(idle.rest(), "");
    });
}

// I26: several requests in one record, and one with the last flight of the handshake; then there is no more to come.
pub fn what_was_decrypted_is_served_before_more_is_awaited(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    for config in &keys().clients {
        let mut client = ByHand::client(server.address, config);
        let content = "x".repeat(12_000);
        let upload = format!("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{content}", content.len());
        while client.tls.is_handshaking() {
            let flight = client.wants();
            client.send(flight);
            assert!(client.take());
        }
        let mut first = client.wants();
        first.extend(client.seal(GET));
        client.send(first);
        client.take_until("Hello, World!", 1);
        let record = client.seal(format!("{upload}{GET}{GET}"));
        client.send(record);
        let answers = client.take_until("Hello, World!", 2);
        assert!(answers.contains("\r\n\r\n12000HTTP/1.1 200 "), "{answers}");
        // More than one record, written at once, and read piece by piece.
        let records = client.seal(upload.repeat(5));
        client.send(records);
        client.take_until("\r\n\r\n12000", 5);
        let record = client.seal(CLOSE);
        client.send(record);
        assert!(client.rest().closed);
    }
}

// I26
pub fn keys_may_change_on_the_way(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = ByHand::shaken(server.address, &keys().clients[1]);
    for _ in 0..3 {
        client.tls.refresh_traffic_keys().unwrap();
        let record = client.seal(GET);
        client.send(record);
        client.take_until("Hello, World!", 1);
    }
}

// L4
pub fn the_service_is_made_when_all_is_agreed_upon(rig: impl Rig) {
    let server = super::running::start_with(rig, move |listener| {
        rig.serve_with(listener, |connection| {
            let tls = connection.tls().expect("behind the handshake");
            let made_for = format!("{:?} {:?}", tls.version(), tls.alpn().map(|name| name.escape_ascii().to_string()));
            app(move |request| {
                let seen = exchange_of(&request).connection().tls().unwrap().version();
                let text_of = format!("{made_for} {seen:?}");
                async move { text(text_of) }
            })
        })
    });
    for config in &keys().clients {
        let mut client = ByHand::shaken(server.address, config);
        let version = client.tls.protocol_version().unwrap();
        let request = client.seal(CLOSE);
        client.send(request);
        let rest = client.rest();
        assert!(rest.text.ends_with(&format!("\r\n\r\n{version:?} None {version:?}")), "{rest:?}");
    }
}

// I26
pub fn certificates_are_replaced_while_it_runs(rig: impl Rig) {
    let server = start(rig, hello(), |server| server);
    let other = keys().signer.identity(&["127.0.0.1"]);
    let answers = |client: &mut Client| {
        client.send(GET);
        assert_eq!(client.answer().text(), "Hello, World!");
    };
    let mut before = server.client();
    answers(&mut before);
    server.handle.set_tls(Arc::new(other.server()));
    let client = ByHand::shaken(server.address, &keys().client);
    assert_eq!(client.tls.peer_certificates().unwrap(), other.chain());
    answers(&mut before);
    answers(&mut server.client());
}

// L4: mutual TLS. Who has no certificate, or one of somebody else, reaches nobody.
pub fn certificates_of_clients_are_seen(rig: impl Rig) {
    let seen = app(|request| async move {
        let exchange = exchange_of(&request);
        let certificates = exchange.connection().tls().unwrap().peer_certificates();
        text(certificates.iter().map(|certificate| certificate.len()).sum::<usize>().to_string())
    });
    let server = start(rig, seen, |server| server);
    let identity = keys().signer.identity(&["127.0.0.1"]);
    server.handle.set_tls(Arc::new(keys().signer.demanding_server(&identity)));
    let (mine, strange) = (keys().signer.identity(&["client"]), Authority::new().identity(&["client"]));
    for version in VERSIONS {
        let config = Arc::new(keys().signer.client_showing(&mine, &[version]));
        let mut client = ByHand::shaken(server.address, &config);
        let request = client.seal(CLOSE);
        client.send(request);
        let rest = client.rest();
        assert!(rest.text.ends_with(&format!("\r\n\r\n{}", mine.chain()[0].len())), "{rest:?}");
        for wrong in [keys().signer.client_of(&[version]), keys().signer.client_showing(&strange, &[version])] {
            let refused = ByHand::client(server.address, &Arc::new(wrong)).refusal();
            assert!(matches!(refused, Error::AlertReceived(_)), "{refused:?}");
        }
    }
}
