//! Exchanges that are cut off, connections that end: who learns of it, and what is said to be complete.

use super::*;

/// Counts where it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
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
        let (dial, told) = told_with(&world, service, |server| server.max_in_flight(in_flight));
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
    let (dial, told) = told_with(&world, by_doors(&doors), |server| server.max_in_flight(3));
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
    let (dial, told) = told(&world, by_doors(&doors));
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

// L10: what was pipelined behind the last answer gets none, and does not destroy that one on its way.
#[test]
fn l10_what_is_behind_the_last_answer_ends_in_good_order() {
    for on_disconnect in [OnDisconnect::Cancel, OnDisconnect::Finish(seconds(5))] {
        let mut world = World::new();
        let doors = Doors::default();
        let inner = doors.clone();
        let service = service_fn(move |request: Request<Body>| {
            let doors = inner.clone();
            async move {
                let path = request.uri().path()[1..].to_owned();
                doors.pass(&path).await;
                let answer = Response::builder().header("connection", "close");
                Ok::<_, Infallible>(answer.body(Body::from(path)).unwrap())
            }
        });
        let (dial, told) = told_with(&world, service, |server| server.max_in_flight(2).on_disconnect(on_disconnect));
        let peer = dial.open(Shape::default());
        peer.send([get("one"), get("two")].concat());
        world.turn();
        doors.open("one");
        world.turn();
        assert!(peer.text().ends_with("one"));
        assert!(peer.saw_fin());
        doors.open("two");
        // What still comes is swallowed: left unread it would make the close a reset.
        peer.send(get("three"));
        world.turn();
        assert_eq!((peer.unread(), peer.text().as_str()), (0, ""), "{on_disconnect:?}");
        world.advance(seconds(10));
        assert!(!peer.saw_reset(), "{on_disconnect:?}");
        assert_eq!(
            (told.finished(), told.ends()),
            (vec![(1, true), (2, false)], vec![(1, false)]),
            "{on_disconnect:?}"
        );
    }
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
        let (dial, told) = told(&world, service);
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
        let (dial, told) = told(&world, service);
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
        let (dial, told) = told(&world, service);
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
        let (dial, told) = told(&world, by_doors(&doors));
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
    let (dial, told) = told(&world, by_doors(&doors));
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
        let (dial, told) = told_with(&world, by_doors(&doors), |server| server.on_disconnect(finish));
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
