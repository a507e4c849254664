//! How long a client waits: for the first octet of an answer, on level 1, and for all that follows, in the core.

use super::*;

const NANO: Duration = Duration::from_nanos(1);
const LIMIT: Duration = seconds(300);

/// Nothing comes until a moment before a deadline; at the deadline there is this error, and the connection is over.
fn expires(end: &mut End<Client>, after: Duration) -> Error {
    pass(end, after - NANO);
    end.clock.advance(NANO);
    let error = end.error();
    is_over(end);
    error
}

fn is_late(end: &mut End<Client>, after: Duration, may_retry: bool) {
    let error = expires(end, after);
    assert!(matches!(error.kind(), ErrorKind::AnswerTimeout), "{error:?}");
    assert_eq!(error.may_retry(), may_retry);
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
}

// N36: five minutes from the last octet of the request on; the connection is reset when it is dropped.
#[test]
fn an_answer_that_never_comes() {
    for (method, may_retry) in [("GET", true), ("POST", false)] {
        let (mut end, peer) = client();
        start(&mut end, method, BodyLength::Empty);
        end.rest();
        is_late(&mut end, LIMIT, may_retry);
        assert_eq!(end.conn.unanswered().map(|request| request.may_retry()).collect::<Vec<_>>(), [may_retry]);
        assert!(!end.conn.is_reusable());
        drop(end);
        assert!(peer.saw_reset());
    }
}

#[test]
fn it_can_be_set_and_switched_off() {
    let (mut end, _peer) = client();
    end.conn.set_answer_timeout(seconds(5));
    ask(&mut end);
    is_late(&mut end, seconds(5), true);

    // While it runs, from the same beginning.
    let (mut end, _peer) = client();
    ask(&mut end);
    pass(&mut end, seconds(10));
    end.conn.set_answer_timeout(seconds(15));
    is_late(&mut end, seconds(5), true);

    let (mut end, peer) = client();
    end.conn.set_answer_timeout(Duration::MAX);
    ask(&mut end);
    pass(&mut end, seconds(1_000_000));
    assert_eq!(end.clock.next(), None);
    peer.send(OK);
    assert_eq!(end.events().len(), 3);
}

// It runs from the last octet of the request, however long that takes to be written.
#[test]
fn it_begins_when_the_request_is_written() {
    let (mut end, peer) = client();
    peer.limit(7);
    ask(&mut end);
    for _ in 0..3 {
        pass(&mut end, seconds(50));
        assert_eq!(peer.read().len(), 7);
    }
    end.rest();
    is_late(&mut end, LIMIT, true);

    // Content that is not there yet is no answer that is awaited.
    let (mut end, peer) = client();
    start(&mut end, "PUT", BodyLength::Exact(4));
    pass(&mut end, seconds(1000));
    let _ = end.conn.send(b"abc").unwrap();
    pass(&mut end, seconds(1000));
    let _ = end.conn.send(b"d").unwrap();
    end.conn.finish(None).unwrap();
    end.rest();
    assert!(peer.text().ends_with("\r\n\r\nabcd"));
    is_late(&mut end, LIMIT, true);
}

// A transport that keeps octets back has not written them.
#[test]
fn it_begins_when_the_transport_lets_go() {
    let (mut end, peer) = client_with(Config::client(), Shape { holds: true, ..Shape::default() });
    peer.limit(10);
    ask(&mut end);
    pass(&mut end, seconds(50));
    peer.limit(usize::MAX);
    end.rest();
    is_late(&mut end, LIMIT, true);
}

// Flushing, pausing and waiting for room let it run, but only who listens is told of it; and what is there is heard first.
#[test]
fn it_runs_while_nobody_listens() {
    for answered in [false, true] {
        let (mut end, peer) = client();
        start(&mut end, "GET", BodyLength::Empty);
        assert!(end.flush());
        end.clock.advance(seconds(100));
        end.conn.pause();
        pass(&mut end, seconds(199));
        end.clock.advance(seconds(2));
        end.rest();
        assert!(end.flush() && end.ready());
        end.conn.resume();
        if answered {
            peer.send(OK);
            assert_eq!(end.events().len(), 3);
        } else {
            assert!(matches!(end.error().kind(), ErrorKind::AnswerTimeout));
            is_over(&mut end);
        }
    }
}

// X1: every interim response is a sign of life; there are no more of them than the core lets through.
#[test]
fn x1_interim_responses_begin_it_anew() {
    let (mut end, peer) = client();
    ask(&mut end);
    for number in 0..16 {
        pass(&mut end, LIMIT - NANO);
        let status = if number % 2 == 0 { "102 Processing" } else { "103 Early Hints" };
        peer.send(format!("HTTP/1.1 {status}\r\n\r\n"));
        assert_eq!(end.events().len(), 1);
    }
    is_late(&mut end, LIMIT, false);
}

// An empty line is none, nor half of one.
#[test]
fn half_an_empty_line_is_no_answer() {
    let (mut end, peer) = client();
    ask(&mut end);
    pass(&mut end, seconds(100));
    peer.send("\r");
    end.rest();
    is_late(&mut end, seconds(200), true);
}

// From the first octet on the whole head has its own deadline, in the core, which no octet moves.
#[test]
fn a_head_that_never_ends() {
    for (answer, pause) in [("HTTP/1.1 200 OK\r\nX: ", seconds(59)), ("HTTP/1.1 103 \r\n\r\nH", seconds(7))] {
        let (mut end, peer) = client();
        ask(&mut end);
        pass(&mut end, LIMIT - NANO);
        peer.send(answer);
        assert_eq!(end.events().len(), usize::from(answer.contains("103")));
        pass(&mut end, pause);
        peer.send("T");
        let error = expires(&mut end, seconds(60) - pause);
        assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::HeadTimeout, false));
    }
}

// N36: a body that drips comes for as long as it drips; every octet has its minute.
#[test]
fn a_body_that_drips() {
    let (mut end, peer) = client();
    ask(&mut end);
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n");
    assert_eq!(end.events().len(), 1);
    for _ in 0..16 {
        pass(&mut end, seconds(60) - NANO);
        peer.send("x");
        assert_eq!(end.events(), [Seen::Payload(b"x".to_vec())]);
    }
    // Neither is the end of a body awaited for longer.
    peer.send("\r\n0\r\nX: ");
    let error = expires(&mut end, seconds(60));
    assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::BodyTimeout, false));
}

// X5: of several requests the oldest is waited for; it begins anew with each answer.
#[test]
fn x5_each_of_a_pipeline_has_its_time() {
    let (mut end, peer) = pipelining();
    for _ in 0..3 {
        ask(&mut end);
    }
    for _ in 0..2 {
        pass(&mut end, LIMIT - NANO);
        peer.send(OK);
        assert_eq!(end.events().len(), 3);
    }
    // Behind an answer comes the first octet of the next: of a head, then.
    pass(&mut end, seconds(299));
    peer.send("H");
    let error = expires(&mut end, seconds(60));
    assert_eq!((kind(&error), error.may_retry()), (RecvErrorKind::HeadTimeout, false));

    // One that is written is waited for although another one is stuck behind it.
    let (mut end, peer) = pipelining();
    ask(&mut end);
    let answered = end.conn.transferred().1;
    start(&mut end, "POST", BodyLength::Exact(1 << 20));
    peer.limit(peer.swallow() + 100);
    let _ = end.conn.send_owned(vec![0; 1 << 20].into()).unwrap();
    end.conn.finish(None).unwrap();
    end.rest();
    assert!(end.conn.transferred().1 > answered);
    for _ in 0..299 {
        pass(&mut end, seconds(1));
        peer.swallow();
        end.rest();
    }
    pass(&mut end, seconds(1) - NANO);
    peer.swallow();
    end.rest();
    end.clock.advance(NANO);
    let error = end.error();
    assert!(matches!(error.kind(), ErrorKind::AnswerTimeout) && !error.may_retry(), "{error:?}");
    let unanswered: Vec<_> = end.conn.unanswered().map(|request| request.may_retry()).collect();
    assert_eq!(unanswered, [true, false], "each on its own");
}

// A request that could not be written is answered now, or never.
#[test]
fn it_runs_where_nothing_can_be_written() {
    let (mut end, peer) = client();
    peer.limit(3);
    start(&mut end, "PUT", BodyLength::Exact(1000));
    end.rest();
    peer.fail_writes(std::io::ErrorKind::BrokenPipe);
    end.rest();
    is_late(&mut end, LIMIT, true);
}

// X4: the answer to CONNECT or an offer is one like others; behind it nothing of HTTP runs.
#[test]
fn x4_no_deadline_in_a_tunnel() {
    for answer in ["HTTP/1.1 200 OK\r\n\r\n", ""] {
        let (mut end, peer) = client();
        end.conn.start(&RequestHead::new("CONNECT", "h:1"), BodyLength::Empty).unwrap();
        pass(&mut end, LIMIT - NANO);
        peer.send(answer);
        if answer.is_empty() {
            is_late(&mut end, NANO, false);
            continue;
        }
        assert_eq!(end.events().len(), 4);
        end.clock.advance(seconds(100_000));
        assert_eq!((end.event(), end.conn.state()), (Seen::Closed, State::Upgraded));
    }
}

// N11: the timer is set for the first answer, and for idling behind it; then it is looked at when it goes off.
#[test]
fn n11_a_deadline_that_moves_away_sets_no_timer() {
    let (mut end, peer) = client();
    for _ in 0..50 {
        end.clock.advance(seconds(1));
        ask(&mut end);
        peer.send(OK);
        assert_eq!(end.events().len(), 3);
        end.rest();
    }
    assert_eq!(end.clock.resets(), 2);
}
