//! A client that writes octets by hand: how connections end, on either side, and that no answer is lost by it.

use crate::octets::{Local, get};
use crate::on_every_server;
use crate::runtimes::Runtime;
use std::time::Duration;
use tests::raw::{End, Raw};

on_every_server! {
    a_half_close_gets_its_answers,
    a_half_close_inside_of_a_request_is_answered_with_400,
    an_idle_connection_ends_with_its_client,
    an_idle_connection_is_closed_without_a_word,
    what_follows_a_request_that_closes_costs_no_answer,
    an_answer_that_closes_drops_what_is_behind_it,
    what_cannot_be_read_is_refused_and_nothing_behind_it_is_read,
    content_that_cannot_be_read_is_refused_and_nothing_behind_it_is_read,
    behind_a_refused_connect_nothing_is_read,
    a_shutdown_lets_the_present_exchange_end,
}

/// Nothing but the end is left, and it is an orderly one.
fn ends(peer: Raw) {
    assert_eq!(peer.rest(), (Vec::new(), End::Closed));
}

// R9112-9.6-11
fn a_half_close_gets_its_answers(on: Runtime) {
    let local = Local::start(on);
    let post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none".to_owned();
    for (requests, contents) in [
        (get("/"), vec!["Hello, World!"]),
        (get("/later/100"), vec!["100"]),
        (get("/later/50") + &get("/") + &get("/later/1"), vec!["50", "Hello, World!", "1"]),
        (post + &get("/"), vec!["one", "Hello, World!"]),
    ] {
        let mut peer = local.connect();
        peer.send(&requests);
        peer.half_close();
        for content in contents {
            assert_eq!(peer.answer().text(), content, "{requests}");
        }
        ends(peer);
    }
    let mut peer = local.connect();
    peer.send(get("/sized/5000000"));
    peer.half_close();
    assert_eq!(peer.answer().content.len(), 5_000_000);
    ends(peer);
}

// R9112-8-01, R9112-6.3#6-01
fn a_half_close_inside_of_a_request_is_answered_with_400(on: Runtime) {
    let local = Local::start(on);
    for request in [
        "GET / HTTP/1.1\r\nHost",
        "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nbegin",
        "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n",
    ] {
        let mut peer = local.connect();
        peer.send(request);
        peer.half_close();
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.closes()), (400, true), "{request}");
        ends(peer);
    }
}

// R9112-9.5-01
fn an_idle_connection_ends_with_its_client(on: Runtime) {
    let local = Local::start(on);
    for requests in [0, 2] {
        let mut peer = local.connect();
        for _ in 0..requests {
            peer.send(get("/"));
            assert_eq!(peer.answer().text(), "Hello, World!");
        }
        local.until(|| local.server.connections().len() == 1);
        peer.half_close();
        ends(peer);
        local.until(|| local.server.connections().is_empty());
    }
}

// R9112-9.5-01, R9110-15.5.9-01
fn an_idle_connection_is_closed_without_a_word(on: Runtime) {
    let local = Local::start_with(on, |config| config.timeouts.idle = Duration::from_millis(700), 1);
    let silent = local.connect();
    let mut peer = local.connect();
    peer.send(get("/"));
    assert_eq!(peer.answer().text(), "Hello, World!");
    ends(peer);
    ends(silent);
}

// R9112-9.6-04, R9112-9.6-10
fn what_follows_a_request_that_closes_costs_no_answer(on: Runtime) {
    let local = Local::start(on);
    let closing = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (path, length, behind) in [("/sized/100", 100, 1 << 20), ("/sized/4000000", 4_000_000, 200_000)] {
        let mut peer = local.connect();
        peer.send(closing(path));
        // The server may have seen enough of it before everything is sent.
        let octets = get("/").repeat(behind / get("/").len());
        let mut sent = 0;
        while sent < octets.len()
            && let Ok(count) = peer.offer(&octets.as_bytes()[sent..])
            && count > 0
        {
            sent += count;
        }
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.closes(), answer.content.len()), (200, true, length));
        assert_eq!(peer.rest().0.len(), 0, "nothing behind it is answered");
    }
    let mut peer = local.connect();
    peer.send(closing("/"));
    assert_eq!(peer.answer().text(), "Hello, World!");
    ends(peer);
}

// R9112-9.6-07
fn an_answer_that_closes_drops_what_is_behind_it(on: Runtime) {
    let local = Local::start(on);
    let mut peer = local.connect();
    peer.send(get("/") + &get("/bye") + &get("/").repeat(5));
    assert!(!peer.answer().closes());
    let answer = peer.answer();
    assert_eq!((answer.text(), answer.closes()), ("bye", true));
    let requests = local.server.connections().iter().map(|connection| connection.statistics().requests).sum::<u64>();
    ends(peer);
    assert!(requests <= 2, "{requests} requests were taken");
}

// R9112-2.2-10, R9112-6.3#5-02
fn what_cannot_be_read_is_refused_and_nothing_behind_it_is_read(on: Runtime) {
    let local = Local::start(on);
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\nBad name: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: x\n\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\nx", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ] {
        let mut peer = local.connect();
        // What is right before it is answered first.
        peer.send(get("/") + request + &get("/").repeat(100));
        assert_eq!(peer.answer().text(), "Hello, World!", "{request}");
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.closes()), (status, true), "{request}");
        peer.half_close();
        ends(peer);
    }
}

fn content_that_cannot_be_read_is_refused_and_nothing_behind_it_is_read(on: Runtime) {
    let local = Local::start(on);
    for path in ["/count", "/refuse"] {
        let mut peer = local.connect();
        peer.send(format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\nno size\r\n"
        ));
        peer.send(get("/").repeat(10));
        assert_eq!(peer.answer().status(), if path == "/count" { 400 } else { 413 });
        peer.half_close();
        ends(peer);
    }
    // Of an answer that has begun, a part is not to be taken for the whole.
    let mut peer = local.connect();
    peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    assert!(peer.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    assert_eq!(peer.octets(8), b"3\r\none\r\n");
    peer.send("no size\r\n");
    assert_eq!(peer.rest(), (Vec::new(), End::Reset));
}

// RFC 9931 section 8
fn behind_a_refused_connect_nothing_is_read(on: Runtime) {
    let local = Local::start(on);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
    let mut peer = local.connect();
    peer.send(format!("CONNECT {nobody} HTTP/1.1\r\nHost: {nobody}\r\n\r\n{}", get("/")));
    let answer = peer.answer();
    assert_eq!((answer.status(), answer.closes()), (502, true));
    ends(peer);
}

// R9112-9.5-04
fn a_shutdown_lets_the_present_exchange_end(on: Runtime) {
    let local = Local::start(on);
    let mut busy = local.connect();
    let idle = local.connect();
    busy.send(get("/later/900") + &get("/"));
    local.until(|| local.server.connections().iter().any(|connection| connection.statistics().requests == 1));
    let server = local.server.handle.clone();
    let shutdown = local.runtime.spawn(async move { server.shutdown(Duration::from_secs(20)).await });
    let answer = busy.answer();
    assert_eq!((answer.text(), answer.closes()), ("900", true));
    ends(busy);
    ends(idle);
    let report = local.runtime.block_on(shutdown).expect("no panic");
    assert_eq!((report.connections, report.cut_off), (2, 0));
    assert!(std::net::TcpStream::connect(local.address).is_err(), "nobody listens any more");
}
