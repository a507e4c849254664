//! Connections that wait for their clients hold no worker.

use crate::handlers::{KINDS, Running, exchange, run, run_as};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, Response};
use http_std::{Body, Config, ListenOptions, ThreadService, handler_fn, serve};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tests::scenario::{Client, DEADLINE, GET, Permits, SHORT, get, post, within};

fn hello(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from("Hello, World!"))
}

#[track_caller]
fn answered(client: &mut Client) {
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
}

/// A server whose `/gate` says that a request has arrived, and answers it when the gate is opened.
fn gated(workers: usize) -> (Running<impl ThreadService>, Arc<Permits>, Arc<Permits>) {
    let (arrived, gate) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    (run(handler_fn(gated_by(&arrived, &gate)), workers), arrived, gate)
}

fn gated_by(
    arrived: &Arc<Permits>,
    gate: &Arc<Permits>,
) -> impl Fn(Request<Body>) -> Response<Body> + Clone + Send + Sync + use<> {
    let (arrives, opened) = (Arc::clone(arrived), Arc::clone(gate));
    move |request| {
        if request.uri().path() == "/gate" {
            arrives.add(1);
            opened.take();
        }
        hello(request)
    }
}

// N10
#[test]
fn one_worker_of_four_is_busy_and_the_others_serve() {
    let (server, arrived, gate) = gated(4);
    let mut busy = server.client();
    busy.send(get("/gate"));
    arrived.take();
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for _ in 0..5 {
        clients.iter_mut().for_each(answered);
    }
    gate.add(1);
    assert_eq!(busy.answer().text(), "Hello, World!");
    answered(&mut busy);
}

/// Whose requests were answered in no time is taken up without having anybody watch the others; if his next one takes its
/// time, they are watched all the same.
#[test]
fn a_slow_request_behind_quick_ones_holds_up_nobody() {
    let (server, arrived, gate) = gated(2);
    let (mut slow, mut other) = (server.client(), server.client());
    for _ in 0..20 {
        for _ in 0..20 {
            answered(&mut other);
            answered(&mut slow);
        }
        slow.send(get("/gate"));
        arrived.take();
        answered(&mut other);
        gate.add(1);
        assert_eq!(slow.answer().text(), "Hello, World!");
    }
}

// N11
#[test]
fn connections_without_a_request_hold_no_worker() {
    let server = run(handler_fn(hello), 1);
    let mut idle: Vec<_> = (0..50).map(|_| server.client()).collect();
    idle.iter_mut().for_each(answered);
    let _silent: Vec<_> = (0..50).map(|_| server.client()).collect();
    let mut slow: Vec<_> = (0..50).map(|_| server.client()).collect();
    for client in &mut slow {
        client.send("GET / HTTP/1.1\r\nHo");
    }
    answered(&mut server.client());
    for client in &mut slow {
        client.send("st: h\r\n\r\n");
        assert_eq!(client.answer().text(), "Hello, World!");
    }
    idle.iter_mut().for_each(answered);
}

/// Who sends on and on, faster than it is answered, holds no worker for ever.
#[test]
fn a_busy_client_leaves_the_worker_to_others() {
    const REQUESTS: usize = 2000;
    let (arrived, gate) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    let (arrives, opened) = (Arc::clone(&arrived), Arc::clone(&gate));
    let answered = Arc::new(AtomicUsize::new(0));
    let handler = move |request: Request<Body>| {
        match request.uri().path() {
            "/gate" => {
                arrives.add(1);
                opened.take();
            }
            "/other" => return Response::new(Body::from(answered.load(Relaxed).to_string())),
            _ => {
                answered.fetch_add(1, Relaxed);
                thread::yield_now();
            }
        }
        hello(request)
    };
    let server = run(handler_fn(handler), 1);
    let mut busy = server.client();
    busy.send(get("/gate") + &GET.repeat(REQUESTS));
    arrived.take();
    let mut other = server.client();
    other.send(get("/other"));
    within(|| server.0.connections().len() == 2);
    gate.add(1);
    let before: usize = other.answer().text().parse().unwrap();
    assert!(before < REQUESTS, "it had to wait for all of the others");
    for _ in 0..=REQUESTS {
        assert_eq!(busy.answer().text(), "Hello, World!");
    }
}

fn run_with<S: ThreadService + Clone>(service: S, set: impl FnOnce(&mut Config)) -> Running<S> {
    let mut config = Config::server();
    set(&mut config);
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    Running(serve(listener, service).workers(1).config(Arc::new(config)).spawn().unwrap())
}

// L12: it waits for its client to close, for as long as it may.
#[test]
fn a_connection_that_lingers_holds_no_worker() {
    let server = run_with(handler_fn(hello), |config| config.timeouts.linger = Duration::from_secs(3600));
    let lingering: Vec<_> = (0..20)
        .map(|_| {
            let mut client = server.client();
            client.send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            assert!(client.answer().closes());
            client
        })
        .collect();
    answered(&mut server.client());
    assert!(server.0.connections().len() >= lingering.len());
}

// L12: what is left to be written of an answer, too, waits without a worker.
#[test]
fn the_last_octets_for_a_slow_reader_hold_no_worker() {
    const LENGTH: usize = 4 * 1024 * 1024;
    let handler = |request: Request<Body>| match request.uri().path() {
        "/large" => Response::new(Body::from(vec![b'x'; LENGTH])),
        _ => hello(request),
    };
    let server = run(handler_fn(handler), 1);
    let mut slow = server.client();
    slow.send(get("/large"));
    answered(&mut server.client());
    assert_eq!(slow.answer().content.len(), LENGTH);
    answered(&mut slow);
}

const PIECE: usize = 64 * 1024;

/// More than sockets hold.
const PIECES: usize = 256;

/// Content that is made piece by piece, of so many.
fn pieces(count: usize) -> Body {
    let piece = || Ok::<_, Infallible>(vec![b'x'; PIECE]);
    Body::pieces(std::iter::repeat_with(piece).take(count))
}

fn long() -> Response<Body> {
    let mut response = Response::new(pieces(PIECES));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(PIECE * PIECES));
    response
}

// Nor do those who let an answer wait that is still being made.
#[test]
fn slow_readers_of_long_answers_hold_no_worker() {
    let handler = |request: Request<Body>| match request.uri().path() {
        "/long" => long(),
        _ => hello(request),
    };
    for &secure in KINDS {
        let server = run_as(secure, handler_fn(handler), 1);
        let mut slow: Vec<_> = (0..5).map(|_| server.client_of(secure)).collect();
        for client in &mut slow[1..] {
            client.send(get("/long") + GET);
        }
        // Nobody reads what it sends.
        slow[0].send(post("/long", 3) + "abc" + GET);
        for _ in 0..5 {
            answered(&mut server.client_of(secure));
        }
        for client in &mut slow {
            assert_eq!(client.answer().content.len(), PIECES * PIECE);
            assert_eq!(client.answer().text(), "Hello, World!");
        }
    }
}

// Who reads as fast as the answer is made does so for a while, and then others have their turn.
#[test]
fn an_endless_answer_leaves_the_worker_to_others() {
    let handler = |request: Request<Body>| match request.uri().path() {
        "/endless" => Response::new(pieces(usize::MAX)),
        _ => hello(request),
    };
    let server = run(handler_fn(handler), 1);
    let mut reader = server.client();
    reader.send(get("/endless"));
    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    let reading = thread::spawn(move || {
        while !told.load(Relaxed) {
            reader.octets(PIECE);
        }
    });
    for _ in 0..5 {
        answered(&mut server.client());
    }
    over.store(true, Relaxed);
    reading.join().unwrap();
}

// While it waits for its client there is no thread that would notice.
#[test]
fn a_long_answer_may_be_cut_off_though_nobody_reads_it() {
    let (sender, exchanges) = mpsc::channel();
    let handler = move |request: Request<Body>| match request.uri().path() {
        "/long" => {
            sender.send(exchange(&request)).unwrap();
            long()
        }
        _ => hello(request),
    };
    let server = run_with(handler_fn(handler), |config| config.timeouts.write = Duration::from_secs(3600));
    let mut client = server.client();
    client.send(get("/long"));
    let exchange = exchanges.recv_timeout(DEADLINE).unwrap();
    // The worker has put it down when another connection is served.
    client.head();
    answered(&mut server.client());
    exchange.abort();
    within(|| server.0.connections().is_empty());
    client.rest_until_reset();
}

// A queue of one connection: the others wait in the kernel, and all are served.
#[test]
fn a_short_queue_serves_all() {
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = Running(serve(listener, handler_fn(hello)).workers(2).queue(1).spawn().unwrap());
    let mut clients: Vec<_> = (0..100).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(GET);
    }
    for client in &mut clients {
        assert_eq!(client.answer().text(), "Hello, World!");
    }
}

// The same where no connection is put down, so that nothing else would have anybody look at those who wait.
#[test]
fn a_short_queue_serves_all_though_each_is_over_with_its_answer() {
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = Running(serve(listener, handler_fn(hello)).workers(1).queue(1).spawn().unwrap());
    let mut clients: Vec<_> = (0..50).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    }
    for client in &mut clients {
        assert_eq!(client.answer().text(), "Hello, World!");
    }
}

// And where the only worker is long at work, so that nobody has been about to look at those who wait.
#[test]
fn a_short_queue_serves_all_behind_a_slow_request() {
    let (arrived, gate) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    let service = handler_fn(gated_by(&arrived, &gate));
    let server = Running(serve(listener, service).workers(1).queue(1).spawn().unwrap());
    let mut slow = server.client();
    slow.send(get("/gate"));
    arrived.take();
    // It fills the queue; the other one stays with the kernel.
    let mut queued = server.client();
    within(|| server.0.connections().len() == 2);
    let mut last = server.client();
    thread::sleep(SHORT);
    assert_eq!(server.0.connections().len(), 2);
    gate.add(1);
    assert_eq!(slow.answer().text(), "Hello, World!");
    // Nothing comes from the one in between that would have anybody look.
    answered(&mut last);
    answered(&mut queued);
}

// P9: a client that asks on and on and reads nothing is not answered on and on, though answers without content are never
// too much for their handler.
#[test]
fn answers_that_nobody_reads_hold_requests_back() {
    const REQUESTS: usize = 3000;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |_: Request<Body>| {
        counted.fetch_add(1, Relaxed);
        Response::builder().status(204).header("x-a", "x".repeat(16 * 1024)).body(Body::empty())
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(GET.repeat(REQUESTS));
    within(|| calls.load(Relaxed) > 0);
    let mut before = 0;
    // As long as anything moves.
    while before != calls.load(Relaxed) {
        before = calls.load(Relaxed);
        thread::sleep(SHORT);
    }
    assert!(before < REQUESTS, "all of them were answered");
    for _ in 0..REQUESTS {
        assert_eq!(client.answer().status(), "204");
    }
}
