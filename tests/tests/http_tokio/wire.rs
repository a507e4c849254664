//! Raw sockets: input in odd pieces, pipelines, bodies that are read late or never, and what cannot be read at all.

use crate::service::take;
use crate::{Client, start, within};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn post(target: &str, length: usize) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_byte_at_a_time() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    let head = "POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for octet in format!("{head}3\r\nabc\r\n0\r\nA: b\r\n\r\n{GET}").bytes() {
        client.send([octet]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.answer().await.text(), "3 A=b");
    assert_eq!(client.answer().await.text(), "Hello, World!");
    assert_eq!(probe.called.load(SeqCst), 2);
}

#[tokio::test]
async fn the_peer_is_known() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /peer HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), client.stream.local_addr().unwrap().to_string());
}

// L6
#[tokio::test]
async fn a_pipeline_is_answered_in_order() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    let requests: String = (0..16).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: h\r\n\r\n")).collect();
    client.send(requests).await;
    for n in 0..16 {
        assert_eq!(client.answer().await.text(), format!("/{n}"));
    }
}

// P7, L7
#[tokio::test]
async fn handlers_run_one_at_a_time() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{}abcGET /gate HTTP/1.1\r\nHost: h\r\n\r\n{GET}", post("/gate-then-count", 3))).await;
    for answer in ["3", "passed"] {
        take(&probe.arrived).await;
        assert_eq!(probe.arrived.available_permits(), 0);
        probe.gate.add_permits(1);
        assert_eq!(client.answer().await.text(), answer);
    }
    assert_eq!(client.answer().await.text(), "Hello, World!");
}

// P9, N18
#[tokio::test]
async fn a_pipeline_that_is_read_slowly_is_held_back() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000)).await;
    for n in 0..1000 {
        let answer = client.answer().await;
        assert!(answer.content.len() == 64 * 1024 && answer.content.iter().all(|&octet| octet == b'x'));
        // What is answered lies in the buffers of both sockets, a few MiB, and in a send buffer; not all 62 MiB.
        let ahead = probe.called.load(SeqCst) - n;
        assert!(ahead < 500, "{ahead} requests answered ahead of the client");
    }
    client.send(GET).await;
    assert_eq!(client.answer().await.text(), "Hello, World!");
}

// N13
#[tokio::test]
async fn a_half_closed_client_gets_its_answer() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n").await;
    take(&probe.arrived).await;
    within(client.stream.shutdown()).await.unwrap();
    probe.gate.add_permits(1);
    assert!(client.rest().await.ends_with("\r\n\r\npassed"));
    assert_eq!(probe.dropped.available_permits(), 0);
}

// N18, L12
#[tokio::test]
async fn an_endless_answer_waits_for_its_client_and_ends_with_it() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await;
    for _ in 0..100 {
        client.more().await;
        client.read.clear();
        tokio::task::yield_now().await;
    }
    // 100 reads, what the sockets hold, and one send buffer.
    assert!(probe.called.load(SeqCst) < 2000, "{} frames", probe.called.load(SeqCst));
    client.stream.set_zero_linger().unwrap();
    drop(client);
    take(&probe.dropped).await;
}

// I15, X4
#[tokio::test]
async fn other_protocols_are_declined() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{GET}")).await;
    assert_eq!(client.answer().await.text(), "Hello, World!");
    assert_eq!(client.answer().await.text(), "Hello, World!");
    client.send("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.status() == "404" && answer.closes(), "{answer:?}");
}

#[tokio::test]
async fn an_answer_may_close_and_have_its_own_date() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    let get = |target| format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
    client.send(format!("{}{}{GET}", get("/dated"), get("/close"))).await;
    let answer = client.answer().await;
    assert_eq!(answer.head.matches("Date: ").count(), 1);
    assert!(answer.head.contains("\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n") && !answer.closes(), "{answer:?}");
    assert!(client.answer().await.closes());
    within(client.stream.shutdown()).await.unwrap();
    assert_eq!(client.rest().await, "");
    assert_eq!(probe.called.load(SeqCst), 2);
}

// I28, L8
#[tokio::test]
async fn a_refusal_can_be_read_while_input_goes_on() {
    let (server, probe) = start(|config| config.limits.linger = 2 * 1024 * 1024).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET / HTTP/1.1\r\nHost: h\r\nBad Field: x\r\n\r\n").await;
    client.send(vec![b'x'; 1024 * 1024]).await;
    within(client.stream.shutdown()).await.unwrap();
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.contains("\r\nContent-Length: 0\r\n"), "{answer}");
    assert_eq!(probe.called.load(SeqCst), 0);
}

// L10
#[tokio::test]
async fn requests_before_a_bad_one_are_answered() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{GET}{GET}GET / HTTP/2.0\r\n\r\n{GET}")).await;
    for status in ["200", "200", "505"] {
        assert_eq!(client.answer().await.status(), status);
    }
    within(client.stream.shutdown()).await.unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_unknown_expectation_is_declined_without_the_handler() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: the-unexpected\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), "417");
    assert_eq!(probe.called.load(SeqCst), 0);
    client.send(GET).await;
    assert_eq!(client.answer().await.status(), "200");
}

// N8
#[tokio::test]
async fn an_early_answer_spares_a_held_back_upload() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.status() == "401" && answer.closes(), "{answer:?}");
    within(client.stream.shutdown()).await.unwrap();
    assert_eq!(client.rest().await, "");
}

// X2: the echo's own head waits for the content, so that the client can be told what is wrong with it.
#[tokio::test]
async fn an_echo_of_broken_content_is_refused() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    let expect = "Transfer-Encoding: chunked\r\nExpect: 100-continue";
    client.send(format!("POST /echo HTTP/1.1\r\nHost: h\r\n{expect}\r\n\r\n")).await;
    assert_eq!(client.answer().await.head, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("xyz\r\n").await;
    let answer = client.answer().await;
    assert!(answer.status() == "400" && answer.closes(), "{answer:?}");
}

// L9
#[tokio::test]
async fn a_short_unread_body_is_swallowed() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(post("/refuse", 200_000)).await;
    assert_eq!(client.answer().await.status(), "401");
    client.send(vec![b'x'; 200_000]).await;
    client.send(GET).await;
    assert_eq!(client.answer().await.text(), "Hello, World!");
}

// L9
#[tokio::test]
async fn a_long_unread_body_closes_the_connection() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(post("/refuse", 300_000)).await;
    client.send(&vec![b'x'; 1000]).await;
    assert_eq!(client.answer().await.status(), "401");
    client.send(GET).await;
    within(client.stream.shutdown()).await.unwrap();
    assert_eq!(client.rest().await, "");
    assert_eq!(probe.called.load(SeqCst), 1);
}

// N15
#[tokio::test]
async fn an_upload_waits_for_its_reader() {
    const LENGTH: usize = 64 * 1024 * 1024;
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(post("/gate-then-count", LENGTH)).await;
    take(&probe.arrived).await;
    // Until the socket takes no more for a while; were all of it taken in, it would never come to that.
    let block = vec![b'x'; 256 * 1024];
    let mut sent = 0;
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(500), client.stream.write(&block)).await {
        sent += written.unwrap();
        assert!(sent < LENGTH / 2, "{sent} octets taken in though nobody reads them");
    }
    probe.gate.add_permits(1);
    while sent < LENGTH {
        let more = block.len().min(LENGTH - sent);
        client.send(&block[..more]).await;
        sent += more;
    }
    assert_eq!(client.answer().await.text(), LENGTH.to_string());
}

// N48
#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{}0123456789abcdef", post("/collect", 16))).await;
    assert_eq!(client.answer().await.text(), "0123456789abcdef");
    client.send(format!("{}0123456789abcdefg", post("/collect", 17))).await;
    assert_eq!(client.answer().await.status(), "413");
    client.send("POST /collect HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.send("9\r\n012345678\r\n9\r\n012345678\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), "413");
    client.send(GET).await;
    assert_eq!(client.answer().await.text(), "Hello, World!");
}

// N31
#[tokio::test]
async fn a_body_that_breaks_off_or_breaks_the_rules_is_an_error() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{}abc", post("/count", 9))).await;
    within(client.stream.shutdown()).await.unwrap();
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\r\nConnection: close\r\n"), "{answer}");

    let mut client = Client::connect(server.local_addr()).await;
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").await;
    let answer = client.answer().await;
    assert!(answer.status() == "400" && answer.closes(), "{answer:?}");
}

// On threads, so that reader and connection really meet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_be_read_in_another_task() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    for _ in 0..200 {
        client.send(format!("{}ab", post("/elsewhere", 4))).await;
        tokio::task::yield_now().await;
        client.send("cd").await;
        assert_eq!(client.answer().await.text(), "abcd");
    }
}

#[tokio::test]
async fn a_reader_that_outlives_the_exchange_is_told() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{}ab", post("/leave", 4))).await;
    assert_eq!(client.answer().await.status(), "200");
    take(&probe.dropped).await;
    client.send(format!("cd{GET}")).await;
    assert_eq!(client.answer().await.text(), "Hello, World!");
}
