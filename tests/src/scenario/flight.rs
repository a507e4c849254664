//! Requests in the hands of the service: how many, in which order, for how long, and what becomes of those that fail.

use super::{
    App, Build, DEADLINE, GET, Permits, Rig, SHORT, app, get, serve, start, start_routes, start_routes_with, text,
    within,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_driver::{Body, BoxError};
use std::future::Ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// Handlers that wait, each for a permit of its own: "/0" for the first.
fn gated<const N: usize>() -> (App, Arc<[Permits; N]>, Arc<Permits>) {
    let gates = Arc::new(std::array::from_fn(|_| Permits::default()));
    let done = Arc::new(Permits::default());
    let (waiting, finished): (Arc<[Permits; N]>, _) = (Arc::clone(&gates), Arc::clone(&done));
    let app = app(move |request: Request<Body>| {
        let (gates, done) = (Arc::clone(&waiting), Arc::clone(&finished));
        async move {
            let which: usize = request.uri().path()[1..].parse()?;
            gates[which].taken().await;
            done.add(1);
            text(which.to_string())
        }
    });
    (app, gates, done)
}

// L6
pub fn answers_go_out_in_order_though_handlers_finish_out_of_it(rig: impl Rig) {
    let (app, gates, done) = gated::<3>();
    let server = start(rig, app, |server| server.max_in_flight(3));
    let mut client = server.client();
    client.send(get("/0") + &get("/1") + &get("/2"));
    gates[2].add(1);
    done.take();
    assert!(client.is_silent(SHORT));
    gates[0].add(1);
    assert_eq!(client.answer().text(), "0");
    gates[1].add(1);
    assert_eq!(client.answer().text(), "1");
    assert_eq!(client.answer().text(), "2");
}

// P7, P8: as many as are allowed, and nothing overlaps what is not safe.
pub fn so_many_handlers_run_and_no_more(rig: impl Rig) {
    let (server, probe) = start_routes_with(rig, |server| server.max_in_flight(2));
    let mut client = server.client();
    client.send(get("/gate").repeat(3) + "POST /gate HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n" + &get("/gate"));
    // How many arrive when the one before them is answered.
    for arrive in [2, 1, 0, 1, 1] {
        for _ in 0..arrive {
            probe.arrived.take();
        }
        assert!(client.is_silent(SHORT));
        assert_eq!(probe.arrived.available(), 0);
        probe.gate.add(1);
        assert_eq!(client.answer().text(), "passed");
    }
    assert_eq!(probe.calls(), 5);
}

// N9
pub fn waiting_handlers_hold_up_nobody(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut waiting: Vec<_> = (0..100).map(|_| server.client()).collect();
    for client in &mut waiting {
        client.send(get("/gate"));
    }
    for _ in 0..100 {
        probe.arrived.take();
    }
    let mut client = server.client();
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
    probe.gate.add(100);
    for client in &mut waiting {
        assert_eq!(client.answer().text(), "passed");
    }
}

// L10: N in flight, N answers, then the refusal.
pub fn requests_in_flight_are_answered_before_a_refusal(rig: impl Rig) {
    let (app, gates, _) = gated::<3>();
    let server = start(rig, app, |server| server.max_in_flight(4));
    let mut client = server.client();
    client.send(get("/0") + &get("/1") + &get("/2") + "GET / HTTP/1.1\r\nHost : h\r\n\r\n");
    for which in [1, 2, 0] {
        assert!(client.is_silent(SHORT));
        gates[which].add(1);
    }
    for which in ["0", "1", "2"] {
        assert_eq!(client.answer().text(), which);
    }
    let answer = client.answer();
    assert!(answer.status() == "400" && answer.closes(), "{answer:?}");
}

// L10: N in flight, N aborts.
pub fn a_reset_aborts_all_that_is_in_flight(rig: impl Rig) {
    let finished = Arc::new(Mutex::new(Vec::new()));
    let ended = Arc::new(Mutex::new(Vec::new()));
    let (one, all) = (Arc::clone(&finished), Arc::clone(&ended));
    let (server, probe) = start_routes_with(rig, |server| {
        server
            .max_in_flight(4)
            .on_finish(move |_, record| one.lock().unwrap().push((record.number, record.complete)))
            .on_close(move |_, ended| all.lock().unwrap().push((ended.cut_off, ended.transport.is_some())))
    });
    let mut client = server.client();
    client.send(get("/gate").repeat(4));
    for _ in 0..4 {
        probe.arrived.take();
    }
    client.reset();
    for _ in 0..4 {
        probe.dropped.take();
    }
    within(|| server.handle.connections().is_empty() && !ended.lock().unwrap().is_empty());
    assert_eq!(*finished.lock().unwrap(), [(1, false), (2, false), (3, false), (4, false)]);
    assert_eq!(*ended.lock().unwrap(), [(4, true)]);
    assert_eq!(probe.dropped.available(), 0);
}

// N32: a time limit for handlers.
pub fn a_handler_that_takes_too_long_is_answered_for(rig: impl Rig) {
    let (server, probe) = start_routes_with(rig, |server| server.handler_timeout(SHORT));
    let mut client = server.client();
    client.send(get("/gate") + GET);
    assert_eq!(client.answer().status(), "503");
    probe.dropped.take();
    assert_eq!(client.answer().text(), "Hello, World!");
    // It is none for the content: that has been begun.
    let (server, _) = start_routes_with(rig, |server| server.handler_timeout(Duration::from_secs(1)));
    let mut client = server.client();
    client.send(get("/huge"));
    client.head();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(client.octets(64 * 1024 * 1024).len(), 64 * 1024 * 1024);
}

/// A service that is ready when it has a permit, or says why it will never be.
#[derive(Clone)]
struct Limited {
    permits: Arc<Permits>,
    asked: Arc<AtomicUsize>,
    ready: bool,
    end: Option<&'static str>,
}

impl Service<Request<Body>> for Limited {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.asked.fetch_add(1, SeqCst);
        match self.end {
            Some("panic") => panic!("a panic in poll_ready"),
            Some(end) => return Poll::Ready(Err(end.into())),
            None => {}
        }
        let taken = self.permits.poll_taken(cx);
        self.ready |= taken.is_ready();
        taken.map(Ok)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called though it was not ready");
        assert!(request.uri() != "/panic", "a panic in call");
        std::future::ready(text("called"))
    }
}

// P7: backpressure of the service.
pub fn a_service_is_called_when_it_is_ready(rig: impl Rig) {
    let permits = Arc::new(Permits::default());
    let limited = Limited { permits: Arc::clone(&permits), asked: Arc::default(), ready: false, end: None };
    let asked = Arc::clone(&limited.asked);
    let server = start(rig, limited.clone(), |server| server.max_in_flight(2));
    let mut client = server.client();
    client.send(GET.repeat(2));
    within(|| asked.load(SeqCst) > 0);
    assert!(client.is_silent(SHORT));
    for _ in 0..2 {
        permits.add(1);
        assert_eq!(client.answer().text(), "called");
    }
    for (end, status) in [("out of order", "503"), ("panic", "500")] {
        let server = start(rig, Limited { end: Some(end), ..limited.clone() }, |server| server);
        let mut client = server.client();
        client.send(GET);
        assert_eq!(client.answer().status(), status, "{end}");
    }
}

// P7: a connection whose service never becomes ready ends with its client, and with the server.
pub fn a_service_that_is_never_ready_holds_up_no_end(rig: impl Rig) {
    let limited = Limited { permits: Arc::default(), asked: Arc::default(), ready: false, end: None };
    let asked = Arc::clone(&limited.asked);
    let server = start(rig, limited, |server| server);
    let mut client = server.client();
    client.send(GET);
    within(|| asked.load(SeqCst) > 0);
    client.reset();
    within(|| server.handle.connections().is_empty());
    let mut client = server.client();
    client.send(GET);
    within(|| server.handle.connections().first().is_some_and(|one| one.statistics().requests == 1));
    assert_eq!(server.shutdown(SHORT), 1);
}

/// Content that panics when it is asked for its second piece, or the first.
struct Panics {
    left: usize,
}

impl http_body::Body for Panics {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        assert!(self.left > 0, "a panic in a body");
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data("piece".into()))))
    }
}

// N32
pub fn panics_are_answered_or_cut_the_answer_off(rig: impl Rig) {
    let permits = Arc::new(Permits::default());
    permits.add(2);
    let limited = Limited { permits, asked: Arc::default(), ready: false, end: None };
    let server = start(rig, limited, |server| server);
    let mut client = server.client();
    client.send(get("/panic") + GET);
    assert_eq!(client.answer().status(), "500");
    assert_eq!(client.answer().text(), "called");

    let bodies = app(|request| async move {
        match request.uri().path() {
            "/0" => text(Body::new(Panics { left: 0 })),
            "/1" => text(Body::new(Panics { left: 1 })),
            _ => text("fine"),
        }
    });
    let server = serve(rig, bodies);
    for target in ["/0", "/1"] {
        let mut client = server.client();
        client.send(get(target));
        client.rest_until_reset();
        let mut client = server.client();
        client.send(GET);
        assert_eq!(client.answer().text(), "fine");
    }
    assert_eq!(server.shutdown(DEADLINE), 0);
}
