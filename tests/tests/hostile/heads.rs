//! Heads that come slowly, or never end.

use crate::server::{Make, Server, under_attack};
use std::thread;
use std::time::Duration;
use tests::raw::{Answer, End, Raw};

under_attack! {
    a_slow_head_is_cut_off_at_its_deadline,
    heads_that_never_end_are_refused_at_their_bounds,
    empty_lines_put_no_deadline_off,
}

const PAUSE: Duration = Duration::from_millis(5);

/// Sends the next of `pieces` again and again until there is an answer; what is not taken at once is not sent.
fn flood(peer: &mut Raw, pause: Duration, mut pieces: impl FnMut() -> Vec<u8>) -> Answer {
    // Once it has answered, the server takes so much and no more.
    while peer.look().expect("an answer before a reset") == 0 && peer.offer(&pieces()).is_ok() {
        thread::sleep(pause);
    }
    peer.answer()
}

/// A refusal closes in good order, and nothing is said behind it.
fn refused(peer: Raw, answer: &Answer, status: u16) {
    assert_eq!((answer.status(), answer.closes()), (status, true), "{}", answer.head);
    assert_eq!(peer.rest(), (Vec::new(), End::Closed));
}

fn a_slow_head_is_cut_off_at_its_deadline(make: Make) {
    let server = Server::start(make, &[("head", 300)]);
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.1\r\nHost: x\r\nSlow: ");
    let answer = flood(&mut peer, PAUSE, || b"x".to_vec());
    refused(peer, &answer, 408);
    // The same for one that says nothing more, and for the second request of a connection.
    let mut peer = server.connect();
    peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nG");
    assert_eq!(peer.answer().status(), 200);
    let answer = peer.answer();
    refused(peer, &answer, 408);
    assert_eq!(server.until(|counts| counts.connections == 1).requests, 2);
}

fn heads_that_never_end_are_refused_at_their_bounds(make: Make) {
    let server = Server::start(make, &[]);
    let line = |octets: &'static str| move || octets.repeat(100).into_bytes();
    let before = server.memory();
    for (begin, more, status) in [
        ("", "M", 501),
        ("GET /", "x", 414),
        ("GET / HTTP/1.1\r\nHost: x\r\nLong: ", "x", 431),
        ("GET / HTTP/1.1\r\nHost: x\r\n", "Name: value\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: x\r\n", "Na", 431),
        ("", "\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\n", "\r", 400),
    ] {
        let mut peer = server.connect();
        peer.send(begin);
        let answer = flood(&mut peer, Duration::ZERO, line(more));
        assert_eq!((answer.status(), answer.closes()), (status, true), "{begin:?} {more:?}: {}", answer.head);
    }
    let trailers = "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let mut peer = server.connect();
    peer.send(trailers);
    assert_eq!(flood(&mut peer, Duration::ZERO, line("Name: value\r\n")).status(), 431);
    let extensions = "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1";
    let mut peer = server.connect();
    peer.send(extensions);
    assert_eq!(flood(&mut peer, Duration::ZERO, line(";x=y")).status(), 400);
    assert!(server.most_memory() < before + 2048, "{} KiB, then {}", before, server.most_memory());
}

fn empty_lines_put_no_deadline_off(make: Make) {
    let server = Server::start(make, &[("idle", 900)]);
    let silent = ["", "\r\n", "\r\n\r\n\r"].map(|begin| {
        let mut peer = server.connect();
        peer.send(begin);
        (begin, peer)
    });
    let mut peer = server.connect();
    let mut lines = 0;
    while lines < 10 && peer.look().is_ok() && peer.offer(b"\r\n").is_ok() {
        lines += 1;
        thread::sleep(Duration::from_millis(130));
    }
    let (octets, _) = peer.rest();
    assert!(octets.is_empty());
    for (begin, peer) in silent {
        // An idle connection closes without a word.
        assert_eq!(peer.rest(), (Vec::new(), End::Closed), "{begin:?}");
    }
}
