//! Content of requests on its way: beside an answer that has begun, and cut off.

use super::site::{HELLO, Looks, NO_CONTENT, Site, error, poll, post, secs};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Frame, SizeHint};
use http_driver::{Body, BodyError, BodySender, RequestError};
use http_proto::HttpError;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A request whose content the test makes.
fn upload() -> (BodySender, Request<Body>) {
    let (sender, body) = Body::channel();
    (sender, post(body))
}

/// Sends a piece; whether anybody wanted it.
fn give(site: &mut Site, sender: &mut BodySender, piece: &'static str) -> bool {
    let given = poll(&mut Box::pin(sender.send(piece))).expect("there is room").is_ok();
    site.world.turn();
    given
}

// I10: nothing else wakes the connection then.
#[test]
fn a_connection_is_free_when_the_last_octet_of_the_request_has_left() {
    let mut site = Site::new();
    site.lines.limit(900);
    let (task, peer) = site.open(post(vec![b'x'; 1000]));
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert_eq!(site.client.connections().idle, 0);
    peer.read();
    site.world.turn();
    assert_eq!(site.client.connections().idle, 1);
}

// N31, N27: a part is not to be taken for the whole.
#[test]
fn content_that_fails_resets_the_connection() {
    let mut site = Site::new();
    let (mut sender, request) = upload();
    let (task, peer) = site.open(request);
    give(&mut site, &mut sender, "con");
    sender.abort("out of content");
    site.world.turn();
    match error(&task) {
        RequestError::Content(BodyError::Application(error)) => assert_eq!(error.to_string(), "out of content"),
        other => panic!("{other:?}"),
    }
    assert!(peer.saw_reset() && site.is_empty());

    let (sender, request) = upload();
    let (task, peer) = site.open(request);
    drop(sender);
    site.world.turn();
    assert!(matches!(error(&task), RequestError::Content(BodyError::Over)));
    assert!(peer.saw_reset() && site.is_empty());
}

// N31: the answer may have begun.
#[test]
fn content_that_fails_behind_the_answers_head_cuts_the_answer_off() {
    let mut site = Site::new();
    let (mut sender, request) = upload();
    let (task, peer) = site.open(request);
    give(&mut site, &mut sender, "con");
    site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    let content = site.collect(task.done().unwrap().into_body());
    sender.abort("out of content");
    site.world.turn();
    assert!(content.done().is_err());
    assert!(peer.saw_reset() && site.is_empty());
}

/// Content that says of itself what it likes.
struct Claims(Vec<&'static str>, Option<u64>);

impl http_body::Body for Claims {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready((!self.0.is_empty()).then(|| Ok(Frame::data(self.0.remove(0).into()))))
    }

    fn size_hint(&self) -> SizeHint {
        self.1.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

// N20: the announced length is held.
#[test]
fn content_that_is_not_as_long_as_announced_resets_the_connection() {
    for (pieces, announced) in [(vec!["con"], 7), (vec!["content", "s"], 7), (vec!["contents"], 7)] {
        for field in [false, true] {
            let mut site = Site::new();
            let body = Body::new(Claims(pieces.clone(), (!field).then_some(announced)));
            let mut request = post(body);
            if field {
                request.headers_mut().insert("content-length", announced.into());
            }
            let (task, peer) = site.open(request);
            let error = error(&task);
            assert!(matches!(error, RequestError::Invalid(HttpError::Field(_))), "{pieces:?}: {error:?}");
            assert!(peer.saw_reset() && site.is_empty());
        }
    }
    // Just as long, though it goes on with nothing.
    let mut site = Site::new();
    let (task, peer) = site.open(post(Body::new(Claims(vec!["", "con", "", "tent", ""], Some(7)))));
    assert_eq!(peer.text(), "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 7\r\n\r\ncontent");
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
    assert_eq!(site.client.connections().idle, 1);
}

// More pieces than are sent without a pause: the rest is not forgotten, though nothing else happens.
#[test]
fn content_may_be_of_many_pieces() {
    let mut site = Site::new();
    let (task, peer) = site.open(post(Body::new(Claims(vec!["1234567890"; 2000], Some(20_000)))));
    assert!(peer.text().ends_with(&"1234567890".repeat(2000)));
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
}

// RFC 9112 section 9.5: a server that keeps the connection reads the rest.
#[test]
fn an_early_answer_that_keeps_the_connection_gets_the_rest() {
    let mut site = Site::new();
    let (mut sender, request) = upload();
    let (task, peer) = site.open(request);
    site.answer(&peer, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge");
    let response = task.done().unwrap();
    assert_eq!((response.status(), site.text(response).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "large"));
    peer.read();
    assert!(give(&mut site, &mut sender, "content"));
    sender.finish();
    site.world.turn();
    assert_eq!((peer.text().as_str(), site.client.connections().idle), ("7\r\ncontent\r\n0\r\n\r\n", 1));
}

#[test]
fn an_early_answer_that_closes_ends_the_upload() {
    let mut site = Site::new();
    let (mut sender, request) = upload();
    let (task, peer) = site.open(request);
    give(&mut site, &mut sender, "con");
    site.answer(&peer, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
    assert!(!give(&mut site, &mut sender, "tent"));
    let content = site.collect(task.done().unwrap().into_body());
    site.answer(&peer, "large");
    assert_eq!(content.done().unwrap(), "large");
    assert!(peer.counts().dropped && site.is_empty());
}

// It has come, whatever became of the rest.
#[test]
fn an_answer_is_read_though_nothing_can_be_written_any_more() {
    let mut site = Site::new();
    let (mut sender, request) = upload();
    let (task, peer) = site.open(request);
    peer.fail_writes(std::io::ErrorKind::BrokenPipe);
    give(&mut site, &mut sender, "content");
    assert!(task.take().is_none());
    peer.send_last("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge");
    site.world.turn();
    let response = task.done().unwrap();
    assert_eq!((response.status(), site.text(response).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "large"));
    assert!(site.is_empty());
}

#[test]
fn a_server_that_goes_away_ends_the_upload() {
    for reset in [false, true] {
        let mut site = Site::new();
        let (mut sender, request) = upload();
        let (task, peer) = site.open(request);
        give(&mut site, &mut sender, "con");
        if reset {
            peer.reset()
        } else {
            peer.fin()
        }
        site.world.turn();
        let error = error(&task);
        assert!(matches!(&error, RequestError::Broken(_)) && !error.may_retry(), "{error:?}");
        assert!(!give(&mut site, &mut sender, "tent"));
        assert!(site.is_empty());
    }
}

// I18: who reads the answer no longer, while the request is still being sent, gives the exchange up.
#[test]
fn an_answer_that_is_dropped_ends_the_upload() {
    for waits in [false, true] {
        let mut site = Site::new();
        let (mut sender, request) = upload();
        let (task, peer) = site.open(request);
        give(&mut site, &mut sender, "con");
        site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        let mut body = task.done().unwrap().into_body();
        if waits {
            assert!(poll(&mut Box::pin(body.chunk())).is_none());
            site.world.turn();
        }
        drop(body);
        site.world.turn();
        assert!(peer.saw_reset() && site.is_empty(), "waits: {waits}");
        assert!(!give(&mut site, &mut sender, "tent"));
    }
}

// N27: unless all of it has come: then the rest of the request goes out, as behind an answer that was read to its end.
#[test]
fn an_answer_that_has_come_whole_may_be_dropped() {
    for reads in [false, true] {
        let mut site = Site::new();
        site.lines.limit(900);
        let (task, peer) = site.open(post(vec![b'x'; 1000]));
        site.answer(&peer, HELLO);
        let mut body = task.done().unwrap().into_body();
        if reads {
            let task = site.task(async move { (body.chunk().await.unwrap().unwrap(), body) });
            let (chunk, rest) = task.done();
            assert_eq!(chunk, "hello");
            body = rest;
        }
        drop(body);
        site.world.turn();
        let begun = peer.read().len();
        site.world.turn();
        assert!(begun == 900 && peer.read().ends_with(b"xxx"), "reads: {reads}");
        assert_eq!(site.client.connections().idle, 1, "reads: {reads}");
    }
}

// X6: the deadline of the whole exchange holds for an upload behind its answer, too.
#[test]
fn an_upload_behind_its_answer_has_the_deadline_of_the_whole() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let request = site.client.post("http://example.com/").body(body).timeout(secs(5));
    let task = site.task(request.send());
    let peer = site.lines.peer();
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    site.world.advance(secs(4));
    assert!(give(&mut site, &mut sender, "con"));
    site.world.advance(secs(1));
    assert!(!give(&mut site, &mut sender, "tent"));
    assert!(peer.saw_reset() && site.is_empty());
}

// X6: so has a request of which nothing is left but to be written; its connection carries no other.
#[test]
fn a_request_that_is_not_written_by_the_deadline_of_the_whole_is_cut_off() {
    let mut site = Site::new();
    site.lines.limit(900);
    let request = site.client.post("http://example.com/").body(vec![b'x'; 1000]).timeout(secs(5));
    let task = site.task(request.send());
    let peer = site.lines.peer();
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    site.world.advance(secs(5));
    assert!(peer.saw_reset() && site.is_empty());
}

/// Content that panics when it is asked for the second time.
struct Panics(bool);

impl http_body::Body for Panics {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(!self.0, "the content panics");
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Ready(Some(Ok(Frame::data("con".into()))))
    }
}

// N32: whoever makes the content may panic; the pool lives, and the server sees a reset.
#[test]
fn content_that_panics_resets_the_connection() {
    let mut site = Site::new();
    let client = site.client.clone();
    let mut future = Box::pin(client.execute(post(Body::new(Panics(false)))));
    catch_unwind(AssertUnwindSafe(|| poll(&mut future).is_none())).unwrap_err();
    let peer = site.lines.peer();
    drop(future);
    assert!(peer.saw_reset() && site.is_empty());
    site.idle();
}

// I10, N44: whoever has read everything may ask again at once, on another thread.
#[test]
fn the_end_of_an_answer_is_told_when_all_is_done() {
    let mut site = Site::new();
    let (sender, request) = upload();
    let (task, peer) = site.open(request);
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut response = task.done().unwrap();
    sender.finish();
    site.world.turn();
    let looks = Looks::wait(&site, &mut response);
    site.world.advance(secs(1));
    site.answer(&peer, "0\r\n\r\n");
    let (phases, idle) = looks.seen();
    assert_eq!((phases.done, idle), (Some(secs(1)), 1));
}
