//! Octets between two transports, both ways.

use super::*;
use http_driver::tunnel;
use std::io;
use tests::memory::{Task, World, wire};

type Result = io::Result<(u64, u64)>;

/// A tunnel in a world of its own, and the two ends that it joins.
struct Joined {
    world: World,
    one: Peer,
    other: Peer,
    task: Task<Result>,
}

fn joined(shape: Shape) -> Joined {
    let mut world = World::new();
    let ((here, one), (there, other)) = (wire(shape.clone()), wire(shape));
    let task = Task::new(&world, tunnel(here, there));
    world.turn();
    Joined { world, one, other, task }
}

impl Joined {
    fn result(&mut self) -> Option<Result> {
        self.world.turn();
        self.task.take()
    }
}

// I16, N13: each end says all it has to say, closes its side, and goes on being heard.
#[test]
fn both_ways_to_the_ends() {
    for size in [1, 2, 5, usize::MAX] {
        let mut joined = joined(pieces(size));
        joined.one.send("hello");
        joined.world.turn();
        assert_eq!(joined.other.text(), "hello");
        joined.one.send_last(" and goodbye");
        joined.world.turn();
        assert_eq!((joined.other.text().as_str(), joined.other.saw_fin()), (" and goodbye", true));
        assert!(!joined.one.saw_fin());
        joined.other.send("still here");
        joined.world.turn();
        assert_eq!(joined.one.text(), "still here");
        joined.other.fin();
        assert_eq!(joined.result().unwrap().unwrap(), (17, 10));
        assert!(joined.one.saw_fin() && !joined.one.counts().aborted && !joined.other.counts().aborted);
    }
}

// N15, N18: who does not read is not written to, and then the other end is not read.
#[test]
fn a_reader_that_waits_holds_the_other_end_back() {
    let mut joined = joined(Shape::default());
    joined.other.limit(100);
    joined.one.send(vec![b'x'; 1024 * 1024]);
    joined.world.turn();
    assert!(joined.one.unread() >= 1024 * 1024 - 100 - 16 * 1024, "{}", joined.one.unread());
    // The other direction is not held up by that.
    joined.other.send("meanwhile");
    joined.world.turn();
    assert_eq!(joined.one.text(), "meanwhile");
    joined.one.fin();
    joined.other.fin();
    let mut received = 0;
    let result = loop {
        received += joined.other.swallow();
        if let Some(result) = joined.result() {
            break result.unwrap();
        }
    };
    assert_eq!((result, received + joined.other.swallow()), ((1024 * 1024, 9), 1024 * 1024));
}

// More than is copied without a pause: the rest is not forgotten, though nothing else happens.
#[test]
fn all_that_is_there_goes_through() {
    const MUCH: usize = 1024 * 1024;
    let mut joined = joined(Shape::default());
    joined.one.send(vec![b'x'; MUCH]);
    joined.other.send(vec![b'y'; MUCH]);
    joined.world.turn();
    assert_eq!((joined.other.swallow(), joined.one.swallow()), (MUCH, MUCH));
}

// N31: what breaks off is no end.
#[test]
fn a_reset_is_passed_on_behind_what_came_before() {
    for by_first in [true, false] {
        let mut joined = joined(Shape::default());
        let (breaking, other) = match by_first {
            true => (joined.one.clone(), joined.other.clone()),
            false => (joined.other.clone(), joined.one.clone()),
        };
        // More than the other end takes: it waits in the tunnel when the reset comes.
        other.limit(3);
        breaking.send("hello");
        joined.world.turn();
        breaking.reset();
        assert!(joined.result().is_none(), "two octets have not been delivered");
        assert_eq!(other.text(), "hel");
        assert_eq!(joined.result().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(other.saw_reset() && other.counts().aborted);
    }
}

// L12: who is gone is still heard to the end.
#[test]
fn what_an_end_has_said_before_it_went_is_delivered() {
    let mut joined = joined(Shape::default());
    joined.one.limit(3);
    joined.other.send("the answer");
    joined.world.turn();
    // The server takes no more; its answer is still on the way.
    joined.other.fail_writes(io::ErrorKind::BrokenPipe);
    joined.one.send("a question too many");
    joined.other.fin();
    let mut answer = String::new();
    let result = loop {
        answer += &joined.one.text();
        if let Some(result) = joined.result() {
            break result;
        }
    };
    assert_eq!(answer + &joined.one.text(), "the answer");
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert!(joined.one.saw_fin() && !joined.one.saw_reset());
}

// An end that listens only when it has said everything gets what was said to it, though nobody hears it any more.
#[test]
fn who_speaks_first_is_read_though_the_other_end_is_gone() {
    const MUCH: usize = 1024 * 1024;
    let mut joined = joined(Shape::default());
    joined.one.limit(3);
    joined.other.limit(3);
    joined.one.send(vec![b'x'; MUCH]);
    joined.other.send("the answer");
    joined.world.turn();
    joined.other.reset();
    assert!(joined.result().is_none(), "the answer has not been delivered");
    assert_eq!(joined.one.unread(), 0);
    let mut answer = String::new();
    let result = loop {
        answer += &joined.one.text();
        if let Some(result) = joined.result() {
            break result;
        }
    };
    // The reset behind the last octet has taken it along.
    assert_eq!(answer, "the answe");
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(joined.one.saw_reset());
}

// Both are gone, one after the other: what the second has not said does not keep the tunnel.
#[test]
fn an_end_that_breaks_off_while_it_is_not_heard_ends_the_tunnel() {
    let mut joined = joined(Shape::default());
    joined.other.fail_writes(io::ErrorKind::BrokenPipe);
    joined.one.send("nobody hears this");
    assert!(joined.result().is_none(), "the other end may still say something");
    joined.one.reset();
    assert_eq!(joined.result().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

// A transport that keeps octets back is flushed where the other end would wait for them.
#[test]
fn octets_are_not_kept_back() {
    let mut joined = joined(Shape { holds: true, ..Shape::default() });
    joined.one.send("ping");
    joined.world.turn();
    assert_eq!(joined.other.text(), "ping");
    let before = joined.other.counts().flushes;
    joined.other.send("pong");
    joined.world.turn();
    assert_eq!((joined.one.text().as_str(), joined.other.counts().flushes), ("pong", before));
}

#[test]
fn dropped_it_closes_both() {
    let joined = joined(Shape::default());
    drop(joined.world);
    for peer in [joined.one, joined.other] {
        assert!(peer.saw_fin() && peer.counts().dropped);
    }
}
