//! The light load generator of suites `server` and `tls`: 64 connections, each with a request, or 16, under way at any time. It
//! counts octets of answers whose length it has learned, and understands nothing.

use super::blocking::{self, PATIENCE, wrong};
use super::socket::{Channel, Socket};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;

pub(crate) struct Load {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// The requests of a batch; one is sent when the answers to the one before have come.
    requests: Vec<u8>,
    depth: usize,
    buffer: Vec<u8>,
}

struct Connection {
    socket: Socket<TcpStream>,
    /// Octets of the answers to a batch.
    answers: usize,
    /// Of the batch under way.
    sent: usize,
    received: usize,
}

impl Load {
    /// Connects, learns the length of the answers, and sends the first requests.
    pub(crate) fn connect(address: SocketAddr, channel: Channel, depth: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let requests = blocking::request().repeat(depth);
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for token in 0..CONNECTIONS {
            let mut socket = Socket::connect(address, channel)?;
            let answers = blocking::exchange(&mut socket)? * depth;
            socket.stream().set_nonblocking(true)?;
            let mut socket = socket.map(TcpStream::from_std);
            poll.registry().register(socket.stream(), Token(token), Interest::READABLE | Interest::WRITABLE)?;
            let mut connection = Connection { socket, answers, sent: 0, received: 0 };
            connection.send(&requests)?;
            connections.push(connection);
        }
        let events = Events::with_capacity(CONNECTIONS);
        Ok(Load { poll, events, connections, requests, depth, buffer: vec![0; 64 << 10] })
    }

    /// Goes on for `time`; how many requests were answered.
    pub(crate) fn run(&mut self, time: Duration) -> io::Result<u64> {
        let Load { poll, events, connections, requests, depth, buffer } = self;
        let end = Instant::now() + time;
        let mut batches = 0;
        while Instant::now() < end {
            match poll.poll(events, Some(PATIENCE)) {
                Ok(()) if events.is_empty() => return Err(ErrorKind::TimedOut.into()),
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            for event in events.iter() {
                batches += u64::from(connections[event.token().0].turn(requests, buffer)?);
            }
        }
        Ok(batches * *depth as u64)
    }
}

impl Connection {
    /// Does what the socket is ready for. True if a batch was answered; the next one is on its way then.
    fn turn(&mut self, requests: &[u8], buffer: &mut [u8]) -> io::Result<bool> {
        self.send(requests)?;
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            self.received += count;
            if self.received > self.answers {
                return Err(wrong("more octets than answers"));
            }
            if self.received == self.answers {
                (self.sent, self.received) = (0, 0);
                self.send(requests)?;
                return Ok(true);
            }
            // The socket is empty, and tells when it no longer is.
            if count < buffer.len() {
                return Ok(false);
            }
        }
    }

    fn send(&mut self, requests: &[u8]) -> io::Result<()> {
        while self.sent < requests.len() {
            match self.socket.write(&requests[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
