//! Deadlines, failures of handlers, clients that go away, and the end of the server.

use crate::service::take;
use crate::{Answer, Client, start, within};
use http_tokio::{HalfClose, Response, serve, service_fn};
use std::convert::Infallible;
use std::io::ErrorKind;
use std::process::Stdio;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::sync::oneshot;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const GATE: &str = "GET /gate HTTP/1.1\r\nHost: h\r\n\r\n";
const SHORT: Duration = Duration::from_millis(50);

// N36
#[tokio::test]
async fn a_slow_head_is_refused() {
    let (server, probe) = start(|config| config.timeouts.head = SHORT).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(format!("{GET}GET / HT")).await;
    assert_eq!(client.answer().await.status(), "200");
    let answer = client.answer().await;
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
    assert_eq!(probe.called.load(SeqCst), 1);
}

// N36
#[tokio::test]
async fn a_body_without_progress_is_refused() {
    let (server, _) = start(|config| config.timeouts.body = SHORT).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").await;
    let answer = client.answer().await;
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
}

// N36
#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    const IDLE: Duration = Duration::from_millis(250);
    let (server, probe) = start(|config| config.timeouts.idle = IDLE).await;
    assert_eq!(Client::connect(server.local_addr()).await.rest().await, "");
    // A timer that was set before an exchange passes in the midst of it, and must be set anew behind it.
    let mut client = Client::connect(server.local_addr()).await;
    client.send(GET).await;
    assert_eq!(client.answer().await.status(), "200");
    client.send(GATE).await;
    take(&probe.arrived).await;
    tokio::time::sleep(2 * IDLE).await;
    probe.gate.add_permits(1);
    assert_eq!(client.answer().await.text(), "passed");
    assert_eq!(client.rest().await, "");
}

// I28
#[tokio::test]
async fn closing_closes_the_sending_side_first() {
    let (server, _) = start(|config| config.timeouts.linger = Duration::MAX).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /close HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(client.rest().await.ends_with("\r\n\r\nthe last"));
}

// N36
#[tokio::test]
async fn a_client_that_does_not_read_is_reset() {
    let (server, probe) = start(|config| config.timeouts.write = SHORT).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n").await;
    take(&probe.arrived).await;
    // Nothing was cut off by the shutdown, so the deadline has passed before.
    assert_eq!(within(server.shutdown(crate::DEADLINE)).await.cut_off, 0);
    let error = within(client.stream.read_to_end(&mut client.read)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

// N32
#[tokio::test]
async fn a_handler_that_fails_is_answered_for() {
    let (server, _) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    for target in ["/error", "/panic", "/invalid"] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n{GET}")).await;
        let Answer { head, content } = client.answer().await;
        assert!(head.starts_with("HTTP/1.1 500 ") && content.is_empty(), "{target}: {head}");
        assert_eq!(client.answer().await.text(), "Hello, World!");
    }
}

// N32, N45
#[tokio::test]
async fn an_answer_that_fails_is_cut_off() {
    let (server, _) = start(|_| {}).await;
    for target in ["/cut", "/short"] {
        let mut client = Client::connect(server.local_addr()).await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        let error = within(client.stream.read_to_end(&mut client.read)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{target}");
        let mut client = Client::connect(server.local_addr()).await;
        client.send(GET).await;
        assert_eq!(client.answer().await.status(), "200");
    }
}

// L12
#[tokio::test]
async fn a_reset_cancels_the_handler() {
    let (server, probe) = start(|_| {}).await;
    // Before and behind it nothing more is read: a whole request with content, and the next one.
    for request in [GATE.to_owned(), format!("POST /gate HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na{GET}")] {
        let mut client = Client::connect(server.local_addr()).await;
        client.send(request).await;
        take(&probe.arrived).await;
        client.stream.set_zero_linger().unwrap();
        drop(client);
        take(&probe.dropped).await;
    }
    assert_eq!(probe.called.load(SeqCst), 2);
}

#[tokio::test]
async fn a_half_close_cancels_the_handler_by_choice() {
    let (server, probe) = start(|config| config.half_close = HalfClose::Cancel).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(GATE).await;
    take(&probe.arrived).await;
    within(client.stream.shutdown()).await.unwrap();
    take(&probe.dropped).await;
}

/// Tries until no connection is accepted any more.
async fn refused(server: std::net::SocketAddr) {
    let all_refused = async {
        while TcpStream::connect(server).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within(all_refused).await;
}

// P15
#[tokio::test]
async fn a_shutdown_finishes_what_has_begun() {
    let (server, probe) = start(|_| {}).await;
    let address = server.local_addr();
    let idle = Client::connect(address).await;
    let mut busy = Client::connect(address).await;
    busy.send(GATE).await;
    take(&probe.arrived).await;
    let shutdown = tokio::spawn(server.shutdown(crate::DEADLINE));
    refused(address).await;
    assert_eq!(idle.rest().await, "");
    probe.gate.add_permits(1);
    let answer = busy.answer().await;
    assert!(answer.text() == "passed" && answer.closes(), "{answer:?}");
    assert_eq!(busy.rest().await, "");
    assert_eq!(within(shutdown).await.unwrap().cut_off, 0);
    assert_eq!(probe.dropped.available_permits(), 0);
}

// L16
#[tokio::test]
async fn a_shutdown_ends_with_a_stuck_handler() {
    let (server, probe) = start(|_| {}).await;
    let mut client = Client::connect(server.local_addr()).await;
    client.send(GATE).await;
    take(&probe.arrived).await;
    assert_eq!(within(server.shutdown(SHORT)).await.cut_off, 1);
    take(&probe.dropped).await;
    let error = within(client.stream.read_to_end(&mut client.read)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_signal_shuts_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let signal = async { stopped.await.unwrap() };
    let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(204)));
    let server = serve(listener, service).with_graceful_shutdown(signal).grace(crate::DEADLINE);
    let server = tokio::spawn(server.into_future());
    let mut client = Client::connect(address).await;
    client.send(GET).await;
    assert_eq!(client.answer().await.status(), "204");
    stop.send(()).unwrap();
    assert_eq!(client.rest().await, "");
    assert_eq!(within(server).await.unwrap().cut_off, 0);
}

/// N3. The test runs itself in a process that may open only a few descriptors.
#[tokio::test]
async fn the_accept_loop_survives_want_of_descriptors() {
    const CHILD: &str = "SERVE_WITH_FEW_DESCRIPTORS";
    const NAME: &str = "lifecycle::the_accept_loop_survives_want_of_descriptors";
    if std::env::var_os(CHILD).is_some() {
        let (server, _) = start(|_| {}).await;
        println!("\naddress {}", server.local_addr());
        // Until the parent closes the other end, or for as long as a test may last.
        let _ = tokio::time::timeout(
            crate::DEADLINE,
            tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())),
        )
        .await;
        return;
    }
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 32 && exec \"$0\" --exact --nocapture \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(NAME)
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = within(lines.next_line()).await.unwrap().expect("the address");
        if let Some(address) = line.strip_prefix("address ") {
            break address.parse().unwrap();
        }
    };
    let mut clients = Vec::new();
    for _ in 0..64 {
        let mut client = Client::connect(address).await;
        client.send(GET).await;
        clients.push(client);
    }
    // Closing them one by one makes room for all of the others, in the order of the backlog.
    for mut client in clients {
        assert_eq!(client.answer().await.status(), "200");
    }
    within(child.stdin.take().unwrap().shutdown()).await.unwrap();
    assert!(within(child.wait()).await.unwrap().success());
}
