//! Pipelining by level 2 on wires in memory.

use super::site::{Looks, NO_CONTENT, Site, error, ms, phases, poll, post, secs};
use http::Request;
use http_driver::{Body, BodyError, ClientTimeouts, Phase, Phases, PoolLimits, RequestError};
use http_proto::RecvErrorKind;
use std::task::{Context, Waker};
use tests::memory::{Task, send};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn site(depth: u16) -> Site {
    Site::with(|client| client.pipelining(depth))
}

fn get(number: usize) -> Request<Body> {
    Request::get(format!("http://example.com/{number}")).body(Body::empty()).unwrap()
}

fn sent(number: usize) -> String {
    format!("GET /{number} HTTP/1.1\r\nHost: example.com\r\n\r\n")
}

// X5
#[test]
fn requests_share_a_connection_and_answers_come_in_order() {
    let mut site = site(4);
    let tasks: Vec<_> = (0..4).map(|number| site.send(get(number))).collect();
    assert_eq!(site.lines.opened(), 1);
    let peer = site.lines.peer();
    assert_eq!(peer.text(), (0..4).map(sent).collect::<String>());
    for number in 0..4 {
        peer.send(format!("{OK}{number}"));
    }
    site.world.turn();
    for (number, task) in tasks.into_iter().enumerate() {
        let response = task.done().unwrap();
        assert_eq!(site.text(response), number.to_string());
    }
    // The lane serves the next ones.
    let task = site.send(get(9));
    assert_eq!(peer.text(), sent(9));
    peer.send(format!("{OK}9"));
    site.world.turn();
    task.done().unwrap();
    assert_eq!(site.lines.opened(), 1);
}

// X5
#[test]
fn a_full_lane_makes_another() {
    let mut site = site(2);
    let tasks: Vec<_> = (0..4).map(|number| site.send(get(number))).collect();
    assert_eq!(site.lines.opened(), 2);
    for _ in 0..2 {
        let peer = site.lines.peer();
        peer.send(format!("{OK}a{OK}b"));
        site.world.turn();
    }
    // Content waits for its reader, and with it whatever is behind.
    for task in tasks {
        let response = task.done().unwrap();
        site.text(response);
    }
}

// X5, N37
#[test]
fn where_there_may_be_no_further_lane_the_room_on_one_is_waited_for() {
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(2).limits(limits));
    let tasks: Vec<_> = (0..7).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    let mut asked = String::new();
    for (number, task) in tasks.into_iter().enumerate() {
        asked += &peer.text();
        peer.send(format!("{OK}{number}"));
        site.world.turn();
        let response = task.done().unwrap();
        assert_eq!(site.text(response), number.to_string());
    }
    assert_eq!((asked, site.lines.opened()), ((0..7).map(sent).collect(), 1));
}

// X5: a thousand who wait are not woken a thousand times.
#[test]
fn who_waits_for_a_lane_is_woken_in_turn() {
    const REQUESTS: usize = 1000;
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(2).limits(limits));
    let tasks: Vec<_> = (0..REQUESTS).map(|number| send(&site.world, &site.client, get(number))).collect();
    site.world.turn();
    let peer = site.lines.peer();
    let before = site.world.polls;
    let mut asked = String::new();
    while asked.matches("GET ").count() < REQUESTS {
        let new = peer.text();
        peer.send(EMPTY.repeat(new.matches("GET ").count()));
        asked += &new;
        site.world.turn();
    }
    assert!(tasks.iter().all(|task| task.done().is_ok()));
    assert_eq!(asked, (0..REQUESTS).map(sent).collect::<String>());
    assert!(site.world.polls - before < 10 * REQUESTS, "{}", site.world.polls - before);
}

// X5: who was to go on, and does not, lets the next one.
#[test]
fn a_turn_that_is_not_taken_goes_to_the_next() {
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(2).limits(limits));
    let _sent: Vec<_> = (0..2).map(|number| site.send(get(number))).collect();
    let client = site.client.clone();
    let mut given_up = Box::pin(client.execute(get(2)));
    assert!(given_up.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let _last = site.send(get(3));
    let peer = site.lines.peer();
    peer.send(EMPTY);
    site.world.turn();
    assert_eq!(peer.text(), (0..2).map(sent).collect::<String>());
    drop(given_up);
    site.world.turn();
    assert_eq!(peer.text(), sent(3));
}

// X5
#[test]
fn requests_that_change_something_go_alone() {
    let mut site = site(4);
    let _get = site.send(get(0));
    let _post = site.send(post("content"));
    assert_eq!(site.lines.opened(), 2);
}

// X5
#[test]
fn what_a_connection_leaves_unanswered_is_sent_again_alone() {
    let mut site = site(4);
    let tasks: Vec<_> = (0..3).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    peer.send_last("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n0");
    site.world.turn();
    let mut tasks = tasks.into_iter();
    let response = tasks.next().unwrap().done().unwrap();
    assert_eq!(site.text(response), "0");
    site.world.turn();
    assert_eq!(site.lines.opened(), 3);
    for (number, task) in tasks.enumerate() {
        let peer = site.lines.peer();
        assert_eq!(peer.text(), sent(number + 1));
        peer.send(format!("{OK}x"));
        site.world.turn();
        assert_eq!(task.done().unwrap().status(), 200);
    }
}

// X5: that an answer breaks off says nothing against asking again for what waits behind it.
#[test]
fn what_stands_behind_an_answer_that_breaks_off_is_sent_again() {
    let mut site = site(4);
    let tasks: Vec<_> = (0..2).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    site.answer(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    let content = site.collect(tasks[0].done().unwrap().into_body());
    peer.fin();
    site.world.turn();
    assert!(content.done().is_err());
    let second = site.lines.peer();
    assert_eq!(second.text(), sent(1));
    site.answer(&second, NO_CONTENT);
    tasks[1].done().unwrap();
}

// X5, N37: a place on a lane is taken as soon as there is one, though its others are still unanswered.
#[test]
fn an_answer_makes_room_for_the_next_request() {
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(2).limits(limits));
    let _tasks: Vec<_> = (0..3).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    assert_eq!(peer.text(), [0, 1].map(sent).concat());
    site.answer(&peer, EMPTY);
    assert_eq!(peer.text(), sent(2));
}

// N37: who may not be pipelined is not kept from the only connection by those who may.
#[test]
fn a_lane_takes_no_more_while_somebody_waits_for_its_connection() {
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(4).limits(limits));
    let _first = site.send(get(0));
    let peer = site.lines.peer();
    let _lone = site.send(post("content"));
    let _late = site.send(get(1));
    assert_eq!(peer.text(), sent(0));
    site.answer(&peer, EMPTY);
    assert!(peer.text().starts_with("POST "));
    site.answer(&peer, EMPTY);
    assert_eq!((peer.text(), site.lines.opened()), (sent(1), 1));
}

// N37
#[test]
fn a_lane_carries_no_more_requests_than_a_connection_may() {
    let mut limits = PoolLimits::default();
    limits.requests = 2;
    let mut site = Site::with(|client| client.pipelining(4).limits(limits));
    let _tasks: Vec<_> = (0..3).map(|number| site.send(get(number))).collect();
    let peers = [site.lines.peer(), site.lines.peer()];
    assert_eq!(peers.map(|peer| peer.text()), [[0, 1].map(sent).concat(), sent(2)]);
}

// X5, N31: what nobody reads is swallowed for the sake of what is behind it, as far as that is worth it.
#[test]
fn an_answer_that_is_dropped_is_swallowed_within_bounds() {
    for (length, worth_it) in [(60_000, true), (100_000, false)] {
        let mut site = site(4);
        let tasks: Vec<_> = (0..2).map(|number| site.send(get(number))).collect();
        let peer = site.lines.peer();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
        site.answer(&peer, answer + NO_CONTENT);
        drop(tasks[0].done().unwrap());
        site.world.turn();
        let second = tasks[1].take();
        assert_eq!((second.is_some(), peer.counts().dropped), (worth_it, !worth_it), "{second:?}");
    }
}

// X5
#[test]
fn an_answer_that_has_begun_is_not_asked_for_again() {
    let mut site = site(4);
    let tasks: Vec<_> = (0..2).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    peer.send_last("HTTP/1.1 200 OK\r\nConte");
    site.world.turn();
    let errors: Vec<_> = tasks.iter().map(Task::take).collect();
    assert!(matches!(&errors[0], Some(Err(RequestError::Broken(error))) if !error.may_retry()), "{:?}", errors[0]);
    assert!(errors[1].is_none());
    assert_eq!(site.lines.peer().text(), sent(1));
}

#[test]
fn who_no_longer_waits_does_not_disturb_the_others() {
    let mut site = site(4);
    let client = site.client.clone();
    let mut gone = Box::pin(async move { client.execute(get(0)).await });
    assert!(poll(&mut gone).is_none());
    site.world.turn();
    assert!(poll(&mut gone).is_none());
    let task = site.send(get(1));
    drop(gone);
    let peer = site.lines.peer();
    peer.send(format!("{OK}0{OK}1"));
    site.world.turn();
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "1");
}

#[test]
fn an_idle_lane_ends_with_its_deadline_or_its_client() {
    let mut site = site(4);
    let task = site.send(get(0));
    let peer = site.lines.peer();
    peer.send(NO_CONTENT);
    site.world.turn();
    task.done().unwrap();
    site.world.advance(secs(91));
    assert!(peer.counts().dropped);
    assert_eq!(site.client.connections().connections, 0);

    let task = site.send(get(1));
    let peer = site.lines.peer();
    peer.send(NO_CONTENT);
    site.world.turn();
    task.done().unwrap();
    let Site { mut world, lines, client } = site;
    drop((lines, client));
    world.turn();
    assert!(peer.counts().dropped);
    assert_eq!(world.tasks(), 0);
}

// X6: each phase has its error here, too.
#[test]
fn every_phase_has_its_deadline() {
    // The head of the first answer: the second request goes elsewhere.
    let mut site = site(4);
    let tasks: Vec<_> = (0..2).map(|number| site.send(get(number))).collect();
    let peer = site.lines.peer();
    site.answer(&peer, "HTTP/1.1 2");
    site.world.advance(secs(60));
    let late = error(&tasks[0]);
    assert!(late.timed_out() == Some(Phase::Head) && !late.may_retry(), "{late}");
    let second = site.lines.peer();
    assert_eq!(second.text(), sent(1));
    site.answer(&second, NO_CONTENT);
    tasks[1].done().unwrap();

    // No octet of the first answer.
    let tasks: Vec<_> = (2..4).map(|number| site.send(get(number))).collect();
    site.world.advance(secs(300));
    assert_eq!(error(&tasks[0]).timed_out(), Some(Phase::Answer));
    let third = site.lines.peer();
    site.answer(&third, NO_CONTENT);
    tasks[1].done().unwrap();

    // Content.
    let task = site.send(get(5));
    site.answer(&third, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    let content = site.collect(task.done().unwrap().into_body());
    site.world.advance(secs(60));
    match content.done().unwrap_err() {
        BodyError::Received(late) => assert_eq!(late.kind(), RecvErrorKind::BodyTimeout),
        other => panic!("{other:?}"),
    }
}

// X6: opening a connection is not waiting for one.
#[test]
fn connecting_has_deadlines_of_its_own() {
    let mut timeouts = ClientTimeouts::default();
    timeouts.wait = ms(100);
    let mut site = Site::with(|client| client.pipelining(2).timeouts(timeouts));
    site.lines.delay(None, ms(150));
    let first = site.send(get(0));
    let second = site.send(get(1));
    site.world.advance(ms(100));
    assert_eq!(error(&second).timed_out(), Some(Phase::Wait));
    site.world.advance(ms(50));
    site.answer(&site.lines.peer(), NO_CONTENT);
    first.done().unwrap();
}

// N44: behind a connection that has broken, time goes on.
#[test]
fn the_time_on_a_broken_connection_counts() {
    let mut site = site(2);
    let (task, first) = site.open(get(0));
    site.world.advance(ms(5));
    first.fin();
    site.world.turn();
    let second = site.lines.peer();
    site.world.advance(ms(1));
    site.answer(&second, NO_CONTENT);
    let known = phases(&task.done().unwrap());
    assert_eq!((known.ready, known.head), (ms(5), Some(ms(6))));
}

// N44
#[test]
fn every_station_has_its_time() {
    let mut site = site(2);
    site.lines.delay(Some(ms(3)), ms(4));
    let tasks: Vec<_> = (0..3).map(|number| site.send(get(number))).collect();
    site.world.advance(ms(7));
    let peer = site.lines.peer();
    site.world.advance(ms(1));
    site.answer(&peer, "HTTP/1.1 2");
    site.world.advance(ms(1));
    site.answer(&peer, format!("{}{NO_CONTENT}", &NO_CONTENT[10..]));
    let [first, second] = [0, 1].map(|at: usize| phases(&tasks[at].done().unwrap()));
    let mut expected = Phases::default();
    (expected.resolve, expected.connect) = (Some(ms(3)), Some(ms(4)));
    (expected.ready, expected.sent) = (ms(7), Some(ms(7)));
    (expected.first_octet, expected.head, expected.done) = (Some(ms(8)), Some(ms(9)), Some(ms(9)));
    assert_eq!(first, expected);
    // It waited for the same connection.
    (expected.resolve, expected.connect, expected.first_octet) = (None, None, Some(ms(9)));
    assert_eq!(second, expected);
    // It opened one of its own.
    site.world.advance(ms(5));
    let peer = site.lines.peer();
    site.world.advance(ms(3));
    site.answer(&peer, NO_CONTENT);
    let third = phases(&tasks[2].done().unwrap());
    (expected.resolve, expected.connect) = (Some(ms(3)), Some(ms(4)));
    (expected.ready, expected.sent) = (ms(14), Some(ms(14)));
    (expected.first_octet, expected.head, expected.done) = (Some(ms(17)), Some(ms(17)), Some(ms(17)));
    assert_eq!(third, expected);
}

// N37: an idle lane is a place that somebody else may need.
#[test]
fn an_idle_lane_holds_up_nobody() {
    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    let mut site = Site::with(|client| client.pipelining(4).limits(limits));
    let task = site.send(get(0));
    let peer = site.lines.peer();
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
    peer.read();
    // It is idle already; then it becomes so.
    for early in [false, true] {
        let task = early.then(|| site.send(get(1)));
        let lone = site.send(post("content"));
        if let Some(task) = task {
            assert_eq!((peer.text(), site.client.connections().waiting), (sent(1), 1));
            site.answer(&peer, NO_CONTENT);
            task.done().unwrap();
        }
        assert!(peer.text().starts_with("POST "));
        site.answer(&peer, NO_CONTENT);
        lone.done().unwrap();
    }
}

// N37
#[test]
fn a_lane_is_kept_idle_no_longer_than_other_connections() {
    let mut limits = PoolLimits::default();
    limits.idle = secs(10);
    let mut site = Site::with(|client| client.pipelining(4).limits(limits));
    let task = site.send(get(0));
    let peer = site.lines.peer();
    site.answer(&peer, NO_CONTENT);
    task.done().unwrap();
    site.world.advance(secs(9));
    assert!(!peer.counts().dropped);
    site.world.advance(secs(3));
    assert!(peer.counts().dropped && site.is_empty());
}

// N44: whoever has read everything may look at once, on another thread.
#[test]
fn the_end_of_an_answer_is_told_when_its_time_is_known() {
    let mut site = site(4);
    let task = site.send(get(0));
    let peer = site.lines.peer();
    site.answer(&peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut response = task.done().unwrap();
    site.world.turn();
    let looks = Looks::wait(&site, &mut response);
    site.world.advance(secs(1));
    site.answer(&peer, "0\r\n\r\n");
    assert_eq!(looks.seen().0.done, Some(secs(1)));
}
