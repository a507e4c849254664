//! How connections come in: many at once, and where the system has none to give.

use super::*;
use http_driver::{Address, Listener, Opened, Server};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::task::Context;
use tests::memory::Wire;

// More than are accepted without a pause: the others are not forgotten.
#[test]
fn a_crowd_comes_in_at_once() {
    let mut world = World::new();
    let doors = Doors::default();
    doors.open("");
    let (dial, told) = told(&world, by_doors(&doors));
    let peers: Vec<_> = (0..200).map(|_| dial.open(Shape::default())).collect();
    peers.iter().for_each(|peer| peer.send(GET));
    world.turn();
    assert!(peers.iter().all(|peer| peer.text().starts_with("HTTP/1.1 200 ")));
    assert_eq!(told.finished().len(), 200);
}

/// A listener that fails now and then.
struct Failing {
    backlog: Backlog,
    errors: VecDeque<ErrorKind>,
    asked: Arc<AtomicUsize>,
}

impl Listener for Failing {
    type Io = Wire;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Wire>>> {
        self.asked.fetch_add(1, SeqCst);
        match self.errors.pop_front() {
            Some(kind) => Poll::Ready(Err(kind.into())),
            None => self.backlog.poll_accept(cx),
        }
    }

    fn local_addr(&self) -> Address {
        Address::Unknown
    }
}

// A connection that was gone before it was accepted disturbs nobody; where the system has run out of something, the
// listener rests for a moment instead of asking again and again.
#[test]
fn a_listener_that_fails_goes_on() {
    let gone = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::Interrupted];
    for (errors, pause) in [(gone.to_vec(), 0), (vec![ErrorKind::OutOfMemory], 50), (vec![ErrorKind::Other; 3], 150)] {
        let mut world = World::new();
        let doors = Doors::default();
        doors.open("");
        let (backlog, asked) = (Backlog::default(), Arc::<AtomicUsize>::default());
        let count = errors.len();
        let listener = Failing { backlog: backlog.clone(), errors: errors.into(), asked: asked.clone() };
        let _handle = Server::new(world.spawner(), listener, Services::new(by_doors(&doors))).spawn();
        let peer = Dial::new(&backlog).open(Shape::default());
        peer.send(GET);
        world.turn();
        if pause > 0 {
            world.advance(Duration::from_millis(pause) - Duration::from_nanos(1));
            assert_eq!((peer.text().as_str(), asked.load(SeqCst)), ("", count), "{pause}");
            world.advance(Duration::from_nanos(1));
        }
        assert!(peer.text().starts_with("HTTP/1.1 200 "), "{pause}");
    }
}
