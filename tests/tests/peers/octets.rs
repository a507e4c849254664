//! A client that writes octets by hand, and counts those that it gets: pipelines, expectations, bodies nobody reads,
//! tunnels. What must hold on a socket although the core alone decides it.

use crate::runtimes::Runtime;
use crate::{Server, on_every_server, start_with, until};
use http_proto::Config;
use std::net::SocketAddr;
use std::time::Duration;
use tests::raw::{End, Raw};

on_every_server! {
    answers_keep_the_order_of_the_requests_whatever_they_take,
    requests_are_handled_together_where_that_is_allowed,
    long_answers_to_a_pipeline_are_held_back_and_go_on,
    a_body_that_nobody_reads_is_no_request,
    nothing_is_read_beyond_a_little_while_the_application_does_not_read,
    expectations,
    a_tunnel_carries_both_directions_to_their_ends,
}

/// A server in threads of its own, for a client that blocks.
pub(crate) struct Local {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
}

impl Local {
    pub(crate) fn start(on: Runtime) -> Self {
        Self::start_with(on, |_| {}, 1)
    }

    pub(crate) fn start_with(on: Runtime, adjust: impl FnOnce(&mut Config), in_flight: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let mut config = Config::server();
        adjust(&mut config);
        let (server, address) = runtime.block_on(async { start_with(on, config, in_flight) });
        Local { runtime, server, address }
    }

    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(self.address)
    }

    /// Waits for what happens in the server.
    pub(crate) fn until(&self, happened: impl Fn() -> bool) {
        self.runtime.block_on(until(happened));
    }

    /// The requests that the one connection has brought.
    fn requests(&self) -> u64 {
        self.server.connections().iter().map(|connection| connection.statistics().requests).sum()
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

// R9112-9.3.2-01
fn answers_keep_the_order_of_the_requests_whatever_they_take(on: Runtime) {
    // Threads know but one.
    let many = if on == Runtime::Threads { 1 } else { 4 };
    for in_flight in [1, many] {
        let local = Local::start_with(on, |_| {}, in_flight);
        let mut peer = local.connect();
        let paths = ["/later/90", "/later/40", "/target/now", "/later/1", "/chunked/0"];
        peer.send(paths.map(get).concat());
        for content in ["90", "40", "/target/now", "1"] {
            assert_eq!(peer.answer().text(), content);
        }
        assert!(peer.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    }
}

// R9112-9.3.2-05
fn requests_are_handled_together_where_that_is_allowed(on: Runtime) {
    let local = Local::start_with(on, |_| {}, 3);
    let mut peer = local.connect();
    peer.send(["/meet/1", "/meet/2", "/meet/3", "/target/4"].map(get).concat());
    for content in ["1", "2", "3", "/target/4"] {
        assert_eq!(peer.answer().text(), content);
    }
    // What changes something waits for what is before it.
    peer.send(format!(
        "{}POST /later/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n{}",
        get("/later/50"),
        get("/")
    ));
    for content in ["50", "1", "Hello, World!"] {
        assert_eq!(peer.answer().text(), content);
    }
}

fn long_answers_to_a_pipeline_are_held_back_and_go_on(on: Runtime) {
    let local = Local::start(on);
    let mut peer = local.connect();
    for _ in 0..5 {
        peer.send(get("/sized/30000").repeat(300));
        for _ in 0..300 {
            assert_eq!(peer.answer().content.len(), 30_000);
        }
    }
    assert_eq!(local.requests(), 1500);
}

// R9112-9.3-06
fn a_body_that_nobody_reads_is_no_request(on: Runtime) {
    let local = Local::start(on);
    let mut peer = local.connect();
    let smuggled = get("/smuggled");
    let length = smuggled.len();
    let sized = format!("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{smuggled}");
    let chunked = format!(
        "POST /refuse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{smuggled}\r\n0\r\n\r\n"
    );
    for request in [sized, chunked] {
        peer.send(request + &get("/"));
        assert_eq!(peer.answer().status(), 413);
        assert_eq!(peer.answer().text(), "Hello, World!");
    }
    assert_eq!(local.requests(), 4);
}

// R9112-9.5-02
fn nothing_is_read_beyond_a_little_while_the_application_does_not_read(on: Runtime) {
    let local = Local::start(on);
    let mut peer = local.connect();
    peer.send("POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    let piece = vec![b'.'; 64 * 1024];
    // The kernel's buffers are full when it does not go on for a while.
    let mut still = 0;
    while still < 50 {
        let sent = peer.offer(&piece).expect("somebody is there");
        still = if sent == 0 { still + 1 } else { 0 };
        if sent == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    let read = local.server.connections()[0].statistics().read;
    assert!(read < 64 * 1024, "{read} octets were read");
}

// R9110-10.1.1-07, R9110-10.1.1-08, R9110-10.1.1-10, R9110-10.1.1-11
fn expectations(on: Runtime) {
    let local = Local::start_with(on, |config| config.timeouts.body = Duration::from_millis(1000), 1);
    let put = |path: &str, expectation: &str| {
        format!("PUT {path} HTTP/1.1\r\nHost: x\r\nExpect: {expectation}\r\nContent-Length: 3\r\n\r\n")
    };
    let mut peer = local.connect();
    for _ in 0..3 {
        peer.send(put("/echo", "100-continue"));
        assert_eq!(peer.head(), "HTTP/1.1 100 Continue\r\n\r\n");
        peer.send("one");
        assert_eq!(peer.answer().text(), "one");
    }
    // Who does not wait needs no 100, and may get it.
    peer.send(put("/count", "100-Continue") + "one");
    let answer = Some(peer.answer()).filter(|answer| answer.status() != 100);
    assert_eq!(answer.unwrap_or_else(|| peer.answer()).text(), "3 false none");
    peer.send(put("/count", "something"));
    assert_eq!(peer.answer().status(), 417);

    // The answer leaves open whether content follows: the connection must end, and says so.
    let mut peer = local.connect();
    peer.send(put("/refuse", "100-continue"));
    let answer = peer.answer();
    assert_eq!((answer.status(), answer.closes()), (413, true));
    peer.send(get("/"));
    assert_eq!(peer.rest(), (Vec::new(), End::Closed));

    // Behind 100 there is an answer, whatever happens.
    for (path, status) in [("/count", 408), ("/panic", 500)] {
        let mut peer = local.connect();
        peer.send(put(path, "100-continue"));
        assert_eq!(peer.head(), "HTTP/1.1 100 Continue\r\n\r\n");
        if path == "/panic" {
            peer.send("one");
        }
        assert_eq!(peer.answer().status(), status, "{path}");
    }
}

// R9110-9.3.6-05
fn a_tunnel_carries_both_directions_to_their_ends(on: Runtime) {
    let local = Local::start(on);
    let far = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = far.local_addr().expect("a port");
    let mut near = local.connect();
    // What follows the head at once belongs to the tunnel.
    near.send(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\nearly"));
    assert!(near.head().starts_with("HTTP/1.1 200 OK\r\n"));
    let (far, _) = far.accept().expect("the tunnel's end");
    let mut far = Raw::from(far);
    assert_eq!(far.octets(5), b"early");
    near.send("last words");
    near.half_close();
    // One direction is over, the other is not.
    far.send(vec![b'.'; 1_000_000]);
    far.half_close();
    assert_eq!(far.rest(), (b"last words".to_vec(), End::Closed));
    let (octets, end) = near.rest();
    assert_eq!((octets.len(), end), (1_000_000, End::Closed));
}
