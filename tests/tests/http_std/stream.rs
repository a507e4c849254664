//! `Stream` as a transport: its deadlines, its modes, and what it leaves behind.

use http_proto::Instant;
use http_std::{BlockingTransport, Stream};
use std::io::{Cursor, ErrorKind, IoSlice, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use tests::scenario::{DEADLINE, SHORT};

fn pair() -> (TcpStream, Stream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    (client, listener.accept().unwrap().0.into())
}

fn soon(stream: &Stream, wait: Duration) -> Option<Instant> {
    Some(stream.now().saturating_add(wait))
}

#[test]
fn a_deadline_ends_a_read_and_loses_nothing() {
    let (mut client, mut stream) = pair();
    let mut room = [0; 100];
    for wait in [Duration::ZERO, Duration::from_micros(1), SHORT] {
        let deadline = soon(&stream, wait);
        assert_eq!(stream.read(&mut room, deadline).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(stream.now() >= deadline.unwrap());
    }
    assert_eq!(stream.read(&mut room, Some(Instant::ORIGIN)).unwrap_err().kind(), ErrorKind::TimedOut);
    for deadline in [None, soon(&stream, DEADLINE), soon(&stream, DEADLINE * 100)] {
        client.write_all(b"octets").unwrap();
        assert_eq!(stream.read(&mut room, deadline).unwrap(), 6);
    }
    client.write_all(b"last").unwrap();
    drop(client);
    assert_eq!(stream.read(&mut room, None).unwrap(), 4);
    assert_eq!(stream.read(&mut room, None).unwrap(), 0);
}

#[test]
fn a_deadline_ends_a_write() {
    let (_client, mut stream) = pair();
    let octets = vec![b'x'; 1024 * 1024];
    let error = loop {
        let deadline = soon(&stream, SHORT);
        if let Err(error) = stream.write_vectored(&[IoSlice::new(&octets)], deadline) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let error = stream.write_vectored(&[IoSlice::new(&octets)], Some(Instant::ORIGIN)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[test]
fn the_socket_is_given_back_as_sockets_are() {
    let (_client, mut stream) = pair();
    let deadline = soon(&stream, SHORT);
    stream.read(&mut [0; 1], deadline).unwrap_err();
    stream.read(&mut [0; 1], Some(Instant::ORIGIN)).unwrap_err();
    let socket = stream.into_inner();
    assert_eq!((socket.read_timeout().unwrap(), socket.write_timeout().unwrap()), (None, None));
}

#[test]
fn anything_that_reads_and_writes_is_a_transport() {
    let mut stream = Stream::new(Cursor::new(b"octets".to_vec()));
    let mut room = [0; 4];
    assert_eq!(stream.read(&mut room, None).unwrap(), 4);
    assert_eq!(stream.write_vectored(&[IoSlice::new(b"more")], Some(Instant::ORIGIN)).unwrap(), 4);
    stream.shutdown(None).unwrap();
    stream.abort();
    assert_eq!(stream.into_inner().into_inner(), b"octemore");
}
