//! The phases of an exchange: each has its deadline and its error, and tells when it passed.

use super::site::{HELLO, NO_CONTENT, Site, error, exchange, get, ms, phases, post, secs};
use bytes::Bytes;
use http::Request;
use http_driver::{Body, BodyError, ClientTimeouts, Phase, Phases, PoolLimits, RequestError, Within};
use http_proto::RecvErrorKind;
use std::time::Duration;

fn one_place() -> Site {
    let mut limits = PoolLimits::default();
    limits.total = 1;
    Site::with(|client| client.limits(limits))
}

fn within(whole: Duration, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Within(whole));
    request
}

fn timeouts(set: impl FnOnce(&mut ClientTimeouts)) -> ClientTimeouts {
    let mut timeouts = ClientTimeouts::default();
    set(&mut timeouts);
    timeouts
}

// X6, N36: wait
#[test]
fn waiting_has_a_deadline_and_leaves_no_trace() {
    let mut site = one_place();
    let (first, peer) = site.open(get());
    let second = site.send(get());
    site.world.advance(secs(30) - ms(1));
    assert!(second.take().is_none());
    site.world.advance(ms(1));
    let late = error(&second);
    assert!(late.timed_out() == Some(Phase::Wait) && late.may_retry(), "{late}");
    assert_eq!(site.client.connections().waiting, 0);
    site.answer(&peer, HELLO);
    let answer = first.done().unwrap();
    assert_eq!(site.text(answer), "hello");
    // The place is for the next one.
    let third = site.send(get());
    site.answer(&peer, NO_CONTENT);
    third.done().unwrap();
}

// X6, N36: send. It begins anew with every octet that is taken.
#[test]
fn sending_has_a_deadline() {
    let mut site = Site::new();
    site.lines.limit(1000);
    let (task, peer) = site.open(post(vec![b'x'; 1 << 20]));
    for _ in 0..3 {
        peer.read();
        site.world.advance(secs(59));
        assert!(task.take().is_none());
    }
    site.world.advance(secs(2));
    let late = error(&task);
    assert!(late.timed_out() == Some(Phase::Send) && !late.may_retry(), "{late}");
    assert!(peer.saw_reset() && site.is_empty());
}

// X6, N36: answer. It begins with the last octet of the request, and anew with every interim answer.
#[test]
fn the_first_octet_has_a_deadline() {
    let mut site = Site::new();
    let (mut sender, body) = Body::channel();
    let (task, peer) = site.open(post(body));
    site.world.advance(secs(400));
    sender.poll_ready(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready();
    let sending = site.task(async move {
        sender.send("content").await.unwrap();
        sender.finish();
    });
    sending.done();
    site.world.advance(secs(299));
    site.answer(&peer, "HTTP/1.1 103 Early Hints\r\n\r\n");
    site.world.advance(secs(299));
    assert!(task.take().is_none());
    site.world.advance(secs(1));
    let late = error(&task);
    assert!(late.timed_out() == Some(Phase::Answer) && !late.may_retry(), "{late}");
    assert!(peer.saw_reset() && site.is_empty());
}

// X6, N36: head. It is not begun anew.
#[test]
fn the_head_has_a_deadline() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.world.advance(secs(100));
    for octet in b"HTTP/1.1 20".chunks(1) {
        site.answer(&peer, octet);
        site.world.advance(secs(5));
    }
    assert!(task.take().is_none());
    site.world.advance(secs(5));
    let late = error(&task);
    assert!(late.timed_out() == Some(Phase::Head) && !late.may_retry(), "{late}");
    assert!(peer.saw_reset() && site.is_empty());
}

// X6, N36: body. It begins anew with every octet, and runs only while somebody waits.
#[test]
fn content_has_a_deadline() {
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked", "Connection: close"] {
        let mut site = Site::new();
        let (task, peer) = site.open(get());
        site.answer(&peer, format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"));
        let mut body = task.done().unwrap().into_body();
        site.world.advance(secs(1000));
        site.answer(&peer, if head.contains("chunked") { "2\r\nhe\r\n" } else { "he" });
        let reading = site.task(async move {
            let first = body.chunk().await.unwrap().unwrap();
            (first, body.chunk().await.unwrap().unwrap_err(), body.chunk().await.is_none())
        });
        site.world.advance(secs(60) - ms(1));
        assert!(reading.take().is_none());
        site.world.advance(ms(1));
        let (first, late, over) = reading.done();
        assert_eq!((first, over), (Bytes::from("he"), true));
        match late {
            BodyError::Received(late) => assert_eq!(late.kind(), RecvErrorKind::BodyTimeout),
            other => panic!("{other:?}"),
        }
        assert!(peer.saw_reset() && site.is_empty(), "{head}");
    }
}

// X6, N36: whole, in every phase.
#[test]
fn the_whole_runs_through_every_phase() {
    // Connecting.
    let mut site = Site::new();
    site.lines.stall(true);
    let task = site.send(within(secs(5), get()));
    site.world.advance(secs(5));
    assert_eq!(error(&task).timed_out(), Some(Phase::Whole));
    assert!(site.is_empty());

    // Waiting for a connection, then for the answer.
    let mut site = one_place();
    let (first, peer) = site.open(get());
    let second = site.send(within(secs(5), get()));
    site.world.advance(secs(3));
    site.answer(&peer, NO_CONTENT);
    first.done().unwrap();
    site.world.advance(secs(2));
    assert_eq!(error(&second).timed_out(), Some(Phase::Whole));
    assert!(peer.saw_reset() && site.is_empty());

    // Sending.
    let mut site = Site::new();
    site.lines.limit(10);
    let (task, peer) = site.open(within(secs(5), post(vec![b'x'; 1 << 20])));
    site.world.advance(secs(5));
    assert_eq!(error(&task).timed_out(), Some(Phase::Whole));
    assert!(peer.saw_reset() && site.is_empty());
}

// X6: what has gone by before the content is not given once more.
#[test]
fn the_whole_counts_from_the_call() {
    let mut site = Site::new();
    site.lines.delay(Some(secs(1)), secs(1));
    let task = site.send(within(secs(10), get()));
    site.world.advance(secs(2));
    let peer = site.lines.peer();
    site.world.advance(secs(3));
    site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let content = site.collect(task.done().unwrap().into_body());
    site.world.advance(secs(5) - ms(1));
    assert!(content.take().is_none());
    site.world.advance(ms(1));
    assert!(matches!(content.done(), Err(BodyError::TooSlow)));
    assert!(peer.saw_reset() && site.is_empty());
}

// X6, N44: a connection that turned out to be closed takes its time, too.
#[test]
fn the_whole_counts_across_a_second_try() {
    let mut site = Site::new();
    let first = site.idle();
    let task = site.send(within(secs(10), get()));
    site.world.advance(secs(4));
    first.fin();
    site.world.turn();
    let second = site.lines.peer();
    site.world.advance(secs(2));
    site.answer(&second, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let response = task.done().unwrap();
    let Phases { ready, sent, head, .. } = phases(&response);
    assert_eq!((ready, sent, head), (secs(4), Some(secs(4)), Some(secs(6))));
    let content = site.collect(response.into_body());
    site.world.advance(secs(4) - ms(1));
    assert!(content.take().is_none());
    site.world.advance(ms(1));
    assert!(matches!(content.done(), Err(BodyError::TooSlow)));
}

// X6: a bound of the client's, which a request may widen.
#[test]
fn requests_have_the_last_word_about_the_whole() {
    let mut site = Site::with(|client| client.timeouts(timeouts(|timeouts| timeouts.whole = secs(5))));
    let (bounded, _first) = site.open(get());
    let (wider, _second) = site.open(within(secs(8), get()));
    site.world.advance(secs(5));
    assert_eq!(error(&bounded).timed_out(), Some(Phase::Whole));
    site.world.advance(secs(2));
    assert!(wider.take().is_none());
    site.world.advance(secs(1));
    assert_eq!(error(&wider).timed_out(), Some(Phase::Whole));
}

// X6: none runs that is switched off.
#[test]
fn deadlines_can_be_switched_off() {
    let off = timeouts(|timeouts| {
        (timeouts.wait, timeouts.answer, timeouts.whole) = (Duration::MAX, Duration::MAX, Duration::MAX);
    });
    let mut limits = PoolLimits::default();
    limits.total = 1;
    let mut site = Site::with(|client| client.timeouts(off).limits(limits));
    let (first, peer) = site.open(get());
    let second = site.send(get());
    site.world.advance(secs(1_000_000));
    site.answer(&peer, NO_CONTENT);
    first.done().unwrap();
    site.world.advance(secs(1_000_000));
    site.answer(&peer, NO_CONTENT);
    second.done().unwrap();
}

// N44
#[test]
fn every_station_has_its_time() {
    let mut site = Site::new();
    site.lines.delay(Some(ms(7)), ms(5));
    let task = site.send(post("content"));
    site.world.advance(ms(12));
    let peer = site.lines.peer();
    site.world.advance(ms(10));
    site.answer(&peer, "HT");
    site.world.advance(ms(3));
    site.answer(&peer, "TP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let response = task.done().unwrap();
    let mut expected = Phases::default();
    (expected.resolve, expected.connect) = (Some(ms(7)), Some(ms(5)));
    (expected.ready, expected.sent) = (ms(12), Some(ms(12)));
    (expected.first_octet, expected.head) = (Some(ms(22)), Some(ms(25)));
    assert_eq!(phases(&response), expected);
    let exchange = exchange(&response);
    site.world.advance(ms(4));
    site.answer(&peer, "hello");
    site.text(response);
    expected.done = Some(ms(29));
    assert_eq!((exchange.phases(), exchange.number()), (expected, 1));

    // On the same connection.
    site.world.advance(ms(100));
    let task = site.send(get());
    site.world.advance(ms(1));
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    let again = super::site::exchange(&response);
    site.world.advance(ms(1));
    site.text(response);
    let mut expected = Phases::default();
    (expected.sent, expected.first_octet, expected.head) = (Some(ms(0)), Some(ms(1)), Some(ms(1)));
    // It had come whole, and was read later.
    expected.done = Some(ms(1));
    assert_eq!((again.phases(), again.number()), (expected, 2));
    assert_eq!(again.connection().id(), exchange.connection().id());
}

// N44: of an answer without content, all of it is known with its head.
#[test]
fn an_answer_without_content_is_done_with_its_head() {
    let mut site = Site::new();
    let (task, peer) = site.open(get());
    site.world.advance(ms(5));
    site.answer(&peer, NO_CONTENT);
    assert_eq!(phases(&task.done().unwrap()).done, Some(ms(5)));
}

// N44: waiting for a connection counts; so does content that leaves slowly, in an answer that comes early, too.
#[test]
fn stations_that_take_their_time() {
    let mut site = one_place();
    let (first, peer) = site.open(get());
    site.world.advance(ms(1));
    let second = site.send(post(vec![b'x'; 1000]));
    site.world.advance(ms(9));
    peer.limit(900);
    site.answer(&peer, NO_CONTENT);
    first.done().unwrap();
    site.world.advance(ms(2));
    site.answer(&peer, HELLO);
    let response = second.done().unwrap();
    let exchange = exchange(&response);
    assert_eq!((exchange.phases().ready, exchange.phases().sent), (ms(9), None));
    assert_eq!(site.text(response), "hello");
    site.world.advance(ms(3));
    peer.read();
    site.world.turn();
    peer.read();
    site.world.turn();
    let Phases { sent, head, done, .. } = exchange.phases();
    assert_eq!((sent, head, done), (Some(ms(14)), Some(ms(11)), Some(ms(11))));
    assert_eq!(site.client.connections().idle, 1);
}

// A request that cannot be sent is told of before anything is done for it.
#[test]
fn an_invalid_request_opens_no_connection() {
    let mut site = Site::new();
    let mut request = post("content");
    request.headers_mut().insert("content-length", "5".parse().unwrap());
    assert!(matches!(error(&site.send(request)), RequestError::Invalid(_)));
    assert_eq!((site.lines.opened(), site.is_empty()), (0, true));
}
