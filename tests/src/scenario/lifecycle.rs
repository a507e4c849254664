//! Deadlines, failures of handlers, clients that go away, and the end of the server.

use super::running::{listener, on_thread};
use super::{Answer, Build, Client, DEADLINE, GET, Permits, Rig, SHORT, alone, app, get, start_routes, within};
use http::{Response, StatusCode};
use http_driver::Body;
use http_proto::HalfClose;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

// N36
pub fn a_slow_head_is_refused(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |config| config.timeouts.head = SHORT);
    let mut client = server.client();
    client.send(format!("{GET}GET / HT"));
    assert_eq!(client.answer().status(), "200");
    let answer = client.answer();
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
    assert_eq!(probe.calls(), 1);
}

// N36
pub fn a_body_without_progress_is_refused(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| config.timeouts.body = SHORT);
    let mut client = server.client();
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    let answer = client.answer();
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
}

// N36
pub fn an_idle_connection_is_closed_without_a_word(rig: impl Rig) {
    const IDLE: Duration = Duration::from_millis(250);
    let (server, probe) = start_routes(rig, |config| config.timeouts.idle = IDLE);
    assert_eq!(server.client().rest(), "");
    // A timer that was set before an exchange passes in the midst of it, and must be set anew behind it.
    let mut client = server.client();
    client.send(GET);
    assert_eq!(client.answer().status(), "200");
    client.send(get("/gate"));
    probe.arrived.take();
    thread::sleep(2 * IDLE);
    probe.gate.add(1);
    assert_eq!(client.answer().text(), "passed");
    assert_eq!(client.rest(), "");
}

// I28
pub fn closing_closes_the_sending_side_first(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| config.timeouts.linger = Duration::MAX);
    let mut client = server.client();
    client.send(get("/close"));
    assert!(client.rest().ends_with("\r\n\r\nthe last"));
}

// N36
pub fn a_client_that_does_not_read_is_reset(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |config| config.timeouts.write = SHORT);
    let mut client = server.client();
    client.send(get("/huge"));
    probe.arrived.take();
    // Nothing was cut off by the shutdown, so the deadline has passed before.
    assert_eq!(server.shutdown(DEADLINE), 0);
    client.rest_until_reset();
}

// N32
pub fn a_handler_that_fails_is_answered_for(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    for target in ["/error", "/panic", "/invalid"] {
        client.send(get(target) + GET);
        let Answer { head, content } = client.answer();
        assert!(head.starts_with("HTTP/1.1 500 ") && content.is_empty(), "{target}: {head}");
        assert_eq!(client.answer().text(), "Hello, World!");
    }
}

// N32, N45
pub fn an_answer_that_fails_is_cut_off(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    for target in ["/cut", "/short"] {
        let mut client = server.client();
        client.send(get(target));
        client.rest_until_reset();
        let mut client = server.client();
        client.send(GET);
        assert_eq!(client.answer().status(), "200");
    }
}

// L12
pub fn a_reset_cancels_the_handler(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    // Before and behind it nothing more is read: a whole request with content, and the next one.
    for request in [get("/gate"), format!("POST /gate HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na{GET}")] {
        let mut client = server.client();
        client.send(request);
        probe.arrived.take();
        client.reset();
        probe.dropped.take();
    }
    assert_eq!(probe.calls(), 2);
}

// L12: more content is there than is read ahead, so nobody reads when the client goes.
pub fn a_reset_behind_unread_content_cancels_the_handler(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("POST /gate HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    client.send(vec![b'x'; 200_000]);
    probe.arrived.take();
    // By then what can be read ahead has been.
    std::thread::sleep(std::time::Duration::from_millis(50));
    client.reset();
    probe.dropped.take();
}

pub fn a_half_close_cancels_the_handler_by_choice(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |config| config.half_close = HalfClose::Cancel);
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    client.half_close();
    probe.dropped.take();
}

/// Tries until no connection is accepted any more.
pub(super) fn refused(server: SocketAddr) {
    within(|| TcpStream::connect(server).is_err());
}

// P15
pub fn a_shutdown_finishes_what_has_begun(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let (mut idle, mut busy) = (server.client(), server.client());
    // So its handshake is over for the server, too.
    idle.send(GET);
    idle.answer();
    busy.send(get("/gate"));
    probe.arrived.take();
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| server.shutdown(DEADLINE));
        refused(server.address);
        assert_eq!(idle.rest(), "");
        probe.gate.add(1);
        let answer = busy.answer();
        assert!(answer.text() == "passed" && answer.closes(), "{answer:?}");
        assert_eq!(busy.rest(), "");
        assert_eq!(shutdown.join().unwrap(), 0);
    });
    assert_eq!(probe.dropped.available(), 0);
}

// L16
pub fn a_shutdown_ends_with_a_stuck_handler(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    assert_eq!(server.shutdown(SHORT), 1);
    probe.dropped.take();
    client.rest_until_reset();
}

pub fn a_signal_shuts_down(rig: impl Rig) {
    let (listener, address) = listener();
    let stop = Arc::new(Permits::default());
    let stopped = Arc::clone(&stop);
    let (send, report) = mpsc::channel();
    let server = on_thread(rig, move || {
        let service = app(|_| async { Ok(Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty())?) });
        let signal = async move { stopped.taken().await };
        let server = rig.serve(listener, service).with_graceful_shutdown(signal).grace(DEADLINE);
        async move { send.send(server.await).unwrap() }
    });
    let mut client = Client::connect(address);
    client.send(GET);
    assert_eq!(client.answer().status(), "204");
    stop.add(1);
    assert_eq!(client.rest(), "");
    let report = report.recv_timeout(DEADLINE).unwrap();
    assert_eq!((report.connections, report.cut_off), (1, 0));
    server.join().unwrap();
}

// N3: the server is in a process that may open only a few descriptors.
pub fn the_accept_loop_survives_want_of_descriptors(rig: impl Rig) {
    let Some(mut process) = alone::process("ulimit -n 32") else {
        let (server, _) = start_routes(rig, |_| {});
        alone::say(&server.address);
        alone::until_dismissed();
        return;
    };
    let address = process.hear().parse().unwrap();
    let mut clients = Vec::new();
    for _ in 0..64 {
        let mut client = Client::connect(address);
        client.send(GET);
        clients.push(client);
    }
    // Closing them one by one makes room for all of the others, in the order of the backlog.
    for mut client in clients {
        assert_eq!(client.answer().status(), "200");
    }
    process.dismiss();
}
