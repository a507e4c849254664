//! A peer on a real socket that sends and receives octets, whatever HTTP says. It blocks, and every wait has a deadline.

use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Far more than anything takes: who hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

/// An end of a connection, mostly the client's.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
    deadline: Instant,
}

/// A response: its head as text, and its content.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub head: String,
    pub content: Vec<u8>,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().expect("a status")
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).expect("text")
    }

    /// Whether it says that the connection ends.
    pub fn closes(&self) -> bool {
        self.field("connection") == Some("close")
    }
}

/// The end of what a peer gets.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// An orderly close.
    Closed,
    /// A reset.
    Reset,
}

impl From<TcpStream> for Raw {
    fn from(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket");
        Raw { stream, received: Vec::new(), deadline: Instant::now() + DEADLINE }
    }
}

impl Raw {
    pub fn connect(to: SocketAddr) -> Self {
        TcpStream::connect_timeout(&to, DEADLINE).expect("a connection").into()
    }

    /// Sends all of `octets`.
    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.try_send(octets).expect("somebody takes it");
    }

    /// Sends all of `octets`.
    ///
    /// # Errors
    /// Nobody takes it any more.
    pub fn try_send(&mut self, octets: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.set_write_timeout(Some(self.left())).expect("a socket");
        self.stream.write_all(octets.as_ref())
    }

    /// Sends pieces with a moment between them, so that each is a segment of its own, and mostly a read.
    pub fn send_slowly<P: AsRef<[u8]>>(&mut self, pieces: impl IntoIterator<Item = P>) {
        for piece in pieces {
            self.send(piece);
            self.pause(Duration::from_millis(2));
        }
    }

    /// Does nothing for a while.
    pub fn pause(&self, time: Duration) {
        std::thread::sleep(time.min(self.left()));
    }

    /// Sends as much as there is room for; 0 if there is none.
    ///
    /// # Errors
    /// Nobody takes it any more.
    pub fn offer(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.left();
        self.at_once(|stream, _| stream.write(octets))
    }

    /// Takes what has come; how much is there that was not asked for yet. 0 without an answer to come: it has ended.
    ///
    /// # Errors
    /// A reset.
    pub fn look(&mut self) -> io::Result<usize> {
        self.left();
        let read = self.at_once(|stream, received| stream.read_to_end(received));
        // What came before the reset comes first.
        if self.received.is_empty() { read } else { Ok(self.received.len()) }
    }

    fn at_once(&mut self, work: impl FnOnce(&mut TcpStream, &mut Vec<u8>) -> io::Result<usize>) -> io::Result<usize> {
        self.stream.set_nonblocking(true).expect("a socket");
        let worked = work(&mut self.stream, &mut self.received);
        self.stream.set_nonblocking(false).expect("a socket");
        match worked {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            worked => worked,
        }
    }

    /// Waits until there is something that was not asked for; false: it has ended.
    pub fn has_more(&mut self) -> bool {
        !self.received.is_empty() || matches!(self.read(), Ok(1..))
    }

    /// Waits until something has come, and leaves it where it is.
    pub fn wait(&self) {
        self.stream.set_read_timeout(Some(self.left())).expect("a socket");
        assert_ne!(self.stream.peek(&mut [0]).expect("more"), 0, "closed");
    }

    /// Closes the sending side. Whoever is gone already will not miss it.
    pub fn half_close(&mut self) {
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => panic!("closing the sending side: {error}"),
            Ok(()) | Err(_) => {}
        }
    }

    /// Closes with a reset: what was sent and not read yet is lost.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    /// Keeps the kernel from taking more than a little that is not read here, and from holding more than a little that
    /// is not read there.
    pub fn small_buffers(&self) {
        let socket = SockRef::from(&self.stream);
        socket.set_recv_buffer_size(4096).and(socket.set_send_buffer_size(4096)).expect("a socket");
    }

    /// The next head.
    pub fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                return String::from_utf8(self.received.drain(..at + 4).collect()).expect("a head is text");
            }
            self.more();
        }
    }

    /// So many octets.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        while self.received.len() < count {
            self.more();
        }
        self.received.drain(..count).collect()
    }

    /// The next answer with a Content-Length, or without content.
    pub fn answer(&mut self) -> Answer {
        let mut answer = Answer { head: self.head(), content: Vec::new() };
        let length = answer.field("content-length").map_or(0, |digits| digits.parse().expect("a length"));
        answer.content = self.octets(length);
        answer
    }

    /// What comes until the end, and how that is.
    ///
    /// # Panics
    /// There is no end.
    pub fn rest(mut self) -> (Vec<u8>, End) {
        loop {
            match self.read() {
                Ok(0) => return (self.received, End::Closed),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                    return (self.received, End::Reset);
                }
                Err(error) => panic!("waiting for the end: {error}"),
            }
        }
    }

    fn more(&mut self) {
        let count = self.read().expect("more");
        assert!(count > 0, "closed behind {:?}", self.received.escape_ascii().to_string());
    }

    fn read(&mut self) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left())).expect("a socket");
        let mut room = [0; 16 * 1024];
        let count = self.stream.read(&mut room)?;
        self.received.extend_from_slice(&room[..count]);
        Ok(count)
    }

    fn left(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "the deadline of the test");
        left
    }
}
