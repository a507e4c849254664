//! Plain functions as handlers: what they return, how they read, and what they learn of their clients.

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_std::{Body, BodyError, BoxError, Exchange, ListenOptions, ServerHandle, ThreadService, handler_fn, serve};
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use tests::scenario::{Client, DEADLINE, GET, Permits, SHORT, get, post};

/// A server with a few workers, at this address until the handle is dropped.
pub(crate) struct Running<S: ThreadService>(pub(crate) ServerHandle<S>);

/// Without TLS, and with it.
pub(crate) const KINDS: &[bool] = if cfg!(feature = "tls") { &[false, true] } else { &[false] };

impl<S: ThreadService> Running<S> {
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().tcp().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// One that speaks TLS, if that is so.
    pub(crate) fn client_of(&self, secure: bool) -> Client {
        #[cfg(feature = "tls")]
        if secure {
            return Client::connect_secured(self.address());
        }
        assert!(!secure);
        self.client()
    }
}

impl<S: ThreadService> Drop for Running<S> {
    fn drop(&mut self) {
        self.0.dispose();
    }
}

pub(crate) fn run<S: ThreadService + Clone>(service: S, workers: usize) -> Running<S> {
    run_as(false, service, workers)
}

/// One that speaks TLS, if that is so.
pub(crate) fn run_as<S: ThreadService + Clone>(secure: bool, service: S, workers: usize) -> Running<S> {
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = serve(listener, service).workers(workers);
    #[cfg(feature = "tls")]
    let server = if secure { server.tls(Arc::clone(&tests::scenario::wired::keys().server)) } else { server };
    assert!(!secure || cfg!(feature = "tls"));
    Running(server.spawn().unwrap())
}

pub(crate) fn exchange(request: &Request<Body>) -> Exchange {
    request.extensions().get::<Exchange>().unwrap().clone()
}

#[test]
fn a_handler_returns_a_response() {
    let server = run(handler_fn(|_: Request<Body>| Response::new(Body::from("as it is"))), 2);
    let mut client = server.client();
    for _ in 0..3 {
        client.send(GET);
        assert_eq!(client.answer().text(), "as it is");
    }
}

// I18, N18
#[test]
fn or_a_result_and_may_fail() {
    let handler = |mut request: Request<Body>| -> Result<Response<Body>, BoxError> {
        match request.uri().path() {
            "/error" => Err("a failure".into()),
            "/panic" => panic!("a panic of the handler"),
            _ => Ok(Response::new(request.body_mut().collect(4)?.into())),
        }
    };
    let server = run(handler_fn(handler), 2);
    let mut client = server.client();
    for (request, status) in [
        (get("/error"), "500"),
        (get("/panic"), "500"),
        (post("/", 4) + "four", "200"),
        (post("/", 5) + "five.", "413"),
        (get("/"), "200"),
    ] {
        client.send(request);
        assert_eq!(client.answer().status(), status);
    }
}

#[test]
fn content_is_read_in_every_way() {
    let handler = |mut request: Request<Body>| -> Result<Response<Body>, BoxError> {
        let body = request.body_mut();
        let mut text = String::new();
        // Of one and the same body.
        body.take(2).read_to_string(&mut text)?;
        text.push('|');
        text += std::str::from_utf8(&body.chunk().unwrap()?)?;
        text.push('|');
        text += std::str::from_utf8(&body.collect(100)?)?;
        let over = body.frame().is_none();
        Ok(Response::new(format!("{text}|{over}").into()))
    };
    let server = run(handler_fn(handler), 2);
    let mut client = server.client();
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(format!("{head}5\r\nabcde\r\n2\r\nfg\r\n3\r\nhij\r\n0\r\n\r\n"));
    assert_eq!(client.answer().text(), "ab|cde|fghij|true");
}

#[test]
fn content_is_made_in_every_way() {
    let handler = |request: Request<Body>| match request.uri().path() {
        "/reader" => Body::reader(&b"from a reader"[..]),
        "/sized" => Body::sized_reader(&b"from a reader"[..], 4),
        "/short" => Body::sized_reader(&b"from a reader"[..], 40),
        "/pieces" => Body::pieces(["one", "two"].map(Ok::<_, BoxError>)),
        "/cut" => Body::pieces([Ok("one"), Err("broken")]),
        "/frames" => {
            let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("x"))]);
            Body::frames([Frame::data("one".into()), Frame::trailers(trailers)].map(Ok::<_, BoxError>))
        }
        _ => {
            let (mut sender, body) = Body::channel();
            thread::spawn(move || {
                for n in 0..1000 {
                    sender.send(format!("{n} ")).unwrap();
                }
                sender.finish();
            });
            body
        }
    };
    let server = run(handler_fn(move |request| Response::new(handler(request))), 2);
    let ask = |path: &str| {
        let mut client = server.client();
        client.send(get(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
        client
    };
    assert!(ask("/reader").rest().ends_with("\r\n\r\nd\r\nfrom a reader\r\n0\r\n\r\n"));
    assert!(ask("/sized").rest().ends_with("Content-Length: 4\r\nConnection: close\r\n\r\nfrom"));
    assert!(ask("/short").rest_until_reset().ends_with(b"\r\n\r\nfrom a reader"));
    assert!(ask("/pieces").rest().ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
    assert!(ask("/cut").rest_until_reset().ends_with(b"\r\n\r\n3\r\none\r\n"));
    assert!(ask("/frames").rest().ends_with("\r\n\r\n3\r\none\r\n0\r\netag: x\r\n\r\n"));
    let sent = ask("/channel").rest();
    assert!(sent.contains("\r\n4\r\n999 \r\n") && sent.ends_with("\r\n0\r\n\r\n"));
}

// N18: an iterator may take its time; what it has made is not held back for that.
#[test]
fn a_piece_goes_out_before_the_next_is_made() {
    let (send, pieces) = mpsc::channel::<&'static str>();
    let pieces = Arc::new(Mutex::new(Some(pieces)));
    let handler = move |_: Request<Body>| {
        let pieces = pieces.lock().unwrap().take().unwrap();
        Response::new(Body::pieces(pieces.into_iter().map(Ok::<_, BoxError>)))
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(GET);
    for piece in ["one", "two", "six"] {
        send.send(piece).unwrap();
        if piece == "one" {
            client.head();
        }
        assert_eq!(client.octets(8), format!("3\r\n{piece}\r\n").as_bytes());
    }
    drop(send);
    assert_eq!(client.octets(5), b"0\r\n\r\n");
}

/// Sends content piece by piece, and gets each back before the next.
fn talk(mut client: Client) {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (n, word) in ["one", "two", "six"].iter().enumerate() {
        client.send(format!("3\r\n{word}\r\n"));
        if n == 0 {
            assert!(client.head().starts_with("HTTP/1.1 200 "));
        }
        assert_eq!(client.octets(8), format!("3\r\n{word}\r\n").as_bytes());
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.octets(5), b"0\r\n\r\n");
    client.send(GET);
    client.head();
}

// N18
#[test]
fn an_answer_is_made_of_the_request_while_that_arrives() {
    talk(run(handler_fn(|request: Request<Body>| Response::new(request.into_body())), 1).client());
}

#[test]
fn one_thread_reads_while_another_answers() {
    let handler = |request: Request<Body>| {
        let (mut sender, body) = Body::channel();
        thread::spawn(move || {
            let mut content = request.into_body();
            while let Some(chunk) = content.chunk() {
                sender.send(chunk.unwrap()).unwrap();
            }
            sender.finish();
        });
        Response::new(body)
    };
    talk(run(handler_fn(handler), 1).client());
}

#[test]
fn a_reader_left_behind_is_told() {
    let (send, left) = mpsc::channel();
    let handler = move |request: Request<Body>| {
        let (send, begun) = (send.clone(), Arc::new(Permits::default()));
        let begins = Arc::clone(&begun);
        thread::spawn(move || {
            begins.add(1);
            send.send(request.into_body().collect(100)).unwrap();
        });
        begun.take();
        Response::new(Body::empty())
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(post("/", 10) + "half");
    assert_eq!(client.answer().status(), "200");
    assert!(matches!(left.recv_timeout(DEADLINE).unwrap(), Err(BodyError::Over)));
}

// L12
#[test]
fn a_handler_learns_that_its_client_is_gone() {
    let (arrived, learned) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    let (arrives, learns) = (Arc::clone(&arrived), Arc::clone(&learned));
    let handler = move |request: Request<Body>| {
        let exchange = exchange(&request);
        assert!(!exchange.is_gone());
        arrives.add(1);
        while !exchange.is_gone() {
            thread::sleep(SHORT / 10);
        }
        learns.add(1);
        Response::new(Body::empty())
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    // What nobody reads must not hide the reset.
    client.send(post("/", 100_000) + "some");
    arrived.take();
    client.reset();
    learned.take();
}

// N13
#[test]
fn a_half_close_is_seen_and_cancels_nothing() {
    let handler = |request: Request<Body>| {
        while !exchange(&request).is_half_closed() {
            thread::sleep(SHORT / 10);
        }
        Response::new(Body::from("all the same"))
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(GET);
    client.half_close();
    assert!(client.rest().ends_with("\r\n\r\nall the same"));
}

// N14, N19: while the handler goes on.
#[test]
fn interim_responses_go_out_at_once() {
    let gate = Arc::new(Permits::default());
    let opened = Arc::clone(&gate);
    let handler = move |request: Request<Body>| {
        exchange(&request).inform(StatusCode::EARLY_HINTS, HeaderMap::new());
        opened.take();
        Response::new(request.into_body())
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 103 "));
    assert!(client.is_silent(SHORT));
    gate.add(1);
    assert!(client.head().starts_with("HTTP/1.1 100 "));
    client.send("abc");
    assert_eq!(client.answer().text(), "abc");
}

// P7: the first answer is not kept for the second.
#[test]
fn an_answer_does_not_wait_for_the_next_handler() {
    let gate = Arc::new(Permits::default());
    let opened = Arc::clone(&gate);
    let handler = move |request: Request<Body>| {
        if request.uri().path() == "/gate" {
            opened.take();
        }
        Response::new(Body::from("done"))
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(GET.to_owned() + &get("/gate"));
    assert_eq!(client.answer().text(), "done");
    gate.add(1);
    assert_eq!(client.answer().text(), "done");
}

// L14: a shutdown does not wait for a plain handler beyond its grace, and its connection is cut off.
#[test]
fn a_stuck_handler_holds_up_no_shutdown() {
    let (arrived, gate) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    let (arrives, opened) = (Arc::clone(&arrived), Arc::clone(&gate));
    let handler = move |_: Request<Body>| {
        arrives.add(1);
        opened.take();
        Response::new(Body::empty())
    };
    let server = run(handler_fn(handler), 1);
    let mut client = server.client();
    client.send(GET);
    arrived.take();
    let report = server.0.shutdown(SHORT);
    assert_eq!((report.connections, report.cut_off), (1, 1));
    assert_eq!(client.rest_until_reset(), b"");
    gate.add(1);
}

// L14: nothing tells a plain handler that a shutdown has begun; its answer says all the same that it is the last.
#[test]
fn an_answer_that_is_made_while_a_shutdown_begins_is_the_last() {
    let (arrived, gate) = (Arc::new(Permits::default()), Arc::new(Permits::default()));
    let (arrives, opened) = (Arc::clone(&arrived), Arc::clone(&gate));
    let handler = move |_: Request<Body>| {
        arrives.add(1);
        opened.take();
        Response::new(Body::from("the last"))
    };
    let server = run(handler_fn(handler), 2);
    let (mut client, idle) = (server.client(), server.client());
    client.send(GET);
    arrived.take();
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(server.0.shutdown(DEADLINE).cut_off, 0));
        // It has begun when those with nothing to do are gone.
        assert_eq!(idle.rest(), "");
        gate.add(1);
        let answer = client.answer();
        assert!(answer.closes() && answer.text() == "the last", "{answer:?}");
        assert_eq!(client.rest(), "");
    });
}
