//! What answers may look like, and what the caller gets of them.

use super::site::{HELLO, NO_CONTENT, Site, error, exchange, get, poll, post, secs};
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body::Body as _;
use http_driver::{Body, BodyError, RequestError, Streaming};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

fn request(method: Method) -> Request<Body> {
    let mut request = get();
    *request.method_mut() = method;
    request
}

// X1
#[test]
fn interim_answers_are_told_in_order() {
    let mut site = Site::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (keep, client) = (Arc::clone(&told), site.client.clone());
    let request = client.get("http://example.com/").on_informational(move |interim| {
        let link = interim.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        keep.lock().unwrap().push((interim.status().as_u16(), link));
    });
    let task = site.task(request.send());
    let peer = site.lines.peer();
    site.answer(&peer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n");
    assert_eq!(*told.lock().unwrap(), [(100, None)]);
    site.answer(&peer, "\r\nHTTP/1.1 102 Processing\r\n\r\n");
    site.answer(&peer, HELLO);
    assert_eq!(task.done().unwrap().status(), StatusCode::OK);
    assert_eq!(*told.lock().unwrap(), [(100, None), (103, Some("</a>".to_owned())), (102, None)]);
}

// X1: nobody need listen; but there is an end.
#[test]
fn interim_answers_are_bounded() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.answer(&peer, "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(16));
    assert!(task.take().is_none());
    site.answer(&peer, "HTTP/1.1 103 Early Hints\r\n\r\n");
    let error = error(&task);
    assert!(matches!(&error, RequestError::Broken(_)) && !error.may_retry(), "{error:?}");
    assert!(peer.saw_reset() && site.is_empty());
}

// X2: 100 comes.
#[test]
fn content_waits_for_100() {
    let mut site = Site::new();
    let request = site.client.post("http://example.com/").expect_continue().body("content");
    let task = site.task(request.send());
    let peer = site.lines.peer();
    let head = "POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n";
    assert_eq!(peer.text(), head);
    site.answer(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(peer.text(), "content");
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert_eq!(site.client.connections().idle, 1);
}

// X2: without content nothing is expected (RFC 9110 section 10.1.1), however that was said.
#[test]
fn nothing_is_asked_for_without_content() {
    for body in [Body::empty(), "".into(), Body::new(http_body_util::Empty::<bytes::Bytes>::new())] {
        let mut site = Site::new();
        let task = site.task(site.client.put("http://example.com/").expect_continue().body(body).send());
        let peer = site.lines.peer();
        assert_eq!(peer.text(), "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n");
        site.answer(&peer, HELLO);
        assert_eq!(task.done().unwrap().status(), StatusCode::OK);
    }
}

// X2: it does not come.
#[test]
fn content_waits_for_100_no_longer_than_a_second() {
    let mut site = Site::new();
    let request = site.client.post("http://example.com/").expect_continue().body("content");
    let task = site.task(request.send());
    let peer = site.lines.peer();
    peer.read();
    site.world.advance(secs(1));
    assert_eq!(peer.text(), "content");
    // It may come late.
    site.answer(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert_eq!(site.client.connections().idle, 1);
}

// X2: the server declines; nobody makes the content.
#[test]
fn content_that_is_declined_is_never_made() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let request = site.client.post("http://example.com/").expect_continue().body(body);
    let task = site.task(request.send());
    let peer = site.lines.peer();
    peer.read();
    site.answer(&peer, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge");
    let response = task.done().unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.text(response), "large");
    assert!(poll(&mut Box::pin(sender.ready())).expect("at once").is_err());
    assert_eq!(peer.read(), b"");
    // What follows would be taken for the content.
    assert!(peer.counts().dropped && site.is_empty());
}

// X2: an expectation that somebody on the way does not know is left out (RFC 9110 section 10.1.1).
#[test]
fn a_declined_expectation_is_dropped() {
    for at_hand in [true, false] {
        let mut site = Site::new();
        let (mut sender, streamed) = Body::channel();
        let body = if at_hand { "content".into() } else { streamed };
        let request = site.client.post("http://example.com/").expect_continue().body(body);
        let task = site.task(request.send());
        let first = site.lines.peer();
        assert!(first.text().contains("\r\nExpect: 100-continue\r\n"));
        site.answer(&first, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        let second = site.lines.peer();
        let again = second.text();
        assert!(again.starts_with("POST / ") && !again.contains("Expect"), "{again}");
        if !at_hand {
            site.task(async move {
                sender.send("content").await.unwrap();
                sender.finish();
            })
            .done();
        }
        assert!((again + &second.text()).contains("content"));
        // It is not repeated for ever.
        site.answer(&second, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(task.done().unwrap().status(), StatusCode::EXPECTATION_FAILED);
    }
}

// X2: content of which a part is gone cannot be sent again, and goes on.
#[test]
fn a_late_417_is_the_answer() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let request = site.client.post("http://example.com/").expect_continue().body(body);
    let task = site.task(request.send());
    let peer = site.lines.peer();
    site.world.advance(secs(1));
    let sending = site.task(async move { sender.send("con").await.map(|()| sender) });
    let sender = sending.done().unwrap();
    site.answer(&peer, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((task.done().unwrap().status(), site.lines.opened()), (StatusCode::EXPECTATION_FAILED, 1));
    drop(sender);
}

// X3
#[test]
fn trailers_go_both_ways() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let (task, peer) = site.open(post(body));
    peer.read();
    let sending = site.task(async move {
        sender.send("content").await.unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "7".parse().unwrap());
        // Forbidden ones are left out.
        trailers.insert("content-length", "7".parse().unwrap());
        trailers.insert("host", "other".parse().unwrap());
        sender.trailers(trailers).unwrap();
    });
    sending.done();
    assert_eq!(peer.text(), "7\r\ncontent\r\n0\r\nx-sum: 7\r\n\r\n");
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n");
    let mut body = task.done().unwrap().into_body();
    assert_eq!(poll(&mut Box::pin(body.chunk())).unwrap().unwrap().unwrap(), "hello");
    site.answer(&peer, "X-End: no\r\n\r\n");
    let trailers = poll(&mut Box::pin(body.frame())).unwrap().unwrap().unwrap().into_trailers().unwrap();
    let values: Vec<_> = trailers.get_all("x-end").iter().collect();
    assert_eq!(values, ["yes", "no"]);
    assert!(body.is_end_stream() && poll(&mut Box::pin(body.frame())).unwrap().is_none());
    assert_eq!(site.client.connections().idle, 1);
}

#[test]
fn answers_without_content_end_with_their_head() {
    let cases = [
        (Method::HEAD, "200 OK", "Content-Length: 500"),
        (Method::HEAD, "200 OK", "Transfer-Encoding: chunked"),
        (Method::GET, "204 No Content", "X-A: b"),
        (Method::GET, "304 Not Modified", "Content-Length: 500"),
        (Method::GET, "200 OK", "Content-Length: 0"),
    ];
    for (method, status, field) in cases {
        let mut site = Site::new();
        let peer = site.idle();
        for _ in 0..2 {
            let task = site.send(request(method.clone()));
            site.answer(&peer, format!("HTTP/1.1 {status}\r\n{field}\r\n\r\n"));
            let body = task.done().unwrap().into_body();
            assert!(body.is_end_stream() && body.size_hint().exact() == Some(0), "{method} {status} {field}");
            assert_eq!(site.client.connections().idle, 1);
        }
    }
}

#[test]
fn the_length_is_known_beforehand() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    let mut body = task.done().unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(5));
    poll(&mut Box::pin(body.chunk())).unwrap().unwrap().unwrap();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(3), false));
    site.answer(&peer, "llo");
    poll(&mut Box::pin(body.chunk())).unwrap().unwrap().unwrap();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));

    let task = site.send(get());
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(task.done().unwrap().body().size_hint().exact(), None);
}

#[test]
fn a_server_of_http10_ends_content_by_closing() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    peer.send_last("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello");
    site.world.turn();
    let response = task.done().unwrap();
    assert_eq!(response.version(), Version::HTTP_10);
    assert_eq!(site.text(response), "hello");
    assert!(site.is_empty());
}

// N31: closing is not breaking.
#[test]
fn content_that_ends_by_a_reset_is_an_error() {
    for head in ["X-A: b", "Content-Length: 50", "Transfer-Encoding: chunked"] {
        for reset in [true, false] {
            if head == "X-A: b" && !reset {
                continue;
            }
            let mut site = Site::new();
            let (task, peer) = site.open(get());
            let chunk = if head.contains("chunked") { "5\r\nhello\r\n" } else { "hello" };
            site.answer(&peer, format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{chunk}"));
            let mut body = task.done().unwrap().into_body();
            assert_eq!(poll(&mut Box::pin(body.chunk())).unwrap().unwrap().unwrap(), "hello");
            if reset {
                peer.reset()
            } else {
                peer.fin()
            }
            let error = site.collect(body).done().unwrap_err();
            assert!(matches!(error, BodyError::Received(_)), "{head} {error:?}");
            assert!(site.is_empty());
        }
    }
}

#[test]
fn http10_is_spoken_by_request() {
    let mut site = Site::new();
    let request = site.client.get("http://example.com/").version(Version::HTTP_10).header("connection", "keep-alive");
    let task = site.task(request.send());
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "GET / HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n");
    site.answer(&peer, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert_eq!(site.client.connections().idle, 1);
    // Content of unknown length cannot be sent to such a server; nothing is sent, and nothing lost.
    let error = error(&site.send(post(Body::channel().1)));
    assert!(matches!(error, RequestError::Invalid(_)), "{error:?}");
    assert_eq!((peer.read(), site.client.connections().idle), (Vec::new(), 1));
}

// N48
#[test]
fn content_is_collected_up_to_a_limit() {
    let over = |head: &str, content: &str, limit: usize| {
        let mut site = Site::new();
        let (task, peer) = site.open(get());
        site.answer(&peer, format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{content}"));
        let mut body = task.done().unwrap().into_body();
        let collected = site.task(async move { body.collect(limit).await }).done();
        (collected.map_err(|error| assert!(matches!(error, BodyError::TooLarge), "{error:?}")), site.is_empty())
    };
    let chunked = "Transfer-Encoding: chunked";
    assert_eq!(over("Content-Length: 5", "hello", 5), (Ok("hello".into()), false));
    // Before anything is read.
    assert_eq!(over("Content-Length: 6", "", 5), (Err(()), true));
    assert_eq!(over(chunked, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 5), (Ok("hello".into()), false));
    assert_eq!(over(chunked, "3\r\nhel\r\n3\r\nloo\r\n", 5), (Err(()), true));
    assert_eq!(over(chunked, "0\r\n\r\n", 0), (Ok("".into()), false));
}

// A long-lived request has no deadline between its pieces, and none for an answer before it ends.
#[test]
fn a_streaming_request_may_be_silent() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let mut request = post(body);
    request.extensions_mut().insert(Streaming);
    let (task, peer) = site.open(request);
    site.world.advance(secs(10_000));
    site.task(async move {
        sender.send("x").await.unwrap();
        sender.finish();
    })
    .done();
    assert!(peer.text().ends_with("\r\n\r\n1\r\nx\r\n0\r\n\r\n"));
    site.answer(&peer, NO_CONTENT);
    assert_eq!(exchange(&task.done().unwrap()).number(), 1);
}

#[test]
fn an_answer_may_close() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.answer(&peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert!(peer.saw_fin() && site.is_empty());

    let request = site.client.get("http://example.com/").header("connection", "close");
    let task = site.task(request.send());
    let peer = site.lines.peer();
    assert_eq!(peer.text(), "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert!(peer.saw_fin() && site.is_empty());
}

// Whoever is told of interim answers may panic; nothing is held by that.
#[test]
fn a_panic_on_an_interim_answer_resets_the_connection() {
    let mut site = Site::new();
    let request = site.client.get("http://example.com/").on_informational(|_| panic!("told"));
    let mut future = Box::pin(request.send());
    assert!(poll(&mut future).is_none());
    let peer = site.lines.peer();
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    catch_unwind(AssertUnwindSafe(|| poll(&mut future).is_none())).unwrap_err();
    drop(future);
    assert!(peer.saw_reset() && site.is_empty());
    site.idle();
}
