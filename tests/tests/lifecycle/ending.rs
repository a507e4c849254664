//! The end of a connection in the middle of something: what a shutdown, a reset, a fault, or a body that nobody reads
//! means for the exchange that is going on.

use http_proto::{BodyLength, Config, End, RecvErrorKind, RequestHead, ResponseHead, SendError, State};
use tests::pair::one::One;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: ResponseHead<'static> = ResponseHead::new(200);

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

// What one exchange has had swallowed is none of the next one's.
#[test]
fn l9_every_drain_has_the_whole_limit() {
    let mut config = Config::server();
    config.limits.drain = 10;
    let mut server = One::server_with(config);
    for _ in 0..3 {
        server.hear(post(8));
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        assert!(!server.written().contains("close"));
        assert_eq!(server.hear("12345678"), ["M", "NeedInput"]);
        assert_eq!(server.connection.state(), State::ReceivingHeaders);
    }
}

// N27: a body that is sure to be too long closes, and the answer says so.
#[test]
fn l9_a_body_that_will_not_be_drained_is_announced_to_close() {
    let mut config = Config::server();
    config.limits.drain = 10;
    for (length, closes) in [(10, false), (11, true)] {
        let mut server = One::server_with(config.clone());
        server.hear(post(length));
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        assert_eq!(server.written().contains("Connection: close"), closes, "{length}");
    }
}

// Empty lines in front of a message are counted for that message.
#[test]
fn every_message_may_have_its_empty_lines() {
    let mut config = Config::server();
    config.limits.empty_lines = 2;
    let mut server = One::server_with(config);
    for _ in 0..3 {
        let found = server.hear(["\r\n\r\n", GET].concat());
        assert_eq!(found, ["H GET / HTTP/1.1", "M", "NeedInput"]);
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server.written();
    }
    assert_eq!(server.hear("\r\n\r\n\r\n").last().unwrap(), "TooManyEmptyLines at 4");
}

// N35: half an empty line behind the request is no further one, whose answer would be waited for.
#[test]
fn half_an_empty_line_does_not_put_the_end_of_an_answer_off() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Exact(2), &mut server.out).unwrap();
    server.hear("\r");
    server.connection.shutdown();
    let _ = server.connection.send(b"ok", &mut server.out).unwrap();
    server.connection.finish(None, &mut server.out).unwrap();
    assert_eq!(server.connection.state(), State::Closing);
}

// N35: the request that is coming in when a shutdown begins is the last.
#[test]
fn a_shutdown_in_a_body_takes_no_further_request() {
    let mut server = One::server();
    server.hear(post(4));
    server.connection.shutdown();
    assert_eq!(server.hear(["abcd", GET].concat()), ["P abcd", "M", "Closed"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert_eq!(server.connection.outstanding(), 0);
}

// I28: the end of the input is known though no further request could be taken: the answer says close.
#[test]
fn n13_the_end_is_noticed_behind_a_full_pipeline() {
    let mut config = Config::server();
    config.pipeline.depth = 1;
    let mut server = One::server_with(config);
    server.hear(GET);
    server.input.set_end(End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close"));
    assert!(server.interest().close);
}

// N31: a reset is noticed where no octet could be taken: behind an offer, and in front of a head that has to wait.
#[test]
fn n31_a_reset_is_noticed_while_paused() {
    let offer = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n".to_owned();
    for requests in [offer, [GET, &post(1)].concat()] {
        let mut server = One::server();
        assert_eq!(server.hear(requests).last().unwrap(), "Paused");
        server.input.set_end(End::Aborted);
        server.events();
        let failure = server.connection.failure().map(|error| error.kind());
        assert_eq!((failure, server.connection.state()), (Some(RecvErrorKind::Aborted), State::Closed));
    }
}

// L11: the answer came before the request was whole, and then nothing more could be written: nothing is waited for.
#[test]
fn l11_an_answer_that_is_there_is_all_there_will_be() {
    let mut client = One::client();
    client.connection.start(&RequestHead::new("PUT", "/").host("h"), BodyLength::Exact(2), &mut client.out).unwrap();
    assert_eq!(client.hear("HTTP/1.1 204 No Content\r\n\r\n"), ["H HTTP/1.1 204 No Content", "M", "NeedInput"]);
    assert_eq!(client.connection.outstanding(), 1);
    client.connection.delivery_failed();
    assert_eq!((client.connection.outstanding(), client.interest().close), (0, true));
}

// X2: content that will not come any more is not asked for.
#[test]
fn x2_nothing_is_asked_for_behind_a_fault() {
    let mut server = One::server();
    server.hear("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert!(server.connection.awaiting_continue());
    server.input.set_end(End::Clean);
    server.events();
    assert_eq!(server.connection.failure().map(|error| error.kind()), Some(RecvErrorKind::IncompleteBody));
    assert!(!server.connection.awaiting_continue());
    assert_eq!(server.connection.proceed(&mut server.out), Err(SendError::NotAwaitingContinue));
}
