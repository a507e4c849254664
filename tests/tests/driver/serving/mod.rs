//! Whole servers on wires in memory: what a service's answers become, in which order, until when, and who is told.

mod accepting;
mod apart;
mod content;
mod cut_off;
mod load;
mod panics;

use super::*;
use http::{Request, Response, StatusCode};
use http_driver::{Body, BodyError, Exchange, HttpService, OnDisconnect, Record, Services, Serving, service_fn};
use http_proto::Config;
use std::collections::HashSet;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use tests::memory::{Backlog, DATE, Dial, Spawner, World, site};

/// Handlers wait at doors, which a test opens by name.
#[derive(Clone, Default)]
struct Doors {
    open: Arc<Mutex<HashSet<String>>>,
    waiting: Arc<Mutex<Vec<Waker>>>,
}

impl Doors {
    fn open(&self, name: &str) {
        self.open.lock().unwrap().insert(name.to_owned());
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        waiting.into_iter().for_each(Waker::wake);
    }

    async fn pass(&self, name: &str) {
        poll_fn(|cx| {
            if self.open.lock().unwrap().contains(name) {
                return Poll::Ready(());
            }
            self.waiting.lock().unwrap().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// What hooks were told.
#[derive(Clone, Default)]
struct Told {
    records: Arc<Mutex<Vec<Record>>>,
    ends: Arc<Mutex<Vec<(usize, bool)>>>,
}

impl Told {
    /// Which exchanges are over, and whether they are complete.
    fn finished(&self) -> Vec<(u64, bool)> {
        self.records.lock().unwrap().iter().map(|record| (record.number, record.complete)).collect()
    }

    /// How many exchanges each end cut off, and whether it was an upgrade.
    fn ends(&self) -> Vec<(usize, bool)> {
        self.ends.lock().unwrap().clone()
    }
}

/// A server whose hooks tell.
fn told<S>(world: &World, service: S) -> (Dial, Told)
where
    S: HttpService<Answer: Send, Content: Send> + Clone + Send + 'static,
{
    told_with(world, service, |server| server)
}

/// The same with options of its own.
fn told_with<S>(
    world: &World,
    service: S,
    options: impl FnOnce(http_driver::Server<Spawner, Backlog, S>) -> http_driver::Server<Spawner, Backlog, S>,
) -> (Dial, Told)
where
    S: HttpService<Answer: Send, Content: Send> + Clone + Send + 'static,
{
    let told = Told::default();
    let (records, ends) = (told.records.clone(), told.ends.clone());
    let (dial, _handle) = site(world, service, |server| {
        options(server)
            .on_finish(move |_, record| records.lock().unwrap().push(record.clone()))
            .on_close(move |_, ended| ends.lock().unwrap().push((ended.cut_off, ended.upgraded)))
    });
    (dial, told)
}

fn get(path: &str) -> String {
    format!("GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn exchange(request: &Request<Body>) -> Exchange {
    request.extensions().get::<Exchange>().unwrap().clone()
}

/// Answers with its path when the door of that name is open.
fn by_doors(
    doors: &Doors,
) -> impl HttpService<Answer: Send, Content = Body, Fault = Infallible, ContentFault = BodyError> + Clone + Send + use<>
{
    let doors = doors.clone();
    service_fn(move |request: Request<Body>| {
        let doors = doors.clone();
        async move {
            let path = request.uri().path()[1..].to_owned();
            doors.pass(&path).await;
            Ok::<_, Infallible>(Response::new(Body::from(path)))
        }
    })
}

// L6: handlers end in any order, answers go out in that of the requests.
#[test]
fn l6_answers_go_out_in_order() {
    let mut world = World::new();
    let doors = Doors::default();
    let (dial, told) = told_with(&world, by_doors(&doors), |server| server.max_in_flight(3));
    let peer = dial.open(Shape::default());
    peer.send([get("one"), get("two"), get("three")].concat());
    world.turn();
    doors.open("three");
    world.turn();
    assert_eq!(peer.text(), "");
    doors.open("one");
    world.turn();
    assert!(peer.text().ends_with("one"));
    doors.open("two");
    world.turn();
    let answers = peer.text();
    assert!(answers.find("two") < answers.find("three"), "{answers}");
    assert_eq!(told.finished(), [(1, true), (2, true), (3, true)]);
}

// P7: one at a time unless told otherwise.
#[test]
fn p7_the_next_handler_starts_when_the_one_before_has_ended() {
    let mut world = World::new();
    let (doors, calls) = (Doors::default(), Arc::<AtomicUsize>::default());
    let (inner, counted) = (doors.clone(), calls.clone());
    let service = service_fn(move |_| {
        counted.fetch_add(1, SeqCst);
        let doors = inner.clone();
        async move {
            doors.pass("door").await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let (dial, _) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send(GET.repeat(3));
    world.turn();
    assert_eq!(calls.load(SeqCst), 1);
    doors.open("door");
    world.turn();
    assert_eq!((calls.load(SeqCst), peer.text().matches("200 OK").count()), (3, 3));
}

// N36: a handler that takes too long is given up at its nanosecond.
#[test]
fn n36_a_handler_has_a_deadline() {
    let mut world = World::new();
    let (dial, told) = told_with(&world, by_doors(&Doors::default()), |server| server.handler_timeout(seconds(7)));
    let peer = dial.open(Shape::default());
    world.advance(seconds(3));
    peer.send(get("a"));
    world.advance(seconds(7) - Duration::from_nanos(1));
    assert_eq!(peer.text(), "");
    world.advance(Duration::from_nanos(1));
    assert!(peer.text().starts_with("HTTP/1.1 503 "));
    assert_eq!(told.finished(), [(1, true)]);
}

// Date is added once, and one's own is kept.
#[test]
fn date_is_added_once() {
    for (own, date) in [(None, DATE), (Some("mine"), "mine")] {
        let mut world = World::new();
        let service = service_fn(move |_| async move {
            let mut response = Response::new(Body::empty());
            if let Some(own) = own {
                response.headers_mut().insert("date", own.parse().unwrap());
            }
            Ok::<_, Infallible>(response)
        });
        let (dial, _) = told(&world, service);
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        let answer = peer.text().to_lowercase();
        assert_eq!(answer.matches("date: ").count(), 1);
        assert!(answer.contains(&format!("date: {}\r\n", date.to_lowercase())));
    }
}

// I15, I16: the next protocol gets what stands behind the handshake, at every split.
#[test]
fn i16_an_upgrade_at_every_split() {
    const OFFER: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\nfirst octets";
    for split in 0..=OFFER.len() {
        let mut world = World::new();
        let got = Arc::new(Mutex::new(None));
        let keep = got.clone();
        let service = service_fn(move |request: Request<Body>| {
            let (exchange, keep) = (exchange(&request), keep.clone());
            *keep.lock().unwrap() = Some(exchange.upgrade());
            async move {
                Response::builder()
                    .status(StatusCode::SWITCHING_PROTOCOLS)
                    .header("upgrade", "raw")
                    .header("connection", "upgrade")
                    .body(Body::empty())
            }
        });
        let (dial, told) = told(&world, service);
        let peer = dial.open(Shape::default());
        peer.send(&OFFER[..split]);
        world.turn();
        peer.send(&OFFER[split..]);
        world.turn();
        let upgrade = got.lock().unwrap().take().unwrap();
        let read = Arc::new(Mutex::new(Vec::<u8>::new()));
        let into = read.clone();
        world.spawn(async move {
            let mut upgraded = upgrade.await.unwrap();
            let mut room = [0; 5];
            loop {
                let count =
                    poll_fn(|cx| http_driver::Transport::poll_read(&mut upgraded, cx, &mut room)).await.unwrap();
                if count == 0 {
                    break;
                }
                into.lock().unwrap().extend(&room[..count]);
            }
        });
        world.advance(seconds(1000));
        assert_eq!(*read.lock().unwrap(), b"first octets", "{split}");
        assert!(peer.text().starts_with("HTTP/1.1 101 "));
        assert_eq!(told.ends(), [(0, true)]);
        peer.fin();
        world.turn();
        assert_eq!(world.tasks(), 1);
    }
}

// What is to be swallowed in front of another protocol is that of one request, though that protocol is not spoken in the
// end, as here, where the head that accepts it is longer than any may be.
#[test]
fn what_is_swallowed_is_the_content_of_one_request() {
    let mut world = World::new();
    let service = service_fn(async |mut request: Request<Body>| {
        if request.headers().contains_key("upgrade") {
            let long = "x".repeat(40_000);
            let accepts = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS).header("upgrade", "raw");
            return accepts.header("x-a", &long).header("x-b", &long).body(Body::empty());
        }
        let content = request.body_mut().collect(10).await;
        Ok(Response::new(content.unwrap().into()))
    });
    let (dial, told) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nUpgrade: raw\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nfi");
    world.turn();
    assert_eq!(peer.text(), "");
    peer.send("rst");
    world.turn();
    assert!(peer.text().starts_with("HTTP/1.1 500 "));
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecond");
    world.turn();
    assert!(peer.text().ends_with("\r\n\r\nsecond"));
    assert_eq!(told.finished(), [(1, true), (2, true)]);
}

/// Pieces that are all there.
struct Many<I>(I);

impl<I: Iterator<Item = Result<Vec<u8>, Infallible>> + Unpin> http_body::Body for Many<I> {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| piece.map(|piece| http_body::Frame::data(piece.into()))))
    }
}

// N36: the configuration reaches the connection.
#[test]
fn a_configuration_of_ones_own() {
    let mut world = World::new();
    let mut config = Config::server();
    config.timeouts.idle = seconds(5);
    let (dial, told) = told_with(&world, by_doors(&Doors::default()), |server| server.config(config.into()));
    let peer = dial.open(Shape::default());
    world.advance(seconds(5));
    assert!(peer.saw_fin() && told.ends().len() == 1);
}
