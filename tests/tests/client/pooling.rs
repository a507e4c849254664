//! What a client keeps, and for how long; who waits, and what for.

use super::site::{HELLO, NO_CONTENT, Site, error, exchange, get, get_from, ms, poll, post, secs};
use http_driver::{ConnectError, PoolLimits, RequestError};
use http_proto::Config;
use std::sync::Arc;
use std::time::Duration;
use tests::memory::{Outcome, Peer, Task};

fn site(set: impl FnOnce(&mut PoolLimits)) -> Site {
    let mut limits = PoolLimits::default();
    set(&mut limits);
    Site::with(|client| client.limits(limits))
}

/// So many connections that are idle, in the order in which they became so.
fn idle(site: &mut Site, uris: &[&str]) -> Vec<Peer> {
    let begun: Vec<_> = uris.iter().map(|uri| site.open(get_from(uri))).collect();
    begun.into_iter().map(|(task, peer)| finish(site, &task, peer)).collect()
}

fn finish(site: &mut Site, task: &Task<Outcome>, peer: Peer) -> Peer {
    peer.read();
    // No two become idle at once.
    site.world.advance(ms(1));
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
    peer
}

const ONE: &str = "http://one/";
const TWO: &str = "http://two/";

// N37
#[test]
fn a_connection_serves_so_many_requests() {
    let mut site = site(|limits| limits.requests = 3);
    let (task, first) = site.open(get());
    site.answer(&first, HELLO);
    let response = task.done().unwrap();
    assert_eq!(exchange(&response).number(), 1);
    site.text(response);
    for number in 2..=3 {
        let task = site.send(get());
        site.answer(&first, HELLO);
        let response = task.done().unwrap();
        assert_eq!(exchange(&response).number(), number);
        site.text(response);
    }
    assert!(first.counts().dropped && !first.saw_reset() && site.is_empty());
    let (_task, _second) = site.open(get());
}

// N37
#[test]
fn so_many_are_kept_idle() {
    let mut site = site(|limits| limits.idle_per_target = 2);
    let peers = idle(&mut site, &[ONE, ONE, TWO, ONE]);
    // The oldest of its target has gone.
    assert!(peers[0].counts().dropped && peers[1..].iter().all(|peer| !peer.counts().dropped));
    let state = site.client.connections();
    assert_eq!((state.connections, state.idle), (3, 3));
}

// N37: an idle connection to another target gives way, the one that has been idle longest.
#[test]
fn an_idle_connection_gives_way_to_another_target() {
    let mut site = site(|limits| limits.total = 2);
    let peers = idle(&mut site, &[ONE, TWO]);
    let (_task, _third) = site.open(get_from("http://three/"));
    assert!(peers[0].counts().dropped && !peers[1].counts().dropped);
    let state = site.client.connections();
    assert_eq!((state.connections, state.idle), (2, 1));
}

// N37: a full target holds up nobody but its own.
#[test]
fn a_target_has_its_own_bound() {
    let mut site = site(|limits| (limits.per_target, limits.total) = (1, 2));
    let (first, peer) = site.open(get_from(ONE));
    let second = site.send(get_from(ONE));
    let (third, other) = site.open(get_from(TWO));
    let fourth = site.send(get_from(TWO));
    assert_eq!(site.client.connections().waiting, 2);
    finish(&mut site, &third, other.clone());
    assert!(!other.read().is_empty());
    finish(&mut site, &fourth, other);
    let peer = finish(&mut site, &first, peer);
    finish(&mut site, &second, peer);
    assert_eq!(site.lines.opened(), 2);
}

// N37: a place that nobody could fill is for the next one.
#[test]
fn a_place_without_a_connection_is_passed_on() {
    let mut site = site(|limits| limits.total = 1);
    site.lines.refuse(true);
    site.lines.delay(None, ms(5));
    let tasks: Vec<_> = (0..3).map(|_| site.send(get())).collect();
    site.world.advance(ms(15));
    for task in tasks {
        match error(&task) {
            error @ RequestError::Connect(ConnectError::Connect(_)) => assert!(error.may_retry()),
            other => panic!("{other:?}"),
        }
    }
    assert!(site.is_empty());
}

// N37
#[test]
fn idle_connections_are_closed_in_time() {
    for (kept, deadline, expected) in [(10, 90, 10), (90, 10, 10), (10, 10, 10), (200, 90, 90)] {
        let mut limits = PoolLimits::default();
        limits.idle = secs(kept);
        let mut config = Config::client();
        config.timeouts.idle = secs(deadline);
        let mut site = Site::with(|client| client.limits(limits).config(Arc::new(config)));
        let peer = site.idle();
        site.world.advance(secs(expected) - ms(1));
        assert_eq!(site.client.connections().idle, 1, "{kept} {deadline}");
        site.world.advance(ms(1));
        assert!(site.is_empty() && peer.counts().dropped && !peer.saw_reset(), "{kept} {deadline}");
    }
}

#[test]
fn idle_connections_are_kept_for_ever_by_request() {
    let mut limits = PoolLimits::default();
    limits.idle = Duration::MAX;
    let mut config = Config::client();
    config.timeouts.idle = Duration::MAX;
    let mut site = Site::with(|client| client.limits(limits).config(Arc::new(config)));
    let peer = site.idle();
    site.world.advance(secs(1_000_000));
    let task = site.send(get());
    finish(&mut site, &task, peer);
}

// N37: none is kept where that is not wanted.
#[test]
fn nothing_is_kept() {
    let mut site = site(|limits| limits.idle_per_target = 0);
    let (task, peer) = site.open(get());
    let peer = finish(&mut site, &task, peer);
    assert!(peer.counts().dropped && site.is_empty());
}

// Everything of a client ends with it, but exchanges that somebody still holds.
#[test]
fn a_client_that_is_dropped_closes_what_is_idle() {
    let mut site = Site::new();
    let (task, busy) = site.open(post("content"));
    let idle = site.idle();
    site.answer(&busy, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let mut body = task.done().unwrap().into_body();
    let Site { mut world, lines, client } = site;
    drop((client, lines));
    world.turn();
    busy.send("hello");
    assert_eq!(poll(&mut Box::pin(body.chunk())).unwrap().unwrap().unwrap(), "hello");
    drop(body);
    world.turn();
    assert!(idle.counts().dropped && busy.counts().dropped);
    assert_eq!(world.tasks(), 0);
}
