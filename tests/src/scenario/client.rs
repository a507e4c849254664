//! [`Client`]: a client that writes and reads octets on a blocking socket, with a deadline on everything.

use super::DEADLINE;
use super::wired::Stream;
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to the server under test, and what has been read and not yet looked at.
#[derive(Debug)]
pub struct Client<S = Stream> {
    pub stream: S,
    pub read: Vec<u8>,
}

/// An answer: its head as text, and its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub head: String,
    pub content: Vec<u8>,
}

impl Answer {
    pub fn status(&self) -> &str {
        &self.head[9..12]
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap()
    }

    pub fn closes(&self) -> bool {
        self.head.contains("\r\nConnection: close\r\n")
    }
}

fn socket(to: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&to, DEADLINE).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.set_write_timeout(Some(DEADLINE)).unwrap();
    socket
}

impl Client {
    pub fn connect(to: SocketAddr) -> Self {
        Client::new(Stream::Plain(socket(to)))
    }

    /// With TLS.
    #[cfg(feature = "tls")]
    pub fn connect_secured(to: SocketAddr) -> Self {
        Client::new(Stream::secured(socket(to)))
    }

    /// Closes the sending side.
    pub fn half_close(&mut self) {
        self.stream.half_close().unwrap();
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        SockRef::from(self.stream.socket()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Whether nothing comes, and no end, for so long.
    pub fn is_silent(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let read = self.stream.read(&mut [0; 1]);
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        matches!(read, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

impl<S: Read + Write> Client<S> {
    pub fn new(stream: S) -> Self {
        Client { stream, read: Vec::new() }
    }

    #[track_caller]
    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).unwrap();
    }

    /// The next head.
    #[track_caller]
    pub fn head(&mut self) -> String {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more();
        };
        String::from_utf8(self.read.drain(..end).collect()).unwrap()
    }

    /// The next answer with a Content-Length, or without content.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        let head = self.head();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |digits| digits.parse().unwrap());
        Answer { head, content: self.octets(length) }
    }

    /// So many octets.
    #[track_caller]
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            self.more();
        }
        self.read.drain(..count).collect()
    }

    /// Reads once.
    #[track_caller]
    pub fn more(&mut self) {
        let mut room = [0; 64 * 1024];
        let count = self.stream.read(&mut room).unwrap();
        assert!(count > 0, "closed behind {:?}", self.read.escape_ascii().to_string());
        self.read.extend_from_slice(&room[..count]);
    }

    /// Everything up to the close, which must be an orderly one.
    #[track_caller]
    pub fn rest(mut self) -> String {
        self.stream.read_to_end(&mut self.read).unwrap();
        String::from_utf8(self.read).unwrap()
    }

    /// Reads up to the reset that must come, and returns what came before it.
    #[track_caller]
    pub fn rest_until_reset(mut self) -> Vec<u8> {
        let error = self.stream.read_to_end(&mut self.read).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        self.read
    }
}
