//! How connections of level 1 end: in good order, cut off, or broken; and what is left to say behind that.

use super::*;
use http_driver::{Connection, Inbox, Transport};
use http_proto::{Config, Event, Interest, RequestHead, SendError, State};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tests::memory::{Clock, Seen, Wire, client, server, server_with, wire};

// I28: close waits until the peer has closed, too.
#[test]
fn close_an_idle_server() {
    let (mut end, peer) = server();
    assert!(end.close().is_none());
    assert!(peer.saw_fin());
    peer.fin();
    assert!(end.close().unwrap().is_ok());
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn close_a_server_whose_peer_does_not() {
    let (mut end, peer) = server();
    assert!(end.close().is_none());
    end.clock.advance(seconds(2) - Duration::from_nanos(1));
    assert!(end.close().is_none());
    end.clock.advance(Duration::from_nanos(1));
    assert!(end.close().unwrap().is_ok());
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn close_an_idle_client() {
    let (mut end, peer) = client();
    assert!(end.close().unwrap().is_ok());
    drop(end);
    assert!(peer.saw_fin() && !peer.counts().aborted);
}

#[test]
fn close_writes_what_is_answered() {
    let (mut end, peer) = server_with(Config::server(), pieces(5));
    asked(&mut end, &peer);
    answer(&mut end);
    assert!(end.close().is_none());
    assert!(peer.text().starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(peer.saw_fin());
}

// What is answered goes out; what is not is cut off, and the peer is told.
#[test]
fn close_gives_up_what_is_unanswered() {
    let (mut end, peer) = server();
    peer.send(GET.repeat(2));
    assert_eq!(end.events().len(), 4);
    answer(&mut end);
    let _ = end.close().expect("nothing to wait for");
    assert_eq!(peer.text().matches("200 OK").count(), 1);
    assert_eq!(end.conn.outstanding(), 0);
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn close_in_the_middle_of_an_answer_cuts_it_off() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(10)).unwrap();
    let _ = end.conn.send(b"12345").unwrap();
    let _ = end.close().expect("nothing to wait for");
    assert!(peer.text().ends_with("\r\n\r\n12345"));
    drop(end);
    assert!(peer.saw_reset());
}

// A body that nobody reads is swallowed for two seconds, no longer.
#[test]
fn close_does_not_wait_for_a_body_that_stalls() {
    let (mut end, peer) = server();
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    assert!(end.close().is_none());
    end.clock.advance(seconds(2));
    let _ = end.close().expect("nothing to wait for");
    assert_eq!(end.conn.outstanding(), 0);
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn close_behind_an_answer_in_the_middle_of_the_upload() {
    let (mut end, peer) = server();
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    answer(&mut end);
    assert!(end.close().is_none());
    assert!(peer.text().starts_with("HTTP/1.1 200 OK\r\n"));
    peer.send_last([b'x'; 995]);
    assert!(end.close().unwrap().is_ok());
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn close_a_client_does_not_wait_for_an_answer() {
    let (mut end, peer) = client();
    ask(&mut end);
    let _ = end.close().expect("nothing to wait for");
    assert!(peer.text().starts_with("GET / "));
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn close_a_client_in_the_middle_of_an_answer() {
    let (mut end, peer) = client();
    ask(&mut end);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    assert_eq!(end.events().len(), 2);
    let _ = end.close().expect("nothing to wait for");
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn close_while_paused() {
    let (mut end, peer) = server();
    end.conn.pause();
    end.rest();
    peer.fin();
    assert!(end.close().unwrap().is_ok());
    assert!(!peer.counts().aborted);
}

#[test]
fn close_to_a_peer_that_does_not_read() {
    let (mut end, peer) = server();
    peer.limit(10);
    asked(&mut end, &peer);
    answer(&mut end);
    assert!(end.close().is_none());
    end.clock.advance(seconds(30));
    assert_eq!(kind(&end.close().unwrap().unwrap_err()), RecvErrorKind::WriteTimeout);
    is_over(&mut end);
    drop(end);
    assert!(peer.saw_reset());
}

// What the peer did wrong is told, and does not stand in the way of closing.
#[test]
fn close_behind_an_error() {
    let (mut end, peer) = server();
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello");
    assert_eq!(end.events().len(), 2);
    peer.send_last("??\r\n");
    assert_eq!(kind(&end.close().unwrap().unwrap_err()), RecvErrorKind::InvalidChunkEnd);
    assert_eq!((end.conn.outstanding(), end.conn.state()), (0, State::Closed));
    assert!(peer.text().starts_with("HTTP/1.1 400 "));
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn close_behind_an_error_that_must_wait() {
    let (mut end, peer) = server();
    peer.send([GET, "?"].concat());
    assert!(matches!((end.event(), end.event()), (Seen::Head(_), Seen::Complete(_))));
    assert_eq!(kind(&end.error()), RecvErrorKind::InvalidMethod);
    assert!(end.close().unwrap().is_ok());
    assert_eq!((end.conn.outstanding(), end.conn.state()), (0, State::Closed));
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn close_again() {
    let (mut end, peer) = server();
    peer.fin();
    assert!(end.close().unwrap().is_ok());
    assert!(end.close().unwrap().is_ok());
    end.conn.abort();
    assert!(end.close().unwrap().is_ok());
    is_over(&mut end);
}

// N27
#[test]
fn n27_abort_resets() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    answer(&mut end);
    end.conn.abort();
    is_over(&mut end);
    drop(end);
    assert!(peer.saw_reset());
}

// L11
#[test]
fn l11_commands_behind_the_close_are_errors() {
    let (mut end, peer) = server();
    peer.send(GET.repeat(2));
    assert_eq!(end.events().len(), 4);
    peer.reset();
    assert_eq!(transport_error(end.error()), ErrorKind::ConnectionReset);
    for _ in 0..2 {
        assert_eq!(end.conn.respond(&ResponseHead::new(200), BodyLength::Empty), Err(SendError::Closed));
        assert_eq!(end.conn.inform(&ResponseHead::new(103)), Err(SendError::Closed));
        assert_eq!(end.conn.upgrade(&ResponseHead::new(101).upgrade("x")), Err(SendError::Closed));
        assert_eq!(end.conn.proceed(), Err(SendError::Closed));
        assert_eq!(end.conn.send(b"x"), Err(SendError::Closed));
        assert_eq!(end.conn.send_owned("x".into()), Err(SendError::Closed));
        assert_eq!(end.conn.finish(None), Err(SendError::Closed));
        end.conn.pause();
        end.conn.resume();
        end.conn.discard();
        end.conn.shutdown();
        assert!(end.ready() && end.flush());
        assert_eq!(end.event(), Seen::Closed);
        assert!(end.close().unwrap().is_ok());
    }
    let (mut end, _) = client();
    end.conn.abort();
    assert_eq!(end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty), Err(SendError::Closed));
    assert_eq!(end.conn.send(b"x"), Err(SendError::Closed));
    assert_eq!(end.conn.finish(None), Err(SendError::Closed));
    assert!(end.ready() && end.flush());
    is_over(&mut end);
}

#[test]
fn dropped_with_something_open_it_resets() {
    let open: [fn(&mut End<Server>, &Peer); 4] = [
        |end, peer| asked(end, peer),
        |end, peer| {
            asked(end, peer);
            answer(end);
        },
        |end, peer| {
            peer.send(UPLOAD);
            assert_eq!(end.events().len(), 2);
        },
        |end, peer| {
            asked(end, peer);
            end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(2)).unwrap();
            assert!(end.flush());
        },
    ];
    for (index, open) in open.into_iter().enumerate() {
        let (mut end, peer) = server();
        open(&mut end, &peer);
        drop(end);
        assert!(peer.saw_reset(), "{index}");
    }
    let (mut end, peer) = client();
    ask(&mut end);
    drop(end);
    assert!(peer.saw_reset());
}

#[test]
fn dropped_with_nothing_open_it_does_not_reset() {
    let idle: [fn(&mut End<Server>, &Peer); 4] = [
        |_, _| {},
        |end, _| end.rest(),
        |end, peer| {
            peer.send("GET / HT");
            end.rest();
        },
        |end, peer| {
            asked(end, peer);
            answer(end);
            assert!(end.flush());
        },
    ];
    for (index, idle) in idle.into_iter().enumerate() {
        let (mut end, peer) = server();
        idle(&mut end, &peer);
        drop(end);
        assert!(peer.saw_fin() && !peer.counts().aborted, "{index}");
    }
    let (mut end, peer) = client();
    ask(&mut end);
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    assert!(end.conn.is_reusable());
    drop(end);
    assert!(peer.saw_fin() && !peer.counts().aborted);
}

// I28: the answer is out, input goes on: it is swallowed, up to a bound.
#[test]
fn i28_input_behind_the_last_answer_is_swallowed() {
    let (mut end, peer) = server();
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\nhello");
    assert_eq!(end.events().len(), 2);
    answer(&mut end);
    end.rest();
    assert!(peer.text().contains("Connection: close\r\n") && peer.saw_fin());
    assert_eq!(end.conn.state(), State::Closing);
    peer.send([0; 200 * 1024]);
    end.rest();
    assert_eq!(peer.unread(), 0);
    peer.send([0; 200 * 1024]);
    is_over(&mut end);
    drop(end);
    assert!(!peer.counts().aborted);
}

#[test]
fn i28_lingering_takes_two_seconds() {
    let (mut end, peer) = server();
    peer.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(end.events().len(), 3);
    answer(&mut end);
    end.events();
    assert!(peer.saw_fin());
    for _ in 0..4 {
        peer.send("?");
        end.clock.advance(Duration::from_millis(499));
        end.rest();
    }
    end.clock.advance(Duration::from_millis(4));
    is_over(&mut end);
}

#[test]
fn parts_can_be_put_together_again() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    answer(&mut end);
    let End { conn, inbox, clock, .. } = end;
    let parts = conn.into_parts().unwrap();
    assert!(!parts.out.is_empty() && !peer.counts().aborted);
    let interest = parts.core.interest(&parts.out);
    assert_eq!(interest, Interest { read: true, write: true, ..Interest::default() });
    let mut end = End::new(http_driver::Connection::new(parts.core, parts.io, parts.timer), clock);
    end.inbox = inbox;
    asked(&mut end, &peer);
}

// The last answer arrives, however slowly, from a transport that keeps octets back.
#[test]
fn i28_what_a_transport_keeps_back_is_not_closed_upon() {
    for request in ["GET / HTTP/1.0\r\n\r\n", GET] {
        for half_closed in [false, true] {
            let (mut end, peer) = server_with(Config::server(), Shape { holds: true, ..Shape::default() });
            peer.send(request);
            if half_closed {
                peer.fin();
            }
            assert!(end.events().len() >= 2);
            peer.limit(10);
            end.conn.respond(&ResponseHead::new(200).close(), BodyLength::Empty).unwrap();
            let mut text = String::new();
            for _ in 0..20 {
                let _ = end.try_next();
                text += &peer.text();
                end.clock.advance(seconds(1));
            }
            assert!(text.ends_with("\r\n\r\n"), "{text}");
            drop(end);
            assert!(peer.saw_fin() && !peer.counts().aborted);
            assert_eq!(peer.counts().shutdowns, 1, "{request}");
        }
    }
}

// Whoever closes in good order says so: with close_notify, where the transport has that.
#[test]
fn i28_the_sending_side_is_closed_before_the_connection() {
    let (mut end, peer) = server();
    end.rest();
    end.clock.advance(seconds(75));
    assert_eq!(end.event(), Seen::Closed);
    assert_eq!(peer.counts().shutdowns, 1);
    let (mut end, peer) = client();
    assert!(end.close().unwrap().is_ok());
    assert_eq!(peer.counts().shutdowns, 1);
}

/// A transport whose sending side cannot be closed at once.
struct Reluctant {
    io: Wire,
    asked: usize,
}

impl Transport for Reluctant {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.io.poll_read(cx, room)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, octets)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.asked += 1;
        if self.asked < 3 { Poll::Pending } else { self.io.poll_shutdown(cx) }
    }
}

// I28: as TLS, which has something to write for that.
#[test]
fn i28_a_sending_side_that_takes_its_time_is_closed() {
    let (clock, (io, peer)) = (Clock::new(), wire(Shape::default()));
    let core = http_proto::Connection::server(Config::server().into());
    let mut conn = Connection::<Server, _, _>::new(core, Reluctant { io, asked: 0 }, clock.ticker());
    let (mut inbox, mut cx) = (Inbox::new(), Context::from_waker(Waker::noop()));
    peer.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    for _ in 0..10 {
        let whole = match pin!(conn.next_event(&mut inbox)).poll(&mut cx) {
            Poll::Ready(event) => matches!(event.unwrap(), Event::MessageComplete(_)),
            Poll::Pending => false,
        };
        if whole {
            conn.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
        }
    }
    assert!(peer.saw_fin() && conn.io().unwrap().asked == 3);
}
