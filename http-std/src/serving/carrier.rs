//! [`Carrier`]: the transport of a connection, until it is taken away.

use crate::{BlockingTransport, Socket, Stream, clock};
use http_proto::Instant;
use std::io::{self, ErrorKind, IoSlice};

/// A socket, or nothing any more.
#[derive(Debug)]
pub(super) struct Carrier(Option<Stream<Socket>>);

impl Carrier {
    pub(super) fn new(socket: Socket) -> Self {
        Carrier(Some(socket.into()))
    }

    /// The socket; without it nothing can be read or written.
    pub(super) fn take(&mut self) -> Option<Stream<Socket>> {
        self.0.take()
    }

    fn stream(&mut self) -> io::Result<&mut Stream<Socket>> {
        self.0.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }
}

impl BlockingTransport for Carrier {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        self.stream()?.read(room, deadline)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        self.stream()?.write_vectored(slices, deadline)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.stream()?.shutdown()
    }

    fn abort(&mut self) {
        if let Ok(stream) = self.stream() {
            stream.abort();
        }
    }

    fn now(&self) -> Instant {
        clock::now()
    }
}
