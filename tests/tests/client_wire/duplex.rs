//! Answers that come before their requests are sent, content that waits to be wanted, and octets in both directions.

use crate::{OK, Wire, complete, content, head, name, run};
use http_tokio::{BodyLength, Config, Flow, RequestHead, SendError};
use std::time::Duration;
use tests::memory::Seen;
use tests::raw::Raw;
use tests::raw_server::RawServer;

const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much";

/// Sends without end until something is heard of the server.
async fn upload(wire: &mut Wire) -> Result<Seen, http_tokio::Error> {
    wire.start("POST", BodyLength::Unknown);
    loop {
        match wire.conn.send_owned(vec![b'x'; 64 << 10].into()) {
            Ok(Flow::Ready) => {}
            Ok(Flow::Full) => {
                if let Some(event) = wire.room().await? {
                    return Ok(event);
                }
            }
            // Nothing more can be written, but an answer may be there.
            Err(SendError::Closed) => return wire.next().await,
            Err(error) => panic!("{error}"),
        }
    }
}

// The server takes nothing more of the upload, and says why; sending is over, and the rest of its answer comes.
#[test]
fn an_early_refusal() {
    for lingers in [true, false] {
        let server = RawServer::start(move |_, mut peer| {
            peer.small_buffers();
            peer.head();
            peer.send(TOO_LARGE);
            if lingers {
                peer.half_close();
                peer.rest();
            } else {
                // Until the client has read it: what a close leaves unread makes it a reset.
                peer.pause(Duration::from_secs(1));
            }
        });
        run(async {
            let mut wire = Wire::open(&server).await;
            assert_eq!(upload(&mut wire).await.unwrap(), head("413\nConnection: close\nContent-Length: 8\n"));
            assert_eq!(wire.conn.send(b"more"), Err(SendError::Closed));
            assert_eq!(wire.answer().await, [content("too much"), complete("")]);
            wire.is_over().await;
            assert_eq!(wire.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::Closed));
        });
        server.finish();
    }
}

// A server that refuses, and closes upon what it has not read: its answer arrives or is lost with a reset, but the client
// waits for neither.
#[test]
fn an_early_refusal_and_a_reset() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send(TOO_LARGE);
        peer.reset();
    });
    run(async {
        for _ in 0..10 {
            let mut wire = Wire::open(&server).await;
            match upload(&mut wire).await {
                Ok(Seen::Head(head)) => assert!(head.starts_with("413\n")),
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    assert!(["connection reset", "broken pipe"].contains(&name(&error).as_str()), "{error:?}");
                    assert!(!error.may_retry());
                }
            }
        }
    });
    server.finish();
}

async fn expecting(config: Config, server: &RawServer) -> Wire {
    let mut wire = Wire::open_with(server, config).await;
    let head = RequestHead::new("POST", "/").host("h").expect_continue();
    wire.conn.start(&head, BodyLength::Exact(5)).unwrap();
    assert_eq!(wire.conn.send(b"hello"), Err(SendError::AwaitingContinue));
    wire
}

fn expects(peer: &mut Raw) {
    assert!(peer.head().contains("\r\nExpect: 100-continue\r\n"));
}

// X2: content is sent when it is wanted.
#[test]
fn x2_content_that_is_wanted() {
    let server = RawServer::start(|_, mut peer| {
        expects(&mut peer);
        peer.send_slowly(["HTTP/1.1 100 Con", "tinue\r\n\r\n"]);
        assert_eq!(peer.octets(5), b"hello");
        peer.send(OK);
    });
    run(async {
        let mut config = Config::client();
        config.timeouts.expect_continue = Duration::MAX;
        let mut wire = expecting(config, &server).await;
        assert_eq!(wire.room().await.unwrap(), Some(head("100\n")));
        assert_eq!(wire.room().await.unwrap(), None);
        let _ = wire.conn.send(b"hello").unwrap();
        wire.conn.finish(None).unwrap();
        assert_eq!(wire.answer().await.len(), 3);
    });
    server.finish();
}

// X2: a server that has never heard of it waits for the content.
#[test]
fn x2_content_nobody_asks_for() {
    let server = RawServer::start(|_, mut peer| {
        expects(&mut peer);
        assert_eq!(peer.octets(5), b"hello");
        peer.send(OK);
    });
    run(async {
        let mut config = Config::client();
        config.timeouts.expect_continue = Duration::from_millis(50);
        let mut wire = expecting(config, &server).await;
        assert_eq!(wire.room().await.unwrap(), None);
        let _ = wire.conn.send(b"hello").unwrap();
        wire.conn.finish(None).unwrap();
        assert_eq!(wire.answer().await.len(), 3);
    });
    server.finish();
}

// X2: content that is not wanted is never sent.
#[test]
fn x2_content_that_is_refused() {
    let server = RawServer::start(|_, mut peer| {
        expects(&mut peer);
        peer.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(peer.rest().0, b"");
    });
    run(async {
        let mut wire = expecting(Config::client(), &server).await;
        assert_eq!(wire.room().await.unwrap(), Some(head("417\nContent-Length: 0\n")));
        assert_eq!(wire.conn.send(b"hello"), Err(SendError::Closed));
        assert_eq!(wire.answer().await, [complete("")]);
        wire.is_over().await;
    });
    server.finish();
}

// A server that gives back what it gets, and takes nothing while that is not taken from it.
#[test]
fn an_echo_of_more_than_anybody_keeps() {
    const LENGTH: usize = 64 << 20;
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        for _ in 0..LENGTH / (64 << 10) {
            let octets = peer.octets(64 << 10);
            peer.send(octets);
        }
        peer.rest();
    });
    run(async {
        let mut wire = Wire::open(&server).await;
        wire.start("POST", BodyLength::Exact(LENGTH as u64));
        let piece = bytes::Bytes::from(vec![b'x'; 64 << 10]);
        let (mut received, mut complete) = (0, false);
        let mut note = |event: Seen| match event {
            Seen::Head(_) => {}
            Seen::Payload(octets) => received += octets.len(),
            Seen::Complete(_) => complete = true,
            other => panic!("{other:?}"),
        };
        for _ in 0..LENGTH / piece.len() {
            if wire.conn.send_owned(piece.clone()).unwrap() == Flow::Full {
                while let Some(event) = wire.room().await.unwrap() {
                    note(event);
                }
            }
        }
        wire.conn.finish(None).unwrap();
        wire.answer().await.into_iter().for_each(&mut note);
        assert_eq!((received, complete), (LENGTH, true));
        wire.conn.close(&mut wire.inbox).await.unwrap();
    });
    server.finish();
}
