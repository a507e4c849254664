//! What the client adds to the core: which requests it sends again, and how; how many connections it opens. Checked on
//! sockets, against scripted servers.

use http_tokio::{BoxError, Client, PoolLimits};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tests::raw_server::RawServer;
use tokio::task::JoinSet;

checks![
    a_broken_pipeline_is_repeated_one_by_one,
    connections_to_a_server_are_limited,
    only_idempotent_requests_are_repeated,
    a_declined_expectation_is_dropped,
];

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// Of its connection.
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

fn run<T>(work: impl Future<Output = Result<T, BoxError>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let within = async { tokio::time::timeout(Duration::from_secs(30), work).await };
    runtime.block_on(within).expect("in time").unwrap()
}

fn url(server: &RawServer) -> String {
    format!("http://{}/", server.address())
}

async fn get(client: Client, url: String) -> Result<(), BoxError> {
    let mut response = client.get(url).send().await?;
    assert_eq!(response.body_mut().collect(10).await?, "ok");
    Ok(())
}

/// So many requests at once.
async fn get_all(client: &Client, url: &str, requests: usize) -> Result<(), BoxError> {
    let mut all: JoinSet<_> = (0..requests).map(|_| get(client.clone(), url.to_owned())).collect();
    while let Some(one) = all.join_next().await {
        one??;
    }
    Ok(())
}

#[test]
fn a_broken_pipeline_is_repeated_one_by_one() {
    covers!("R9112-9.3.2-03");
    let server = RawServer::start(|number, mut peer| {
        if number == 0 {
            (0..4).for_each(|_| drop(peer.head()));
            // Answered is one of four.
            return peer.send(OK);
        }
        peer.head();
        peer.pause(Duration::from_millis(20));
        assert_eq!(peer.look().unwrap(), 0, "another request in front of the answer");
        peer.send(LAST);
    });
    let client = Client::builder().pipelining(4).build();
    run(get_all(&client, &url(&server), 4));
    assert!(server.connections() > 1);
    drop(client);
    server.finish();
}

#[test]
fn connections_to_a_server_are_limited() {
    covers!("R9112-9.4-01");
    let (open, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let server = RawServer::start(move |_, mut peer| {
        seen.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
        peer.head();
        peer.pause(Duration::from_millis(5));
        // Behind the answer there may be another connection.
        open.fetch_sub(1, SeqCst);
        peer.send(LAST);
    });
    let mut limits = PoolLimits::default();
    limits.per_target = 2;
    run(get_all(&Client::builder().limits(limits).build(), &url(&server), 24));
    assert_eq!(server.connections(), 24);
    assert!(most.load(SeqCst) <= 2, "{most:?}");
    server.finish();
}

#[test]
fn only_idempotent_requests_are_repeated() {
    covers!("R9110-9.2.2-01");
    for (method, repeated) in [("GET", true), ("PUT", true), ("DELETE", true), ("POST", false), ("PATCH", false)] {
        // The second request on the first connection gets no answer, only the end.
        let server = RawServer::start(|number, mut peer| {
            peer.head();
            peer.send(OK);
            if number == 0 {
                peer.head();
            }
        });
        let (client, url) = (Client::new(), url(&server));
        run(async {
            get(client.clone(), url.clone()).await?;
            let again = client.request(method.parse()?, url).body("").send().await;
            assert_eq!(again.is_ok(), repeated, "{method}");
            Ok(())
        });
        assert_eq!(server.connections(), if repeated { 2 } else { 1 }, "{method}");
        server.finish();
    }
}

#[test]
fn a_declined_expectation_is_dropped() {
    covers!("R9110-10.1.1-05");
    let server = RawServer::start(|number, mut peer| {
        let head = peer.head();
        assert_eq!(head.contains("\r\nExpect: 100-continue\r\n"), number == 0, "{head}");
        if number == 0 {
            return peer.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        }
        assert_eq!(peer.octets(7), b"content");
        peer.send(OK);
    });
    let mut response =
        run(async { Ok(Client::new().post(url(&server)).expect_continue().body("content").send().await?) });
    assert_eq!(response.status(), 200);
    drop(std::mem::take(response.body_mut()));
    server.finish();
}
