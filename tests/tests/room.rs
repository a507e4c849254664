//! Transports that take whatever they are given at once: nobody is woken to write the rest, for there is none.

use http_tokio::role::Server;
use http_tokio::{
    Body, BodyLength, BoxError, Config, Connection, Event, Flow, Inbox, Request, Response, ResponseHead, serve_stream,
    service_fn,
};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(20);
/// More than is ever written here.
const ROOMY: usize = 16 * 1024 * 1024;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
/// More than a connection lets wait for company.
const LARGE: usize = 100 * 1024;

/// Not `timeout`, whose end would wake what nobody else has woken, and let it succeed.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::select! {
        biased;
        () = sleep(DEADLINE) => panic!("the deadline of the test"),
        output = future => output,
    }
}

/// Reads an answer with content of this length.
async fn answer(client: &mut DuplexStream, content: usize) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(read).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    client.read_exact(&mut vec![0; content]).await.unwrap();
}

/// Pieces that are always there.
struct Pieces(usize);

impl futures_core::Stream for Pieces {
    type Item = Result<Vec<u8>, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 -= usize::from(self.0 > 0);
        Poll::Ready((self.0 > 0).then(|| Ok(vec![0; LARGE])))
    }
}

#[tokio::test]
async fn a_body_goes_on_when_all_was_written() {
    let (mut client, io) = duplex(ROOMY);
    let pieces = async |_: Request<Body>| {
        let response = Response::builder().header("Content-Length", 40 * LARGE);
        response.body(Body::stream(Pieces(41)))
    };
    tokio::spawn(serve_stream(io, service_fn(pieces)));
    within(async {
        client.write_all(REQUEST).await.unwrap();
        answer(&mut client, 40 * LARGE).await;
    })
    .await;
}

#[tokio::test]
async fn the_next_request_is_read_when_a_large_answer_was_written() {
    let (mut client, io) = duplex(ROOMY);
    tokio::spawn(serve_stream(
        io,
        service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(Body::from(vec![0; LARGE])))),
    ));
    for _ in 0..3 {
        within(async {
            client.write_all(REQUEST).await.unwrap();
            answer(&mut client, LARGE).await;
            tokio::task::yield_now().await;
        })
        .await;
    }
}

/// A server's end on which a request has come.
async fn asked(inbox: &mut Inbox) -> (DuplexStream, Connection<Server, DuplexStream>) {
    let (mut client, io) = duplex(ROOMY);
    let mut connection = Connection::server(http_tokio::Stream::new(io), Arc::new(Config::server()));
    client.write_all(REQUEST).await.unwrap();
    assert!(matches!(within(connection.next_event(inbox)).await.unwrap(), Event::HeadersComplete(_)));
    assert!(matches!(within(connection.next_event(inbox)).await.unwrap(), Event::MessageComplete(_)));
    (client, connection)
}

#[tokio::test]
async fn flush_ends() {
    let mut inbox = Inbox::new();
    let (mut client, mut connection) = asked(&mut inbox).await;
    connection.respond(&ResponseHead::new(200), BodyLength::Exact(5)).unwrap();
    let _ = connection.send(b"hello").unwrap();
    within(connection.flush()).await;
    within(answer(&mut client, 5)).await;
}

#[tokio::test]
async fn ready_ends() {
    let mut inbox = Inbox::new();
    let (mut client, mut connection) = asked(&mut inbox).await;
    let mut sent = 0;
    for _ in 0..3 {
        while connection.send_owned(vec![0; LARGE].into()).unwrap() == Flow::Ready {
            sent += 1;
        }
        sent += 1;
        within(connection.ready()).await;
    }
    // Chunk heads are of five octets here.
    within(answer(&mut client, sent * (LARGE + 9))).await;
}

#[tokio::test]
async fn the_next_event_comes_behind_a_large_answer() {
    let mut inbox = Inbox::new();
    let (mut client, mut connection) = asked(&mut inbox).await;
    connection.respond(&ResponseHead::new(200), BodyLength::Exact(LARGE as u64)).unwrap();
    let _ = connection.send_owned(vec![0; LARGE].into()).unwrap();
    connection.finish(None).unwrap();
    let asks = async {
        answer(&mut client, LARGE).await;
        client.write_all(REQUEST).await.unwrap();
        client
    };
    let (event, _client) = within(async { tokio::join!(connection.next_event(&mut inbox), asks) }).await;
    assert!(matches!(event.unwrap(), Event::HeadersComplete(_)));
}
