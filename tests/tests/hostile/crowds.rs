//! Many connections that do little.

use crate::server::{Make, Server, under_attack};
use std::fs;
use std::thread;
use std::time::Duration;
use tests::raw::End;

under_attack! {
    idle_connections_cost_little_and_are_closed_without_a_word,
    honest_clients_are_served_while_others_send_an_octet_at_a_time,
}

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

/// How many connections a process may have here, up to `wanted`.
fn possible(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").expect("the system tells");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let limit = line.split_whitespace().nth(3).and_then(|limit| limit.parse::<usize>().ok()).unwrap_or(usize::MAX);
    // The other tests of this process have theirs.
    wanted.min(limit.saturating_sub(600) / 2)
}

fn idle_connections_cost_little_and_are_closed_without_a_word(make: Make) {
    let server = Server::start(make, &[("idle", 2500)]);
    let count = possible(3000);
    let mut first = server.connect();
    first.send(HELLO);
    assert_eq!(first.answer().status(), 200);
    let before = server.memory();
    let peers = (0..count).map(|_| {
        let mut peer = server.connect();
        peer.send(HELLO);
        assert_eq!(peer.answer().text(), "Hello, World!");
        peer
    });
    let peers: Vec<_> = peers.collect();
    let most = server.most_memory();
    // Far below a buffer for each, in whatever state the allocator is.
    assert!(most < before + 2048 + count * 4, "{before} KiB, then {most}, with {count} connections");
    for peer in peers {
        assert_eq!(peer.rest(), (Vec::new(), End::Closed));
    }
    assert_eq!(server.until(|counts| counts.connections == 1).requests, 2 + count as u64);
}

fn honest_clients_are_served_while_others_send_an_octet_at_a_time(make: Make) {
    let server = Server::start(make, &[("head", 1500)]);
    let mut attackers: Vec<_> = (0..possible(300)).map(|_| server.connect()).collect();
    for attacker in &mut attackers {
        attacker.send("GET / HTTP/1.1\r\nHost: x\r\nX: ");
    }
    let mut honest: Vec<_> = (0..5).map(|_| server.connect()).collect();
    let mut refused = 0;
    let mut rounds = 0;
    while !attackers.is_empty() {
        for client in &mut honest {
            client.send(HELLO);
            assert_eq!(client.answer().text(), "Hello, World!");
        }
        attackers.retain_mut(|attacker| {
            if attacker.look().expect("no reset before the answer is read") == 0 {
                return attacker.offer(b"x").is_ok();
            }
            let answer = attacker.answer();
            assert_eq!((answer.status(), answer.closes()), (408, true));
            refused += 1;
            false
        });
        rounds += 1;
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(refused, possible(300));
    assert!(rounds > 1, "the honest clients had no rival");
    assert_eq!(server.until(|counts| counts.connections == 6).requests, rounds * 5 + 1);
}
