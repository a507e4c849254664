//! N44: when an exchange passed its stations, to the nanosecond: on level 1, and in the records of a server.

use super::*;
use http::{Request, Response};
use http_driver::{Body, Record, Timings, service_fn};
use http_proto::{Client, Instant, RequestHead};
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tests::memory::{Seen, World, client, server, site};
use tower_service::Service;

/// So much time between any two things that happen.
const STEP: Duration = Duration::from_nanos(1_000_003);

/// Lets a moment go by; the time behind it.
fn tick<R: Side + tests::memory::Shown>(end: &End<R>) -> Option<Instant> {
    end.clock.advance(STEP);
    Some(end.clock.now())
}

fn stations(timings: Timings) -> [Option<Instant>; 4] {
    assert_eq!(timings.dispatched, None, "nobody is called on level 1");
    [timings.first_octet_in, timings.head_in, timings.first_octet_out, timings.done]
}

// N44
#[test]
fn n44_a_server() {
    let (mut end, peer) = server();
    end.rest();
    assert_eq!(end.conn.timings(), Timings::default());
    for _ in 0..3 {
        let first = tick(&end);
        peer.send(&GET[..1]);
        end.rest();
        tick(&end);
        peer.send(&GET[1..5]);
        end.rest();
        let head = tick(&end);
        peer.send(&GET[5..]);
        assert!(matches!(end.event(), Seen::Head(_)));
        assert_eq!(stations(end.conn.timings()), [first, head, None, None]);
        tick(&end);
        assert!(matches!(end.event(), Seen::Complete(_)));
        end.rest();
        peer.limit(0);
        tick(&end);
        end.conn.respond(&ResponseHead::new(200), BodyLength::Exact(10)).unwrap();
        end.rest();
        assert_eq!(stations(end.conn.timings()), [first, head, None, None], "nothing could be written");
        let out = tick(&end);
        peer.limit(1);
        end.rest();
        tick(&end);
        peer.limit(5);
        end.rest();
        assert_eq!(stations(end.conn.timings()), [first, head, out, None]);
        let _ = end.conn.send(b"0123456789").unwrap();
        end.conn.finish(None).unwrap();
        tick(&end);
        peer.limit(20);
        end.rest();
        assert_eq!(stations(end.conn.timings()), [first, head, out, None]);
        let done = tick(&end);
        peer.limit(1000);
        end.rest();
        tick(&end);
        end.rest();
        assert_eq!(stations(end.conn.timings()), [first, head, out, done]);
        peer.read();
    }
}

// N44: the first octet of a head may come with what is in front of it.
#[test]
fn n44_a_head_behind_a_body() {
    const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for behind in 1..40 {
        let (mut end, peer) = server();
        end.rest();
        let split = CHUNKED.len() - behind;
        tick(&end);
        peer.send(&CHUNKED[..split]);
        end.events();
        let first = tick(&end);
        peer.send(format!("{}GET", &CHUNKED[split..]));
        end.events();
        answer(&mut end);
        end.rest();
        let head = tick(&end);
        peer.send(" / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert!(matches!(end.event(), Seen::Head(_)));
        assert_eq!(stations(end.conn.timings()), [first, head, None, None], "{behind}");
    }
}

// N44: an answer that closes the connection, to a client that has closed its side.
#[test]
fn n44_the_last_answer() {
    let (mut end, peer) = server();
    let first = tick(&end);
    peer.send_last(GET);
    assert_eq!(end.events().len(), 3);
    let done = tick(&end);
    answer(&mut end);
    assert_eq!(end.event(), Seen::Closed);
    assert_eq!(stations(end.conn.timings()), [first, first, done, done]);
}

// N44: octets are written in the same turn in which the next ones are read.
#[test]
fn n44_written_and_read_at_once() {
    let (mut end, peer) = server();
    let first = tick(&end);
    asked(&mut end, &peer);
    let done = tick(&end);
    answer(&mut end);
    peer.fin();
    assert_eq!(end.event(), Seen::Closed);
    assert_eq!(stations(end.conn.timings()), [first, first, done, done]);
}

#[test]
fn n44_flush_and_ready_note_it_too() {
    let (mut end, peer) = server();
    let first = tick(&end);
    asked(&mut end, &peer);
    let done = tick(&end);
    answer(&mut end);
    assert!(end.flush());
    tick(&end);
    assert_eq!(stations(end.conn.timings()), [first, first, done, done]);
}

fn ask(end: &mut End<Client>) {
    end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
}

// N44
#[test]
fn n44_a_client() {
    let (mut end, peer) = client();
    for _ in 0..3 {
        peer.limit(0);
        tick(&end);
        ask(&mut end);
        assert_eq!(end.conn.timings(), Timings::default(), "another exchange");
        end.rest();
        let out = tick(&end);
        peer.limit(3);
        end.rest();
        assert_eq!(stations(end.conn.timings()), [None, None, out, None]);
        let done = tick(&end);
        peer.limit(1000);
        end.rest();
        assert_eq!(stations(end.conn.timings()), [None, None, out, done]);
        let first = tick(&end);
        peer.send(&OK[..10]);
        end.rest();
        let head = tick(&end);
        peer.send(&OK[10..]);
        assert_eq!(end.events().len(), 3);
        assert_eq!(stations(end.conn.timings()), [first, head, out, done]);
        peer.read();
    }
}

// N44: an interim answer is a head of the peer as well; the final one counts.
#[test]
fn n44_the_final_head_counts() {
    let (mut end, peer) = client();
    let out = tick(&end);
    ask(&mut end);
    end.rest();
    tick(&end);
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    assert_eq!(end.events().len(), 1);
    let first = tick(&end);
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
    assert_eq!(stations(end.conn.timings()), [first, first, out, out]);
}

/// A service that is ready, and answers, when it is told to.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<(bool, bool, Vec<Waker>)>>);

impl Slow {
    fn allow(&self, ready: bool, answer: bool) {
        let mut inner = self.0.lock().unwrap();
        (inner.0, inner.1) = (ready, answer);
        std::mem::take(&mut inner.2).into_iter().for_each(Waker::wake);
    }

    fn wait(&self, cx: &Context<'_>, allowed: impl Fn(&(bool, bool, Vec<Waker>)) -> bool) -> Poll<()> {
        let mut inner = self.0.lock().unwrap();
        if allowed(&inner) {
            return Poll::Ready(());
        }
        inner.2.push(cx.waker().clone());
        Poll::Pending
    }
}

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.wait(cx, |inner| inner.0).map(Ok)
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let slow = self.clone();
        Box::pin(async move {
            poll_fn(|cx| slow.wait(cx, |inner| inner.1)).await;
            Ok(Response::new(Body::from("0123456789")))
        })
    }
}

/// Lets a moment go by; the time behind it.
fn moment(world: &mut World) -> Option<Instant> {
    world.turn();
    world.clock.advance(STEP);
    Some(world.clock.now())
}

// N44, N22: a record has all stations, and is told when the last octet has reached the kernel.
#[test]
fn n44_a_record_of_a_server() {
    let mut world = World::new();
    let (slow, records) = (Slow::default(), Arc::new(Mutex::new(Vec::<Record>::new())));
    let keep = records.clone();
    let (dial, _) = site(&world, slow.clone(), |server| {
        server.on_finish(move |_, record| keep.lock().unwrap().push(record.clone()))
    });
    let peer = dial.open(Shape::default());
    for number in 1..4 {
        let first = moment(&mut world);
        peer.send(&GET[..3]);
        let head = moment(&mut world);
        peer.send(&GET[3..]);
        moment(&mut world);
        let dispatched = moment(&mut world);
        slow.allow(true, false);
        moment(&mut world);
        peer.limit(0);
        slow.allow(false, true);
        let out = moment(&mut world);
        peer.limit(1);
        moment(&mut world);
        peer.limit(30);
        let done = moment(&mut world);
        assert_eq!(records.lock().unwrap().len(), 0);
        peer.limit(1000);
        moment(&mut world);
        let record = records.lock().unwrap().pop().expect("it is over");
        assert_eq!((record.number, record.complete, record.status), (number, true, Some(200)));
        let timings = record.timings;
        assert_eq!([timings.first_octet_in, timings.head_in, timings.dispatched], [first, head, dispatched]);
        assert_eq!([timings.first_octet_out, timings.done], [out, done]);
        assert_eq!(record.duration(), Some(done.unwrap().saturating_since(first.unwrap())));
        peer.swallow();
        slow.allow(false, false);
    }
}

// N44: the last answer of a connection, and one that never got out.
#[test]
fn n44_records_at_the_end() {
    let mut world = World::new();
    let records = Arc::new(Mutex::new(Vec::<Record>::new()));
    let keep = records.clone();
    let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::from("hello"))));
    let (dial, _) =
        site(&world, service, |server| server.on_finish(move |_, record| keep.lock().unwrap().push(record.clone())));
    let peer = dial.open(Shape::default());
    let first = moment(&mut world);
    peer.send_last(GET);
    peer.limit(1);
    let done = moment(&mut world);
    peer.limit(1000);
    world.turn();
    let record = records.lock().unwrap().pop().expect("it is over");
    assert_eq!(
        [record.timings.first_octet_in, record.timings.first_octet_out, record.timings.done],
        [first, first, done]
    );

    let peer = dial.open(Shape::default());
    let first = moment(&mut world);
    peer.limit(1);
    peer.send(GET);
    moment(&mut world);
    peer.reset();
    world.turn();
    let record = records.lock().unwrap().pop().expect("it is over");
    assert!(!record.complete);
    assert_eq!(
        [record.timings.first_octet_in, record.timings.first_octet_out, record.timings.done],
        [first, first, None]
    );
}
