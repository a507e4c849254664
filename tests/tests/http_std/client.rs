//! The client, where threads are special: several of them share one, an answer goes from one to the other, and whoever
//! waits is told whatever comes first.

use crate::handlers::run;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_std::{
    Body, BodyError, BoxError, Client, ClientExchange, ClientTimeouts, Config, Dialer, Phase, PoolLimits, RequestError,
    Response, Threads, Upgraded, block_on, handler_fn,
};
use std::future::{pending, poll_fn};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use tests::raw_server::RawServer;
use tests::scenario::{DEADLINE, Permits, SHORT, alone, block_on as block_elsewhere, within};
use tower_service::Service;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn url(server: &RawServer) -> String {
    format!("http://{}/", server.address())
}

#[track_caller]
fn text(response: Result<Response<Body>, RequestError>) -> String {
    io::read_to_string(response.unwrap().into_body()).unwrap()
}

/// Answers every request with "ok".
fn answering() -> RawServer {
    RawServer::start(|_, mut peer| {
        while peer.has_more() {
            peer.head();
            peer.send(OK);
        }
    })
}

// N37
#[test]
fn threads_share_a_client() {
    let server = answering();
    let url = url(&server);
    let mut limits = PoolLimits::default();
    limits.per_target = 3;
    let client = Client::builder().limits(limits).build();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(text(client.get(&url).send()), "ok");
                }
            });
        }
    });
    let state = client.connections();
    assert!(state.connections <= 3 && state.waiting == 0, "{state:?}");
    drop(client);
    server.finish();
}

#[test]
fn an_answer_is_read_in_another_thread() {
    let (more, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = RawServer::start(move |_, mut peer| {
        for _ in 0..2 {
            peer.head();
            peer.send(format!("{CHUNKED}5\r\nfirst\r\n"));
            wait.lock().unwrap().recv_timeout(DEADLINE).unwrap();
            peer.send("6\r\nsecond\r\n0\r\nX-Sum: 7\r\n\r\n");
        }
    });
    let client = Client::new();
    for _ in 0..2 {
        let mut body = client.get(url(&server)).send().unwrap().into_body();
        assert_eq!(body.chunk().unwrap().unwrap(), "first");
        let reader = thread::spawn(move || {
            let second = body.chunk().unwrap().unwrap();
            let trailers = body.frame().unwrap().unwrap().into_trailers().unwrap();
            assert!(body.frame().is_none());
            (second, trailers)
        });
        thread::sleep(SHORT);
        more.send(()).unwrap();
        let (second, trailers) = reader.join().unwrap();
        assert_eq!((&second[..], trailers["x-sum"].as_bytes()), (&b"second"[..], &b"7"[..]));
    }
    assert_eq!(client.connections().connections, 1);
    drop(client);
    server.finish();
}

/// A server that refuses what it has read a little of, and reads no more.
fn refusing() -> RawServer {
    RawServer::start(|_, mut peer| {
        peer.head();
        peer.octets(5);
        peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");
        peer.rest();
    })
}

// X1: the other thread is silent, or sends more than the server takes.
#[test]
fn an_early_refusal_is_seen_while_another_thread_sends() {
    for silent in [true, false] {
        let server = refusing();
        let (mut sender, body) = Body::channel();
        let (answered, wait) = mpsc::channel::<()>();
        let upload = thread::spawn(move || {
            sender.send("hello").unwrap();
            if silent {
                wait.recv_timeout(DEADLINE).unwrap();
            }
            // Nobody takes it any more.
            while sender.send(vec![b'x'; 64 * 1024]).is_ok() {}
        });
        let response = Client::new().post(url(&server)).body(body).send().unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        if silent {
            answered.send(()).unwrap();
        }
        assert_eq!(io::read_to_string(response.into_body()).unwrap(), "no!");
        upload.join().unwrap();
        server.finish();
    }
}

/// Pieces of which each is there when it is asked for, and counted.
fn counted(asked: &Arc<AtomicUsize>, most: usize) -> impl Iterator<Item = io::Result<Vec<u8>>> + Send + use<> {
    let asked = Arc::clone(asked);
    (0..most).map(move |_| {
        asked.fetch_add(1, SeqCst);
        Ok(vec![b'x'; 64 * 1024])
    })
}

// N18: between two pieces of a reader the answer is looked for.
#[test]
fn an_early_refusal_is_seen_between_pieces() {
    const MOST: usize = 10_000;
    let server = refusing();
    let asked = Arc::<AtomicUsize>::default();
    let response = Client::new().post(url(&server)).body(Body::pieces(counted(&asked, MOST))).send().unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(asked.load(SeqCst) < MOST);
    drop(response);
    server.finish();
}

/// A reader whose second piece is made only when the server has the first one.
struct Dialogue(mpsc::Receiver<()>, usize);

impl Read for Dialogue {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        match self.1 {
            1 => {}
            2 => self.0.recv_timeout(DEADLINE).map_err(io::Error::other)?,
            _ => return Ok(0),
        }
        room[..4].copy_from_slice(b"word");
        Ok(4)
    }
}

// Every piece goes out before the next is read.
#[test]
fn a_reader_may_wait_for_what_its_pieces_do() {
    let (first, came) = mpsc::channel();
    let first = std::sync::Mutex::new(first);
    let server = RawServer::start(move |_, mut peer| {
        peer.head();
        assert_eq!(peer.octets(9), b"4\r\nword\r\n");
        first.lock().unwrap().send(()).unwrap();
        assert_eq!(peer.octets(14), b"4\r\nword\r\n0\r\n\r\n");
        peer.send(OK);
    });
    let client = Client::new();
    assert_eq!(text(client.put(url(&server)).body(Body::reader(Dialogue(came, 0))).send()), "ok");
    server.finish();
}

/// A reader of a great piece and then a small one; meanwhile it is noted when it is asked.
struct Slow(mpsc::Sender<()>, mpsc::Receiver<()>, Vec<usize>);

impl Read for Slow {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.2.pop() else { return Ok(0) };
        if self.2.is_empty() {
            self.0.send(()).map_err(io::Error::other)?;
            self.1.recv_timeout(DEADLINE).map_err(io::Error::other)?;
        }
        room[..piece].fill(b'x');
        Ok(piece)
    }
}

// All that was made before goes out, whatever the sockets hold, before a reader is asked that may take its time.
#[test]
fn nothing_is_kept_back_while_a_reader_reads() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 256;
    let (asked, asks) = mpsc::channel();
    let (goes_on, go_on) = mpsc::channel();
    let (asks, goes_on) = (std::sync::Mutex::new(asks), std::sync::Mutex::new(goes_on));
    let server = RawServer::start(move |_, mut peer| {
        peer.head();
        // The pace is that of the server, so that the sockets are full nearly always.
        peer.octets(PIECE * PIECES);
        asks.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        goes_on.lock().unwrap().send(()).unwrap();
        assert_eq!(peer.octets(3), b"xxx");
        peer.send(OK);
    });
    let pieces = std::iter::once(3).chain([PIECE; PIECES]).collect();
    let reader = Body::sized_reader(Slow(asked, go_on, pieces), (PIECE * PIECES + 3) as u64);
    assert_eq!(text(Client::new().put(url(&server)).body(reader).send()), "ok");
    server.finish();
}

#[test]
fn content_of_any_kind_is_sent() {
    let server = RawServer::start(|_, mut peer| {
        for length in [0, 5, 7, 4] {
            let head = peer.head();
            assert!(length == 0 || head.contains(&format!("\r\nContent-Length: {length}\r\n")), "{head}");
            let content = peer.octets(length);
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
            peer.send(content);
        }
        assert!(peer.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
        assert_eq!(peer.octets(31), b"3\r\none\r\n3\r\ntwo\r\n0\r\nx-sum: 3\r\n\r\n");
        peer.send(OK);
    });
    let (client, url) = (Client::new(), url(&server));
    assert_eq!(text(client.get(&url).send()), "");
    assert_eq!(text(client.put(&url).body("whole").send()), "whole");
    assert_eq!(text(client.put(&url).body(Body::sized_reader(&b"reading and more"[..], 7)).send()), "reading");
    let mut half_read = Body::from("a body");
    half_read.read_exact(&mut [0; 2]).unwrap();
    assert_eq!(text(client.put(&url).body(half_read).send()), "body");
    let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("x-sum"), HeaderValue::from_static("3"))]);
    let frames = [http_body::Frame::data("one".into()), http_body::Frame::data("two".into())];
    let frames = frames.into_iter().chain([http_body::Frame::trailers(trailers)]).map(Ok::<_, BoxError>);
    assert_eq!(text(client.put(&url).body(Body::frames(frames)).send()), "ok");
    assert_eq!(client.connections().connections, 1);
    drop(client);
    server.finish();
}

#[test]
fn content_that_fails_cuts_the_request_off() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        let (content, _) = peer.rest();
        assert!(!content.ends_with(b"0\r\n\r\n"));
    });
    let pieces = [Ok("a piece"), Err("a failure")];
    match Client::new().post(url(&server)).body(Body::pieces(pieces)).send() {
        Err(RequestError::Content(BodyError::Application(error))) => assert_eq!(error.to_string(), "a failure"),
        other => panic!("{other:?}"),
    }
    server.finish();
}

fn timeouts(set: impl FnOnce(&mut ClientTimeouts)) -> ClientTimeouts {
    let mut timeouts = ClientTimeouts::default();
    set(&mut timeouts);
    timeouts
}

// X6: whoever does not answer, and whatever hangs.
#[test]
fn every_phase_has_its_deadline() {
    let silent = RawServer::start(|_, mut peer| {
        peer.head();
        peer.rest();
    });
    let late = |client: Client, url: &str| client.get(url).send().unwrap_err().timed_out();
    // A resolver that blocks in a thread of its own, and one that is a future.
    let never = Dialer::default().resolver(|_: &str, _: u16| pending()).resolve_timeout(SHORT);
    assert_eq!(late(Client::builder().connector(never).build(), "http://name/"), Some(Phase::Resolve));
    let client = Client::builder().timeouts(timeouts(|to| to.answer = SHORT)).build();
    assert_eq!(late(client, &url(&silent)), Some(Phase::Answer));
    let client = Client::builder().timeouts(timeouts(|to| to.whole = SHORT)).build();
    assert_eq!(late(client, &url(&silent)), Some(Phase::Whole));
    let asked = Client::new().get(url(&silent)).timeout(SHORT).send();
    assert_eq!(asked.unwrap_err().timed_out(), Some(Phase::Whole));
    silent.finish();

    let stalls = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        peer.rest();
    });
    let mut config = Config::client();
    config.timeouts.body = SHORT;
    let client = Client::builder().config(Arc::new(config)).build();
    let mut body = client.get(url(&stalls)).send().unwrap().into_body();
    assert_eq!(body.chunk().unwrap().unwrap(), "abc");
    assert!(matches!(body.chunk(), Some(Err(BodyError::Received(_)))));
    assert_eq!(client.connections().connections, 0);
    let mut body = Client::new().get(url(&stalls)).timeout(SHORT).send().unwrap().into_body();
    assert!(matches!(body.collect(100), Err(BodyError::TooSlow)));
    stalls.finish();
}

// N37: a connection that its server has closed costs no request.
#[test]
fn a_stale_connection_loses_no_request() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send(OK);
        // The next request finds it closed, or closing.
        peer.wait();
        peer.reset();
    });
    let client = Client::new();
    assert_eq!(text(client.get(url(&server)).send()), "ok");
    let response = client.get(url(&server)).send().unwrap();
    assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), 1);
    assert_eq!((text(Ok(response)), server.connections()), ("ok".into(), 2));
}

// X5
#[test]
fn requests_of_many_threads_are_pipelined() {
    let server = RawServer::start(|_, mut peer| {
        while peer.has_more() {
            let head = peer.head();
            let path = head.split(' ').nth(1).unwrap();
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len()));
        }
    });
    let base = url(&server);
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let client = Client::builder().limits(limits).pipelining(8).build();
    thread::scope(|scope| {
        for number in 0..16 {
            let (client, base) = (&client, &base);
            scope.spawn(move || {
                for round in 0..20 {
                    let path = format!("{number}/{round}");
                    assert_eq!(text(client.get(format!("{base}{path}")).send()), format!("/{path}"));
                }
            });
        }
    });
    assert_eq!(server.connections(), 1);
    drop(client);
    server.finish();
}

// I15, I16, X4
#[test]
fn another_protocol_is_read_and_written_by_two_threads() {
    /// More than the sockets hold, so that neither direction gets anywhere alone.
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = RawServer::start(|_, mut peer| {
        let connect = peer.head().starts_with("CONNECT ");
        let accepts = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst";
        peer.send(if connect { "HTTP/1.1 200 OK\r\n\r\nfirst" } else { accepts });
        for _ in 0..LENGTH / 4096 {
            let octets = peer.octets(4096);
            peer.send(octets);
        }
        peer.half_close();
        peer.rest();
    });
    let client = Client::new();
    let proxied = Client::builder().proxy(&url(&server).parse().unwrap()).unwrap().build();
    let tunnel = Request::builder().method(Method::CONNECT).uri("open:80").body(Body::empty()).unwrap();
    for response in [client.get(url(&server)).upgrade("echo").send(), proxied.execute(tunnel)] {
        let response = response.unwrap();
        let mut reads = Upgraded::from(response.extensions().get::<ClientExchange>().unwrap().take_upgraded().unwrap());
        let mut writes = reads.try_clone().unwrap();
        let mut first = [0; 5];
        reads.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"first");
        let writer = thread::spawn(move || {
            writes.write_all(&vec![b'x'; LENGTH]).unwrap();
            writes.shutdown().unwrap();
        });
        let mut rest = Vec::new();
        reads.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.len(), LENGTH);
        writer.join().unwrap();
    }
    assert_eq!((client.connections().connections, proxied.connections().connections), (0, 0));
    server.finish();
}

// N14, N18: its thread reads what comes from either, and a third one sends on when the answer has begun.
#[test]
fn a_handler_that_waits_for_a_server_looks_after_both_connections() {
    let upstream = RawServer::start(|_, mut peer| {
        peer.head();
        assert_eq!(peer.octets(8), b"3\r\none\r\n");
        // The second piece comes while the answer is awaited.
        assert_eq!(peer.octets(8), b"3\r\ntwo\r\n");
        peer.send(format!("{CHUNKED}3\r\nuno\r\n"));
        assert_eq!(peer.octets(15), b"5\r\nthree\r\n0\r\n\r\n");
        peer.send("3\r\ndos\r\n0\r\n\r\n");
    });
    let (client, to) = (Client::new(), url(&upstream));
    let forward = move |request: Request<Body>| client.post(&to).body(request.into_body()).send();
    let server = run(handler_fn(forward), 2);
    let mut asking = server.client();
    asking.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    thread::sleep(SHORT);
    asking.send("3\r\ntwo\r\n");
    assert!(asking.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(asking.octets(8), b"3\r\nuno\r\n");
    asking.send("5\r\nthree\r\n0\r\n\r\n");
    assert_eq!(asking.octets(13), b"3\r\ndos\r\n0\r\n\r\n");
}

// A tower service, whose future runs where it is polled; where that is no thread of this crate, it waits.
#[test]
fn it_is_a_service() {
    let server = answering();
    let request = || Request::builder().uri(url(&server)).body(Body::empty()).unwrap();
    let mut client = Client::new();
    let asked = block_elsewhere(client.call(request()));
    assert_eq!(text(asked), "ok");
    let mut body = block_elsewhere(client.call(request())).unwrap().into_body();
    let chunk = block_elsewhere(poll_fn(|cx| http_body::Body::poll_frame(pin!(&mut body), cx)));
    assert_eq!(chunk.unwrap().unwrap().into_data().unwrap(), "ok");
    // Two at once on this thread.
    let mut asked = [client.call(request()), client.call(request())].map(Some);
    let mut answers = Vec::new();
    block_on(poll_fn(|cx| {
        for place in &mut asked {
            if let Some(Poll::Ready(answer)) = place.as_mut().map(|asked| asked.as_mut().poll(cx)) {
                answers.push(answer);
                *place = None;
            }
        }
        if answers.len() == 2 { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert!(answers.into_iter().all(|answer| text(answer) == "ok"));
    assert_eq!(client.connections().connections, 2);
}

// What its sockets cannot tell anybody is an error rather than a wait without end.
#[test]
fn futures_of_sockets_are_told_that_nobody_runs_them() {
    let server = RawServer::start(|_, peer| _ = peer.rest());
    let client = http_driver::ClientBuilder::new(Dialer::new(Threads)).build();
    let asked = block_elsewhere(client.get(url(&server)).send());
    assert!(matches!(asked, Err(RequestError::Connect(_) | RequestError::Broken(_))), "{asked:?}");
}

// N11: who waits for an answer waits, and is woken by nothing else.
#[test]
fn a_wait_is_one_wait() {
    let gate = Arc::<Permits>::default();
    let opened = Arc::clone(&gate);
    let server = RawServer::start(move |_, mut peer| {
        for _ in 0..2 {
            peer.head();
            opened.take();
            peer.send(OK);
        }
        peer.rest();
    });
    let mut client = Client::new();
    for polls in [8, 4] {
        let mut asked = client.call(Request::builder().uri(url(&server)).body(Body::empty()).unwrap());
        let mut polled = 0;
        let opens = Arc::clone(&gate);
        let opening = thread::spawn(move || {
            thread::sleep(SHORT);
            opens.add(1);
        });
        let answered = block_on(poll_fn(|cx| {
            polled += 1;
            asked.as_mut().poll(cx)
        }));
        assert!(polled <= polls, "{polled} polls");
        assert_eq!(text(answered), "ok");
        opening.join().unwrap();
    }
    drop(client);
    server.finish();
}

fn entries(of: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count()
}

// N50: in a process of its own, where nobody else has threads or descriptors.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_is_dropped_leaves_nothing_behind() {
    alone::set_name(module_path!(), "a_client_that_is_dropped_leaves_nothing_behind");
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    let server = RawServer::start(|_, mut peer| {
        while peer.has_more() {
            let head = peer.head();
            if head.starts_with("POST") {
                // Long before it has come.
                peer.send(CHUNKED);
                continue;
            }
            peer.send(OK);
        }
    });
    let url = url(&server);
    // Those of the thread itself.
    assert_eq!(text(Client::new().get(&url).send()), "ok");
    let settled = || {
        let mut counts = (entries("task"), entries("fd"));
        loop {
            thread::sleep(SHORT);
            let now = (entries("task"), entries("fd"));
            if now == counts {
                return now;
            }
            counts = now;
        }
    };
    let before = settled();
    for _ in 0..3 {
        let client = Client::builder().pipelining(4).build();
        assert_eq!(text(client.get(&url).send()), "ok");
        // One is idle, of one the answer is unread, and one has a thread of its own.
        let _unread = client.get(&url).send().unwrap();
        let (sender, body) = Body::channel();
        let _uploading = client.post(&url).body(body).send().unwrap();
        assert!(entries("task") > before.0 && entries("fd") > before.1);
        drop(sender);
    }
    within(|| (entries("task"), entries("fd")) == before);
}

// I18
#[test]
fn a_connection_of_level_1_is_opened() {
    let server = answering();
    let address: SocketAddr = server.address();
    let to = move |_: &str, _: u16| std::future::ready(Ok(vec![address]));
    let dialer = Dialer::default().resolver(to);
    let mut http = http_std::connect_with("http://name/", &dialer, Arc::new(Config::client())).unwrap();
    let mut inbox = http_std::Inbox::new();
    for _ in 0..2 {
        http.start(&http_std::RequestHead::get("name", "/"), http_std::BodyLength::Empty).unwrap();
        let http_std::Event::HeadersComplete(response) = http.next_event(&mut inbox).unwrap() else { panic!() };
        assert_eq!(response.status(), 200);
        assert!(matches!(http.next_event(&mut inbox).unwrap(), http_std::Event::Payload(b"ok")));
        assert!(matches!(http.next_event(&mut inbox).unwrap(), http_std::Event::MessageComplete(_)));
    }
    http.close(&mut inbox).unwrap();
    let late = http_std::connect("http://127.0.0.1:1/").map(drop);
    assert!(matches!(late, Err(http_std::ConnectError::Connect(_))), "{late:?}");
    server.finish();
}
