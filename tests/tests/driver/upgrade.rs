//! From HTTP to another protocol, on level 1: 101 and CONNECT, at both ends.

use super::*;
use http_driver::{Transport, Upgraded};
use http_proto::{Client, Config, RequestHead, SendError, State};
use std::task::{Context, Poll, Waker};
use tests::memory::{Seen, Wire, client, client_with, server, server_with};

const OFFER: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";
const CONNECT: &str = "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";
const TUNNEL: &str = "HTTP/1.1 200 OK\r\n\r\n";

fn read(upgraded: &mut Upgraded<Wire>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut room = [0; 3];
    let mut waits = 0;
    while waits < 2 {
        match upgraded.poll_read(&mut Context::from_waker(Waker::noop()), &mut room) {
            Poll::Ready(Ok(0)) => break,
            Poll::Ready(Ok(count)) => all.extend(&room[..count]),
            Poll::Ready(Err(error)) => panic!("{error}"),
            // The shapes of these tests say so once between two pieces.
            Poll::Pending => waits += 1,
        }
    }
    all
}

fn accept(end: &mut End<Server>, tunnel: bool) {
    let head = if tunnel { ResponseHead::new(200) } else { ResponseHead::new(101).upgrade("raw") };
    end.conn.upgrade(&head).unwrap();
}

/// A server up to the tail, without another poll.
fn upgraded(mut end: End<Server>) -> Upgraded<Wire> {
    let Seen::Tail(octets) = end.event() else { panic!("no tail") };
    let tail = end.retain();
    assert_eq!(tail, octets);
    assert_eq!(end.conn.state(), State::Upgraded);
    end.conn.into_upgraded(tail).unwrap_or_else(|_| panic!("HTTP is over"))
}

// I16, X4: handshake and first octets of the next protocol, split everywhere.
#[test]
fn i16_x4_a_server_at_every_split() {
    for (request, tunnel) in [(OFFER, false), (CONNECT, true)] {
        let text = format!("{request}first octets");
        for split in 0..=text.len() {
            let (mut end, peer) = server();
            peer.send(&text[..split]);
            let before = end.events();
            peer.send(&text[split..]);
            let events = if before.last() == Some(&Seen::Paused) { before } else { [before, end.events()].concat() };
            assert!(matches!(events[..], [Seen::Head(_), Seen::Complete(_), Seen::Paused]), "{events:?}");
            accept(&mut end, tunnel);
            let mut upgraded = upgraded(end);
            assert_eq!(read(&mut upgraded), b"first octets", "split at {split}");
            peer.send(" and more");
            assert_eq!(read(&mut upgraded), b" and more");
            // The head that accepts went out in front of everything.
            let answer = peer.text();
            assert!(answer.starts_with(if tunnel { "HTTP/1.1 200 OK\r\n" } else { "HTTP/1.1 101 " }), "{answer}");
            drop(upgraded);
            assert!(peer.saw_fin() && !peer.counts().aborted);
        }
    }
}

// I16: the accepting head is still unwritten when the protocol takes over.
#[test]
fn i16_the_head_that_accepts_is_written_first() {
    let cx = &mut Context::from_waker(Waker::noop());
    for by_reading in [false, true] {
        let (mut end, peer) = server();
        peer.send(OFFER);
        assert_eq!(end.events().len(), 3);
        peer.limit(10);
        accept(&mut end, false);
        let mut upgraded = upgraded(end);
        assert!(upgraded.poll_written(cx).is_pending());
        assert!(upgraded.poll_write(cx, b"frame").is_pending());
        let mut text = String::new();
        for _ in 0..20 {
            if by_reading {
                assert!(upgraded.poll_read(cx, &mut [0; 10]).is_pending());
            } else {
                let _ = upgraded.poll_flush(cx);
            }
            text += &peer.text();
        }
        assert_eq!(text.to_lowercase(), SWITCH.to_lowercase());
        peer.limit(1000);
        assert!(matches!(upgraded.poll_write(cx, b"frame"), Poll::Ready(Ok(5))));
        assert!(upgraded.poll_flush(cx).is_ready());
        assert_eq!(peer.text(), "frame");
    }
}

// Nothing is written twice, where the transport keeps back what HTTP has written last, nor kept back while who reads waits.
#[test]
fn i16_the_head_that_accepts_is_written_once() {
    let cx = &mut Context::from_waker(Waker::noop());
    for by_reading in [false, true] {
        let (mut end, peer) = server_with(Config::server(), Shape { holds: true, ..Shape::default() });
        peer.send(OFFER);
        assert_eq!(end.events().len(), 3);
        peer.limit(10);
        accept(&mut end, false);
        assert!(!end.flush());
        let mut upgraded = upgraded(end);
        let mut text = String::new();
        for _ in 0..20 {
            if by_reading {
                assert!(upgraded.poll_read(cx, &mut [0; 10]).is_pending());
            } else {
                let _ = upgraded.poll_flush(cx);
            }
            text += &peer.text();
        }
        assert_eq!(text.to_lowercase(), SWITCH.to_lowercase());
    }
}

fn offer(end: &mut End<Client>, tunnel: bool) {
    let get = RequestHead::get("h", "/").upgrade(&["raw"]);
    let connect = RequestHead::new("CONNECT", "h:1").host("h:1");
    end.conn.start(if tunnel { &connect } else { &get }, BodyLength::Empty).unwrap();
}

#[test]
fn i16_x4_a_client_at_every_split() {
    for (answer, tunnel) in [(SWITCH, false), (TUNNEL, true)] {
        let text = format!("{answer}first octets");
        for split in 0..=text.len() {
            let (mut end, peer) = client();
            offer(&mut end, tunnel);
            end.rest();
            peer.send(&text[..split]);
            let mut events = Vec::new();
            while !matches!(events.last(), Some(Seen::Tail(_))) {
                match end.try_next() {
                    Some(event) => events.push(event.unwrap()),
                    None => peer.send(&text[split..]),
                }
            }
            if peer.unread() == 0 && split >= answer.len() {
                peer.send(&text[split..]);
            }
            assert!(matches!(events[..], [Seen::Head(_), Seen::Complete(_), Seen::Tail(_)]), "{events:?}");
            let tail = end.retain();
            let mut upgraded = end.conn.into_upgraded(tail).unwrap_or_else(|_| panic!("HTTP is over"));
            assert_eq!(read(&mut upgraded), b"first octets", "split at {split}");
        }
    }
}

// I17: no deadline of HTTP runs behind the upgrade.
#[test]
fn i17_no_deadline_outlives_the_upgrade() {
    let (mut end, peer) = server();
    peer.send(OFFER);
    assert_eq!(end.events().len(), 3);
    accept(&mut end, false);
    assert_eq!(end.event(), Seen::Tail(Vec::new()));
    assert_eq!(end.event(), Seen::Closed);
    assert!(end.flush());
    end.clock.advance(seconds(750));
    assert_eq!((end.event(), end.conn.state()), (Seen::Closed, State::Upgraded));
    let _ = end.conn.send(b"still there").unwrap();
    assert!(end.flush());
    assert!(peer.text().ends_with("still there"));
    // Closing writes what there is.
    let _ = end.conn.send(b"bye").unwrap();
    assert!(end.close().unwrap().is_ok());
    assert_eq!(peer.text(), "bye");
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn http_that_is_not_over_cannot_be_left() {
    let (mut end, peer) = server();
    peer.send(OFFER);
    assert_eq!(end.events().len(), 3);
    let conn = end.conn.into_upgraded(bytes::Bytes::new()).expect_err("nothing was accepted");
    end.conn = *conn;
    assert!(!peer.counts().aborted);
    // Declined, it stays HTTP.
    answer(&mut end);
    asked(&mut end, &peer);
    assert_eq!(end.conn.upgrade(&ResponseHead::new(101).upgrade("raw")), Err(SendError::UpgradeNotOffered));
    end.conn.abort();
    assert!(end.conn.into_upgraded(bytes::Bytes::new()).is_err());
}

// X4: a refused CONNECT closes, and what stands behind it is not looked at.
#[test]
fn x4_a_refused_connect_closes() {
    let (mut end, peer) = server();
    peer.send_last([CONNECT, GET].concat());
    assert_eq!(end.events().len(), 3);
    end.conn.respond(&ResponseHead::new(403), BodyLength::Empty).unwrap();
    assert_eq!(end.events(), [Seen::Closed]);
    assert!(peer.text().starts_with("HTTP/1.1 403 "));

    let (mut end, peer) = client_with(Config::client(), pieces(3));
    offer(&mut end, true);
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    assert!(matches!(&end.events()[..], [Seen::Head(_), Seen::Payload(_), Seen::Complete(_)]));
}
