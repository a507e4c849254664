//! The mutation loops: every octet at every position of templates, and all pairs of line ends at the four places where
//! a chunked body has one. What follows the message is a request or a response of its own, so that a parser which finds
//! another end shows it.

use http_proto::End;
use tests::differential::{agree, error_is_certain_at_its_octet, httparse_agrees};
use tests::drive::{Setup, Storage};
use tests::reference::{Outstanding, Role};

const NEXT_REQUEST: &[u8] = b"GET /n HTTP/1.1\r\nHost: n\r\n\r\n";
const NEXT_RESPONSE: &[u8] = b"HTTP/1.1 204 N\r\n\r\n";

const REQUESTS: [&[u8]; 9] = [
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello, world",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost:a\r\ntransfer-encoding: Chunked\r\n\r\n0a;e=v ; f=\"q\\\"\"\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost:\r\nTransfer-Encoding:chunked\r\n\r\n2\r\nab\r\n00;z\r\nT: a\r\nU:\r\n\r\n",
    b"GET http://h:80/?q HTTP/1.1\r\nHost: h.example:80\r\nA: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\nHost: [2001:db8::1]:443\r\nConnection: x, close\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\nB:  \x80 \r\n\r\n",
    b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x/1, y\r\nContent-Length: 2\r\n\r\nok",
];

const RESPONSES: [&[u8]; 6] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nA: b\r\n\r\nhello, world",
    b"HTTP/1.1 200 \r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: a\r\n b\r\n\r\n",
    b"HTTP/1.1 103 E\r\nA:\r\n\r\nHTTP/1.1 206 Partial \xc3\r\nA: b\r\n\tc\r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x;a=\",chunked\"\r\n\r\nuntil the end",
];

fn setups(role: Role) -> Vec<Setup> {
    let asked = |method: &[u8], upgrade| Outstanding { method: method.to_vec(), upgrade };
    match role {
        Role::Server => vec![Setup::server()],
        Role::Client => vec![
            Setup::client(&[asked(b"GET", true), asked(b"GET", false)]),
            Setup::client(&[asked(b"HEAD", false), asked(b"GET", false)]),
        ],
    }
}

/// Each of 256 octets at each position, hostile ones in front of it too, and each position left out.
fn mutate(role: Role, templates: &[&[u8]], next: &[u8]) {
    for template in templates {
        let template = [template, next].concat();
        for (index, setup) in setups(role).into_iter().enumerate() {
            let outcome = agree(&setup, &template, true);
            assert!(index > 0 || !outcome.messages.is_empty(), "{outcome:?}");
            for at in 0..template.len() {
                let (front, back) = (&template[..at], &template[at + 1..]);
                check(&setup, &[front, back].concat(), at);
                for octet in 0..=255 {
                    check(&setup, &[front, &[octet], back].concat(), at);
                }
                for &octet in b"\r\n \t:;=,\"\\\0\x7f\x800aG/" {
                    check(&setup, &[front, &[octet], &template[at..]].concat(), at);
                }
            }
        }
    }
}

const END: Option<End> = Some(End::Clean);

fn check(setup: &Setup, input: &[u8], at: usize) {
    let outcome = agree(setup, input, true);
    agree(setup, input, false);
    error_is_certain_at_its_octet(setup, input, &outcome);
    httparse_agrees(setup, input, &outcome);
    let (front, back) = input.split_at(at);
    for pieces in [setup.run(Storage::Slice, input.chunks(1), END), setup.run(Storage::Vec, [front, back], END)] {
        assert_eq!(pieces, outcome, "{:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn every_octet_at_every_position_of_requests() {
    mutate(Role::Server, &REQUESTS, NEXT_REQUEST);
}

#[test]
fn every_octet_at_every_position_of_responses() {
    mutate(Role::Client, &RESPONSES, NEXT_RESPONSE);
}

const LINE_ENDS: [&[u8]; 7] = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\r\n\n", b" \r\n", b";\n"];

#[test]
fn all_line_ends_at_all_places_of_a_chunked_body() {
    let mut accepted = 0;
    let heads: [(Role, &[u8], &[u8]); 2] = [
        (Role::Server, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", NEXT_REQUEST),
        (Role::Client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", NEXT_RESPONSE),
    ];
    for (role, head, next) in heads {
        for trailer in [&b""[..], b"T: a"] {
            // All pairs of places and ends are among all fours.
            for ends in 0..LINE_ENDS.len().pow(4) {
                let end = |place: u32| LINE_ENDS[ends / LINE_ENDS.len().pow(place) % LINE_ENDS.len()];
                let mut input = [head, b"3", end(0), b"abc", end(1), b"0", end(2), trailer].concat();
                input.extend_from_slice(if trailer.is_empty() { b"" } else { end(3) });
                input.extend_from_slice(if trailer.is_empty() { end(3) } else { b"\r\n" });
                input.extend_from_slice(next);
                for setup in setups(role) {
                    check(&setup, &input, head.len() + ends % 20);
                    let outcome = agree(&setup, &input, true);
                    let strict = (0..4).all(|place| end(place) == b"\r\n");
                    // Behind a field value a blank is OWS; behind the last CRLF, LF begins the next message wrongly.
                    let last = if trailer.is_empty() { b"\r\n\n" } else { &b" \r\n"[..] };
                    let nearly = end(3) == last && (0..3).all(|place| end(place) == b"\r\n");
                    let has_body = outcome.messages.first().is_some_and(|message| message.body == b"abc");
                    let to_head = setup.requests.first().is_some_and(|asked| asked.method == b"HEAD");
                    assert_eq!(has_body, (strict || nearly) && !to_head, "{:?}", String::from_utf8_lossy(&input));
                    assert_eq!(outcome.error().is_none(), has_body && end(3) != b"\r\n\n");
                    accepted += usize::from(outcome.error().is_none());
                }
            }
        }
    }
    // Two roles, without trailers one way, with trailers two.
    assert_eq!(accepted, 6);
}
