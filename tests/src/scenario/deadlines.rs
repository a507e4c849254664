//! Deadlines of connections that are slow, silent by intention, or idle.

use super::{Build, GET, Permits, Rig, SHORT, app, exchange_of, start, start_routes};
use http::Response;
use http_driver::{Body, Streaming};
use http_proto::Config;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

// N36
pub fn a_slowloris_is_cut_off_and_disturbs_nobody(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| {
        config.timeouts.head = 6 * SHORT;
        config.timeouts.linger = SHORT;
        config.timeouts.idle = 3 * SHORT;
        config.timeouts.body = 3 * SHORT;
    });
    let mut slow: Vec<_> = (0..20).map(|_| server.client()).collect();
    let mut honest = server.client();
    let until = Instant::now() + super::DEADLINE;
    // An octet at a time renews nothing.
    let mut head = "GET / HTTP/1.1\r\nHost: h\r\nX: ".bytes().chain(std::iter::repeat(b'x'));
    while !slow.is_empty() {
        assert!(Instant::now() < until, "{} are still there", slow.len());
        let octet = head.next().unwrap();
        slow.retain_mut(|client| client.stream.write_all(&[octet]).is_ok());
        honest.send(GET);
        assert_eq!(honest.answer().text(), "Hello, World!");
        thread::sleep(SHORT / 5);
    }
    // What they are told is that they were too slow.
    let mut client = server.client();
    client.send("GET / HT");
    let answer = client.answer();
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
    // Nor do empty lines.
    let mut client = server.client();
    while client.stream.write_all(b"\r\n").is_ok() {
        assert!(Instant::now() < until);
        thread::sleep(SHORT);
    }
}

// N36: an upload that goes on, however slowly, is none.
pub fn a_slow_upload_that_goes_on_is_taken(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| {
        // Less than all of it takes.
        config.timeouts.head = 10 * SHORT;
        config.timeouts.body = 10 * SHORT;
        config.timeouts.idle = 10 * SHORT;
    });
    let mut client = server.client();
    client.send(super::post("/count", 12));
    for octet in b"twelve bytes" {
        thread::sleep(SHORT);
        client.send([*octet]);
    }
    assert_eq!(client.answer().text(), "12");
}

// I11, I12
pub fn a_streaming_answer_may_be_silent(rig: impl Rig) {
    const IDLE: Duration = SHORT.saturating_mul(3);
    let senders = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&senders);
    let events = app(move |_| {
        let (sender, body) = Body::channel();
        kept.lock().unwrap().push(sender);
        let mut response = Response::new(body);
        response.extensions_mut().insert(Streaming);
        async { Ok(response) }
    });
    let server = start(rig, events, |server| {
        let mut config = Config::server();
        config.timeouts.idle = IDLE;
        config.timeouts.write = IDLE;
        config.timeouts.body = IDLE;
        config.timeouts.head = IDLE;
        server.config(Arc::new(config))
    });
    let mut client = server.client();
    client.send(GET);
    assert!(client.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    // An idle connection does not live so long.
    assert_eq!(server.client().rest(), "");
    assert!(client.is_silent(4 * IDLE));
    let mut sender = senders.lock().unwrap().pop().unwrap();
    super::block_on(sender.send("data: 1\n\n")).unwrap();
    let event = "9\r\ndata: 1\n\n\r\n";
    assert_eq!(client.octets(event.len()), event.as_bytes());
    assert!(client.is_silent(4 * IDLE));
    // With its end the connection is like any other.
    sender.finish();
    assert_eq!(client.rest(), "0\r\n\r\n");
}

// N36, P7: no deadline of the client runs while a handler takes its time.
pub fn a_handler_may_take_longer_than_clients_may(rig: impl Rig) {
    let gate = Arc::new(Permits::default());
    let wait = Arc::clone(&gate);
    let service = app(move |mut request| {
        let gate = Arc::clone(&wait);
        async move {
            gate.taken().await;
            let number = exchange_of(&request).number();
            let content = request.body_mut().collect(100).await?;
            super::text(format!("{number}: {} octets", content.len()))
        }
    });
    let server = start(rig, service, |server| {
        let mut config = Config::server();
        let timeouts = &mut config.timeouts;
        for timeout in [&mut timeouts.idle, &mut timeouts.write, &mut timeouts.body, &mut timeouts.head] {
            *timeout = 3 * SHORT;
        }
        server.config(Arc::new(config))
    });
    let mut client = server.client();
    client.send(super::post("/", 3) + "abc" + GET);
    for answer in ["1: 3 octets", "2: 0 octets"] {
        assert!(client.is_silent(5 * SHORT));
        gate.add(1);
        assert_eq!(client.answer().text(), answer);
    }
    assert_eq!(client.rest(), "");
}
