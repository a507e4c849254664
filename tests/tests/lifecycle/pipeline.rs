//! Several exchanges at once: which may overlap, in which order they are answered, and what a fault does to them.

use http_proto::{
    BodyLength, Config, End, Event, MethodKind, Pipeline, RequestHead, ResponseHead, SendError, State, Step,
};
use tests::pair::one::One;

const OK: ResponseHead<'static> = ResponseHead::new(200);

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn respond(server: &mut One<http_proto::Server>) {
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
}

#[test]
fn l7_a_head_behind_a_body_is_parsed_after_its_end() {
    let mut server = One::server();
    let post = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
    // The content looks like a request, and a real one follows.
    assert_eq!(server.hear(format!("{post}GET ")), ["H POST /p HTTP/1.1", "P GET ", "M", "Paused"]);
    assert_eq!(server.hear(get("/g")), ["Paused"]);
    respond(&mut server);
    assert_eq!(server.events(), ["H GET /g HTTP/1.1", "M", "NeedInput"]);
}

#[test]
fn p8_only_safe_requests_queue_up() {
    let second = [
        ("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("OPTIONS /2 HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("GET /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", true),
        ("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", false),
        ("DELETE /2 HTTP/1.1\r\nHost: h\r\n\r\n", false),
        ("TRACE /2 HTTP/1.1\r\nHost: h\r\n\r\n", false),
        ("get /2 HTTP/1.1\r\nHost: h\r\n\r\n", false),
        ("GET /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", false),
        ("GET /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
    ];
    for (request, joins) in second {
        let mut server = One::server();
        server.hear(get("/1"));
        let heard = server.hear(request);
        assert_eq!(heard[0].starts_with("H "), joins, "{request}: {heard:?}");
        assert_eq!(server.connection.outstanding(), 1 + usize::from(joins));
        if !joins {
            assert_eq!((heard.as_slice(), server.interest().read), (["Paused".to_owned()].as_slice(), false));
            respond(&mut server);
            assert!(server.events()[0].starts_with("H "), "held, not lost");
        }
    }
    // Behind an unsafe one nothing joins either.
    let mut server = One::server();
    server.hear("DELETE /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(server.hear(get("/2")), ["Paused"]);
}

#[test]
fn p9_n15_the_queue_is_as_deep_as_configured_and_then_reading_stops() {
    let mut config = Config::server();
    config.pipeline = Pipeline { depth: 3, safe_only: true };
    let mut server = One::server_with(config);
    let requests: String = (0..10_000).map(|index| get(&format!("/{index}"))).collect();
    let mut offered = requests.as_bytes();
    let mut answered = 0;
    while answered < 10_000 {
        while server.interest().read && !offered.is_empty() {
            let count = server.input.fill_from(&offered[..offered.len().min(4096)]);
            offered = &offered[count..];
            server.events();
        }
        assert_eq!(server.connection.outstanding(), 3.min(10_000 - answered), "at most `depth`");
        assert!(server.input.unread_len() <= 4096, "TCP holds the rest back");
        respond(&mut server);
        answered += 1;
        server.events();
        server.written();
    }
    assert_eq!(answered, 10_000);
}

// P7: the core hands out one after the other what the caller may do at once; answers go to the oldest.
#[test]
fn p7_answers_go_to_the_oldest_request() {
    let mut server = One::server();
    assert_eq!(
        server.hear(format!("{}HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.0\r\n\r\n", get("/1"))),
        ["H GET /1 HTTP/1.1", "M", "H HEAD /2 HTTP/1.1", "M", "H GET /3 HTTP/1.0", "M", "Closed"]
    );
    for expected in ["\r\n\r\nabc", "Content-Length: 3\r\n\r\n", "Connection: close\r\n\r\nabc"] {
        server.connection.respond(&OK, BodyLength::Exact(3), &mut server.out).unwrap();
        let sent = server.connection.send(b"abc", &mut server.out);
        assert_eq!(sent.is_err(), expected.starts_with("Content"), "no content to HEAD");
        server.connection.finish(None, &mut server.out).unwrap();
        let written = server.written();
        assert!(written.ends_with(expected), "{written}");
    }
    assert_eq!(server.connection.state(), State::Closing);
}

// RFC 9112 section 9.6: what was pipelined behind the last answer is owed none, and the close is an orderly one.
#[test]
fn nothing_is_owed_behind_the_last_answer() {
    let mut server = One::server();
    server.hear([get("/1"), get("/2"), get("/3")].concat());
    server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closing, 2));
    let late = server.connection.respond(&OK, BodyLength::Empty, &mut server.out);
    assert_eq!(late, Err(SendError::Closed));
    server.connection.abandon();
    server.connection.abandon();
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closing, 0));
    server.written();
    let interest = server.connection.interest(&server.out);
    assert_eq!((interest.shutdown_write, interest.read, interest.abort), (true, true, false));
}

#[test]
fn l10_a_reset_aborts_every_outstanding_exchange() {
    let mut server = One::server();
    server.hear([get("/1"), get("/2"), get("/3")].concat());
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    server.input.set_end(End::Aborted);
    assert_eq!(server.events().len(), 1);
    assert_eq!(server.connection.failure().unwrap().kind(), http_proto::RecvErrorKind::Aborted);
    assert_eq!((server.connection.state(), server.connection.outstanding()), (State::Closed, 3));
    assert_eq!(server.connection.send(b"x", &mut server.out), Err(SendError::Closed));
    for left in [2, 1, 0, 0] {
        server.connection.abandon();
        assert_eq!(server.connection.outstanding(), left);
    }
}

#[test]
fn l10_a_parse_error_waits_for_the_answers_before_it() {
    let mut server = One::server();
    let heard = server.hear(format!("{}{}GET / HTTP/1.1\r\n\r\n", get("/1"), get("/2")));
    assert_eq!(heard[4..], ["MissingHost at 17"]);
    let error = server.connection.failure().unwrap();
    assert_eq!(server.connection.outstanding(), 3, "the refusal is an answer too");
    for _ in 0..2 {
        assert_eq!(server.connection.refuse(error, None, &mut server.out), Err(SendError::NotYourTurn));
        assert_eq!(server.connection.step(&mut server.input), Err(error), "the same for ever");
        respond(&mut server);
        assert_eq!(server.written(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    server.connection.refuse(error, None, &mut server.out).unwrap();
    assert_eq!(server.written(), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!((server.connection.outstanding(), server.connection.state()), (0, State::Closing));
    assert_eq!(server.connection.refuse(error, None, &mut server.out), Err(SendError::Closed));
}

// Another answer may stand in the refusal's place; it closes. With a head out nothing is left but to abort.
#[test]
fn l10_a_refusal_may_be_replaced_but_not_follow_a_head() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\n\r\n");
    server.connection.respond(&ResponseHead::new(418), BodyLength::Exact(2), &mut server.out).unwrap();
    let _ = server.connection.send(b"no", &mut server.out).unwrap();
    server.connection.finish(None, &mut server.out).unwrap();
    assert!(server.written().contains("Connection: close\r\n\r\nno"));
    assert_eq!(server.connection.state(), State::Closing);

    let mut server = One::server();
    server.hear("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    assert_eq!(server.hear("x"), ["InvalidChunkSize at 56"]);
    let error = server.connection.failure().unwrap();
    assert_eq!(server.connection.refuse(error, None, &mut server.out), Err(SendError::AlreadyResponded));
    server.connection.abort();
    assert!(server.interest().abort && server.interest().close);
}

#[test]
fn l11_closed_is_not_dead_while_a_handler_works() {
    let mut server = One::server();
    server.hear([get("/1"), get("/2")].concat());
    server.connection.abort();
    assert_eq!(server.connection.state(), State::Closed);
    assert_eq!(server.connection.outstanding(), 2);
    // The first handler comes back late.
    assert_eq!(server.connection.respond(&OK, BodyLength::Empty, &mut server.out), Err(SendError::Closed));
    assert_eq!(server.connection.send(b"x", &mut server.out), Err(SendError::Closed));
    assert_eq!(server.connection.finish(None, &mut server.out), Err(SendError::Closed));
    server.connection.abandon();
    server.connection.abandon();
    assert_eq!((server.connection.outstanding(), server.written().as_str()), (0, ""));
    assert_eq!(server.events(), ["Closed"]);
}

// X5 (core part): opt-in, safe requests only, answers in order, and what got none is known.
#[test]
fn x5_client_pipelining() {
    let mut client = One::client();
    let get = |target| RequestHead::get("h", target);
    client.connection.start(&get("/1"), BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.connection.start(&get("/2"), BodyLength::Empty, &mut client.out), Err(SendError::PipelineFull));

    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 4, safe_only: true };
    let mut client = One::client_with(config.clone());
    for target in ["/1", "/2", "/3"] {
        client.connection.start(&get(target), BodyLength::Empty, &mut client.out).unwrap();
    }
    let post = RequestHead::new("POST", "/4").host("h");
    assert_eq!(client.connection.start(&post, BodyLength::Empty, &mut client.out), Err(SendError::NotPipelinable));
    let answers = "HTTP/1.1 200 A\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 B\r\nContent-Length: 3\r\n\r\nx";
    assert_eq!(client.hear(answers)[..4], ["H HTTP/1.1 200 A", "M", "H HTTP/1.1 200 B", "P x"]);
    client.input.set_end(End::Clean);
    assert_eq!(client.events(), ["IncompleteBody at 38"]);
    let unanswered: Vec<_> = client.connection.unanswered(&client.out).map(|it| (it.method, it.may_retry())).collect();
    assert_eq!(unanswered, [(MethodKind::Get, false), (MethodKind::Get, true)]);

    // Behind an offer, nothing: it might reach the next protocol.
    for (method, target, offer) in [("GET", "/", &["x"][..]), ("CONNECT", "h:1", &[])] {
        let mut client = One::client_with(config.clone());
        let mut head = RequestHead::new(method, target).upgrade(offer);
        head.host = (method == "GET").then_some("h");
        client.connection.start(&head, BodyLength::Empty, &mut client.out).unwrap();
        assert_eq!(
            client.connection.start(&get("/2"), BodyLength::Empty, &mut client.out),
            Err(SendError::NotPipelinable)
        );
    }
}

// An answer to an earlier request does not end the request that is being sent.
#[test]
fn x5_content_behind_an_outstanding_request() {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 2, safe_only: false };
    let mut client = One::client_with(config);
    client.connection.start(&RequestHead::get("h", "/1"), BodyLength::Empty, &mut client.out).unwrap();
    let post = RequestHead::new("POST", "/2").host("h");
    client.connection.start(&post, BodyLength::Unknown, &mut client.out).unwrap();
    client.written();
    client.hear("HTTP/1.1 204 \r\n\r\n");
    let _ = client.connection.send(b"abc", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    assert_eq!(client.written(), "3\r\nabc\r\n0\r\n\r\n");
}

#[test]
fn what_no_request_awaits_is_an_error_but_for_empty_lines() {
    let mut client = One::client();
    assert_eq!(client.hear("\r\n\r\n"), ["NeedInput"]);
    assert_eq!(client.hear("H"), ["UnsolicitedResponse at 0"]);
    assert_eq!(client.connection.state(), State::Closed);
    assert!(matches!(client.connection.event(&client.input), Event::Closed));
    assert!(client.connection.step(&mut client.input) != Ok(Step::Closed), "an error is for ever");

    // Behind an answer the place is counted anew.
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut client.out).unwrap();
    assert_eq!(client.hear("HTTP/1.1 204 \r\n\r\nH")[2..], ["UnsolicitedResponse at 0"]);
    let mut server = One::server();
    server.hear(get("/"));
    respond(&mut server);
    assert_eq!(server.hear("\r?"), ["BareCr at 1"]);
}
