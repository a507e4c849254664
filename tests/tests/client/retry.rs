//! What is sent once more, when a connection that was kept turns out to be closed.

use super::site::{HELLO, NO_CONTENT, Site, error, get, poll, post};
use http::{Method, Request};
use http_driver::{Body, PoolLimits, RequestError};
use std::io::ErrorKind;
use tests::memory::Task;

fn put(body: impl Into<Body>) -> Request<Body> {
    let mut request = post(body);
    *request.method_mut() = Method::PUT;
    request
}

const PUT: &str = "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 7\r\n\r\ncontent";

// N37: by a FIN or a reset.
#[test]
fn content_at_hand_is_sent_again() {
    for reset in [false, true] {
        let mut site = Site::new();
        let first = site.idle();
        let task = site.send(put("content"));
        assert_eq!(first.text(), PUT);
        if reset {
            first.reset()
        } else {
            first.fin()
        }
        site.world.turn();
        let second = site.lines.peer();
        assert_eq!(second.text(), PUT);
        site.answer(&second, NO_CONTENT);
        task.done().unwrap();
        let state = site.client.connections();
        assert_eq!((state.connections, state.idle), (1, 1));
    }
}

// N37: content that nobody has begun to make can be made for another connection.
#[test]
fn untouched_content_is_sent_again() {
    for (expects, refuses) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut site = Site::new();
        let first = site.idle();
        if refuses {
            first.fail_writes(ErrorKind::BrokenPipe);
        }
        let (mut sender, body) = Body::channel();
        let mut request = put(body);
        if expects {
            request.headers_mut().insert("expect", "100-continue".parse().unwrap());
        }
        let task = site.send(request);
        assert_eq!(first.text().ends_with("Transfer-Encoding: chunked\r\n\r\n"), !refuses);
        first.fin();
        site.world.turn();
        let second = site.lines.peer();
        assert!(second.text().ends_with("Transfer-Encoding: chunked\r\n\r\n"));
        let sending = site.task(async move {
            sender.send("content").await.unwrap();
            sender.finish();
        });
        sending.done();
        if expects {
            site.answer(&second, "HTTP/1.1 100 Continue\r\n\r\n");
        }
        assert_eq!(second.text(), "7\r\ncontent\r\n0\r\n\r\n");
        site.answer(&second, NO_CONTENT);
        task.done().unwrap();
    }
}

#[test]
fn touched_content_is_not_sent_again() {
    let mut site = Site::new();
    let first = site.idle();
    let (mut sender, body) = Body::channel();
    let task = site.send(put(body));
    assert!(poll(&mut Box::pin(sender.send("con"))).expect("at once").is_ok());
    site.world.turn();
    assert!(first.text().ends_with("3\r\ncon\r\n"));
    first.fin();
    site.world.turn();
    // Whoever has the content may send it again.
    assert!(error(&task).may_retry());
    assert!(poll(&mut Box::pin(sender.send("tent"))).expect("at once").is_err());
    assert_eq!((site.lines.opened(), site.is_empty()), (1, true));
}

// N37: it cannot have been done.
#[test]
fn what_has_not_left_is_sent_again_whatever_it_is() {
    let mut site = Site::new();
    let first = site.idle();
    first.fail_writes(ErrorKind::BrokenPipe);
    let task = site.send(post("content"));
    // An answer may still be there; it is not.
    first.fin();
    site.world.turn();
    let second = site.lines.peer();
    assert!(second.text().ends_with("\r\n\r\ncontent"));
    site.answer(&second, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
}

// RFC 9110 section 9.2.2: not a third time.
#[test]
fn it_is_sent_once_more_and_not_again() {
    let mut site = Site::new();
    let first = site.idle();
    let task = site.send(get());
    first.fin();
    site.world.turn();
    site.lines.peer().fin();
    site.world.turn();
    assert!(matches!(error(&task), RequestError::Broken(_)));
    assert_eq!((site.lines.opened(), site.is_empty()), (2, true));
}

// N37: one idle connection that has died makes others suspicious, and those that wait have their turn.
#[test]
fn it_is_sent_on_a_new_connection() {
    let mut site = Site::new();
    let tasks = [site.send(get()), site.send(get())];
    let peers = [site.lines.peer(), site.lines.peer()];
    for (task, peer) in tasks.iter().zip(&peers) {
        site.answer(peer, NO_CONTENT);
        task.done().unwrap();
        peer.read();
    }
    let task = site.send(get());
    // The newest is used first.
    assert_eq!((peers[0].read(), peers[1].read().is_empty()), (Vec::new(), false));
    peers[1].fin();
    site.world.turn();
    assert_eq!((site.lines.opened(), peers[0].read()), (3, Vec::new()));
    site.answer(&site.lines.peer(), NO_CONTENT);
    task.done().unwrap();
    assert_eq!(site.client.connections().idle, 2);
}

// N37: with one place for all, the place of the dead connection is enough.
#[test]
fn it_needs_no_second_place() {
    let mut limits = PoolLimits::default();
    limits.total = 1;
    let mut site = Site::with(|client| client.limits(limits));
    let first = site.idle();
    let tasks = [site.send(get()), site.send(get())];
    first.fin();
    site.world.turn();
    for answered in 1..=2 {
        let peer = site.lines.peer();
        site.answer(&peer, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        let done = tasks.iter().filter_map(Task::take).filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 1, "{answered}");
    }
    assert!(site.is_empty());
}

// RFC 9110 section 15.2: who has heard anything knows that the request has arrived.
#[test]
fn not_behind_an_interim_answer() {
    let mut site = Site::new();
    let first = site.idle();
    let task = site.send(get());
    site.answer(&first, "HTTP/1.1 103 Early Hints\r\n\r\n");
    first.fin();
    site.world.turn();
    assert!(!error(&task).may_retry());
    assert_eq!(site.lines.opened(), 1);
}

// N37: what is known to be closed is not tried at all.
#[test]
fn a_connection_known_to_be_closed_is_not_tried() {
    let mut site = Site::new();
    let first = site.idle();
    first.fin();
    // The body could not be sent twice.
    let (_sender, body) = Body::channel();
    let (_task, second) = site.open(post(body));
    assert_eq!((first.read(), second.read().is_empty()), (Vec::new(), false));
    assert!(first.counts().dropped);
}
