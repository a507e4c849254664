//! Servers that take their time: every wait ends. Which deadline it was is told, not how long it took.

use crate::{OK, Wire, complete, content, head, name, run};
use http_tokio::{BodyLength, Config, ErrorKind, Flow};
use std::time::Duration;
use tests::raw_server::RawServer;

const SHORT: Duration = Duration::from_millis(100);
const MOMENT: Duration = Duration::from_millis(5);

/// A server that sends `front`, then `drop` after `drop` with moments between, until nobody takes it.
fn dripping(front: &'static str, drop: &'static str) -> RawServer {
    RawServer::start(move |_, mut peer| {
        peer.head();
        let mut sent = peer.try_send(front);
        while sent.is_ok() {
            peer.pause(MOMENT);
            sent = peer.try_send(drop);
        }
    })
}

// N36: no octet at all; then interim responses, each of which is a sign of life, and no more of them than are let through.
#[test]
fn a_server_that_does_not_answer() {
    for (front, may_retry) in [("", true), ("HTTP/1.1 102 Processing\r\n\r\n", false)] {
        let server = RawServer::start(move |_, mut peer| {
            peer.head();
            peer.send(front);
            peer.rest();
        });
        run(async {
            let mut wire = Wire::open(&server).await;
            wire.conn.set_answer_timeout(SHORT);
            wire.get();
            let (_, error) = wire.failure().await;
            assert!(matches!(error.kind(), ErrorKind::AnswerTimeout), "{error:?}");
            assert_eq!(error.may_retry(), may_retry);
        });
        server.finish();
    }
}

// A server whose work takes longer than the deadline, and which says so meanwhile.
#[test]
fn x1_interim_responses_keep_the_client_waiting() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        for _ in 0..12 {
            peer.pause(Duration::from_millis(100));
            peer.send("HTTP/1.1 102 Processing\r\n\r\n");
        }
        peer.send(OK);
        peer.rest();
    });
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.conn.set_answer_timeout(Duration::from_millis(900));
        wire.get();
        let events = wire.answer().await;
        assert_eq!(events.len(), 12 + 3);
        assert_eq!(events[12..], [head("200\nContent-Length: 2\n"), content("ok"), complete("")]);
    });
    server.finish();
}

#[test]
fn a_head_that_drips() {
    let server = dripping("HTTP/1.1 200 OK\r\nX: ", "x");
    run(async {
        let mut config = Config::client();
        config.timeouts.head = SHORT;
        let mut wire = Wire::open_with(&server, config).await;
        wire.get();
        let (events, error) = wire.failure().await;
        assert_eq!((events, name(&error).as_str()), (vec![], "head_timeout"));
        assert!(!error.may_retry());
    });
    server.finish();
}

// A body that drips is one; one that stands still is not.
#[test]
fn a_body_that_drips_and_then_stands_still() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for _ in 0..60 {
            peer.pause(MOMENT);
            peer.send("x");
        }
        peer.rest();
    });
    run(async {
        let mut config = Config::client();
        config.timeouts.body = Duration::from_millis(250);
        let mut wire = Wire::open_with(&server, config).await;
        wire.get();
        let (events, error) = wire.failure().await;
        assert_eq!(events, [head("200\nContent-Length: 100\n"), content(&"x".repeat(60))]);
        assert_eq!((name(&error).as_str(), error.may_retry()), ("body_timeout", false));
    });
    server.finish();
}

// A server that does not read what it is sent.
#[test]
fn an_upload_that_is_not_taken() {
    let server = RawServer::start(|_, peer| {
        peer.small_buffers();
        peer.wait();
        peer.pause(Duration::from_secs(2));
    });
    run(async {
        let mut config = Config::client();
        config.timeouts.write = SHORT;
        let mut wire = Wire::open_with(&server, config).await;
        wire.start("PUT", BodyLength::Exact(1 << 40));
        let error = loop {
            if wire.conn.send_owned(vec![0; 1 << 20].into()).unwrap() == Flow::Full {
                match wire.room().await {
                    Ok(event) => assert_eq!(event, None),
                    Err(error) => break error,
                }
            }
        };
        assert_eq!((name(&error).as_str(), error.may_retry()), ("write_timeout", true));
        wire.is_over().await;
    });
    server.finish();
}

// An idle connection that neither end closes.
#[test]
fn an_idle_connection_closes() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send(OK);
        assert_eq!(peer.rest(), (Vec::new(), tests::raw::End::Closed));
    });
    run(async {
        let mut config = Config::client();
        config.timeouts.idle = SHORT;
        let mut wire = Wire::open_with(&server, config).await;
        wire.get();
        wire.answer().await;
        wire.is_over().await;
    });
    server.finish();
}
