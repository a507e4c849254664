//! hyper, in a thread with a runtime of its own.

use crate::ours::{
    Ours, Settings, ask, client, fault, field, get, number, on_every_runtime, request, run, talk, text, with_trailers,
};
use crate::pattern;
use crate::service::Pattern;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use http_driver::{Body, Informed};
use http_proto::RecvErrorKind;
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

on_every_runtime! {
    n37_many_kinds_of_exchanges_on_one_connection,
    n20_content_of_either_framing_both_ways,
    x2_content_waits_to_be_asked_for,
    x3_trailers_both_ways,
    i15_another_protocol,
    x4_a_tunnel,
    n31_what_breaks_off_is_an_error,
    x5_pipelined_requests_keep_their_order,
}

type Content = UnsyncBoxBody<Bytes, std::io::Error>;

/// hyper's server; it ends when this is dropped.
struct Hyper {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hyper {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a port");
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                tokio::select! { _ = stopped => {}, () = accept(listener) => {} }
            });
        });
        Hyper { address, stop: Some(stop), thread: Some(thread) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Hyper {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "hyper has panicked");
    }
}

async fn accept(listener: tokio::net::TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).with_upgrades();
        tokio::spawn(serving);
    }
}

fn full(content: impl Into<Bytes>) -> Content {
    Full::new(content.into()).map_err(|never| match never {}).boxed_unsync()
}

fn frames(frames: Vec<std::io::Result<Frame<Bytes>>>) -> Content {
    // What is there at once, hyper puts together: of an error behind it the head would never be sent.
    let frames = futures_util::stream::iter(frames).then(async |frame| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        frame
    });
    StreamBody::new(frames).boxed_unsync()
}

fn checksum(value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::HeaderName::from_static("checksum"), HeaderValue::from_static(value))])
}

async fn answer(request: Request<Incoming>) -> Result<Response<Content>, std::io::Error> {
    let with_status = |status: u16, content: &'static str| {
        Response::builder().status(status).body(full(content)).map_err(std::io::Error::other)
    };
    if request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE) {
        let status = if request.method() == Method::CONNECT { 200 } else { 101 };
        tokio::spawn(shout(request));
        let mut response = with_status(status, "")?;
        if status == 101 {
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("shout"));
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        return Ok(response);
    }
    let path = request.uri().path().to_owned();
    let (route, argument) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let length = argument.parse().unwrap_or(0);
    let data = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    Ok(match route {
        "" => Response::new(full("Hello, World!")),
        "target" => Response::new(full(path.clone())),
        "echo" => Response::new(request.into_body().map_err(std::io::Error::other).boxed_unsync()),
        "count" => {
            let collected = request.into_body().collect().await.map_err(std::io::Error::other)?;
            let trailer = collected.trailers().and_then(|trailers| trailers.get("checksum"));
            let trailer = trailer.map_or("none", |value| value.to_str().unwrap_or_default()).to_owned();
            let content = collected.to_bytes();
            Response::new(full(format!("{} {} {trailer}", content.len(), content == pattern(content.len()))))
        }
        "sized" => Response::new(Pattern::new(length, true).map_err(|never| match never {}).boxed_unsync()),
        "chunked" => Response::new(Pattern::new(length, false).map_err(|never| match never {}).boxed_unsync()),
        "trailers" => {
            let trailers = Ok(Frame::trailers(checksum("12")));
            let mut response = Response::new(frames(vec![data("one"), data("two"), trailers]));
            response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("checksum"));
            response
        }
        "cut" => Response::new(frames(vec![data("half"), Err(std::io::Error::other("no more"))])),
        "cut-sized" => {
            let mut response = Response::new(frames(vec![data("half"), Err(std::io::Error::other("no more"))]));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("8"));
            response
        }
        "empty" => with_status(204, "")?,
        "unchanged" => with_status(304, "")?,
        "refuse" => with_status(403, "refused")?,
        _ => with_status(404, "nothing here")?,
    })
}

/// Octets in capitals.
async fn shout(request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let mut stream = TokioIo::new(upgraded);
    let _ = stream.write_all(b"HELLO ").await;
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    let _ = stream.write_all(&heard.to_ascii_uppercase()).await;
    let _ = stream.shutdown().await;
}

// N37
fn n37_many_kinds_of_exchanges_on_one_connection<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        for round in 0..50 {
            assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
            let answer = ask(&client, request(Method::HEAD, &server.url("/sized/1000"), "")).await;
            assert_eq!((field(&answer, "content-length"), answer.body().len()), (Some("1000"), 0));
            assert_eq!(ask(&client, get(&server.url("/empty"))).await.status(), StatusCode::NO_CONTENT);
            assert_eq!(ask(&client, get(&server.url("/unchanged"))).await.status(), StatusCode::NOT_MODIFIED);
            let post = request(Method::POST, &server.url("/count"), pattern(round * 97));
            let answer = ask(&client, post).await;
            assert_eq!(*answer.body(), format!("{} true none", round * 97));
            assert_eq!(number(&answer), round as u64 * 5 + 5);
        }
        let state = client.state();
        assert_eq!((state.connections, state.idle), (1, 1));
    });
}

// N20, N14
fn n20_content_of_either_framing_both_ways<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        for length in [0, 1, 65_536, 3_000_000] {
            for path in ["sized", "chunked"] {
                let answer = ask(&client, get(&server.url(&format!("/{path}/{length}")))).await;
                assert!(*answer.body() == pattern(length), "{path} {length}");
            }
            for sized in [true, false] {
                let post = |path| request(Method::POST, &server.url(path), Body::new(Pattern::new(length, sized)));
                assert_eq!(*ask(&client, post("/count")).await.body(), format!("{length} true none"));
                assert!(*ask(&client, post("/echo")).await.body() == pattern(length), "{length} {sized}");
            }
        }
        assert_eq!(client.state().connections, 1);
    });
}

// X2: hyper asks for the content when somebody polls it, and never where nobody does.
fn x2_content_waits_to_be_asked_for<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        for (path, asked) in [("/count", 1), ("/refuse", 0)] {
            let mut put = request(Method::PUT, &server.url(path), Body::new(Pattern::new(100_000, true)));
            put.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
            let seen = Arc::<AtomicUsize>::default();
            let count = Arc::clone(&seen);
            put.extensions_mut().insert(Informed::new(move |interim| {
                assert_eq!(interim.status(), StatusCode::CONTINUE);
                count.fetch_add(1, SeqCst);
            }));
            let answer = ask(&client, put).await;
            assert_eq!(answer.body(), if asked == 1 { "100000 true none" } else { "refused" });
            assert_eq!(seen.load(SeqCst), asked);
            assert_eq!(client.state().connections, asked);
        }
    });
}

fn x3_trailers_both_ways<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        let mut wants = get(&server.url("/trailers"));
        wants.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        assert_eq!(with_trailers(client.execute(wants).await.unwrap()).await, (b"onetwo".to_vec(), checksum("12")));
        let (mut sender, body) = Body::channel();
        client.spawn(async move {
            sender.send(pattern(3)).await.unwrap();
            sender.trailers(checksum("3")).unwrap();
        });
        let mut post = request(Method::POST, &server.url("/count"), body);
        post.headers_mut().insert(header::TRAILER, HeaderValue::from_static("checksum"));
        assert_eq!(ask(&client, post).await.body(), "3 true 3");
        assert_eq!(client.state().connections, 1);
    });
}

// I15, I16
fn i15_another_protocol<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..3 {
            let mut offer = get(&server.url("/"));
            offer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("shout"));
            let answer = client.execute(offer).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
            assert_eq!(talk(answer, b"world").await, "HELLO WORLD");
        }
        assert_eq!(client.state().connections, 0);
    });
}

// X4
fn x4_a_tunnel<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = O::with(Settings { proxy: Some(server.url("/")), ..Settings::default() });
        let connect = Request::builder().method(Method::CONNECT).uri("name:80").body(Body::empty()).unwrap();
        let answer = client.execute(connect).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(talk(answer, b"world").await, "HELLO WORLD");
        assert_eq!(client.state().connections, 0);
    });
}

// N31
fn n31_what_breaks_off_is_an_error<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let client = client::<O>();
        for path in ["/cut", "/cut-sized"] {
            let answer = client.execute(get(&server.url(path))).await.unwrap();
            assert_eq!(fault(answer).await, RecvErrorKind::IncompleteBody, "{path}");
            assert_eq!(client.state().connections, 0);
        }
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

// X5
fn x5_pipelined_requests_keep_their_order<O: Ours>() {
    let server = Hyper::start();
    run::<O>(async move {
        let mut settings = Settings { pipelining: 16, ..Settings::default() };
        settings.limits.per_target = 1;
        let client = O::with(settings);
        let asked = (0..300).map(|at| {
            let path = format!("/target/{at}");
            let (client, uri) = (client.clone(), server.url(&path));
            async move { assert_eq!(text(&client, &uri).await, path) }
        });
        futures_util::future::join_all(asked).await;
        assert_eq!(client.state().connections, 1);
    });
}
