//! What a server does for a peer that asks for all it can give, and for one that asks for nothing.

use super::*;

// P9, N18: a hundred thousand requests from a peer that reads nothing: what is kept is bounded, reading stops.
#[test]
fn p9_a_peer_that_reads_nothing_is_not_read() {
    for in_flight in [1, 8] {
        let mut world = World::new();
        let doors = Doors::default();
        doors.open("");
        let (dial, told) = told_with(&world, by_doors(&doors), |server| server.max_in_flight(in_flight));
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

// N11: the task of an idle connection is polled for input and for its idle deadline, nothing else.
#[test]
fn n11_an_idle_connection_is_left_alone() {
    let mut world = World::new();
    let doors = Doors::default();
    doors.open("");
    let (dial, told) = told(&world, by_doors(&doors));
    let peer = dial.open(Shape::default());
    world.turn();
    let (polls, resets) = (world.polls, world.clock.resets());
    for _ in 0..50 {
        world.advance(seconds(1));
        peer.send(GET);
        world.turn();
    }
    assert_eq!((world.polls - polls, world.clock.resets()), (50, resets), "one poll a request, no timer");
    let polls = world.polls;
    world.advance(seconds(75) - Duration::from_nanos(1));
    assert_eq!((world.polls - polls, told.ends().len()), (1, 0), "the first deadline, in vain");
    world.advance(Duration::from_nanos(1));
    // The connection, and the listener, which counts them.
    assert!(world.polls - polls <= 3 && told.ends().len() == 1);
}

// N11: while a handler works, only what happens wakes its connection.
#[test]
fn n11_a_waiting_handler_is_left_alone() {
    let mut world = World::new();
    let (dial, _) = told(&world, by_doors(&Doors::default()));
    let peer = dial.open(Shape::default());
    peer.send(get("a"));
    world.turn();
    let (polls, reads) = (world.polls, peer.counts().reads);
    world.advance(seconds(10_000));
    // The idle deadline of before the request goes off once.
    assert!(world.polls - polls <= 1 && peer.counts().reads - reads <= 1);
}

// N15: content that nobody asks for stays with its sender, but for a little that is read ahead; and the window opens again.
#[test]
fn n15_an_unread_body_stops_the_reads() {
    let mut world = World::new();
    let doors = Doors::default();
    let inner = doors.clone();
    let service = service_fn(move |mut request: Request<Body>| {
        let doors = inner.clone();
        async move {
            let first = request.body_mut().chunk().await.unwrap()?;
            doors.pass("rest").await;
            let rest = request.body_mut().collect(1 << 21).await?;
            Ok::<_, BodyError>(Response::new(Body::from((first.len() + rest.len()).to_string())))
        }
    });
    let (dial, _) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    peer.send([0; 1_000_000]);
    world.advance(seconds(1000));
    let taken = 1_000_000 - peer.unread();
    assert!(taken < 64 * 1024, "{taken} octets were read");
    assert_eq!(peer.text(), "");
    doors.open("rest");
    world.turn();
    assert!(peer.text().ends_with("\r\n\r\n1000000"));
}

// P9, N18: nor is one read that leaves a single long answer unread, however many more requests might be in flight.
#[test]
fn p9_a_peer_that_does_not_read_a_long_answer_is_not_read() {
    for in_flight in [1, 8] {
        let mut world = World::new();
        let service = service_fn(move |_| async move {
            let pieces = (0..1000).map(|_| Ok::<_, Infallible>(vec![b'x'; 1000]));
            Ok::<_, Infallible>(Response::new(Many(pieces)))
        });
        let (dial, told) = told_with(&world, service, |server| server.max_in_flight(in_flight));
        let peer = dial.open(Shape::default());
        peer.limit(0);
        peer.send(GET.repeat(100_000));
        world.turn();
        let kept = GET.len() * 100_000 - peer.unread();
        assert!(kept < 512 * 1024, "{kept} octets were read");
        assert_eq!(told.finished(), []);
    }
}

// Polling a handler may cost a lot: it may be a client that is asking another server.
#[test]
fn a_handler_is_polled_when_it_is_called_and_when_it_is_woken() {
    let mut world = World::new();
    let (doors, polls) = (Doors::default(), Arc::<AtomicUsize>::default());
    let (inside, counter) = (doors.clone(), Arc::clone(&polls));
    let service = service_fn(move |_| {
        let (doors, counter) = (inside.clone(), Arc::clone(&counter));
        async move {
            let mut passing = std::pin::pin!(doors.pass("a"));
            poll_fn(|cx| {
                counter.fetch_add(1, SeqCst);
                passing.as_mut().poll(cx)
            })
            .await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let (dial, told) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send(get("a"));
    world.turn();
    assert_eq!((polls.load(SeqCst), told.finished()), (1, vec![]));
    doors.open("a");
    world.turn();
    assert_eq!((polls.load(SeqCst), told.finished()), (2, vec![(1, true)]));
}
