//! Every deadline of the core with exact virtual times: when it is armed, re-armed and disarmed, and what its expiry
//! does.

use http_proto::{
    BodyLength, Config, Instant, RecvErrorKind, RequestHead, ResponseHead, Role, SendError, State, Step, Timeouts,
};
use std::time::Duration;
use tests::pair::one::One;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n";
const OK: ResponseHead<'static> = ResponseHead::new(200);

fn at(seconds: u64) -> Instant {
    Instant::from(Duration::from_secs(seconds))
}

/// The next deadline, seen at a point in time; both in seconds.
fn due<R: Role>(one: &mut One<R>, seconds: u64) -> Option<u64> {
    let due = one.connection.poll_timeout(at(seconds), &one.out)?;
    assert_eq!(due.as_nanos() % 1_000_000_000, 0, "whole seconds");
    Some(due.as_nanos() / 1_000_000_000)
}

/// Whether the deadline is where it is said to be: a call just before it does nothing, a call on it acts.
fn expires<R: Role>(one: &mut One<R>, seconds: u64, what: impl Fn(&One<R>) -> bool) {
    one.connection.handle_timeout(Instant::from_nanos(at(seconds).as_nanos() - 1), &one.out);
    assert!(!what(one), "not before its time");
    one.connection.handle_timeout(at(seconds), &one.out);
    assert!(what(one), "in time");
}

#[test]
fn n36_all_are_on_by_default() {
    let seconds = |timeouts: Timeouts| {
        [
            timeouts.head,
            timeouts.body,
            timeouts.write,
            timeouts.idle,
            timeouts.expect_continue,
            timeouts.drain,
            timeouts.linger,
        ]
        .map(|timeout| timeout.as_secs())
    };
    assert_eq!(seconds(Config::server().timeouts), [30, 30, 30, 75, 1, 2, 2]);
    assert_eq!(seconds(Config::client().timeouts), [60, 60, 60, 90, 1, 2, 2]);
}

#[test]
fn n36_each_is_as_long_as_it_was_set() {
    let mut config = Config::server();
    let timeouts = &mut config.timeouts;
    let (all, seconds) = (
        [
            &mut timeouts.linger,
            &mut timeouts.drain,
            &mut timeouts.head,
            &mut timeouts.write,
            &mut timeouts.body,
            &mut timeouts.idle,
        ],
        [3, 5, 10, 15, 20, 40],
    );
    all.into_iter().zip(seconds).for_each(|(timeout, seconds)| *timeout = Duration::from_secs(seconds));
    let mut server = One::server_with(config);
    server.events();
    assert_eq!(due(&mut server, 0), Some(40), "idle");
    server.hear("P");
    assert_eq!(due(&mut server, 0), Some(10), "head");
    server.hear(&POST[1..]);
    assert_eq!(due(&mut server, 0), Some(20), "body");
    server.connection.respond(&OK, BodyLength::Exact(0), &mut server.out).unwrap();
    assert_eq!(due(&mut server, 0), Some(15), "write");
    server.written();
    server.connection.finish(None, &mut server.out).unwrap();
    assert_eq!(due(&mut server, 0), Some(5), "drain");
    server.hear([b'x'; 100]);
    assert_eq!(due(&mut server, 0), Some(40), "idle again");
    server.connection.shutdown();
    assert_eq!(due(&mut server, 0), Some(3), "linger");

    let mut config = Config::client();
    config.timeouts.expect_continue = Duration::from_secs(7);
    let mut client = One::client_with(config);
    let head = RequestHead::new("PUT", "/").host("h").expect_continue();
    client.connection.start(&head, BodyLength::Exact(2), &mut client.out).unwrap();
    client.written();
    assert_eq!(due(&mut client, 0), Some(7), "100 (Continue)");
}

#[test]
fn n36_head_runs_from_its_first_octet_and_is_never_armed_again() {
    let mut server = One::server();
    server.events();
    assert_eq!(due(&mut server, 0), Some(75), "idle: no octet yet");
    server.hear("\r\n");
    assert_eq!(due(&mut server, 5), Some(75), "an empty line is no head");
    server.hear("G");
    assert_eq!(due(&mut server, 10), Some(40));
    server.hear("ET / HTTP/1.1\r\n");
    assert_eq!(due(&mut server, 20), Some(40));
    server.hear("Host: h\r\n");
    assert_eq!(due(&mut server, 39), Some(40), "one octet a second helps nobody");
    expires(&mut server, 40, |server| server.connection.failure().is_some());
    assert_eq!(server.events(), ["HeadTimeout at 0"]);
    let error = server.connection.failure().unwrap();
    assert_eq!((error.kind(), error.status()), (RecvErrorKind::HeadTimeout, Some(408)));
    server.connection.refuse(error, None, &mut server.out).unwrap();
    assert!(server.written().starts_with("HTTP/1.1 408 "));
    assert_eq!(server.connection.state(), State::Closing);
}

#[test]
fn n36_every_head_has_its_own_time() {
    let mut server = One::server();
    server.hear("GET /");
    assert_eq!(due(&mut server, 0), Some(30));
    // The head is completed, answered, and the next one begun, without a look at the clock between.
    server.hear(format!(" HTTP/1.1\r\nHost: h\r\n\r\n{}", &GET[..5]));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 20), Some(50));
}

#[test]
fn n36_head_of_a_client_and_no_deadline_for_thinking() {
    let mut client = One::client();
    assert_eq!(due(&mut client, 0), Some(90), "idle");
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    client.written();
    client.events();
    assert_eq!(due(&mut client, 10), None, "how long a server thinks is the application's affair");
    client.hear("HTTP/1.1 200");
    assert_eq!(due(&mut client, 100), Some(160));
    expires(&mut client, 160, |client| client.connection.state() == State::Closed);
    assert_eq!(client.events(), ["HeadTimeout at 0"]);
    assert_eq!(client.connection.outstanding(), 1);
}

#[test]
fn n36_body_runs_while_the_caller_waits_and_starts_anew_with_progress() {
    let mut server = One::server();
    server.hear(POST);
    assert_eq!(due(&mut server, 0), Some(30));
    assert_eq!(due(&mut server, 20), Some(30), "looking is no progress");
    server.hear("a");
    assert_eq!(due(&mut server, 20), Some(50));
    // A payload is at hand and the handler does not come for the next: it harms nobody.
    assert_eq!(server.input.fill_from(b"bc"), 2);
    server.connection.step(&mut server.input).unwrap();
    assert_eq!(due(&mut server, 49), None);
    server.events();
    assert_eq!(due(&mut server, 100), Some(130));
    expires(&mut server, 130, |server| server.connection.failure().is_some());
    assert_eq!(server.events().concat(), format!("BodyTimeout at {}", POST.len() + 3));
    let error = server.connection.failure().unwrap();
    server.connection.refuse(error, None, &mut server.out).unwrap();
    assert!(server.written().starts_with("HTTP/1.1 408 "));
}

#[test]
fn n36_chunk_framing_is_progress_too() {
    let mut server = One::server();
    server.hear("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(due(&mut server, 0), Some(30));
    server.hear("1\r");
    assert_eq!(due(&mut server, 10), Some(40));
}

#[test]
fn n36_write_runs_while_octets_wait_and_starts_anew_with_each_write() {
    let mut server = One::server();
    server.hear(GET);
    assert_eq!(due(&mut server, 0), None, "a handler works");
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    assert_eq!(due(&mut server, 10), Some(40));
    let _ = server.connection.send(b"more", &mut server.out).unwrap();
    assert_eq!(due(&mut server, 20), Some(40), "sending is no writing");
    server.out.advance(1);
    assert_eq!(due(&mut server, 30), Some(60));
    server.written();
    assert_eq!(due(&mut server, 50), None);
    let _ = server.connection.send(b"more", &mut server.out).unwrap();
    assert_eq!(due(&mut server, 70), Some(100));
    expires(&mut server, 100, |server| server.connection.state() == State::Closed);
    assert!(server.interest().abort, "the peer must not take a part for the whole");
    assert!(server.events()[0].starts_with("WriteTimeout"));
    assert_eq!(server.connection.outstanding(), 1);
}

#[test]
fn n36_idle_runs_between_exchanges() {
    let mut server = One::server();
    assert_eq!(due(&mut server, 0), Some(75));
    server.hear(GET);
    assert_eq!(due(&mut server, 10), None, "an exchange is open");
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(due(&mut server, 20), Some(50), "the answer is not out: write");
    server.written();
    assert_eq!(due(&mut server, 25), Some(100));
    // A whole exchange between two looks at the clock: the time starts anew.
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 90), Some(165));
    expires(&mut server, 165, |server| server.connection.state() == State::Closed);
    assert_eq!(server.written(), "", "silently");
    assert_eq!((server.interest().close, server.interest().abort), (true, false));
    assert_eq!(due(&mut server, 166), None);
}

// Octet by octet, empty lines would otherwise keep a connection without a request for many times the idle deadline.
#[test]
fn n36_empty_lines_put_no_idle_deadline_off() {
    let mut server = One::server();
    assert_eq!(due(&mut server, 0), Some(75));
    for (seconds, half) in [(10, "\r"), (30, "\n"), (50, "\r")] {
        server.hear(half);
        assert_eq!(due(&mut server, seconds), Some(75));
    }
    expires(&mut server, 75, |server| server.connection.state() == State::Closed);
}

// I12: the end of a stream arms the idle deadline again.
#[test]
fn i11_i12_a_stream_may_be_silent_an_idle_connection_may_not() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Streaming, &mut server.out).unwrap();
    server.written();
    assert_eq!(server.connection.state(), State::Streaming);
    for round in 1..=10 {
        assert_eq!(due(&mut server, 75 * round), None);
        server.connection.handle_timeout(at(75 * round), &server.out);
    }
    // Write progress stays on, and runs only while octets are pending.
    let _ = server.connection.send(b"tick", &mut server.out).unwrap();
    assert_eq!(due(&mut server, 1000), Some(1030));
    server.written();
    assert_eq!(due(&mut server, 1010), None);
    server.connection.finish(None, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 1020), Some(1095));
    expires(&mut server, 1095, |server| server.connection.state() == State::Closed);
}

#[test]
fn n36_expect_continue_lets_the_content_go() {
    let mut client = One::client();
    let put = RequestHead::new("PUT", "/").host("h").expect_continue();
    client.connection.start(&put, BodyLength::Exact(1), &mut client.out).unwrap();
    client.written();
    assert_eq!(due(&mut client, 10), Some(11));
    expires(&mut client, 11, |client| !client.connection.awaiting_continue());
    let _ = client.connection.send(b"x", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    assert_eq!(client.hear("HTTP/1.1 204 \r\n\r\n")[1..], ["M", "NeedInput"]);
    // With the 100 there is nothing to wait for; the next exchange waits its whole second.
    client.written();
    client.connection.start(&put, BodyLength::Exact(1), &mut client.out).unwrap();
    client.written();
    assert_eq!(due(&mut client, 20), Some(21));
    client.hear("HTTP/1.1 100 \r\n\r\n");
    assert_eq!(due(&mut client, 20), None);
}

#[test]
fn n36_drain_has_one_time_for_all_of_it() {
    let mut server = One::server();
    server.hear(POST);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(!server.written().contains("close"));
    assert_eq!(due(&mut server, 10), Some(12));
    server.hear("some");
    assert_eq!(due(&mut server, 11), Some(12), "progress changes nothing");
    expires(&mut server, 12, |server| server.connection.state() == State::Closing);
    assert!(server.interest().shutdown_write);
    // A drain that ends in time leaves an idle connection.
    let mut server = One::server();
    server.hear(POST);
    server.connection.discard();
    assert_eq!(due(&mut server, 0), Some(2));
    server.hear("x".repeat(100));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 1), Some(76));
}

// Whoever answers at the head, and asks for the end of the request only when that is written, loses nothing by it.
#[test]
fn n36_nothing_is_drained_where_nothing_comes() {
    let mut server = One::server();
    server.input.fill_from(GET.as_bytes());
    assert_eq!(server.connection.step(&mut server.input), Ok(Step::Event));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 0), None);
    server.connection.handle_timeout(at(1000), &server.out);
    assert_eq!(server.events(), ["M", "NeedInput"]);
    assert_eq!(due(&mut server, 1000), Some(1075));
}

#[test]
fn n36_every_drain_and_every_wait_has_its_own_time() {
    // Seen only while a body is swallowed, each time that of another request.
    let begun = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx";
    let mut server = One::server();
    for (octets, seconds) in [(begun, 0), (&format!("x{begun}"), 1)] {
        server.hear(octets);
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server.events();
        server.written();
        assert_eq!(due(&mut server, seconds), Some(seconds + 2));
    }
    let mut config = Config::client();
    config.timeouts.expect_continue = Duration::from_secs(5);
    let mut client = One::client_with(config);
    let head = RequestHead::new("PUT", "/").host("h").expect_continue();
    for seconds in [0, 3] {
        client.connection.start(&head, BodyLength::Exact(1), &mut client.out).unwrap();
        client.written();
        assert_eq!(due(&mut client, seconds), Some(seconds + 5));
        client.hear("HTTP/1.1 100 Continue\r\n\r\n");
        let _ = client.connection.send(b"x", &mut client.out).unwrap();
        client.connection.finish(None, &mut client.out).unwrap();
        client.hear("HTTP/1.1 204 No Content\r\n\r\n");
    }
}

#[test]
fn n36_a_trailer_section_is_progress_too() {
    let mut server = One::server();
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    server.hear(format!("{head}0\r\n"));
    due(&mut server, 0);
    assert_eq!(due(&mut server, 1), Some(30));
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    server.connection.finish(None, &mut server.out).unwrap();
    server.written();
    server.hear(format!("a: b\r\n\r\n{head}"));
    assert_eq!(due(&mut server, 20), Some(50), "the body of the next request");
}

#[test]
fn n36_i28_linger_is_bounded_in_time_and_octets() {
    let closing = |limit: u64| {
        let mut config = Config::server();
        config.limits.linger = limit;
        let mut server = One::server_with(config);
        server.hear(GET);
        server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
        server
    };
    let mut server = closing(10);
    assert_eq!(due(&mut server, 0), Some(30), "the answer first: write");
    server.written();
    assert_eq!(due(&mut server, 5), Some(7));
    server.hear("12345");
    assert_eq!(due(&mut server, 6), Some(7), "octets do not lengthen it");
    expires(&mut server, 7, |server| server.connection.state() == State::Closed);
    assert_eq!((server.interest().close, server.interest().abort), (true, false));

    let mut server = closing(10);
    server.written();
    assert_eq!(server.hear("1234567890"), ["NeedInput"]);
    assert_eq!(server.hear("1"), ["Closed"]);
    assert!(server.interest().close);
}

#[test]
fn n36_a_deadline_in_a_pipeline_waits_for_the_answers_before_it() {
    let mut server = One::server();
    server.hear(format!("{GET}GET"));
    assert_eq!(due(&mut server, 0), Some(30));
    server.connection.handle_timeout(at(30), &server.out);
    assert_eq!(server.events(), ["HeadTimeout at 0"]);
    let error = server.connection.failure().unwrap();
    assert_eq!(server.connection.refuse(error, None, &mut server.out), Err(SendError::NotYourTurn));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.connection.refuse(error, None, &mut server.out).unwrap();
    assert_eq!(server.written().matches("HTTP/1.1 ").count(), 2);
}

#[test]
fn n36_late_and_spurious_calls() {
    // A look that comes late starts the deadline late, and only lengthens it.
    let mut server = One::server();
    server.hear("GET");
    assert_eq!(due(&mut server, 1000), Some(1030));
    // Spurious calls, also with a clock that stands still or goes back, do nothing.
    for seconds in [1000, 1029, 0, 1029] {
        server.connection.handle_timeout(at(seconds), &server.out);
        assert_eq!(due(&mut server, seconds), Some(1030));
    }
    // A call that comes late acts all the same; a deadline met in the meantime does not fire.
    server.hear(" / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.connection.handle_timeout(at(5000), &server.out);
    assert_eq!((server.connection.failure(), server.connection.state()), (None, State::DispatchingOrSending));
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 5000), Some(5075));
    server.connection.handle_timeout(at(1_000_000), &server.out);
    assert_eq!(server.connection.state(), State::Closed);
    server.connection.handle_timeout(at(2_000_000), &server.out);
    assert_eq!(server.connection.state(), State::Closed);
}

#[test]
fn n36_the_end_of_time_is_far_but_not_beyond() {
    let mut server = One::server();
    let late = Instant::from_nanos(u64::MAX - 1);
    assert_eq!(server.connection.poll_timeout(late, &server.out), Some(Instant::from_nanos(u64::MAX)));
    assert_eq!(One::server().connection.poll_timeout(Instant::ORIGIN, &server.out), Some(at(75)));
}

#[test]
fn n36_duration_max_is_off() {
    let mut config = Config::server();
    let off = Duration::MAX;
    let timeouts = &mut config.timeouts;
    (timeouts.head, timeouts.body, timeouts.write, timeouts.idle) = (off, off, off, off);
    (timeouts.drain, timeouts.linger) = (off, off);
    let mut server = One::server_with(config);
    assert_eq!(due(&mut server, 0), None, "idle");
    server.hear("P");
    assert_eq!(due(&mut server, 0), None, "head");
    server.hear(&POST[1..]);
    assert_eq!(due(&mut server, 0), None, "body");
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    assert_eq!(due(&mut server, 0), None, "write");
    server.connection.finish(None, &mut server.out).unwrap();
    server.written();
    assert_eq!(due(&mut server, 0), None, "drain");
    server.hear("x".repeat(100));
    server.hear(GET);
    server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    assert_eq!((due(&mut server, 0), server.connection.state()), (None, State::Closing), "linger");

    let mut config = Config::client();
    config.timeouts.expect_continue = off;
    let mut client = One::client_with(config);
    let put = RequestHead::new("PUT", "/").host("h").expect_continue();
    client.connection.start(&put, BodyLength::Exact(1), &mut client.out).unwrap();
    client.written();
    assert_eq!(due(&mut client, 0), None, "expect-continue");
}

// N11: an idle connection wakes for input and its idle deadline, nothing else.
#[test]
fn n11_one_wake_up_for_an_idle_connection() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    server.written();
    server.events();
    let first = due(&mut server, 0);
    let later: Vec<_> = (0..75).map(|second| due(&mut server, second)).collect();
    assert!(later.iter().all(|due| *due == first));
    let interest = server.interest();
    assert!(interest.read && !interest.write && !interest.shutdown_write && !interest.close, "{interest:?}");
}
