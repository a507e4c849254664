//! Peers that do not read what they asked for.

use crate::server::{LARGE, Make, PIECE, Server, under_attack};
use std::thread;
use tests::raw::{End, Raw};

under_attack! {
    an_answer_that_nobody_reads_is_held_back_and_cut_off,
    whoever_reads_a_little_is_served_on,
    pipelined_requests_of_a_peer_that_never_reads,
    pipelined_requests_are_all_answered_in_order_when_somebody_reads_at_last,
    clients_that_go_away_leave_nothing_behind,
}

/// What the kernel may hold of one connection in both directions, at most.
const KERNEL: u64 = 16 << 20;
const REQUESTS: usize = 100_000;
/// KiB: what a connection may hold of an answer, 512 KiB and the piece beyond it, and as much again for the allocator.
const HELD: usize = 1024 + 2 * PIECE / 1024;

fn an_answer_that_nobody_reads_is_held_back_and_cut_off(make: Make) {
    let server = Server::start(make, &[("write", 500)]);
    let before = server.memory();
    let mut peers: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for peer in &mut peers {
        peer.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    let counts = server.until(|counts| counts.connections == 1);
    assert!(counts.made < 20 * KERNEL, "{} octets were made", counts.made);
    assert!(server.most_memory() < before + 20 * HELD, "{} KiB, then {}", before, server.most_memory());
    for peer in peers {
        // What had reached the peer's kernel may be lost with the reset; it is no complete message.
        let (octets, end) = peer.rest();
        assert_eq!(end, End::Reset);
        assert!(!octets.ends_with(b"0\r\n\r\n"));
    }
}

fn whoever_reads_a_little_is_served_on(make: Make) {
    let server = Server::start(make, &[("write", 1200)]);
    let mut peer = server.connect();
    peer.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(peer.head().starts_with("HTTP/1.1 200 OK\r\n"));
    // For longer than the deadline; every pause is shorter.
    for _ in 0..16 {
        thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(peer.octets(2 << 20).len(), 2 << 20);
    }
}

fn requests(path: impl Fn(usize) -> String) -> Vec<u8> {
    (0..REQUESTS).flat_map(|number| format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path(number)).into_bytes()).collect()
}

fn pipelined_requests_of_a_peer_that_never_reads(make: Make) {
    let server = Server::start(make, &[("write", 1000)]);
    let before = server.memory();
    let mut peer = server.connect();
    let requests = requests(|_| "/large".to_owned());
    let mut sent = 0;
    while sent < requests.len()
        && let Ok(count) = peer.offer(&requests[sent..])
    {
        sent += count;
        if count == 0 {
            thread::yield_now();
        }
    }
    let counts = server.until(|counts| counts.connections == 1);
    assert!(counts.requests < KERNEL / LARGE as u64 + 1000, "{} requests were answered", counts.requests);
    assert!(server.most_memory() < before + 2 * HELD, "{} KiB, then {}", before, server.most_memory());
    assert_eq!(peer.rest().1, End::Reset);
}

fn pipelined_requests_are_all_answered_in_order_when_somebody_reads_at_last(make: Make) {
    let server = Server::start(make, &[]);
    let before = server.memory();
    let mut peer = server.connect();
    let requests = requests(|number| format!("/number/{number}"));
    let mut sent = 0;
    let mut next = 0;
    // It reads only where it cannot write.
    while next < REQUESTS {
        let count = peer.offer(&requests[sent..]).expect("somebody takes it");
        sent += count;
        if count == 0 {
            for _ in 0..100.min(REQUESTS - next) {
                assert_eq!(peer.answer().text(), next.to_string());
                next += 1;
            }
        }
    }
    assert!(server.most_memory() < before + 2 * HELD, "{} KiB, then {}", before, server.most_memory());
    let counts = server.counts();
    assert_eq!(counts.requests, REQUESTS as u64 + 1);
}

fn clients_that_go_away_leave_nothing_behind(make: Make) {
    let server = Server::start(make, &[]);
    for path in ["/never", "/endless", "/hello"] {
        let before = server.memory();
        for _ in 0..50 {
            let mut peers: Vec<_> = (0..20).map(|_| server.connect()).collect();
            // What is never read makes the close a reset; a half-close alone would cancel nothing.
            let hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
            let ask = |peer: &mut Raw| peer.send(format!("{hello}GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
            peers.iter_mut().for_each(ask);
            if path == "/never" {
                server.until(|counts| counts.handlers == 21);
            } else {
                // Each has got something by then.
                peers.iter_mut().for_each(|peer| peer.wait());
            }
        }
        let counts = server.until(|counts| counts.connections == 1);
        assert_eq!(counts.handlers, 1, "{path}: only the one that counts");
        assert!(server.memory() < before + 20 * HELD, "{path}: {} KiB, then {}", before, server.memory());
    }
}
