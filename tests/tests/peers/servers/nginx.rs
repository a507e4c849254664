//! nginx: alone, before a server that breaks off, before Node, and behind our own proxy.

use super::running::{Nginx, Script};
use crate::ours::{
    Ours, Settings, ask, client, fault, field, get, hear, number, on_every_runtime, request, run, say, text,
};
use crate::service::Pattern;
use crate::{octet, pattern};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_driver::{Body, ClientExchange, Informed};
use http_proto::RecvErrorKind;
use hyper::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tests::examples::Running;
use tests::raw_server::RawServer;
use tests::scenario::{alone, peak};

on_every_runtime! {
    n37_a_hundred_requests_take_one_connection,
    n37_no_request_is_lost_where_every_third_closes,
    n37_no_request_is_lost_where_idle_connections_are_closed,
    files_with_what_is_asked_about_them,
    n20_content_without_a_length,
    x2_uploads_wait_to_be_asked_for,
    an_upload_that_is_too_large_is_refused,
    x5_pipelined_requests_keep_their_order,
    x5_unanswered_ones_are_asked_again,
    a_unix_socket,
    x4_a_refused_tunnel,
    n31_what_breaks_off_behind_it_is_an_error,
    i15_another_protocol_behind_it,
    n14_much_comes_down_in_little_memory,
    n14_much_goes_up_in_little_memory,
    behind_our_own_proxy,
}

// N37
fn n37_a_hundred_requests_take_one_connection<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = client::<O>();
        let first = text(&client, &server.url("/connection")).await;
        let (connection, _) = first.split_once(' ').unwrap();
        for number in 2..=100 {
            assert_eq!(text(&client, &server.url("/connection")).await, format!("{connection} {number}"));
        }
        assert_eq!(client.state().connections, 1);
    });
}

// N37: two that it keeps, then one that it does not.
fn n37_no_request_is_lost_where_every_third_closes<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = client::<O>();
        for at in 0..100 {
            let path = format!("/few/{at}");
            let answer = ask(&client, get(&server.url(&path))).await;
            let turn = at % 3 + 1;
            assert_eq!(*answer.body(), format!("{path} {turn}"));
            assert_eq!(number(&answer), turn);
            assert_eq!(client.state().idle, usize::from(turn < 3));
        }
        // Many at once, each on whatever connection there is.
        let asked = (0..100).map(|at| {
            let (client, uri) = (client.clone(), server.url(&format!("/few/{at}")));
            async move { assert!(text(&client, &uri).await.starts_with(&format!("/few/{at} "))) }
        });
        futures_util::future::join_all(asked).await;
    });
}

// N37: its closes cross requests at every moment.
fn n37_no_request_is_lost_where_idle_connections_are_closed<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = client::<O>();
        let mut connections = 0;
        for at in 0..100u32 {
            let path = format!("/idle/{at}");
            let answer = ask(&client, get(&server.url(&path))).await;
            assert_eq!(*answer.body(), path);
            connections += usize::from(number(&answer) == 1);
            O::sleep(Duration::from_micros(u64::from(4000 + 20 * at))).await;
        }
        assert!(connections > 1, "it has closed none");
    });
}

// HEAD, If-None-Match and Range.
fn files_with_what_is_asked_about_them<O: Ours>() {
    let server = Nginx::start();
    std::fs::write(server.file("some"), pattern(300_000)).unwrap();
    run::<O>(async move {
        let client = client::<O>();
        let uri = server.url("/some");
        let whole = ask(&client, get(&uri)).await;
        assert!(whole.status() == StatusCode::OK && *whole.body() == pattern(300_000));
        let head = ask(&client, request(Method::HEAD, &uri, "")).await;
        assert_eq!((field(&head, "content-length"), head.body().len()), (Some("300000"), 0));
        let mut unchanged = get(&uri);
        unchanged.headers_mut().insert(header::IF_NONE_MATCH, whole.headers()[header::ETAG].clone());
        let answer = ask(&client, unchanged).await;
        assert_eq!((answer.status(), answer.body().len()), (StatusCode::NOT_MODIFIED, 0));
        let mut part = get(&uri);
        part.headers_mut().insert(header::RANGE, HeaderValue::from_static("bytes=100-199"));
        let answer = ask(&client, part).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(field(&answer, "content-range"), Some("bytes 100-199/300000"));
        assert_eq!(*answer.body(), pattern(200)[100..]);
        let answer = ask(&client, get(&server.url("/empty"))).await;
        assert_eq!((answer.status(), answer.body().len()), (StatusCode::NO_CONTENT, 0));
        let answer = ask(&client, get(&server.url("/nowhere"))).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        // With content that nobody reads.
        assert_eq!(ask(&client, request(Method::POST, &server.url("/"), pattern(9))).await.body(), "Hello, World!");
        let last = ask(&client, request(Method::OPTIONS, &uri, "")).await;
        assert_eq!((last.status(), number(&last)), (StatusCode::METHOD_NOT_ALLOWED, 8));
        assert_eq!(client.state().connections, 1);
    });
}

fn n20_content_without_a_length<O: Ours>() {
    let server = Nginx::start();
    for length in [0, 1, 500_000] {
        std::fs::write(server.file(&length.to_string()), pattern(length)).unwrap();
    }
    run::<O>(async move {
        let client = client::<O>();
        for length in [0, 1, 500_000] {
            let answer = ask(&client, get(&server.url(&format!("/chunked/{length}")))).await;
            // Of nothing it knows the length all the same.
            assert_eq!(field(&answer, "transfer-encoding"), (length > 0).then_some("chunked"));
            assert!(*answer.body() == pattern(length));
        }
        // To whom it cannot send chunks, it closes behind the last octet.
        let mut old = get(&server.url("/chunked/500000"));
        *old.version_mut() = http::Version::HTTP_10;
        let answer = ask(&client, old).await;
        assert_eq!((field(&answer, "transfer-encoding"), field(&answer, "content-length")), (None, None));
        assert!(*answer.body() == pattern(500_000));
        assert_eq!((number(&answer), client.state().connections), (4, 0));
    });
}

/// Asks for leave to send the content; counts how often that was given.
fn asking(mut request: Request<Body>) -> (Request<Body>, Arc<AtomicUsize>) {
    request.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
    let given = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&given);
    request.extensions_mut().insert(Informed::new(move |interim| {
        assert_eq!(interim.status(), StatusCode::CONTINUE);
        count.fetch_add(1, SeqCst);
    }));
    (request, given)
}

// X2
fn x2_uploads_wait_to_be_asked_for<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = client::<O>();
        for (at, (length, sized)) in
            [(0, true), (9, true), (9, false), (700_000, true), (700_000, false)].into_iter().enumerate()
        {
            let uri = server.url(&format!("/put/{at}"));
            let put = request(Method::PUT, &uri, Body::new(Pattern::new(length, sized)));
            let (put, given) = asking(put);
            assert_eq!(ask(&client, put).await.status(), StatusCode::CREATED);
            assert_eq!(given.load(SeqCst), usize::from(length > 0), "{length} {sized}");
            assert!(*ask(&client, get(&uri)).await.body() == pattern(length));
            // Again, unasked.
            let put = request(Method::PUT, &uri, Body::new(Pattern::new(length, sized)));
            assert_eq!(ask(&client, put).await.status(), StatusCode::NO_CONTENT);
            assert_eq!(ask(&client, request(Method::DELETE, &uri, "")).await.status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(client.state().connections, 1);
    });
}

// N8: by its length, or while it is sent; it says so and closes, whatever is still on its way.
fn an_upload_that_is_too_large_is_refused<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = client::<O>();
        let uri = server.url("/small");
        let (put, given) = asking(request(Method::PUT, &uri, Body::new(Pattern::new(5000, true))));
        assert_eq!(ask(&client, put).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(given.load(SeqCst), 0);
        for sized in [true, false] {
            let put = request(Method::PUT, &uri, Body::new(Pattern::new(20_000_000, sized)));
            let answer = ask(&client, put).await;
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
            assert!(answer.body().starts_with(b"<html>"));
        }
        assert_eq!(client.state().connections, 0);
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

async fn all_at_once<O: Ours>(client: &O, server: &Nginx, count: usize, folder: &str) {
    let asked = (0..count).map(|at| {
        let path = format!("/{folder}/{at}");
        async move {
            let told = text(client, &server.url(&path)).await;
            assert_eq!(told.split(' ').next(), Some(path.as_str()));
        }
    });
    futures_util::future::join_all(asked).await;
}

// X5
fn x5_pipelined_requests_keep_their_order<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let mut settings = Settings { pipelining: 16, ..Settings::default() };
        settings.limits.per_target = 1;
        let client = O::with(settings);
        for round in 1..=3 {
            all_at_once(&client, &server, 200, "target").await;
            let told = text(&client, &server.url("/connection")).await;
            assert!(told.ends_with(&format!(" {}", 201 * round)), "{told}");
        }
    });
}

// X5: every third answer is the last of its connection, whatever has been asked behind it.
fn x5_unanswered_ones_are_asked_again<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let mut settings = Settings { pipelining: 8, ..Settings::default() };
        settings.limits.per_target = 2;
        let client = O::with(settings);
        for _ in 0..5 {
            all_at_once(&client, &server, 100, "few").await;
        }
        let state = client.state();
        assert!(state.connections <= 2 && state.waiting == 0, "{state:?}");
    });
}

fn a_unix_socket<O: Ours>() {
    let server = Nginx::start();
    std::fs::write(server.file("some"), pattern(300_000)).unwrap();
    run::<O>(async move {
        let client = O::with(Settings { unix_socket: Some(server.socket()), ..Settings::default() });
        for _ in 0..3 {
            assert_eq!(text(&client, "http://name/").await, "Hello, World!");
            assert!(*ask(&client, get("http://name/some")).await.body() == pattern(300_000));
        }
        assert_eq!(client.state().connections, 1);
        for at in 0..10 {
            let told = text(&client, &format!("http://name/few/{at}")).await;
            assert!(told.starts_with(&format!("/few/{at} ")), "{told}");
        }
    });
}

// X4: it tunnels nothing.
fn x4_a_refused_tunnel<O: Ours>() {
    let server = Nginx::start();
    run::<O>(async move {
        let client = O::with(Settings { proxy: Some(server.url("/")), ..Settings::default() });
        let connect = Request::builder().method(Method::CONNECT).uri("name:80").body(Body::empty()).unwrap();
        let answer = client.execute(connect).await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(answer.extensions().get::<ClientExchange>().unwrap().take_upgraded().is_none());
        drop(answer);
        assert_eq!(client.state().connections, 0);
        // It does take whole URIs.
        assert_eq!(text(&client, "http://name/").await, "Hello, World!");
    });
}

// N31: what nginx has begun to pass on it can only break off.
fn n31_what_breaks_off_behind_it_is_an_error<O: Ours>() {
    const SIZED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9999\r\n";
    let upstream = RawServer::start(|_, mut peer| {
        let head = peer.head();
        peer.send(if head.contains(" /sized ") { SIZED } else { CHUNKED });
        peer.send([b'x'; 1000]);
        // So that nginx has passed the head on.
        peer.pause(Duration::from_millis(50));
        if head.contains(" /reset ") {
            peer.reset();
        }
    });
    let server = Nginx::before(upstream.address());
    run::<O>(async move {
        let client = client::<O>();
        for how in ["sized", "chunked", "reset"] {
            let answer = client.execute(get(&server.url(&format!("/behind/{how}")))).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{how}");
            assert_eq!(fault(answer).await, RecvErrorKind::IncompleteBody, "{how}");
            assert_eq!(client.state().connections, 0);
        }
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
        drop(upstream);
        // Nobody there at all is an answer.
        let answer = ask(&client, get(&server.url("/behind/nobody"))).await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert_eq!(client.state().connections, 1);
    });
}

// I15, X3: Node answers through nginx.
fn i15_another_protocol_behind_it<O: Ours>() {
    let node = Script::node(None);
    let server = Nginx::before(node.address());
    run::<O>(async move {
        let client = client::<O>();
        let post = request(Method::POST, &server.url("/behind/echo"), Body::new(Pattern::new(300_000, false)));
        assert!(*ask(&client, post).await.body() == pattern(300_000));
        let mut offer = get(&server.url("/behind/"));
        offer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("shout"));
        let answer = client.execute(offer).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        // nginx takes the end of one direction for that of both.
        let mut stream = say(answer, b"world").await;
        assert_eq!(hear(&mut stream, 11).await, "HELLO WORLD");
        assert_eq!(client.state().connections, 0);
    });
}

const MUCH: usize = 256 << 20;

/// Asserts that the process, which must be of its own, has taken hardly any more memory than it had.
fn assert_little_more(before: u64) {
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
}

// N14: a file with nothing in it, so that no disk is read.
fn n14_much_comes_down_in_little_memory<O: Ours>() {
    if let Some(process) = alone::process("true") {
        return process.dismiss();
    }
    let server = Nginx::start();
    for (name, length) in [("small", 1 << 20), ("large", MUCH)] {
        std::fs::File::create(server.file(name)).unwrap().set_len(length as u64).unwrap();
    }
    run::<O>(async move {
        let client = client::<O>();
        let mut before = 0;
        for (path, length) in [("small", 1 << 20), ("large", MUCH), ("chunked/large", MUCH)] {
            let mut body = client.execute(get(&server.url(&format!("/{path}")))).await.unwrap().into_body();
            let mut received = 0;
            while let Some(piece) = body.chunk().await {
                received += piece.unwrap().len();
            }
            assert_eq!(received, length, "{path}");
            match path {
                "small" => before = peak(),
                _ => assert_little_more(before),
            }
        }
        assert_eq!(client.state().connections, 1);
    });
}

// N14, N18: to a server that counts it, through nginx.
fn n14_much_goes_up_in_little_memory<O: Ours>() {
    if let Some(process) = alone::process("true") {
        return process.dismiss();
    }
    const PIECE: &[u8] = &[b'x'; 1 << 18];
    let node = Script::node(None);
    let server = Nginx::before(node.address());
    run::<O>(async move {
        let client = client::<O>();
        let mut before = 0;
        for (path, length) in [("/swallow", 1 << 20), ("/swallow", MUCH)] {
            let (mut sender, body) = Body::channel();
            client.spawn(async move {
                for _ in 0..length / PIECE.len() {
                    sender.send(Bytes::from_static(PIECE)).await.unwrap();
                }
                sender.finish();
            });
            let post = request(Method::POST, &server.url(&format!("/behind{path}")), body);
            assert_eq!(*ask(&client, post).await.body(), length.to_string());
            if length == MUCH {
                assert_little_more(before);
            }
            before = peak();
        }
        assert_eq!(client.state().connections, 1);
    });
}

/// The example of http-tokio, whatever runtime the client has.
fn behind_our_own_proxy<O: Ours>() {
    let server = Nginx::start();
    std::fs::write(server.file("some"), pattern(300_000)).unwrap();
    let proxy = Running::start("http-tokio", "reverse_proxy", &[&server.url("")]);
    let address = proxy.address();
    run::<O>(async move {
        let client = client::<O>();
        let url = |path: &str| format!("http://{address}{path}");
        for round in 0..20 {
            let answer = ask(&client, get(&url("/some"))).await;
            assert!(*answer.body() == pattern(300_000));
            assert_eq!(field(&answer, "via"), Some("1.1 reverse_proxy"));
            let answer = ask(&client, get(&url("/chunked/some"))).await;
            assert!(*answer.body() == pattern(300_000));
            assert_eq!(ask(&client, request(Method::HEAD, &url("/some"), "")).await.body(), "");
            assert_eq!(ask(&client, get(&url("/empty"))).await.status(), StatusCode::NO_CONTENT);
            let uri = url(&format!("/put/{round}"));
            let (put, given) = asking(request(Method::PUT, &uri, Body::new(Pattern::new(50_000, round % 2 == 0))));
            assert_eq!(ask(&client, put).await.status(), StatusCode::CREATED);
            assert_eq!(given.load(SeqCst), 1);
            let stored = ask(&client, get(&uri)).await;
            assert!(stored.body().iter().enumerate().all(|(at, &found)| found == octet(at)));
            // Connections to nginx come and go; those to the proxy stay.
            assert!(text(&client, &url(&format!("/few/{round}"))).await.starts_with(&format!("/few/{round} ")));
        }
        let answer =
            ask(&client, request(Method::PUT, &url("/small"), Body::new(Pattern::new(20_000_000, true)))).await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(text(&client, &url("/")).await, "Hello, World!");
    });
}
