//! `Stream` as a transport, where it does more than pass octets on.

use http_driver::Transport;
use http_tokio::Stream;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;
use tests::scenario::DEADLINE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

async fn pair() -> (TcpStream, Stream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0.into())
}

async fn is_silent(stream: &mut Stream) -> bool {
    timeout(Duration::from_millis(50), poll_fn(|cx| stream.poll_reset(cx))).await.is_err()
}

async fn read(stream: &mut Stream) -> Vec<u8> {
    let mut room = [0; 100];
    let count = timeout(DEADLINE, poll_fn(|cx| stream.poll_read(cx, &mut room))).await.unwrap().unwrap();
    room[..count].to_vec()
}

// L12
#[tokio::test]
async fn a_reset_is_noticed_behind_octets_that_nobody_reads() {
    let (mut client, mut stream) = pair().await;
    client.write_all(b"some").await.unwrap();
    assert!(is_silent(&mut stream).await);
    client.write_all(b" more").await.unwrap();
    assert!(is_silent(&mut stream).await);
    client.set_zero_linger().unwrap();
    drop(client);
    timeout(DEADLINE, poll_fn(|cx| stream.poll_reset(cx))).await.unwrap();
}

// L12, N13
#[tokio::test]
async fn waiting_for_a_reset_loses_nothing() {
    let (mut client, mut stream) = pair().await;
    for _ in 0..3 {
        client.write_all(b"octets").await.unwrap();
        assert!(is_silent(&mut stream).await);
        assert_eq!(read(&mut stream).await, b"octets");
        // Now there are none; the next must wake the reader.
        let mut room = [0; 100];
        let early = poll_fn(|cx| Poll::Ready(stream.poll_read(cx, &mut room).is_ready())).await;
        assert!(!early);
        client.write_all(b"later").await.unwrap();
        assert_eq!(read(&mut stream).await, b"later");
    }
    client.write_all(b"last").await.unwrap();
    client.shutdown().await.unwrap();
    assert!(is_silent(&mut stream).await);
    assert!(is_silent(&mut stream).await);
    assert_eq!(read(&mut stream).await, b"last");
    assert_eq!(read(&mut stream).await, b"");
}

#[tokio::test]
async fn the_stream_inside_knows_what_is_there() {
    let (mut client, mut stream) = pair().await;
    client.write_all(b"octets").await.unwrap();
    assert!(is_silent(&mut stream).await);
    let mut inner = stream.into_inner();
    let mut octets = [0; 6];
    timeout(DEADLINE, inner.read_exact(&mut octets)).await.unwrap().unwrap();
    assert_eq!(&octets, b"octets");
}
