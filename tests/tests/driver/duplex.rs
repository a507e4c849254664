//! Sending and receiving at once, on both ends, by functions that do not know which end they are.

use super::*;
use http_driver::{Connection, Inbox, Timer, Transport};
use http_proto::{Config, Event, Flow};
use std::sync::{Arc, Mutex};
use tests::memory::{Ticker, Wire, World, pair, server};

/// What an end has seen of the other.
#[derive(Debug, Default)]
struct Got {
    heads: usize,
    octets: Vec<u8>,
    complete: usize,
    trailers: usize,
    closed: usize,
}

impl Got {
    fn note<H>(&mut self, event: &Event<'_, H>) {
        match event {
            Event::HeadersComplete(_) => self.heads += 1,
            Event::Payload(octets) => self.octets.extend_from_slice(octets),
            Event::MessageComplete(trailers) => {
                self.complete += 1;
                self.trailers += trailers.len();
            }
            Event::Closed => self.closed += 1,
            Event::Paused | Event::NeedInput | Event::UpgradeTail(_) => panic!("not here"),
        }
    }
}

/// Sends `content` as the message that is due as soon as that can be, and receives meanwhile, until the end.
async fn talk<R: Side, Io: Transport, T: Timer>(conn: &mut Connection<R, Io, T>, content: &[u8], begun: bool) -> Got {
    let (mut inbox, mut got, mut left) = (Inbox::new(), Got::default(), content);
    let trailers = http_proto::FieldBlock::from_fields([("X-Sum", b"1".as_slice())]).unwrap();
    if !begun {
        got.note(&conn.next_event(&mut inbox).await.unwrap());
    }
    while let Some(piece) = left.split_off(..left.len().min(1000)).filter(|piece| !piece.is_empty()) {
        if conn.send(piece).unwrap() == Flow::Full {
            while let Some(event) = conn.ready_or_event(&mut inbox).await.unwrap() {
                got.note(&event);
            }
        }
    }
    if begun {
        conn.finish(Some(&trailers)).unwrap();
    }
    while got.complete == 0 {
        assert_eq!(got.closed, 0, "it is not whole");
        got.note(&conn.next_event(&mut inbox).await.unwrap());
    }
    if begun {
        conn.shutdown();
    } else {
        // Not before: what is left of a request when its answer ends is not heard.
        conn.finish(Some(&trailers)).unwrap();
    }
    while got.closed == 0 {
        got.note(&conn.next_event(&mut inbox).await.unwrap());
    }
    got
}

// P5: each end sends a message that the pipe cannot hold before it has heard the other: only who does both at once goes
// on. The client asks for the end, and both see it.
#[test]
fn p5_x3_both_ends_talk_at_once() {
    for (size, capacity) in [(3, 1000), (64, 50), (1000, 4096), (100_000, 30_000)] {
        let mut world = World::new();
        let (first, second, peer) = pair(pieces(size), pieces(size + 1));
        peer.limit(capacity);
        let mut client = Connection::<Client, Wire, Ticker>::client(first, Config::client().into());
        let mut server = Connection::<Server, Wire, Ticker>::server(second, Config::server().into());
        client.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Unknown).unwrap();
        let (asked, answered) = (Arc::new(Mutex::new(Got::default())), Arc::new(Mutex::new(Got::default())));
        let (got, heard) = (Arc::clone(&answered), Arc::clone(&asked));
        world.spawn(async move { *got.lock().unwrap() = talk(&mut client, &b"?".repeat(700_000), true).await });
        world.spawn(async move { *heard.lock().unwrap() = talk(&mut server, &b"!".repeat(900_000), false).await });
        world.advance(seconds(2));
        assert_eq!(world.tasks(), 0, "{size} at a time");
        for (got, octet, length) in [(&answered, b'!', 900_000), (&asked, b'?', 700_000)] {
            let got = got.lock().unwrap();
            assert!(got.octets.len() == length && got.octets.iter().all(|other| *other == octet));
            assert_eq!((got.heads, got.complete, got.trailers, got.closed), (1, 1, 1, 1));
        }
    }
}

// A server hears what has come before it goes on answering; a client that has closed its side, or that takes nothing, is
// no event that comes again and again.
#[test]
fn a_server_hears_while_it_waits_for_room() {
    let (mut end, peer) = server();
    peer.limit(1000);
    peer.send(UPLOAD);
    assert_eq!(end.events().len(), 2);
    let wait = async |conn: &mut Connection<Server, Wire, Ticker>, inbox: &mut Inbox| {
        conn.ready_or_event(inbox).await.unwrap().map(Seen::new::<Server>)
    };
    assert_eq!(end.run(wait), Some(None));
    peer.send([b'y'; 5]);
    assert_eq!(end.run(wait), Some(Some(Seen::Payload(vec![b'y'; 5]))));
    assert_eq!(end.conn.send_owned(vec![b'x'; 600 * 1024].into()), Ok(Flow::Full));
    peer.send_last([b'y'; 990]);
    assert_eq!(end.run(wait), None, "answers that nobody takes are no reason to read");
    peer.limit(usize::MAX);
    assert_eq!(end.run(wait), Some(Some(Seen::Payload(vec![b'y'; 990]))));
    assert_eq!(end.run(wait), Some(Some(Seen::Complete(String::new()))));
    assert_eq!(end.run(wait), Some(None));
    // The end of the input wakes nobody twice.
    peer.limit(0);
    assert_eq!(end.conn.send_owned(vec![b'x'; 600 * 1024].into()), Ok(Flow::Full));
    assert_eq!(end.run(wait), None);
    let wakes = end.wakes.count();
    assert_eq!((end.run(wait), end.wakes.count()), (None, wakes));
    peer.limit(usize::MAX);
    assert_eq!(end.run(wait), Some(None));
    end.conn.finish(None).unwrap();
    assert_eq!(end.run(wait), Some(None));
    is_over(&mut end);
}
