//! Content of requests and answers: in which pieces, within which bounds and deadlines.

use super::*;

/// Collects the content and sends it back.
fn echo()
-> impl HttpService<Answer: Send, Content = Body, Fault = BodyError, ContentFault = BodyError> + Clone + Send + use<> {
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
        let (dial, told) = told(&world, echo());
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
    let (dial, _) = told(&world, service);
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
        let (dial, told) = told(&world, echo());
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
    let (dial, told) = told(&world, by_doors(&doors));
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
        let (dial, told) = told(&world, service);
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
    let (dial, _) = told(&world, by_doors(&doors));
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
    let (dial, told) = told(&world, service);
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
    let (dial, told) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send(GET);
    world.turn();
    assert_eq!(told.finished(), [(1, true)]);
    assert!(peer.swallow() > 10_000_000);
}

// N18: nor does content wait for anything when what is left of a full buffer is written at once, whatever that is.
#[test]
fn n18_content_goes_on_when_the_rest_of_a_full_buffer_is_written() {
    for capacity in (8..=72).map(|kib| kib * 1024) {
        let mut world = World::new();
        let service = service_fn(async |_| {
            let pieces = (0..500).map(|_| Ok::<_, Infallible>(vec![b'x'; 1000]));
            Ok::<_, Infallible>(Response::new(Many(pieces)))
        });
        let (dial, told) = told(&world, service);
        let peer = dial.open(Shape::default());
        peer.limit(capacity);
        peer.send(GET);
        world.turn();
        while told.finished().is_empty() {
            assert!(peer.swallow() > 0, "nothing more comes where there is room for {capacity}");
            world.turn();
        }
    }
}

// N14, N15, N18: content goes back as it comes, whatever moves at a time; nobody waits for what has happened already.
#[test]
fn n14_content_is_sent_back_as_it_comes() {
    const LENGTH: usize = 300_000;
    for (size, capacity) in [(7, usize::MAX), (100, 1000), (5000, 100), (usize::MAX - 1, 70_000), (1 << 20, usize::MAX)]
    {
        for chunk in [0, 1, 1000, 100_000] {
            let mut world = World::new();
            let service = service_fn(async |request: Request<Body>| {
                let length = request.headers().get("content-length").cloned();
                let mut response = Response::new(request.into_body());
                length.map(|length| response.headers_mut().insert("content-length", length));
                Ok::<_, Infallible>(response)
            });
            let (dial, told) = told(&world, service);
            let peer = dial.open(pieces(size));
            peer.limit(capacity);
            if chunk == 0 {
                peer.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {LENGTH}\r\n\r\n"));
                peer.send("x".repeat(LENGTH));
            } else {
                peer.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
                peer.send(format!("{chunk:x}\r\n{}\r\n", "x".repeat(chunk)).repeat(LENGTH / chunk));
                peer.send("0\r\n\r\n");
            }
            peer.send(GET);
            let (mut content, mut stalls) = (0, 0);
            while told.finished().len() < 2 {
                world.turn();
                let octets = peer.read();
                content += octets.iter().filter(|octet| **octet == b'x').count();
                stalls = if octets.is_empty() { stalls + 1 } else { 0 };
                assert!(stalls < 3, "{size} at a time, {capacity} under way, chunks of {chunk}");
            }
            content += peer.read().iter().filter(|octet| **octet == b'x').count();
            assert_eq!(content, LENGTH);
            assert_eq!(told.finished(), [(1, true), (2, true)]);
        }
    }
}

// N31: that content has ended early is said once; a reader that goes on in spite of it comes to an end, and the answer that
// is made of such content is not whole.
#[test]
fn n31_an_error_of_content_is_said_once() {
    for passed_on in [false, true] {
        let mut world = World::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = told.clone();
        let service = service_fn(move |mut request: Request<Body>| {
            let told = tell.clone();
            async move {
                for _ in 0..4 {
                    let chunk = request.body_mut().chunk().await;
                    told.lock().unwrap().push(chunk.map(|chunk| chunk.is_ok()));
                }
                let body = if passed_on { request.into_body() } else { Body::from("whole") };
                Ok::<_, Infallible>(Response::new(body))
            }
        });
        let (dial, _) = self::told(&world, service);
        let peer = dial.open(Shape::default());
        peer.send_last("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhi");
        world.turn();
        assert_eq!(*told.lock().unwrap(), [Some(true), Some(false), None, None]);
        assert_eq!(peer.text().ends_with("whole"), !passed_on);
        assert_eq!(peer.saw_reset(), passed_on, "{}", peer.text());
    }
}

// N36: the deadline of a handler is one for the head of its answer; the content may take its time.
#[test]
fn n36_content_outlives_the_deadline_of_its_handler() {
    let mut world = World::new();
    let (doors, spawner) = (Doors::default(), world.spawner());
    let inner = doors.clone();
    let service = service_fn(move |_| {
        let (mut sender, content) = Body::channel();
        let doors = inner.clone();
        http_driver::Runtime::spawn(&spawner, async move {
            doors.pass("content").await;
            sender.send("late").await.unwrap();
            sender.finish();
        });
        async move { Ok::<_, Infallible>(Response::new(content)) }
    });
    let (dial, told) = told_with(&world, service, |server| server.handler_timeout(seconds(7)));
    let peer = dial.open(Shape::default());
    peer.send(GET);
    world.advance(seconds(20));
    doors.open("content");
    world.turn();
    assert!(peer.text().ends_with("4\r\nlate\r\n0\r\n\r\n"));
    assert_eq!(told.finished(), [(1, true)]);
}

// A piece of an answer to HEAD may have been made, as it was not known whether the request's content would be asked for.
#[test]
fn nothing_of_an_answer_is_left_for_the_next() {
    let mut world = World::new();
    let service = service_fn(async |request: Request<Body>| {
        let content = if request.method() == "HEAD" { request.into_body() } else { Body::from("two") };
        Ok::<_, Infallible>(Response::new(content))
    });
    let (dial, told) = told(&world, service);
    let peer = dial.open(Shape::default());
    peer.send("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    world.turn();
    assert_eq!(peer.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("first");
    world.turn();
    assert!(peer.text().starts_with("HTTP/1.1 200 "));
    peer.send(["again", GET].concat());
    world.turn();
    let answer = peer.text();
    assert!(answer.contains("Content-Length: 3\r\n") && answer.ends_with("\r\n\r\ntwo"), "{answer}");
    assert_eq!(told.finished(), [(1, true), (2, true)]);
}

// N31, N45: who still reads a request that is answered, in another task, is told that no more comes; and who waits for
// another protocol that there will be none.
#[test]
fn n31_nobody_waits_for_what_an_answered_request_does_not_bring() {
    let mut world = World::new();
    let told = Arc::<Mutex<Vec<&str>>>::default();
    let (spawner, tell) = (world.spawner(), told.clone());
    let service = service_fn(move |mut request: Request<Body>| {
        let upgrade = exchange(&request).upgrade();
        let (reads, waits) = (tell.clone(), tell.clone());
        http_driver::Runtime::spawn(&spawner, async move {
            assert!(request.body_mut().collect(100).await.is_err());
            reads.lock().unwrap().push("no content");
        });
        http_driver::Runtime::spawn(&spawner, async move {
            assert!(upgrade.await.is_err());
            waits.lock().unwrap().push("no protocol");
        });
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::from("answer"))))
    });
    let (dial, _handle) = site(&world, service, |server| server);
    let peer = dial.open(Shape::default());
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nsome");
    world.turn();
    assert!(peer.text().ends_with("answer"));
    let mut told = told.lock().unwrap().clone();
    told.sort_unstable();
    assert_eq!(told, ["no content", "no protocol"]);
}

// N31: what another task asks of the connection is done at once, though nothing else happens.
#[test]
fn n31_another_task_is_heard_at_once() {
    let mut world = World::new();
    let doors = Doors::default();
    let (spawner, inner) = (world.spawner(), doors.clone());
    let service = service_fn(move |request: Request<Body>| {
        let (exchange, doors) = (exchange(&request), inner.clone());
        http_driver::Runtime::spawn(&spawner, async move {
            doors.pass("hint").await;
            exchange.inform(StatusCode::EARLY_HINTS, http::HeaderMap::new());
            doors.pass("abort").await;
            exchange.abort();
        });
        std::future::pending::<Result<Response<Body>, Infallible>>()
    });
    let (dial, _handle) = site(&world, service, |server| server);
    let peer = dial.open(Shape::default());
    peer.send(GET);
    world.turn();
    assert_eq!(peer.text(), "");
    doors.open("hint");
    world.turn();
    assert!(peer.text().starts_with("HTTP/1.1 103 "));
    doors.open("abort");
    world.turn();
    assert!(peer.saw_reset());
}
