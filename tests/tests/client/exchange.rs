//! Exchanges of level 2 on wires in memory: what goes out, what comes back, and what becomes of the connection.

use super::site::{HELLO, NO_CONTENT, Site, get, poll, post, secs};
use http::{HeaderMap, StatusCode};
use http_driver::{Body, Client, ClientExchange, Phase, PoolLimits, RequestError};
use tests::memory::{Lines, Task};

fn site_with(set: impl FnOnce(&mut PoolLimits)) -> Site {
    let mut limits = PoolLimits::default();
    set(&mut limits);
    Site::with(|client| client.limits(limits))
}

// N37
#[test]
fn a_hundred_requests_take_one_connection() {
    let mut site = Site::new();
    let mut peer = None;
    for _ in 0..100 {
        let task = site.send(get());
        let peer = peer.get_or_insert_with(|| site.lines.peer());
        assert_eq!(peer.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
        site.answer(peer, HELLO);
        let response = task.done().unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(site.collect(response.into_body()).done().unwrap(), "hello");
    }
    assert_eq!(site.lines.opened(), 1);
}

// I10
#[test]
fn a_connection_with_unread_content_is_not_used_again() {
    let mut site = Site::new();
    let task = site.send(get());
    let first = site.lines.peer();
    site.answer(&first, "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nhello");
    drop(task.done().unwrap());
    assert!(first.counts().dropped);
    let _second = site.send(get());
    assert_eq!(site.lines.opened(), 2);
}

#[test]
fn content_that_has_come_and_is_dropped_costs_no_connection() {
    let mut site = Site::new();
    let task = site.send(get());
    let first = site.lines.peer();
    site.answer(&first, HELLO);
    drop(task.done().unwrap());
    let second = site.send(get());
    assert_eq!(site.lines.opened(), 1);
    site.answer(&first, HELLO);
    assert_eq!(second.done().unwrap().status(), 200);
}

// I10
#[test]
fn stray_octets_end_an_idle_connection() {
    let mut site = Site::new();
    let first = site.idle();
    site.answer(&first, HELLO);
    let _second = site.send(get());
    assert_eq!(site.lines.opened(), 2);
    assert!(first.counts().dropped);
}

// N37
#[test]
fn a_connection_that_was_just_closed_loses_no_request() {
    let mut site = Site::new();
    let first = site.idle();
    // The close crosses the request.
    let task = site.send(get());
    assert_eq!(first.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    first.fin();
    site.world.turn();
    let second = site.lines.peer();
    assert_eq!(second.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    site.answer(&second, HELLO);
    assert_eq!(task.done().unwrap().status(), 200);
}

#[test]
fn a_request_that_is_not_idempotent_is_not_repeated() {
    let mut site = Site::new();
    let first = site.idle();
    let task = site.send(post("content"));
    first.fin();
    site.world.turn();
    let error = task.done().unwrap_err();
    assert!(matches!(&error, RequestError::Broken(error) if !error.may_retry()), "{error:?}");
    assert_eq!(site.lines.opened(), 1);
}

#[test]
fn no_request_is_repeated_when_an_answer_has_begun() {
    let mut site = Site::new();
    let first = site.idle();
    let task = site.send(get());
    site.answer(&first, "H");
    first.fin();
    site.world.turn();
    let error = task.done().unwrap_err();
    assert!(matches!(&error, RequestError::Broken(error) if !error.may_retry()), "{error:?}");
    assert_eq!(site.lines.opened(), 1);
}

#[test]
fn a_fresh_connection_that_fails_is_not_stale() {
    let mut site = Site::new();
    let task = site.send(get());
    site.lines.peer().fin();
    site.world.turn();
    let error = task.done().unwrap_err();
    assert!(error.may_retry(), "{error:?}");
    assert_eq!(site.lines.opened(), 1);
}

// X6
#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let mut site = Site::new();
    let task = site.send(get());
    let peer = site.lines.peer();
    site.world.advance(secs(299));
    assert!(task.take().is_none());
    site.world.advance(secs(2));
    assert_eq!(task.done().unwrap_err().timed_out(), Some(Phase::Answer));
    assert!(peer.saw_reset());
    assert_eq!(site.client.connections().connections, 0);
}

// X6
#[test]
fn the_whole_exchange_has_a_deadline() {
    let mut site = Site::new();
    let request = |client: &Client<Lines>| client.get("http://example.com/").timeout(secs(5));
    let client = site.client.clone();
    let head = Task::new(&site.world, request(&client).send());
    site.world.advance(secs(6));
    assert_eq!(head.done().unwrap_err().timed_out(), Some(Phase::Whole));
    let _first = site.lines.peer();

    let head = Task::new(&site.world, request(&client).send());
    site.world.advance(secs(3));
    site.answer(&site.lines.peer(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    let content = site.collect(head.done().unwrap().into_body());
    site.world.advance(secs(1));
    assert!(content.take().is_none());
    site.world.advance(secs(2));
    assert!(matches!(content.done().unwrap_err(), http_driver::BodyError::TooSlow));
}

#[test]
fn content_goes_both_ways_at_once() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let task = site.send(post(body));
    let peer = site.lines.peer();
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut answer = task.done().unwrap().into_body();
    peer.text();
    // The request's content goes out though nobody reads the answer.
    let sending = Task::new(&site.world, async move {
        for piece in 0..100 {
            sender.send(format!("{piece}\n")).await.unwrap();
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        sender.trailers(trailers).unwrap();
    });
    site.world.turn();
    sending.done();
    let sent = peer.text();
    assert!(sent.starts_with("2\r\n0\n\r\n2\r\n1\n\r\n") && sent.ends_with("0\r\nx-sum: 1\r\n\r\n"), "{sent}");
    site.answer(&peer, "5\r\nhello\r\n0\r\nx-end: yes\r\n\r\n");
    let parts = Task::new(&site.world, async move {
        let data = answer.chunk().await.unwrap().unwrap();
        let trailers = answer.frame().await.unwrap().unwrap().into_trailers().unwrap();
        (data, trailers)
    });
    site.world.turn();
    let (data, trailers) = parts.done();
    assert_eq!((&data[..], &trailers["x-end"]), (&b"hello"[..], &"yes".parse().unwrap()));
    assert_eq!(site.client.connections().idle, 1);
}

#[test]
fn places_are_waited_for_in_order() {
    let mut site = site_with(|limits| limits.total = 1);
    let tasks: Vec<_> = (0..3).map(|_| site.send(get())).collect();
    assert_eq!((site.lines.opened(), site.client.connections().waiting), (1, 2));
    let peer = site.lines.peer();
    for task in tasks {
        site.answer(&peer, NO_CONTENT);
        task.done().unwrap();
    }
    assert_eq!(site.lines.opened(), 1);
}

// X6
#[test]
fn waiting_for_a_place_has_a_deadline() {
    let mut site = site_with(|limits| limits.per_target = 1);
    let _first = site.send(get());
    let second = site.send(get());
    site.world.advance(secs(31));
    assert_eq!(second.done().unwrap_err().timed_out(), Some(Phase::Wait));
    assert_eq!(site.client.connections().waiting, 0);
}

#[test]
fn idle_connections_are_closed_when_they_expire_or_their_server_closes() {
    let mut site = Site::new();
    let tasks: Vec<_> = (0..2).map(|_| site.send(get())).collect();
    let peers = [site.lines.peer(), site.lines.peer()];
    for peer in &peers {
        site.answer(peer, NO_CONTENT);
    }
    tasks.into_iter().for_each(|task| _ = task.done().unwrap());
    site.world.advance(secs(2));
    assert_eq!(site.client.connections().idle, 2);
    peers[0].fin();
    site.world.turn();
    assert_eq!(site.client.connections().idle, 1);
    site.world.advance(secs(87));
    assert_eq!(site.client.connections().idle, 1);
    site.world.advance(secs(2));
    assert_eq!(site.client.connections().connections, 0);
    assert!(peers[1].saw_fin() || peers[1].counts().dropped);
}

#[test]
fn an_upgrade_hands_the_connection_over_with_the_tail() {
    let mut site = Site::new();
    let client = site.client.clone();
    let task = Task::new(&site.world, client.get("http://example.com/").upgrade("echo").send());
    site.world.turn();
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n");
    site.answer(&peer, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\ntail");
    let response = task.done().unwrap();
    assert_eq!(response.status(), 101);
    let exchange = response.extensions().get::<ClientExchange>().unwrap();
    let (_, tail) = exchange.take_upgraded().unwrap().into_parts();
    assert_eq!(tail, "tail");
    assert!(exchange.take_upgraded().is_none());
    assert_eq!(site.client.connections().connections, 0);
}

#[test]
fn dropping_the_request_gives_it_up() {
    let mut site = Site::new();
    let client = site.client.clone();
    let mut future = Box::pin(async move { client.execute(get()).await });
    assert!(poll(&mut future).is_none());
    let peer = site.lines.peer();
    drop(future);
    site.world.turn();
    assert!(peer.saw_reset());
    assert_eq!(site.client.connections().connections, 0);
}
