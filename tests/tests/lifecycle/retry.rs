//! Which requests may be sent again when a connection breaks: those to which no octet of an answer came, if their method
//! is idempotent or no octet of them has left (RFC 9110 section 9.2.2, RFC 9112 sections 9.3.1 and 9.3.2).

use http_proto::{BodyLength, Client, Config, End, Pipeline, RequestHead};
use tests::pair::one::One;

const METHODS: [(&str, bool); 9] = [
    ("GET", true),
    ("HEAD", true),
    ("OPTIONS", true),
    ("PUT", true),
    ("DELETE", true),
    ("TRACE", true),
    ("POST", false),
    ("PATCH", false),
    ("get", false),
];

/// A client that pipelines whatever it is told to.
fn client() -> One<Client> {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 8, safe_only: false };
    One::client_with(config)
}

fn start(client: &mut One<Client>, method: &str, body: BodyLength) {
    client.connection.start(&RequestHead::new(method, "/").host("h"), body, &mut client.out).unwrap();
}

fn may_retry(client: &One<Client>) -> Vec<bool> {
    client.connection.unanswered(&client.out).map(|request| request.may_retry()).collect()
}

// X5: of a connection on which nothing came back, at both ends of an input.
#[test]
fn x5_by_method_and_by_what_has_left() {
    for (method, idempotent) in METHODS {
        for end in [End::Clean, End::Aborted] {
            for left in [0, 1, u64::MAX] {
                let mut client = client();
                start(&mut client, method, BodyLength::Empty);
                client.out.advance(left);
                client.input.set_end(end);
                assert_eq!(client.events().len(), 1);
                assert_eq!(may_retry(&client), [idempotent || left == 0], "{method}, {left} octets left, {end:?}");
            }
        }
    }
}

// X5: an answer that breaks off, at every octet; an interim one is one, an empty line in front of it is none.
#[test]
fn x5_an_octet_of_an_answer_is_one_too_many() {
    for (answer, none) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 0),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 0),
        ("\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 4),
        ("nonsense", 0),
        ("\r\n\r", 3),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 0),
    ] {
        for length in 0..=answer.len() {
            for left in [0, u64::MAX] {
                let mut client = client();
                start(&mut client, "GET", BodyLength::Empty);
                client.out.advance(left);
                client.hear(&answer[..length]);
                client.input.set_end(End::Aborted);
                client.events();
                assert_eq!(may_retry(&client), [length <= none], "{length} octets of {answer:?}");
            }
        }
    }
}

// X5: each of several on its own: the octets that have left divide them, the first one alone can have been answered.
#[test]
fn x5_each_of_a_pipeline_on_its_own() {
    let lengths = |client: &mut One<Client>| {
        let mut ends = Vec::new();
        for (method, body) in [("PUT", 3), ("POST", 0), ("GET", 0), ("POST", 500_000)] {
            let exact = if body == 0 { BodyLength::Empty } else { BodyLength::Unknown };
            start(client, method, exact);
            if body > 0 {
                let _ = client.connection.send_owned(vec![b'x'; body].into(), &mut client.out).unwrap();
                let _ = client.connection.send(b"y", &mut client.out).unwrap();
                let _ = client.connection.send_external(7, &mut client.out).unwrap();
                client.connection.finish(None, &mut client.out).unwrap();
            }
            ends.push(client.out.len());
        }
        ends
    };
    let ends = lengths(&mut client());
    let beginnings = [0, ends[0], ends[1], ends[2]];
    for position in beginnings.into_iter().chain(ends.clone()).flat_map(|at| at.saturating_sub(2)..at + 3) {
        for heard in ["", "H"] {
            let mut client = client();
            lengths(&mut client);
            client.out.advance(position);
            client.hear(heard);
            client.connection.abort();
            let left = beginnings.map(|begins| begins < position.min(ends[3]));
            assert_eq!(may_retry(&client), [heard.is_empty(), !left[1], true, !left[3]], "{position}, {heard:?}");
            let unanswered: Vec<_> = client.connection.unanswered(&client.out).collect();
            assert_eq!(unanswered.iter().map(|request| request.left).collect::<Vec<_>>(), left, "{position}");
        }
    }
}

// X5: behind an answered request, with another buffer: positions are those of what is unwritten now.
#[test]
fn x5_another_exchange_in_another_buffer() {
    let mut client = client();
    start(&mut client, "POST", BodyLength::Empty);
    assert_eq!(may_retry(&client), [true]);
    client.written();
    assert_eq!(may_retry(&client), [false]);
    client.hear("HTTP/1.1 204 \r\n\r\n");
    client.out = http_proto::SendBuf::new();
    start(&mut client, "POST", BodyLength::Empty);
    assert_eq!(may_retry(&client), [true]);
    // Answered before it was written: what is left of it stands in front of the next one.
    let first = client.out.len();
    client.hear("HTTP/1.1 204 \r\n\r\n");
    start(&mut client, "POST", BodyLength::Empty);
    client.out.advance(first);
    assert_eq!(may_retry(&client), [true]);
    client.out.advance(1);
    assert_eq!(may_retry(&client), [false]);
}

// X5: octets in the hands of a completion queue may be written.
#[test]
fn x5_what_is_in_flight_has_left() {
    let mut client = client();
    start(&mut client, "POST", BodyLength::Empty);
    let octets = client.out.pop_owned().unwrap();
    assert_eq!(may_retry(&client), [false]);
    assert!(!client.connection.awaits_answer(&client.out), "nor is it known to be");
    client.out.advance(octets.len() as u64);
    assert!(client.connection.awaits_answer(&client.out));
}

// X5: what is known lasts until it is given up.
#[test]
fn x5_it_is_known_after_the_end() {
    let mut client = client();
    for method in ["POST", "GET"] {
        start(&mut client, method, BodyLength::Empty);
    }
    client.out.advance(1);
    client.connection.abort();
    for _ in 0..2 {
        assert_eq!(client.events(), ["Closed"]);
        assert_eq!(may_retry(&client), [false, true]);
    }
    client.connection.abandon();
    assert_eq!(may_retry(&client), [true]);
    client.connection.abandon();
    assert_eq!(may_retry(&client), [false; 0]);
}

fn awaits(client: &One<Client>) -> bool {
    client.connection.awaits_answer(&client.out)
}

// What a deadline for the first octet runs on: the whole request is out, and nothing of an answer is there.
#[test]
fn an_answer_is_awaited_from_the_last_octet_to_the_first() {
    let mut client = client();
    assert!(!awaits(&client));
    start(&mut client, "POST", BodyLength::Exact(2));
    client.written();
    assert!(!awaits(&client), "content is due");
    let _ = client.connection.send(b"ab", &mut client.out).unwrap();
    client.connection.finish(None, &mut client.out).unwrap();
    client.out.advance(1);
    assert!(!awaits(&client), "an octet is left");
    client.out.advance(1);
    assert!(awaits(&client));
    // Neither an empty line nor half of one is an answer.
    for octets in ["\r", "\n", "\r\n"] {
        client.hear(octets);
        assert!(awaits(&client));
    }
    for octets in ["HTTP/1.1 103 \r\n\r", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r"] {
        client.hear(octets);
        assert!(!awaits(&client));
        client.hear("\n");
        assert_eq!(awaits(&client), octets.contains("103"));
    }
    client.hear("x");
    assert!(!awaits(&client) && client.connection.outstanding() == 0);
}

#[test]
fn an_answer_is_awaited_for_the_oldest_request() {
    let mut client = client();
    start(&mut client, "GET", BodyLength::Empty);
    let first = client.out.len();
    start(&mut client, "POST", BodyLength::Unknown);
    client.out.advance(first - 1);
    assert!(!awaits(&client));
    client.out.advance(1);
    assert!(awaits(&client), "whatever is left of those behind it");
    client.hear("HTTP/1.1 204 \r\n\r\n");
    client.written();
    assert!(!awaits(&client), "the second one is not whole");
    client.connection.finish(None, &mut client.out).unwrap();
    client.written();
    assert!(awaits(&client));
    client.input.set_end(End::Clean);
    client.events();
    assert!(!awaits(&client), "it is over");
}

// A request that cannot go out as a whole is awaited no less.
#[test]
fn an_answer_is_awaited_where_nothing_more_can_be_written() {
    let mut client = client();
    start(&mut client, "POST", BodyLength::Exact(9));
    assert!(!awaits(&client));
    client.connection.delivery_failed();
    assert!(awaits(&client));
}
