//! What a connection of level 1 waits for and what not: pauses, deadlines, wake-ups; bounded work, cancelled futures.

use super::*;
use bytes::Bytes;
use http_driver::{Connection, Transport};
use http_proto::{Config, Flow, Instant, RequestHead, State};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use tests::memory::{Clock, Seen, client, server, server_with};

const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello";

// N15: nothing is read while paused, so the peer's window closes; it opens again.
#[test]
fn n15_nothing_is_read_while_paused() {
    let (mut end, peer) = server();
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    end.conn.pause();
    let reads = peer.counts().reads;
    peer.send([b'x'; 50_000]);
    end.rest();
    pass(&mut end, seconds(3600));
    assert_eq!((peer.counts().reads, peer.unread()), (reads, 50_000));
    end.conn.resume();
    assert_eq!(end.events(), [Seen::Payload(vec![b'x'; 50_000])]);
    // The deadline of the body begins anew, and is kept.
    pass(&mut end, seconds(30) - Duration::from_nanos(1));
    end.clock.advance(Duration::from_nanos(1));
    end.rest();
    peer.fin();
    assert_eq!(kind(&end.error()), RecvErrorKind::BodyTimeout);
    assert!(peer.text().starts_with("HTTP/1.1 408 "));
}

#[test]
fn n15_no_deadline_of_receiving_fires_while_paused() {
    for part in ["GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n"] {
        let (mut end, peer) = server();
        peer.send(part);
        end.events();
        end.conn.pause();
        pass(&mut end, seconds(1000));
        assert_ne!(end.conn.state(), State::Closed);
        end.conn.resume();
        end.rest();
    }
}

// N15: what is to be sent goes out while reading is paused, under the deadline of writing.
#[test]
fn n15_a_pause_is_none_for_what_is_sent() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    answer(&mut end);
    end.conn.pause();
    peer.limit(10);
    end.rest();
    assert_eq!(peer.read().len(), 10);
    peer.limit(11);
    end.rest();
    pass(&mut end, seconds(30) - Duration::from_nanos(1));
    end.clock.advance(Duration::from_nanos(1));
    assert_eq!(kind(&end.error()), RecvErrorKind::WriteTimeout);
    assert_eq!(end.event(), Seen::Closed);
}

// N15: who waits for room or for everything to be written does not read, and no deadline of receiving runs.
#[test]
fn n15_no_deadline_of_receiving_fires_while_writing() {
    for flush in [false, true] {
        let (mut end, peer) = server();
        peer.send(UPLOAD);
        assert_eq!(end.events().len(), 2);
        end.conn.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
        peer.limit(1000);
        assert_eq!(end.conn.send_owned(vec![0; 700_000].into()), Ok(Flow::Full));
        peer.send([b'x'; 1000]);
        for _ in 0..60 {
            assert!(!if flush { end.flush() } else { end.ready() });
            end.clock.advance(seconds(1));
            assert_eq!(peer.swallow(), 1000);
        }
        assert_ne!(end.conn.state(), State::Closed);
        peer.limit(usize::MAX);
        assert!(end.flush());
        assert_eq!(end.event(), Seen::Payload(vec![b'x'; 1000]));
    }
}

// The same where a server takes in nothing because its answers are not taken.
#[test]
fn n18_no_deadline_of_receiving_fires_while_answers_are_not_taken() {
    let (mut end, peer) = server();
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    end.conn.respond(&ResponseHead::new(200), BodyLength::Unknown).unwrap();
    peer.limit(1000);
    assert_eq!(end.conn.send_owned(vec![0; 400_000].into()), Ok(Flow::Ready));
    peer.send([b'x'; 1000]);
    for _ in 0..60 {
        end.rest();
        end.clock.advance(seconds(1));
        assert_eq!(peer.swallow(), 1000);
    }
    peer.limit(usize::MAX);
    assert_eq!(end.events(), [Seen::Payload(vec![b'x'; 1000])]);
}

// Answered at the head, taken slowly: the request has come whole, so there is nothing to be swallowed in time.
#[test]
fn l9_a_slow_reader_keeps_its_connection() {
    let (mut end, peer) = server();
    peer.send(GET);
    assert!(matches!(end.event(), Seen::Head(_)));
    end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(400_000)).unwrap();
    let _ = end.conn.send_owned(vec![b'x'; 400_000].into()).unwrap();
    end.conn.finish(None).unwrap();
    peer.limit(20_000);
    for _ in 0..30 {
        end.clock.advance(seconds(1));
        let _ = end.try_next();
        peer.swallow();
    }
    end.rest();
    asked(&mut end, &peer);
}

// N11: an idle connection waits for input and its idle deadline, nothing else.
#[test]
fn n11_an_idle_connection_is_left_alone() {
    let (mut end, peer) = server();
    end.rest();
    let (reads, resets, wakes) = (peer.counts().reads, end.clock.resets(), end.wakes.count());
    assert_eq!((reads, resets, wakes), (1, 1, 0));
    assert_eq!(end.clock.next(), Some(end.clock.now().saturating_add(seconds(75))));
    end.clock.advance(seconds(74));
    assert_eq!(end.wakes.count(), 0);
    end.clock.advance(seconds(1));
    assert_eq!(end.wakes.count(), 1);
    assert_eq!(end.event(), Seen::Closed);
    assert_eq!((end.clock.next(), end.clock.resets()), (None, 1));
}

// N11: exchanges do not set the timer anew; it is looked at when it goes off.
#[test]
fn n11_an_exchange_sets_no_timer() {
    let (mut end, peer) = server();
    end.rest();
    for _ in 0..50 {
        end.clock.advance(seconds(1));
        let wakes = end.wakes.count();
        asked(&mut end, &peer);
        answer(&mut end);
        end.rest();
        assert_eq!(end.wakes.count(), wakes + 1, "one wake-up for the request");
        peer.read();
    }
    assert_eq!(end.clock.resets(), 1);
    // 75 s after the start it goes off in vain, once; 75 s after the last exchange for good.
    let (last, wakes) = (end.clock.now(), end.wakes.count());
    let mut vain = 0;
    while let Some(next) = end.clock.next() {
        end.clock.advance_to(next);
        match end.try_next() {
            None => vain += 1,
            Some(event) => assert_eq!(event.unwrap(), Seen::Closed),
        }
    }
    assert_eq!((vain, end.wakes.count() - wakes, end.clock.resets()), (1, 2, 2));
    assert_eq!(end.clock.now(), last.saturating_add(seconds(75)));
}

// N11: a client that waits for an answer waits for its deadline as well, and polls nothing.
#[test]
fn n11_a_waiting_client_is_left_alone() {
    let (mut end, peer) = client();
    end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
    end.rest();
    let late = end.clock.now().saturating_add(seconds(300));
    assert_eq!((end.clock.next(), end.clock.resets(), end.wakes.count()), (Some(late), 1, 0));
    peer.send(OK);
    assert_eq!(end.wakes.count(), 1);
    assert_eq!(end.events().len(), 3);
}

// N13: no busy loop behind the end of the input.
#[test]
fn n13_the_end_of_the_input_is_read_once() {
    let (mut end, peer) = server();
    peer.send_last(GET);
    assert_eq!(end.events().len(), 3);
    let (reads, wakes) = (peer.counts().reads, end.wakes.count());
    peer.limit(0);
    answer(&mut end);
    for _ in 0..10 {
        end.rest();
    }
    assert_eq!((peer.counts().reads, end.wakes.count()), (reads, wakes));
}

/// A transport that is always ready, and counts.
#[derive(Default)]
struct Flood {
    reads: usize,
    writes: usize,
}

impl Transport for Flood {
    fn poll_read(&mut self, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.reads += 1;
        let text =
            if self.reads == 1 { "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" } else { "x" };
        let count = text.len().min(room.len());
        room[..count].copy_from_slice(&text.as_bytes()[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.writes += 1;
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// The work of one poll is bounded, and the rest is not forgotten.
#[test]
fn a_transport_that_is_always_ready_does_not_keep_the_task() {
    let wakes = std::sync::Arc::<tests::memory::Wakes>::default();
    let waker = std::task::Waker::from(wakes.clone());
    let clock = Clock::new();
    let core = http_proto::Connection::server(Config::server().into());
    let mut conn = Connection::<Server, _, _>::new(core, Flood::default(), clock.ticker());
    let mut inbox = http_driver::Inbox::new();
    let mut polls = 0;
    let mut heads = 0;
    loop {
        let before = conn.io().unwrap().reads;
        let polled = pin!(conn.next_event(&mut inbox)).poll(&mut Context::from_waker(&waker));
        polls += 1;
        match polled.map(|event| event.map(|event| Seen::new::<Server>(event))) {
            Poll::Pending => assert!(wakes.take(), "it would never go on"),
            Poll::Ready(Ok(Seen::Head(_))) => heads += 1,
            Poll::Ready(Ok(other)) => panic!("{other:?}"),
            Poll::Ready(Err(error)) => {
                assert_eq!(kind(&error), RecvErrorKind::ChunkExtensionTooLong);
                break;
            }
        }
        assert!(conn.io().unwrap().reads - before <= 16);
    }
    assert_eq!(heads, 1);
    assert!(polls > 10, "{polls}");
}

// Nothing is lost if futures are dropped after every poll: these helpers make a new one for each.
#[test]
fn futures_can_be_dropped_at_every_poll() {
    for size in [1, 2, 5, 100] {
        let (mut end, peer) = server_with(Config::server(), pieces(size));
        let (mut received, mut answered, mut closed) = (Vec::new(), 0, false);
        peer.send_last(["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n", &"x".repeat(3000), GET].concat());
        let mut polls = 0;
        while !closed {
            polls += 1;
            assert!(polls < 1_000_000);
            // The three futures take turns; each is polled once and dropped.
            match polls % 3 {
                0 => match end.poll(async |conn, inbox| conn.next_event(inbox).await.map(Seen::new::<Server>)) {
                    Some(Ok(Seen::Payload(octets))) => received.extend(octets),
                    Some(Ok(Seen::Complete(_))) => {
                        end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(5000)).unwrap();
                        let _ = end.conn.send_owned(Bytes::from(vec![b'y'; 5000])).unwrap();
                        end.conn.finish(None).unwrap();
                        answered += 1;
                    }
                    Some(Ok(event)) => closed = event == Seen::Closed && end.conn.outstanding() == 0,
                    Some(Err(error)) => panic!("{error}"),
                    None => {}
                },
                1 => _ = end.poll(async |conn, _| conn.ready().await),
                _ => _ = end.poll(async |conn, _| conn.flush().await),
            }
        }
        assert_eq!((received.len(), answered), (3000, 2));
        let answers = peer.text();
        assert_eq!(answers.matches('y').count(), 10_000);
        assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2);
    }
}

// P9: a hundred thousand requests from a peer that reads nothing: what is kept is bounded, and reading stops.
#[test]
fn p9_a_peer_that_reads_nothing_is_not_read() {
    let (mut end, peer) = server();
    peer.limit(0);
    peer.send(GET.repeat(100_000));
    let mut answered = 0;
    while let Some(event) = end.try_next() {
        if let Seen::Complete(_) = event.unwrap() {
            answer(&mut end);
            answered += 1;
        }
    }
    let kept = GET.len() * 100_000 - peer.unread();
    assert!(answered > 100 && answered < 2000, "{answered}");
    assert!(kept < 512 * 1024, "{kept} octets were read");
    let reads = peer.counts().reads;
    end.rest();
    assert_eq!(peer.counts().reads, reads);
    // It reads after all: everything is answered.
    peer.limit(usize::MAX);
    let mut octets = 0;
    while let Some(event) = end.try_next() {
        octets += peer.swallow();
        if let Seen::Complete(_) = event.unwrap() {
            answer(&mut end);
            answered += 1;
        }
    }
    octets += peer.swallow();
    assert_eq!(answered, 100_000);
    assert_eq!(octets as u64, end.conn.transferred().1);
}

// A timer at the end of time is none.
#[test]
fn without_deadlines_no_timer_is_set() {
    let mut config = Config::server();
    config.timeouts.idle = Duration::MAX;
    let (mut end, _) = server_with(config, Shape::default());
    end.rest();
    assert_eq!((end.clock.resets(), end.clock.next()), (0, None::<Instant>));
}
