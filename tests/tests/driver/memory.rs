//! What connections and exchanges cost in memory, counted.

use super::*;
use http::{Request, Response};
use http_driver::{Body, Connection, Inbox, Parts, Services, Serving, service_fn};
use http_proto::{Client, Config, RequestHead, Step};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tests::memory::{Clock, Ticker, Wire, wire};

const POST: &str = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";

/// The allocations of a hundred rounds, after ten that warm up.
fn allocations(mut round: impl FnMut()) -> u64 {
    (0..10).for_each(|_| round());
    allocation_counter::measure(|| (0..100).for_each(|_| round())).count_total
}

/// Steps until it waits; the number of events.
fn steps<R: Side>(conn: &mut Connection<R, Wire, Ticker>, inbox: &mut Inbox) -> usize {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut events = 0;
    loop {
        match conn.poll_step(cx, inbox) {
            Poll::Ready(Ok(Step::Event)) => events += 1,
            Poll::Ready(Ok(Step::Closed)) => panic!("closed"),
            Poll::Ready(Err(error)) => panic!("{error}"),
            Poll::Ready(Ok(Step::NeedInput | Step::Paused)) | Poll::Pending => return events,
        }
    }
}

// I23: with a warm pool an exchange allocates nothing, although the connection idles behind every one.
#[test]
fn i23_an_exchange_of_a_server_allocates_nothing() {
    let (wire, peer) = wire(Shape::default());
    let clock = Clock::new();
    let mut conn = Connection::<Server, Wire, Ticker>::server(wire, Arc::new(Config::server()));
    let mut inbox = Inbox::new();
    let count = allocations(|| {
        for (request, events) in [(GET, 2), (POST, 3), (CHUNKED, 3)] {
            peer.send(&request[..20]);
            assert_eq!(steps(&mut conn, &mut inbox), 0);
            peer.send(&request[20..]);
            assert_eq!(steps(&mut conn, &mut inbox), events);
            conn.respond(&ResponseHead::new(200).fields(&[("X-A", b"b")]), BodyLength::Unknown).unwrap();
            let _ = conn.send(b"hello").unwrap();
            let _ = conn.send_owned("world".into()).unwrap();
            conn.finish(None).unwrap();
            assert_eq!(steps(&mut conn, &mut inbox), 0);
            assert!(peer.swallow() > 100);
            clock.advance(seconds(1));
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn i23_an_exchange_of_a_client_allocates_nothing() {
    let (wire, peer) = wire(Shape::default());
    let clock = Clock::new();
    let mut conn = Connection::<Client, Wire, Ticker>::client(wire, Arc::new(Config::client()));
    let mut inbox = Inbox::new();
    let count = allocations(|| {
        conn.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(5)).unwrap();
        let _ = conn.send(b"hello").unwrap();
        conn.finish(None).unwrap();
        assert_eq!(steps(&mut conn, &mut inbox), 0);
        assert!(peer.swallow() > 20);
        peer.send(OK);
        assert_eq!(steps(&mut conn, &mut inbox), 3);
        assert_eq!(steps(&mut conn, &mut inbox), 0);
        clock.advance(seconds(1));
    });
    assert_eq!(count, 0);
}

// I23: many connections in turn, each idle behind its exchange, share what the pool has.
#[test]
fn i23_idle_connections_share_their_buffers() {
    let clock = Clock::new();
    let config = Arc::new(Config::server());
    let mut ends: Vec<_> = (0..200)
        .map(|_| {
            let (wire, peer) = wire(Shape::default());
            peer.send(GET);
            peer.swallow();
            (Connection::<Server, Wire, Ticker>::server(wire, Arc::clone(&config)), Inbox::new(), peer)
        })
        .collect();
    let mut round = || {
        for (conn, inbox, peer) in &mut ends {
            steps(conn, inbox);
            answer_on(conn);
            assert_eq!(steps(conn, inbox), 0);
            peer.swallow();
            peer.send(GET);
        }
        clock.advance(seconds(1));
    };
    (0..3).for_each(|_| round());
    assert_eq!(allocation_counter::measure(round).count_total, 0);
    drop(ends);
}

// I23: nor is anything allocated where many have something to do at the same time.
#[test]
fn i23_busy_connections_find_their_buffers_again() {
    let clock = Clock::new();
    let config = Arc::new(Config::server());
    let mut ends: Vec<_> = (0..200)
        .map(|_| {
            let (wire, peer) = wire(Shape::default());
            (Connection::<Server, Wire, Ticker>::server(wire, Arc::clone(&config)), Inbox::new(), peer)
        })
        .collect();
    let mut round = || {
        for (conn, inbox, peer) in &mut ends {
            peer.send(&GET[..10]);
            assert_eq!(steps(conn, inbox), 0);
        }
        for (conn, inbox, peer) in &mut ends {
            peer.send(&GET[10..]);
            assert_eq!(steps(conn, inbox), 2);
            answer_on(conn);
            assert_eq!(steps(conn, inbox), 0);
            peer.swallow();
        }
        clock.advance(seconds(1));
    };
    (0..3).for_each(|_| round());
    assert_eq!(allocation_counter::measure(round).count_total, 0);
    drop(ends);
}

fn answer_on(conn: &mut Connection<Server, Wire, Ticker>) {
    conn.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
}

// N39: an idle connection of level 1 holds no memory but itself.
#[test]
fn n39_an_idle_connection_holds_no_buffers() {
    let _clock = Clock::new();
    let config = Arc::new(Config::server());
    let (first, peer) = wire(Shape::default());
    let mut conn = Connection::<Server, Wire, Ticker>::server(first, Arc::clone(&config));
    let mut inbox = Inbox::new();
    peer.send(GET);
    steps(&mut conn, &mut inbox);
    answer_on(&mut conn);
    steps(&mut conn, &mut inbox);
    let (second, other) = wire(Shape::default());
    other.send(GET);
    let mut next = Connection::<Server, Wire, Ticker>::server(second, config);
    let mut its = Inbox::new();
    // The other one finds what the first one has given back.
    let info = allocation_counter::measure(|| {
        assert_eq!(steps(&mut next, &mut its), 2);
        answer_on(&mut next);
        steps(&mut next, &mut its);
    });
    // The pipe, which is the test's own, grows.
    assert!(info.count_total <= 1 && info.bytes_total < 512, "{info:?}");
}

type Small = fn(Request<Body>) -> std::future::Ready<Result<Response<Body>, Infallible>>;

fn small(_: Request<Body>) -> std::future::Ready<Result<Response<Body>, Infallible>> {
    std::future::ready(Ok(Response::new(Body::from("hello"))))
}

fn serving() -> (Serving<http_driver::ServiceFn<Small>, Wire, Ticker>, tests::memory::Peer, Clock) {
    let clock = Clock::new();
    let (wire, peer) = wire(Shape::default());
    let services = Arc::new(Services::new(service_fn(small as Small)));
    let (local, options) = Default::default();
    (Serving::new(wire, clock.ticker(), local, Default::default(), services, options), peer, clock)
}

/// The allocations that a server makes for a request of three fields, and an answer with content.
const ALLOCATIONS: u64 = 5;

// I23, level 2: few allocations an exchange, all of them what the types of `http` demand.
#[test]
fn i23_an_exchange_of_level_2_allocates_little() {
    const REQUEST: &str = "GET /path?query HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
    let (mut serving, peer, clock) = serving();
    let cx = &mut Context::from_waker(Waker::noop());
    let count = allocations(|| {
        peer.send(REQUEST);
        assert!(Pin::new(&mut serving).poll(cx).is_pending());
        assert!(peer.swallow() > 50);
        clock.advance(seconds(1));
    });
    println!("{} allocations an exchange", count as f64 / 100.0);
    assert!(count <= 100 * ALLOCATIONS, "{count} for a hundred exchanges");
}

// N39: sizes are part of the design: ten thousand idle connections are kept by them.
#[test]
fn n39_connections_are_small() {
    let sizes = [
        ("Connection<Server, (), ()>", size_of::<Connection<Server, Bare, Bare>>(), 640),
        ("Connection<Client, (), ()>", size_of::<Connection<Client, Bare, Bare>>(), 640),
        ("http_proto::Connection<Server>", size_of::<http_proto::Connection<Server>>(), 256),
        ("Inbox", size_of::<Inbox>(), size_of::<usize>()),
        ("Parts", size_of::<Parts<Server, Bare, Bare>>(), 512),
        ("Serving", size_of::<Serving<http_driver::ServiceFn<Small>, Bare, Bare>>(), 1024),
        ("ConnInfo", size_of::<http_driver::ConnInfo>(), 256),
    ];
    for (name, size, most) in sizes {
        println!("{name}: {size}");
        assert!(size <= most, "{name}: {size} octets, at most {most}");
    }
}

/// A transport and a timer of no size.
#[derive(Debug, Default)]
struct Bare;

impl http_driver::Transport for Bare {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<std::io::Result<usize>> {
        Poll::Pending
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Pending
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Pending
    }
}

impl http_driver::Timer for Bare {
    fn now(&self) -> http_proto::Instant {
        http_proto::Instant::ORIGIN
    }

    fn reset(&mut self, _: http_proto::Instant) {}

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
