//! `http-driver` without a socket: level 1 of both ends, and whole servers, on wires in memory and in virtual time.

mod broken;
mod client;
mod closing;
mod duplex;
mod events;
mod memory;
mod sending;
mod serving;
mod timings;
mod tunnel;
mod upgrade;
mod waiting;

use http_driver::{Error, ErrorKind, Side};
use http_proto::{BodyLength, Client, RecvErrorKind, RequestHead, ResponseHead, Server, State};
use std::time::Duration;
use tests::memory::{End, Peer, Seen, Shape, Shown};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Octets so many at a time, either way; every other call says that it is not ready.
fn pieces(size: usize) -> Shape {
    Shape { reads: vec![size, 0], writes: vec![size, 0], holds: size.is_multiple_of(2) }
}

/// Why receiving failed.
fn kind(error: &Error) -> RecvErrorKind {
    match error.kind() {
        ErrorKind::Received(error) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// Lets time go by; nothing may come of it for the connection.
fn pass<R: Side + Shown>(end: &mut End<R>, time: Duration) {
    end.rest();
    let till = end.clock.now().saturating_add(time);
    while let Some(next) = end.clock.next().filter(|next| *next <= till) {
        end.clock.advance_to(next);
        end.rest();
    }
    end.clock.advance_to(till);
    end.rest();
}

/// A server that owes an answer to a GET.
fn asked(end: &mut End<Server>, peer: &Peer) {
    peer.send(GET);
    assert_eq!(end.events().len(), 2);
}

/// Answers without content.
fn answer(end: &mut End<Server>) {
    end.conn.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
}

/// What the transport said.
fn transport_error(error: Error) -> std::io::ErrorKind {
    match error.kind() {
        ErrorKind::Transport(error) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// A request whose content has begun to come.
const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhello";

fn ask(end: &mut End<Client>) {
    end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    end.rest();
}

fn is_over<R: Shown>(end: &mut End<R>) {
    assert_eq!((end.event(), end.event()), (Seen::Closed, Seen::Closed));
    assert_eq!(end.conn.state(), State::Closed);
}
