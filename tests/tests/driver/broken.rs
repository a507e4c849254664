//! Connections of level 1 that break: no write, no read, no end of a message; it is told, once, whoever noticed it.

use super::*;
use http_proto::{Config, SendError};
use std::io::ErrorKind;
use tests::memory::{Seen, client, client_with, server};

#[test]
fn a_server_that_cannot_write_is_over() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    peer.fail_writes(ErrorKind::BrokenPipe);
    answer(&mut end);
    assert_eq!(transport_error(end.error()), ErrorKind::BrokenPipe);
    is_over(&mut end);
}

#[test]
fn a_client_that_cannot_write_still_gets_its_answer() {
    let (mut end, peer) = client();
    end.conn.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(1 << 30)).unwrap();
    let _ = end.conn.send_owned(vec![0; 600 * 1024].into()).unwrap();
    peer.limit(1000);
    assert!(!end.ready());
    peer.fail_writes(ErrorKind::BrokenPipe);
    // Nothing to wait for any more, in either way.
    assert!(end.ready() && end.flush());
    assert_eq!(end.conn.send(b"x"), Err(SendError::Closed));
    end.rest();
    peer.send_last("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(end.events().len(), 4);
    is_over(&mut end);
}

#[test]
fn a_client_that_cannot_write_and_gets_no_answer_learns_why() {
    let (mut end, peer) = client();
    ask(&mut end);
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    is_over(&mut end);
}

// N31: cut off in the middle of a body, by a FIN or a reset, at every octet.
#[test]
fn n31_a_body_cut_off_is_an_error() {
    const TEXT: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let body = TEXT.find("\r\n\r\n").unwrap() + 4;
    for length in body..TEXT.len() {
        for reset in [false, true] {
            let (mut end, peer) = server();
            peer.send(&TEXT[..length]);
            let seen = end.events();
            assert!(!seen.iter().any(|event| matches!(event, Seen::Complete(_))));
            let error = if reset {
                peer.reset();
                transport_error(end.error());
                continue;
            } else {
                peer.fin();
                end.error()
            };
            assert_eq!(kind(&error), RecvErrorKind::IncompleteBody, "{length}");
            is_over(&mut end);
            assert!(peer.text().starts_with("HTTP/1.1 400 "), "{length}");
        }
    }
}

/// An answer that only the close ends has begun to come.
fn until_close() -> (End<Client>, Peer) {
    let (mut end, peer) = client();
    ask(&mut end);
    peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
    assert_eq!(end.events().len(), 2);
    (end, peer)
}

#[test]
fn n31_an_answer_that_a_reset_cuts_off_is_an_error() {
    let (mut end, peer) = until_close();
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    is_over(&mut end);
}

// N31: a socket tells of a reset once; whoever hears of it first, the message is not whole.
#[test]
fn n31_a_reset_noticed_while_paused_is_an_error() {
    let (mut end, peer) = until_close();
    end.conn.pause();
    end.rest();
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    is_over(&mut end);
}

#[test]
fn n31_a_reset_noticed_while_flushing_is_an_error() {
    for flush in [false, true] {
        let (mut end, peer) = client();
        end.conn.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(1 << 30)).unwrap();
        end.rest();
        peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
        assert_eq!(end.events().len(), 2);
        peer.limit(0);
        let _ = end.conn.send_owned(vec![0; 600 * 1024].into());
        peer.reset();
        assert!(if flush { end.flush() } else { end.ready() });
        assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
        is_over(&mut end);
    }
}

#[test]
fn n31_a_server_that_is_paused_learns_of_a_reset() {
    let (mut end, peer) = server();
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    end.conn.pause();
    end.rest();
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    is_over(&mut end);
}

// L10: what was outstanding is, until it is given up.
#[test]
fn l10_every_request_of_a_broken_connection_is_left() {
    let mut config = Config::client();
    config.pipeline.depth = 5;
    let (mut end, peer) = client_with(config, Shape::default());
    for _ in 0..5 {
        ask(&mut end);
    }
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    assert_eq!((end.conn.outstanding(), end.conn.unanswered().count()), (4, 4));
    is_over(&mut end);
}
