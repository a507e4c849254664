//! Whole servers on wires in memory: what a service's answers become, in which order, until when, and who is told.

use super::*;
use http::{Request, Response, StatusCode};
use http_driver::{Body, BodyError, Exchange, OnDisconnect, Record, Services, Serving, service_fn};
use http_proto::Config;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use tests::memory::{DATE, World, site};

/// Handlers wait at doors, which a test opens by name.
#[derive(Clone, Default)]
pub(super) struct Doors(Arc<Mutex<(HashMap<String, bool>, Vec<Waker>)>>);

impl Doors {
    pub(super) fn open(&self, name: &str) {
        let mut inner = self.0.lock().unwrap();
        inner.0.insert(name.to_owned(), true);
        let wakers = std::mem::take(&mut inner.1);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) async fn pass(&self, name: &str) {
        poll_fn(|cx| {
            let mut inner = self.0.lock().unwrap();
            if inner.0.contains_key(name) {
                return Poll::Ready(());
            }
            inner.1.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// What hooks were told.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) records: Arc<Mutex<Vec<Record>>>,
    pub(super) ends: Arc<Mutex<Vec<(usize, bool)>>>,
}

impl Told {
    /// Which exchanges are over, and whether they are complete.
    pub(super) fn finished(&self) -> Vec<(u64, bool)> {
        self.records.lock().unwrap().iter().map(|record| (record.number, record.complete)).collect()
    }

    /// How many exchanges each end cut off, and whether it was an upgrade.
    pub(super) fn ends(&self) -> Vec<(usize, bool)> {
        self.ends.lock().unwrap().clone()
    }
}

/// A server whose hooks tell.
macro_rules! told {
    ($world:expr, $service:expr $(, $option:ident ( $($value:expr)? ))*) => {{
        let told = Told::default();
        let (records, ends) = (told.records.clone(), told.ends.clone());
        let (dial, _handle) = site(&$world, $service, |server| {
            server
                .on_finish(move |_, record| records.lock().unwrap().push(record.clone()))
                .on_close(move |_, ended| ends.lock().unwrap().push((ended.cut_off, ended.upgraded)))
                $(.$option($($value)?))*
        });
        (dial, told)
    }};
}

/// Counts where it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
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
) -> impl http_driver::HttpService<Answer: Send, Content = Body, Fault = Infallible, ContentFault = BodyError>
+ Clone
+ Send
+ use<> {
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
    let (dial, told) = told!(world, by_doors(&doors), max_in_flight(3));
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
    let (dial, _) = told!(world, service);
    let peer = dial.open(Shape::default());
    peer.send(GET.repeat(3));
    world.turn();
    assert_eq!(calls.load(SeqCst), 1);
    doors.open("door");
    world.turn();
    assert_eq!((calls.load(SeqCst), peer.text().matches("200 OK").count()), (3, 3));
}

// L10, L12: N in flight: N aborts, exactly, and everybody learns of it.
#[test]
fn l10_a_reset_aborts_all_that_is_in_flight() {
    for in_flight in [1, 4] {
        let mut world = World::new();
        let (drops, gone) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (inner, noticed) = (drops.clone(), gone.clone());
        let service = service_fn(move |request: Request<Body>| {
            let (drops, exchange, noticed) = (inner.clone(), exchange(&request), noticed.clone());
            async move {
                let _guard = Guard(drops);
                poll_fn::<(), _>(|cx| {
                    if std::pin::pin!(exchange.gone()).poll(cx).is_ready() {
                        noticed.fetch_add(1, SeqCst);
                    }
                    Poll::Pending
                })
                .await;
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        });
        let (dial, told) = told!(world, service, max_in_flight(in_flight));
        let peer = dial.open(Shape::default());
        peer.send(GET.repeat(in_flight));
        world.turn();
        assert_eq!(world.tasks(), 2);
        peer.reset();
        world.turn();
        assert_eq!((world.tasks(), drops.load(SeqCst)), (1, in_flight));
        let numbers: Vec<_> = (1..=in_flight as u64).map(|number| (number, false)).collect();
        assert_eq!(told.finished(), numbers);
        assert_eq!(told.ends(), [(in_flight, false)]);
    }
}

// L10: answers already on their way are complete, the others are not.
#[test]
fn l10_what_was_answered_is_not_cut_off() {
    let mut world = World::new();
    let doors = Doors::default();
    let (dial, told) = told!(world, by_doors(&doors), max_in_flight(3));
    let peer = dial.open(Shape::default());
    peer.send([get("one"), get("two"), get("three")].concat());
    doors.open("one");
    world.turn();
    peer.reset();
    world.turn();
    assert_eq!(told.finished(), [(1, true), (2, false), (3, false)]);
    assert_eq!(told.ends(), [(2, false)]);
}

// An answer that the peer has not taken is cut off with the connection.
#[test]
fn l10_what_was_not_written_is_not_complete() {
    let mut world = World::new();
    let doors = Doors::default();
    let (dial, told) = told!(world, by_doors(&doors));
    let peer = dial.open(Shape::default());
    peer.limit(20);
    doors.open("one");
    peer.send(get("one"));
    world.turn();
    assert_eq!(told.finished(), []);
    world.advance(seconds(30));
    assert_eq!(told.finished(), [(1, false)]);
    assert!(peer.saw_reset());
    assert_eq!(told.ends().len(), 1);
}

// N27, N12: a handler resets the connection: its exchange is cut off, whatever it answers then.
#[test]
fn n27_an_aborted_exchange_is_cut_off() {
    for answered in [false, true] {
        let mut world = World::new();
        let service = service_fn(move |request: Request<Body>| async move {
            exchange(&request).abort();
            if !answered {
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(Response::new(Body::from("late")))
        });
        let (dial, told) = told!(world, service);
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        assert!(peer.saw_reset());
        assert_eq!(peer.text(), "");
        assert_eq!((told.finished(), told.ends()), (vec![(1, false)], vec![(1, false)]), "{answered}");
    }
}

// N31, N45: an answer whose content ends early is cut off, and said to be.
#[test]
fn n31_n45_content_that_ends_early_is_cut_off() {
    for finishes in [false, true] {
        let mut world = World::new();
        let doors = Doors::default();
        let inner = doors.clone();
        let spawned = Arc::new(Mutex::new(None));
        let keep = spawned.clone();
        let service = service_fn(move |_| {
            let (sender, body) = Body::channel();
            *keep.lock().unwrap() = Some(sender);
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let (dial, told) = told!(world, service);
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        let mut sender = spawned.lock().unwrap().take().unwrap();
        world.spawn(async move {
            sender.send("hello").await.unwrap();
            inner.pass("end").await;
            if finishes {
                sender.finish();
            }
        });
        world.turn();
        assert!(peer.text().ends_with("\r\n\r\n5\r\nhello\r\n"));
        doors.open("end");
        world.turn();
        assert_eq!(told.finished(), [(1, finishes)]);
        if finishes {
            assert_eq!((peer.text().as_str(), told.ends()), ("0\r\n\r\n", vec![]));
        } else {
            assert!(peer.saw_reset());
            assert_eq!((peer.text().as_str(), told.ends()), ("", vec![(1, false)]));
        }
    }
}

// N32: no length that was announced is broken silently.
#[test]
fn n31_content_of_another_length_than_announced_is_cut_off() {
    for content in ["abc", "abcdefgh"] {
        let mut world = World::new();
        let service =
            service_fn(
                move |_| async move { Response::builder().header("content-length", "5").body(Short(Some(content))) },
            );
        let (dial, told) = told!(world, service);
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        assert!(peer.saw_reset() || peer.text().starts_with("HTTP/1.1 500 "), "{content}");
        assert_eq!(told.records.lock().unwrap().len(), 1);
    }
}

/// Content that does not say how long it is.
struct Short(Option<&'static str>);

impl http_body::Body for Short {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(http_body::Frame::data(text.into()))))
    }
}

// I18: told of the end once, however it comes.
#[test]
fn i18_the_end_is_told_once() {
    let ends: [fn(&mut World, &Peer); 5] = [
        |_, peer| peer.fin(),
        |_, peer| peer.reset(),
        |world, _| world.advance(seconds(75)),
        |world, peer| {
            peer.send("?\r\n");
            world.advance(seconds(2));
        },
        |_, peer| peer.send_last("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
    ];
    for (index, end) in ends.into_iter().enumerate() {
        let mut world = World::new();
        let doors = Doors::default();
        doors.open("");
        let (dial, told) = told!(world, by_doors(&doors));
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        assert!(told.ends().is_empty());
        end(&mut world, &peer);
        world.turn();
        assert_eq!((told.ends(), world.tasks()), (vec![(0, false)], 1), "{index}");
    }
}

// N13: a half-close is no loss of interest.
#[test]
fn n13_a_half_closed_client_gets_its_answers() {
    let mut world = World::new();
    let doors = Doors::default();
    let (dial, told) = told!(world, by_doors(&doors));
    let peer = dial.open(pieces(3));
    peer.send_last([get("a"), get("b")].concat());
    world.advance(seconds(500));
    doors.open("a");
    doors.open("b");
    world.turn();
    let answers = peer.text();
    assert!(answers.contains("\r\n\r\na") && answers.ends_with("\r\n\r\nb"), "{answers}");
    assert_eq!((told.finished(), told.ends()), (vec![(1, true), (2, true)], vec![(0, false)]));
    assert!(!peer.counts().aborted);
}

// L12: by choice a handler may come back although its client is gone.
#[test]
fn l12_a_handler_may_finish() {
    for opened in [false, true] {
        let mut world = World::new();
        let doors = Doors::default();
        let finish = OnDisconnect::Finish(seconds(5));
        let (dial, told) = told!(world, by_doors(&doors), on_disconnect(finish));
        let peer = dial.open(Shape::default());
        peer.send(get("a"));
        world.turn();
        peer.reset();
        world.advance(seconds(4));
        assert_eq!((world.tasks(), told.ends().len()), (2, 0));
        if opened {
            doors.open("a");
            world.turn();
        } else {
            world.advance(seconds(1));
        }
        assert_eq!((world.tasks(), told.ends()), (1, vec![(1, false)]));
    }
}

// N36: a handler that takes too long is given up at its nanosecond.
#[test]
fn n36_a_handler_has_a_deadline() {
    let mut world = World::new();
    let (dial, told) = told!(world, by_doors(&Doors::default()), handler_timeout(seconds(7)));
    let peer = dial.open(Shape::default());
    world.advance(seconds(3));
    peer.send(get("a"));
    world.advance(seconds(7) - Duration::from_nanos(1));
    assert_eq!(peer.text(), "");
    world.advance(Duration::from_nanos(1));
    assert!(peer.text().starts_with("HTTP/1.1 503 "));
    assert_eq!(told.finished(), [(1, true)]);
}

/// Collects the content and sends it back.
fn echo() -> impl http_driver::HttpService<Answer: Send, Content = Body, Fault = BodyError, ContentFault = BodyError>
+ Clone
+ Send
+ use<> {
    service_fn(async |mut request: Request<Body>| {
        let content = request.body_mut().collect(Body::LIMIT).await?;
        Ok::<_, BodyError>(Response::new(Body::from(content)))
    })
}

// N14: content in pieces of every size, and in chunks of one octet.
#[test]
fn n14_content_in_pieces_of_every_size() {
    let chunks = "1\r\nx\r\n".repeat(300);
    let chunked = format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    let length = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n{}", "x".repeat(300));
    for size in (1..100).chain([500, 5000]) {
        let mut world = World::new();
        let (dial, told) = told!(world, echo());
        let peer = dial.open(pieces(size));
        peer.send([&*chunked, GET, &*length].concat());
        world.turn();
        let answers = peer.text();
        assert_eq!(answers.matches('x').count(), 600, "{size}");
        assert_eq!(told.finished(), [(1, true), (2, true), (3, true)]);
    }
}

// X2: 100 (Continue) is sent when the content is first asked for.
#[test]
fn x2_continue_at_the_first_poll() {
    let mut world = World::new();
    let doors = Doors::default();
    let inner = doors.clone();
    let service = service_fn(move |mut request: Request<Body>| {
        let doors = inner.clone();
        async move {
            doors.pass("read").await;
            let content = request.body_mut().collect(10).await?;
            Ok::<_, BodyError>(Response::new(Body::from(content)))
        }
    });
    let (dial, _) = told!(world, service);
    let peer = dial.open(Shape::default());
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    world.turn();
    assert_eq!(peer.text(), "");
    doors.open("read");
    world.turn();
    assert_eq!(peer.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hi");
    world.turn();
    assert!(peer.text().ends_with("\r\n\r\nhi"));
}

// N36: the deadlines of receiving, in a server: the head's and, while it is waited for, the content's.
#[test]
fn n36_slow_requests_are_refused() {
    for part in ["GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n1"] {
        let mut world = World::new();
        let (dial, told) = told!(world, echo());
        let peer = dial.open(Shape::default());
        world.advance(seconds(10));
        peer.send(part);
        world.turn();
        world.advance(seconds(30) - Duration::from_nanos(1));
        assert_eq!(peer.text(), "", "{part}");
        world.advance(Duration::from_nanos(1));
        let answer = peer.text();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{part} {answer}");
        world.advance(seconds(2));
        assert_eq!((told.ends().len(), world.tasks()), (1, 1));
        assert!(!peer.counts().aborted);
    }
}

// An answer that is whole survives what is wrong with the rest of its request.
#[test]
fn l9_an_error_in_what_is_swallowed_destroys_no_answer() {
    let mut world = World::new();
    let doors = Doors::default();
    doors.open("a");
    let (dial, told) = told!(world, by_doors(&doors));
    let peer = dial.open(Shape::default());
    peer.limit(20);
    peer.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n?");
    world.turn();
    let start = peer.text();
    peer.limit(usize::MAX);
    world.turn();
    assert!((start + &peer.text()).ends_with("\r\n\r\na"));
    world.advance(seconds(2));
    assert_eq!((told.finished(), told.ends()), (vec![(1, true)], vec![(0, false)]));
    assert!(peer.saw_fin() && !peer.counts().aborted);
}

// L9: a client that takes its answer slowly keeps its connection, whatever is left of its request.
#[test]
fn l9_a_slow_reader_keeps_its_connection() {
    let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n",
    ];
    for (index, request) in requests.into_iter().enumerate() {
        let mut world = World::new();
        let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::from(vec![b'x'; 500_000]))));
        let (dial, told) = told!(world, service);
        let peer = dial.open(Shape::default());
        peer.limit(50_000);
        peer.send(request);
        if index == 2 {
            peer.send([b'?'; 100_000]);
        }
        let mut taken = 0;
        for _ in 0..20 {
            world.advance(seconds(1));
            taken += peer.swallow();
        }
        assert!(taken > 500_000);
        assert_eq!((told.finished(), told.ends()), (vec![(1, true)], vec![]), "{index}");
        peer.send(GET);
        world.turn();
        assert!(peer.swallow() > 0, "{index}");
    }
}

// A handler that does not read keeps the deadline away.
#[test]
fn n36_a_handler_that_does_not_read_harms_nobody() {
    let mut world = World::new();
    let doors = Doors::default();
    let (dial, _) = told!(world, by_doors(&doors));
    let peer = dial.open(Shape::default());
    peer.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12");
    world.advance(seconds(1000));
    doors.open("a");
    peer.send("345");
    world.turn();
    assert!(peer.text().ends_with("\r\n\r\na"));
    peer.send(get("a"));
    world.turn();
    assert!(peer.text().ends_with("\r\n\r\na"));
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
        let (dial, _) = told!(world, service);
        let peer = dial.open(Shape::default());
        peer.send(GET);
        world.turn();
        let answer = peer.text().to_lowercase();
        assert_eq!(answer.matches("date: ").count(), 1);
        assert!(answer.contains(&format!("date: {}\r\n", date.to_lowercase())));
    }
}

// Dropped with an exchange open, the task of a connection resets it; without, it does not.
#[test]
fn a_task_that_is_dropped() {
    for (open, reset) in [("", false), (GET, true), ("GET", false)] {
        let clock = tests::memory::Clock::new();
        let (wire, peer) = tests::memory::wire(Shape::default());
        let services = Arc::new(Services::new(by_doors(&Doors::default())));
        let (local, options) = Default::default();
        let mut serving = Serving::new(wire, clock.ticker(), local, Default::default(), services, options);
        peer.send(open);
        let polled = std::pin::Pin::new(&mut serving).poll(&mut std::task::Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        drop(serving);
        assert_eq!((peer.saw_reset(), peer.counts().dropped), (reset, true), "{open}");
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
        let (dial, told) = told!(world, service);
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

// P9, N18: a hundred thousand requests from a peer that reads nothing: what is kept is bounded, reading stops.
#[test]
fn p9_a_peer_that_reads_nothing_is_not_read() {
    for in_flight in [1, 8] {
        let mut world = World::new();
        let doors = Doors::default();
        doors.open("");
        let (dial, told) = told!(world, by_doors(&doors), max_in_flight(in_flight));
        let peer = dial.open(Shape::default());
        peer.limit(0);
        peer.send(GET.repeat(100_000));
        world.turn();
        let kept = GET.len() * 100_000 - peer.unread();
        assert!(kept < 512 * 1024, "{kept} octets were read");
        let (reads, polls) = (peer.counts().reads, world.polls);
        world.advance(seconds(29));
        assert_eq!((peer.counts().reads, world.polls), (reads, polls));
        peer.limit(usize::MAX);
        world.turn();
        assert_eq!(told.finished().len(), 100_000);
        assert_eq!(peer.text().matches("200 OK").count(), 100_000);
    }
}

// N18: no more of an answer is made than the peer takes.
#[test]
fn n18_content_is_made_as_it_is_taken() {
    let mut world = World::new();
    let made = Arc::<AtomicUsize>::default();
    let counted = made.clone();
    let (send, receive) = (Arc::new(Mutex::new(None)), ());
    let () = receive;
    let keep = send.clone();
    let service = service_fn(move |_| {
        let (sender, body) = Body::channel();
        *keep.lock().unwrap() = Some(sender);
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    let (dial, told) = told!(world, service);
    let peer = dial.open(Shape::default());
    peer.limit(1000);
    peer.send(GET);
    world.turn();
    let mut sender = send.lock().unwrap().take().unwrap();
    world.spawn(async move {
        for _ in 0..1000 {
            sender.send(vec![0; 10_000]).await.unwrap();
            counted.fetch_add(10_000, SeqCst);
        }
        sender.finish();
    });
    world.turn();
    let mut taken = 0;
    while told.finished().is_empty() {
        let ahead = made.load(SeqCst).saturating_sub(taken);
        assert!(ahead <= 512 * 1024 + 60_000, "{ahead} ahead");
        taken += peer.swallow();
        world.turn();
    }
    assert_eq!(made.load(SeqCst), 10_000_000);
}

// N18: a peer that takes everything at once is sent everything at once.
#[test]
fn n18_content_goes_on_when_everything_is_written() {
    let mut world = World::new();
    let service = service_fn(async |_| {
        let pieces = (0..1000).map(|_| Ok::<_, Infallible>(vec![b'x'; 10_000]));
        Ok::<_, Infallible>(Response::new(Many(pieces)))
    });
    let (dial, told) = told!(world, service);
    let peer = dial.open(Shape::default());
    peer.send(GET);
    world.turn();
    assert_eq!(told.finished(), [(1, true)]);
    assert!(peer.swallow() > 10_000_000);
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
    let (dial, told) = told!(world, echo(), config(config.into()));
    let peer = dial.open(Shape::default());
    world.advance(seconds(5));
    assert!(peer.saw_fin() && told.ends().len() == 1);
}

/// A transport that is always ready: requests without end, and answers taken at once.
#[derive(Default)]
struct Flood(usize);

impl http_driver::Transport for Flood {
    fn poll_read(&mut self, _: &mut std::task::Context<'_>, room: &mut [u8]) -> Poll<std::io::Result<usize>> {
        for octet in room.iter_mut() {
            *octet = GET.as_bytes()[self.0 % GET.len()];
            self.0 += 1;
        }
        Poll::Ready(Ok(room.len()))
    }

    fn poll_write(&mut self, _: &mut std::task::Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_shutdown(&mut self, _: &mut std::task::Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// The work of one poll is bounded, whether it is requests that do not end or an answer.
#[test]
fn a_transport_that_is_always_ready_does_not_keep_the_task() {
    for endless in [false, true] {
        let clock = tests::memory::Clock::new();
        let services = Services::new(service_fn(move |_| async move {
            let pieces = (0..if endless { usize::MAX } else { 1 }).map(|_| Ok::<_, Infallible>(vec![b'x'; 1000]));
            Ok::<_, Infallible>(Response::new(Many(pieces)))
        }));
        let (local, options) = Default::default();
        let mut serving =
            Serving::new(Flood(0), clock.ticker(), local, Default::default(), Arc::new(services), options);
        let wakes = Arc::<tests::memory::Wakes>::default();
        let waker = Waker::from(wakes.clone());
        for _ in 0..20 {
            let polled = std::pin::Pin::new(&mut serving).poll(&mut std::task::Context::from_waker(&waker));
            assert!(polled.is_pending() && wakes.take());
        }
        let written = serving.info().statistics().written;
        assert!(written > 100_000, "{written}");
    }
}
