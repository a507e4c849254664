//! Commands of level 1: the head that goes by itself, backpressure, Date; and one function for both ends.

use super::*;
use http_driver::{AutoHead, Connection, Inbox, Timer, Transport};
use http_proto::{Client, Config, Event, FieldBlock, Flow, Instant, RequestHead, SendError};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tests::memory::{Clock, DATE, Seen, Ticker, Wire, World, client, pair, server, server_with, wire};

const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

// I22
#[test]
fn i22_the_head_goes_first_by_itself() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    assert_eq!(end.conn.send(b"hello"), Ok(Flow::Ready));
    assert_eq!(end.conn.send_owned("!".into()), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    assert!(end.flush());
    assert_eq!(peer.text(), format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"));
}

#[test]
fn i22_it_can_be_set_and_holds_for_one_exchange() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    let fields = FieldBlock::from_fields([("X-A", b"b".as_slice())]).unwrap();
    end.conn.set_auto_head(AutoHead { status: 404, fields, body: BodyLength::Exact(4) });
    assert_eq!(end.conn.send(b"gone"), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    assert!(end.flush());
    let set = format!("HTTP/1.1 404 Not Found\r\nDate: {DATE}\r\nX-A: b\r\nContent-Length: 4\r\n\r\ngone");
    assert_eq!(peer.text(), set);

    asked(&mut end, &peer);
    assert_eq!(end.conn.send(b"a"), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    assert!(end.flush());
    assert_eq!(peer.text(), format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"));
}

#[test]
fn i22_it_can_be_switched_off_for_one_exchange() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.no_auto_head();
    assert_eq!(end.conn.send(b"a"), Err(SendError::NoMessage));
    assert_eq!(end.conn.send_owned("a".into()), Err(SendError::NoMessage));
    assert_eq!(end.conn.finish(None), Err(SendError::NoMessage));
    assert!(end.flush());
    assert_eq!(peer.text(), "", "nothing has gone out");
    answer(&mut end);
    asked(&mut end, &peer);
    assert_eq!(end.conn.send(b"a"), Ok(Flow::Ready), "the switch is reset");
}

#[test]
fn i22_what_was_set_for_an_exchange_answered_otherwise_is_gone() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.set_auto_head(AutoHead { status: 500, ..AutoHead::default() });
    answer(&mut end);
    asked(&mut end, &peer);
    peer.read();
    assert_eq!(end.conn.send(b"a"), Ok(Flow::Ready));
    assert!(end.flush());
    assert!(peer.text().starts_with(HEAD));
}

#[test]
fn i22_finish_without_a_head_answers() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.finish(None).unwrap();
    assert!(end.flush());
    assert_eq!(peer.text(), format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    assert_eq!(end.conn.outstanding(), 0);
}

#[test]
fn i22_a_head_without_content() {
    let (mut end, peer) = server();
    let empty = AutoHead { status: 204, body: BodyLength::Empty, ..AutoHead::default() };
    asked(&mut end, &peer);
    end.conn.set_auto_head(empty.clone());
    assert_eq!(end.conn.send(b"a"), Err(SendError::BodyNotAllowed));
    let trailers = FieldBlock::from_fields([("X-A", b"b".as_slice())]).unwrap();
    assert_eq!(end.conn.finish(Some(&trailers)), Err(SendError::TrailersNotAllowed));
    assert!(end.flush());
    assert_eq!(peer.text(), "", "nothing has gone out");
    assert_eq!(end.conn.finish(None), Ok(()));
    assert!(end.flush());
    assert_eq!(peer.text(), format!("HTTP/1.1 204 No Content\r\nDate: {DATE}\r\n\r\n"));
}

#[test]
fn i22_without_a_request_there_is_no_head() {
    let (mut end, peer) = server();
    assert_eq!(end.conn.send(b"a"), Err(SendError::NothingToAnswer));
    assert!(end.flush());
    assert_eq!(peer.text(), "");
    let (mut end, peer) = client();
    assert_eq!(end.conn.send(b"a"), Err(SendError::NoMessage));
    assert!(end.flush());
    assert_eq!(peer.text(), "");
}

#[test]
fn date_is_added_once_and_ones_own_is_kept() {
    let (mut end, peer) = server();
    let own = FieldBlock::from_fields([("date", b"my own".as_slice())]).unwrap();
    let other = b"Mon, 07 Nov 1994 08:49:37 GMT";
    let heads = [
        (ResponseHead::new(200), DATE),
        (ResponseHead::new(200).block(&own), "my own"),
        (ResponseHead::new(200).fields(&[("Date", b"other")]), "other"),
        (ResponseHead::new(200).date(other), "Mon, 07 Nov 1994 08:49:37 GMT"),
    ];
    for (head, date) in heads {
        asked(&mut end, &peer);
        end.conn.respond(&head, BodyLength::Empty).unwrap();
        assert!(end.flush());
        let answer = peer.text().to_lowercase();
        assert_eq!(answer.matches("date:").count(), 1, "{answer}");
        assert!(answer.contains(&format!("date: {}\r\n", date.to_lowercase())), "{answer}");
    }
}

/// A clock that knows the second.
struct Dated(Ticker);

impl Timer for Dated {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn reset(&mut self, at: Instant) {
        self.0.reset(at);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx)
    }

    fn date(&self) -> Option<[u8; 29]> {
        let second = self.now().as_nanos() / 1_000_000_000;
        format!("Sun, 06 Nov 1994 08:49:{second:02} GMT").into_bytes().try_into().ok()
    }
}

// It is formatted once a turn, and that of an earlier turn is not used again.
#[test]
fn date_goes_on() {
    let (clock, (io, peer)) = (Clock::new(), wire(Shape::default()));
    let core = http_proto::Connection::server(Config::server().into());
    let mut conn = Connection::<Server, _, _>::new(core, io, Dated(clock.ticker()));
    let (mut inbox, mut cx) = (Inbox::new(), Context::from_waker(Waker::noop()));
    for second in 1..4 {
        peer.send(GET);
        loop {
            let polled = pin!(conn.next_event(&mut inbox)).poll(&mut cx);
            let whole = polled.map(|event| matches!(event.unwrap(), Event::MessageComplete(_)));
            let Poll::Ready(whole) = whole else { break };
            if whole {
                conn.respond(&ResponseHead::new(200), BodyLength::Empty).unwrap();
            }
        }
        let answer = peer.text();
        assert!(answer.contains(&format!("08:49:0{second} GMT\r\n")), "{answer}");
        clock.advance(seconds(1));
    }
}

// N18: Full at the high mark, ready again at the low one, and not before.
#[test]
fn n18_ready_at_exactly_the_low_mark() {
    const LOW: usize = 128 * 1024;
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(1 << 30)).unwrap();
    peer.limit(1 << 20);
    assert!(end.flush());
    peer.read();
    peer.limit(0);
    assert_eq!(end.conn.send_owned(vec![0; 512 * 1024 - 1].into()), Ok(Flow::Ready));
    assert!(end.ready(), "one octet below the high mark");
    assert_eq!(end.conn.send(b"x"), Ok(Flow::Full));
    assert!(!end.ready());
    peer.limit(512 * 1024 - LOW - 1);
    assert!(!end.ready(), "one octet above the low mark");
    peer.limit(512 * 1024 - LOW);
    assert!(end.ready());
    assert!(!end.flush());
    assert_eq!(peer.swallow(), 512 * 1024 - LOW);
    assert!(end.flush());
    assert_eq!(peer.swallow(), LOW);
}

// N18: for copied octets, the marks are 64 KiB and 16 KiB.
#[test]
fn n18_copied_octets_have_marks_of_their_own() {
    let (mut end, peer) = server();
    asked(&mut end, &peer);
    end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(1 << 30)).unwrap();
    assert!(end.flush());
    peer.read();
    peer.limit(0);
    assert_eq!(end.conn.send(&[0; 64 * 1024 - 1]), Ok(Flow::Ready));
    assert_eq!(end.conn.send(b"x"), Ok(Flow::Full));
    peer.limit(48 * 1024 - 1);
    assert!(!end.ready());
    peer.limit(48 * 1024);
    assert!(end.ready());
}

// Flush means that the transport keeps nothing back either.
#[test]
fn flush_waits_for_the_transport() {
    let (mut end, peer) = server_with(Config::server(), Shape { holds: true, ..Shape::default() });
    asked(&mut end, &peer);
    answer(&mut end);
    peer.limit(10);
    assert!(!end.flush());
    assert_eq!(peer.text(), "HTTP/1.1 2");
    assert!(!end.flush());
    peer.limit(1000);
    assert!(end.flush());
    assert!(peer.text().ends_with("\r\n\r\n"));
    let flushes = peer.counts().flushes;
    assert!(end.flush());
    assert_eq!(peer.counts().flushes, flushes, "nothing to flush");
}

/// Sends `content` as the message that is due, and receives until the connection closes: knows neither end.
async fn drive<R: Side, Io: Transport, T: Timer>(
    conn: &mut Connection<R, Io, T>,
    content: &[u8],
    begun: bool,
) -> Vec<u8> {
    let (mut inbox, mut received, mut sent) = (Inbox::new(), Vec::new(), false);
    if begun {
        send_all(conn, content).await;
        sent = true;
    }
    loop {
        match conn.next_event(&mut inbox).await.unwrap() {
            Event::HeadersComplete(_) => {}
            Event::Payload(octets) => received.extend(octets),
            Event::MessageComplete(_) if !sent => {
                send_all(conn, content).await;
                sent = true;
            }
            Event::MessageComplete(_) | Event::Closed => break,
            Event::UpgradeTail(_) | Event::NeedInput | Event::Paused => panic!("not here"),
        }
    }
    conn.close(&mut inbox).await.unwrap();
    received
}

async fn send_all<R: Side, Io: Transport, T: Timer>(conn: &mut Connection<R, Io, T>, content: &[u8]) {
    for piece in content.chunks(1000) {
        if conn.send(piece).unwrap() == Flow::Full {
            conn.ready().await;
        }
    }
    conn.finish(None).unwrap();
    conn.flush().await;
}

// P5: and nobody waits for what has happened already, whatever moves at a time: tasks are polled when they are woken.
#[test]
fn p5_one_function_drives_both_ends() {
    for (size, capacity) in [(3, 100_000), (64, 50), (1000, 4096), (100_000, 30_000), (usize::MAX - 1, usize::MAX)] {
        let mut world = World::new();
        let (first, second, peer) = pair(pieces(size), pieces(size + 1));
        peer.limit(capacity);
        let mut client = Connection::<Client, Wire, Ticker>::client(first, Config::client().into());
        let mut server = Connection::<Server, Wire, Ticker>::server(second, Config::server().into());
        client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown).unwrap();
        let (asked, answered) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (got, heard) = (answered.clone(), asked.clone());
        world.spawn(async move { *got.lock().unwrap() = drive(&mut client, &b"?".repeat(700_000), true).await });
        world.spawn(async move { *heard.lock().unwrap() = drive(&mut server, &b"!".repeat(900_000), false).await });
        world.turn();
        assert!(*answered.lock().unwrap() == b"!".repeat(900_000), "{size} at a time");
        world.advance(seconds(2));
        assert!(*asked.lock().unwrap() == b"?".repeat(700_000), "{size} at a time");
        assert_eq!(world.tasks(), 0);
    }
}

// X2: an expectation, from both ends.
#[test]
fn x2_continue_is_asked_for_and_given() {
    let (mut end, peer) = server();
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert!(matches!(end.event(), Seen::Head(_)));
    assert!(end.conn.awaiting_continue());
    end.rest();
    end.conn.proceed().unwrap();
    end.rest();
    assert_eq!(peer.text(), "HTTP/1.1 100 Continue\r\n\r\n");

    let (mut end, peer) = client();
    end.conn.start(&RequestHead::new("POST", "/").host("h").expect_continue(), BodyLength::Exact(2)).unwrap();
    assert_eq!(end.conn.send(b"hi"), Err(SendError::AwaitingContinue));
    end.rest();
    assert!(peer.text().ends_with("\r\n\r\n"));
    // At its deadline the content goes out all the same.
    pass(&mut end, seconds(1));
    assert!(!end.conn.awaiting_continue());
    assert_eq!(end.conn.send(b"hi"), Ok(Flow::Ready));
    end.conn.finish(None).unwrap();
    end.rest();
    assert_eq!(peer.text(), "hi");
}
