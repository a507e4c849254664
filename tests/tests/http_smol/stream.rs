//! `Stream` as a transport, where it does more than pass octets on.

use crate::duplex::duplex;
use http_driver::Transport;
use http_smol::Stream;
use smol::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use smol::{Async, Timer, future};
use socket2::SockRef;
use std::future::poll_fn;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::task::Poll;
use std::time::Duration;
use tests::scenario::{DEADLINE, SHORT};

/// A socket of the system, and the other end of it.
fn pair() -> (Async<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (Async::new(client).unwrap(), listener.accept().unwrap().0)
}

async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    future::or(async { Some(future.await) }, async {
        Timer::after(time).await;
        None
    })
    .await
}

async fn is_silent(stream: &mut impl Transport) -> bool {
    within(SHORT, poll_fn(|cx| stream.poll_reset(cx))).await.is_none()
}

pub(crate) async fn is_reset(stream: &mut impl Transport) -> bool {
    within(DEADLINE, poll_fn(|cx| stream.poll_reset(cx))).await.is_some()
}

async fn read(stream: &mut impl Transport) -> Vec<u8> {
    let mut room = [0; 100];
    let count = within(DEADLINE, poll_fn(|cx| stream.poll_read(cx, &mut room))).await.unwrap().unwrap();
    room[..count].to_vec()
}

/// Ends the connection by a reset.
fn reset(client: Async<TcpStream>) {
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
}

// L12
#[test]
fn a_reset_is_noticed_behind_octets_that_nobody_reads() {
    async fn noticed(mut client: Async<TcpStream>, mut stream: impl Transport) {
        client.write_all(b"some").await.unwrap();
        assert!(is_silent(&mut stream).await);
        client.write_all(b" more").await.unwrap();
        assert!(is_silent(&mut stream).await);
        reset(client);
        assert!(is_reset(&mut stream).await);
    }
    smol::block_on(async {
        let (client, stream) = pair();
        noticed(client, Stream::from(Async::new(stream).unwrap())).await;
        let (client, stream) = pair();
        noticed(client, Stream::from(smol::net::TcpStream::try_from(stream).unwrap())).await;
    });
}

// N13
#[test]
fn both_ends_may_have_said_all_without_a_reset() {
    smol::block_on(async {
        let (mut client, stream) = pair();
        let mut stream = Stream::from(Async::new(stream).unwrap());
        client.write_all(b"last").await.unwrap();
        client.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        poll_fn(|cx| stream.poll_shutdown(cx)).await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(is_silent(&mut stream).await);
        assert_eq!(read(&mut stream).await, b"last");
        assert_eq!(read(&mut stream).await, b"");
    });
}

// L12, N13
#[test]
fn waiting_for_a_reset_loses_nothing() {
    async fn goes_on(mut client: Async<TcpStream>, mut stream: impl Transport) {
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
        client.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        assert!(is_silent(&mut stream).await);
        assert!(is_silent(&mut stream).await);
        assert_eq!(read(&mut stream).await, b"last");
        assert_eq!(read(&mut stream).await, b"");
    }
    smol::block_on(async {
        let (client, stream) = pair();
        goes_on(client, Stream::from(Async::new(stream).unwrap())).await;
        let (client, stream) = pair();
        goes_on(client, Stream::from(smol::net::TcpStream::try_from(stream).unwrap())).await;
    });
}

/// A socket as any stream: to close one of async-io says nothing to the other end, by itself.
#[test]
fn sockets_are_known_whatever_they_are_called() {
    async fn ends(mut transport: impl Transport, client: &mut (impl AsyncRead + Unpin)) {
        poll_fn(|cx| transport.poll_shutdown(cx)).await.unwrap();
        assert_eq!(within(DEADLINE, client.read(&mut [0; 1])).await.unwrap().unwrap(), 0);
    }
    smol::block_on(async {
        let (mut client, stream) = pair();
        ends(Stream::new(Async::new(stream).unwrap()), &mut client).await;
        let (mut client, stream) = pair();
        ends(Stream::new(smol::net::TcpStream::try_from(stream).unwrap()), &mut client).await;
        let (client, stream) = UnixStream::pair().unwrap();
        ends(Stream::new(Async::new(stream).unwrap()), &mut Async::new(client).unwrap()).await;
        let (client, stream) = UnixStream::pair().unwrap();
        let stream = smol::net::unix::UnixStream::try_from(stream).unwrap();
        ends(Stream::new(stream), &mut Async::new(client).unwrap()).await;
        let (mut client, stream) = duplex(10);
        ends(Stream::new(stream), &mut client).await;
    });
}

#[test]
fn what_is_aborted_is_reset() {
    async fn aborts(mut transport: impl Transport, mut client: Async<TcpStream>) {
        transport.abort();
        drop(transport);
        let error = within(DEADLINE, client.read(&mut [0; 1])).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    smol::block_on(async {
        let (client, stream) = pair();
        aborts(Stream::new(Async::new(stream).unwrap()), client).await;
        let (client, stream) = pair();
        aborts(Stream::new(smol::net::TcpStream::try_from(stream).unwrap()), client).await;
    });
}
