//! Raw sockets: input in odd pieces, pipelines, bodies that are read late or never, and what cannot be read at all.

use super::{DEADLINE, GET, Rig, get, post, start_routes};
use std::io::{ErrorKind, Write};
use std::time::Duration;

pub fn a_byte_at_a_time(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    let head = "POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for octet in format!("{head}3\r\nabc\r\n0\r\nA: b\r\n\r\n{GET}").bytes() {
        client.send([octet]);
        std::thread::yield_now();
    }
    assert_eq!(client.answer().text(), "3 a=b");
    assert_eq!(client.answer().text(), "Hello, World!");
    assert_eq!(probe.calls(), 2);
}

pub fn the_peer_is_known(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/peer"));
    assert_eq!(client.answer().text(), client.stream.local_addr().unwrap().to_string());
}

// L6
pub fn a_pipeline_is_answered_in_order(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    let requests: String = (0..16).map(|n| get(&format!("/{n}"))).collect();
    client.send(requests);
    for n in 0..16 {
        assert_eq!(client.answer().text(), format!("/{n}"));
    }
}

// L6: more than a server does at a stretch, in one read.
pub fn a_long_pipeline_is_answered(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(GET.repeat(200));
    for _ in 0..200 {
        assert_eq!(client.answer().text(), "Hello, World!");
    }
}

// P7, L7
pub fn handlers_run_one_at_a_time(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{}abc{}{GET}", post("/gate-then-count", 3), get("/gate")));
    for answer in ["3", "passed"] {
        probe.arrived.take();
        assert_eq!(probe.arrived.available(), 0);
        probe.gate.add(1);
        assert_eq!(client.answer().text(), answer);
    }
    assert_eq!(client.answer().text(), "Hello, World!");
}

// P9, N18
pub fn a_pipeline_that_is_read_slowly_is_held_back(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/large").repeat(1000));
    for n in 0..1000 {
        let answer = client.answer();
        assert!(answer.content.len() == 64 * 1024 && answer.content.iter().all(|&octet| octet == b'x'));
        // What is answered lies in the buffers of both sockets, a few MiB, and in a send buffer; not all 62 MiB.
        let ahead = probe.calls() - n;
        assert!(ahead < 500, "{ahead} requests answered ahead of the client");
    }
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
}

// N13
pub fn a_half_closed_client_gets_its_answer(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    client.half_close();
    probe.gate.add(1);
    assert!(client.rest().ends_with("\r\n\r\npassed"));
    assert_eq!(probe.dropped.available(), 0);
}

// N18, L12
pub fn an_endless_answer_waits_for_its_client_and_ends_with_it(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/endless"));
    for _ in 0..100 {
        client.more();
        client.read.clear();
        std::thread::yield_now();
    }
    // 100 reads, what the sockets hold, and one send buffer.
    assert!(probe.calls() < 2000, "{} frames", probe.calls());
    client.reset();
    probe.dropped.take();
}

// I15, X4
pub fn other_protocols_are_declined(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{GET}"));
    assert_eq!(client.answer().text(), "Hello, World!");
    assert_eq!(client.answer().text(), "Hello, World!");
    client.send("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n");
    let answer = client.answer();
    assert!(answer.status() == "404" && answer.closes(), "{answer:?}");
}

pub fn an_answer_may_close_and_have_its_own_date(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{}{}{GET}", get("/dated"), get("/close")));
    let answer = client.answer();
    assert_eq!(answer.head.to_lowercase().matches("date: ").count(), 1);
    assert!(answer.head.contains("\r\ndate: Tue, 15 Nov 1994 08:12:31 GMT\r\n") && !answer.closes(), "{answer:?}");
    assert!(client.answer().closes());
    client.half_close();
    assert_eq!(client.rest(), "");
    assert_eq!(probe.calls(), 2);
}

// I28, L8
pub fn a_refusal_can_be_read_while_input_goes_on(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |config| config.limits.linger = 2 * 1024 * 1024);
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nBad Field: x\r\n\r\n");
    client.send(vec![b'x'; 1024 * 1024]);
    client.half_close();
    let answer = client.rest();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.contains("\r\nContent-Length: 0\r\n"), "{answer}");
    assert_eq!(probe.calls(), 0);
}

// L10
pub fn requests_before_a_bad_one_are_answered(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{GET}{GET}GET / HTTP/2.0\r\n\r\n{GET}"));
    for status in ["200", "200", "505"] {
        assert_eq!(client.answer().status(), status);
    }
    client.half_close();
    assert_eq!(client.rest(), "");
}

pub fn an_unknown_expectation_is_declined_without_the_handler(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: the-unexpected\r\n\r\n");
    assert_eq!(client.answer().status(), "417");
    assert_eq!(probe.calls(), 0);
    client.send(GET);
    assert_eq!(client.answer().status(), "200");
}

// N8
pub fn an_early_answer_spares_a_held_back_upload(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    let answer = client.answer();
    assert!(answer.status() == "401" && answer.closes(), "{answer:?}");
    client.half_close();
    assert_eq!(client.rest(), "");
}

// X2: the echo's own head waits for the content, so that the client can be told what is wrong with it.
pub fn an_echo_of_broken_content_is_refused(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    let expect = "Transfer-Encoding: chunked\r\nExpect: 100-continue";
    client.send(format!("POST /echo HTTP/1.1\r\nHost: h\r\n{expect}\r\n\r\n"));
    assert_eq!(client.answer().head, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("xyz\r\n");
    let answer = client.answer();
    assert!(answer.status() == "400" && answer.closes(), "{answer:?}");
}

// L9
pub fn a_short_unread_body_is_swallowed(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/refuse", 200_000));
    assert_eq!(client.answer().status(), "401");
    client.send(vec![b'x'; 200_000]);
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
}

// L9
pub fn a_long_unread_body_closes_the_connection(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/refuse", 300_000));
    client.send(vec![b'x'; 1000]);
    assert_eq!(client.answer().status(), "401");
    client.send(GET);
    client.half_close();
    assert_eq!(client.rest(), "");
    assert_eq!(probe.calls(), 1);
}

// N15
pub fn an_upload_waits_for_its_reader(rig: impl Rig) {
    const LENGTH: usize = 64 * 1024 * 1024;
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/gate-then-count", LENGTH));
    probe.arrived.take();
    // Until the socket takes no more for a while; were all of it taken in, it would never come to that.
    let block = vec![b'x'; 256 * 1024];
    let mut sent = 0;
    client.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    loop {
        match client.stream.write(&block) {
            Ok(written) => sent += written,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => panic!("{error}"),
        }
        assert!(sent < LENGTH / 2, "{sent} octets taken in though nobody reads them");
    }
    client.stream.set_write_timeout(Some(DEADLINE)).unwrap();
    probe.gate.add(1);
    while sent < LENGTH {
        let more = block.len().min(LENGTH - sent);
        client.send(&block[..more]);
        sent += more;
    }
    assert_eq!(client.answer().text(), LENGTH.to_string());
}

// N48
pub fn a_body_over_the_limit_is_413(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{}0123456789abcdef", post("/collect", 16)));
    assert_eq!(client.answer().text(), "0123456789abcdef");
    client.send(format!("{}0123456789abcdefg", post("/collect", 17)));
    assert_eq!(client.answer().status(), "413");
    client.send("POST /collect HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("9\r\n012345678\r\n9\r\n012345678\r\n0\r\n\r\n");
    assert_eq!(client.answer().status(), "413");
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
}

// N31
pub fn a_body_that_breaks_off_or_breaks_the_rules_is_an_error(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{}abc", post("/count", 9)));
    client.half_close();
    let answer = client.rest();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\r\nConnection: close\r\n"), "{answer}");

    let mut client = server.client();
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    let answer = client.answer();
    assert!(answer.status() == "400" && answer.closes(), "{answer:?}");
}

// On a rig with threads, reader and connection really meet.
pub fn a_body_may_be_read_in_another_task(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    for _ in 0..200 {
        client.send(format!("{}ab", post("/elsewhere", 4)));
        std::thread::yield_now();
        client.send("cd");
        assert_eq!(client.answer().text(), "abcd");
    }
}

pub fn a_reader_that_outlives_the_exchange_is_told(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{}ab", post("/leave", 4)));
    assert_eq!(client.answer().status(), "200");
    probe.dropped.take();
    client.send(format!("cd{GET}"));
    assert_eq!(client.answer().text(), "Hello, World!");
}

// N13
pub fn a_pipeline_behind_which_the_client_half_closes_is_answered(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/gate") + &post("/count", 3) + "abc" + &get("/gate"));
    client.half_close();
    for answer in ["passed", "3", "passed"] {
        if answer == "passed" {
            probe.arrived.take();
            probe.gate.add(1);
        }
        assert_eq!(client.answer().text(), answer);
    }
    assert_eq!(client.rest(), "");
}

// X3, N30
pub fn an_echo_has_the_trailers_too(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert!(client.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    assert_eq!(client.octets(8), b"3\r\nabc\r\n");
    client.send("2\r\nde\r\n0\r\nSum: 5\r\n\r\n");
    let rest = "2\r\nde\r\n0\r\nsum: 5\r\n\r\n";
    assert_eq!(client.octets(rest.len()), rest.as_bytes());
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
}
