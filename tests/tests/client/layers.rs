//! The client as a tower service, under layers that know nothing of it: redirects, compression, a bound on time.

use super::site::{HELLO, NO_CONTENT, Site, get, get_from, post};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use http_driver::{Body, RequestError};
use tests::memory::Task;
use tower_http::decompression::Decompression;
use tower_http::follow_redirect::{FollowRedirect, RequestUri};
use tower_service::Service;

/// "Hello, World!", compressed.
const GZIP: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 243, 72, 205, 201, 201, 215, 81, 8, 207, 47, 202, 73, 81, 4, 0, 208, 195, 74,
    236, 13, 0, 0, 0,
];

fn call<S, B, C>(site: &mut Site, mut service: S, request: Request<B>) -> Task<Result<Response<C>, S::Error>>
where
    S: Service<Request<B>, Response = Response<C>, Error: Send, Future: Send> + Send + 'static,
    B: Send + 'static,
    C: Send + 'static,
{
    site.task(async move {
        std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(request).await
    })
}

// N30
#[test]
fn redirects_are_followed() {
    let mut site = Site::new();
    let service = FollowRedirect::new(site.client.clone());
    let task = call(&mut site, service.clone(), get_from("http://one/a"));
    let one = site.lines.peer();
    assert_eq!(one.text(), "GET /a HTTP/1.1\r\nHost: one\r\n\r\n");
    site.answer(&one, "HTTP/1.1 302 Found\r\nLocation: b?c\r\nContent-Length: 5\r\n\r\nmoved");
    // On the same connection, as what was answered first is passed over.
    assert_eq!(one.text(), "GET /b?c HTTP/1.1\r\nHost: one\r\n\r\n");
    site.answer(&one, "HTTP/1.1 301 Moved Permanently\r\nLocation: http://two:81/\r\n\r\n");
    let two = site.lines.peer();
    assert_eq!(site.lines.targets(), ["http://one:80", "http://two:81"]);
    assert_eq!(two.text(), "GET / HTTP/1.1\r\nHost: two:81\r\n\r\n");
    site.answer(&two, HELLO);
    let response = task.done().unwrap();
    assert_eq!(response.extensions().get::<RequestUri>().unwrap().0, "http://two:81/");
    let collected = site.task(async move { response.into_body().collect().await.unwrap().to_bytes() });
    assert_eq!(collected.done(), "hello");

    // 303 asks with GET, without the content.
    let task = call(&mut site, service, post("content"));
    let peer = site.lines.peer();
    peer.read();
    site.answer(&peer, "HTTP/1.1 303 See Other\r\nLocation: http://two:81/done\r\n\r\n");
    assert_eq!(two.text(), "GET /done HTTP/1.1\r\nHost: two:81\r\n\r\n");
    site.answer(&two, NO_CONTENT);
    assert_eq!(task.done().unwrap().status(), StatusCode::NO_CONTENT);
}

// N30
#[test]
fn content_is_decompressed() {
    let mut site = Site::new();
    let service = Decompression::new(FollowRedirect::new(site.client.clone()));
    let task = call(&mut site, service, get());
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "GET / HTTP/1.1\r\nHost: example.com\r\naccept-encoding: gzip\r\n\r\n");
    site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    let body = task.done().unwrap().into_body();
    let collected = site.task(async move { body.collect().await.unwrap().to_bytes() });
    for octet in GZIP.chunks(1) {
        site.answer(&peer, [b"1\r\n", octet, b"\r\n"].concat());
    }
    site.answer(&peer, "0\r\n\r\n");
    assert_eq!(collected.done(), "Hello, World!");
    assert_eq!(site.client.connections().idle, 1);
}

// N30: other bodies than its own.
#[test]
fn any_body_is_sent() {
    let mut site = Site::new();
    let client = site.client.clone();
    let request = Request::put("http://example.com/").body(Full::new(Bytes::from("content"))).unwrap();
    let task = call(&mut site, client.clone(), request);
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 7\r\n\r\ncontent");
    site.answer(&peer, HELLO);
    // The answer as the content of another request.
    let request = Request::put("http://two/").body(task.done().unwrap().into_body()).unwrap();
    let task = call(&mut site, client, request);
    let two = site.lines.peer();
    assert_eq!(two.text(), "PUT / HTTP/1.1\r\nHost: two\r\nContent-Length: 5\r\n\r\nhello");
    site.answer(&two, NO_CONTENT);
    task.done().unwrap();
    assert_eq!(site.client.connections().idle, 2);
}

// Errors can be boxed, sent and looked into.
#[test]
fn errors_are_errors() {
    let mut site = Site::new();
    site.lines.refuse(true);
    let task = site.send(get());
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(task.done().unwrap_err());
    assert_eq!(error.to_string(), "no connection could be opened: connection refused");
    assert_eq!(error.source().unwrap().to_string(), "connection refused");
    assert!(error.downcast::<RequestError>().unwrap().may_retry());
}

// The content of an answer is a stream like any other body.
#[test]
fn content_is_a_stream() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n");
    let body: Body = task.done().unwrap().into_body();
    let mut stream = Box::pin(http_body_util::BodyDataStream::new(body));
    let pieces = site.task(async move {
        let mut pieces = Vec::new();
        while let Some(piece) = stream.next().await {
            pieces.push(piece.unwrap());
        }
        pieces
    });
    site.answer(&peer, "1\r\nc\r\n0\r\n\r\n");
    assert_eq!(pieces.done(), ["a", "b", "c"]);
}
