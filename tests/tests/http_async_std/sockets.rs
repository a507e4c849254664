//! The sockets and files of async-std itself, as streams and bodies. What is below them is tested with smol.

use async_std::io::ReadExt;
use async_std::task::block_on;
use http_driver::Transport;
use http_std::async_std::{Body, FileBody, Stream};
use socket2::SockRef;
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tests::scenario::DEADLINE;

/// A socket of the system, and the other end of it.
fn pair() -> (TcpStream, async_std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    (client, listener.accept().unwrap().0.into())
}

async fn octet(stream: &mut impl Transport) -> u8 {
    let mut room = [0; 1];
    assert_eq!(poll_fn(|cx| stream.poll_read(cx, &mut room)).await.unwrap(), 1);
    room[0]
}

// L12, N13, N27
#[test]
fn a_tcp_socket_is_known() {
    block_on(async {
        let (mut client, stream) = pair();
        let mut stream = Stream::from(stream);
        client.write_all(b"a").unwrap();
        assert_eq!(octet(&mut stream).await, b'a');
        // Reading goes on where it says no more itself.
        poll_fn(|cx| stream.poll_shutdown(cx)).await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        client.write_all(b"b").unwrap();
        assert_eq!(octet(&mut stream).await, b'b');
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        let gone = poll_fn(|cx| stream.poll_reset(cx));
        async_std::future::timeout(DEADLINE, gone).await.unwrap();

        let (mut client, stream) = pair();
        let mut stream = Stream::new(stream);
        stream.abort();
        drop(stream);
        assert_eq!(client.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

// X8
#[test]
fn a_unix_socket_is_known() {
    let (mut client, stream) = UnixStream::pair().unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut stream = Stream::from(async_std::os::unix::net::UnixStream::from(stream));
    block_on(poll_fn(|cx| stream.poll_shutdown(cx))).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
}

// N23
#[test]
fn a_file_is_sent_from_where_it_is_asked_for() {
    let path = std::env::temp_dir().join(format!("http-async-std-file-{}", std::process::id()));
    std::fs::write(&path, "0123456789").unwrap();
    block_on(async {
        // It reads ahead.
        let mut file = async_std::fs::File::open(&path).await.unwrap();
        file.read_exact(&mut [0; 2]).await.unwrap();
        let mut body: Body = FileBody::range(file, 5, 4).await.unwrap().into();
        assert_eq!(body.collect(100).await.unwrap(), "5678");
    });
    std::fs::remove_file(path).unwrap();
}
