//! [`Upgraded`]: a transport behind HTTP. What had been received of the next protocol is read first, what had not been
//! written is written first.

use crate::{BlockingTransport, Socket, Stream};
use bytes::{Buf, Bytes};
use http_proto::SendBuf;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

/// Slices of one vectored write.
const SLICES: usize = 16;

/// A stream of octets of another protocol, on the connection on which HTTP was spoken. No deadline of HTTP runs any
/// more.
#[derive(Debug)]
pub struct Upgraded<T = Stream<Socket>> {
    io: T,
    tail: Bytes,
    out: SendBuf,
}

impl<T: BlockingTransport> Upgraded<T> {
    pub(crate) fn new(io: T, tail: Bytes, out: SendBuf) -> Self {
        Upgraded { io, tail, out }
    }

    /// The transport, and what was received but not read. The head that accepted is written before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn into_parts(mut self) -> io::Result<(T, Bytes)> {
        self.write_out()?;
        Ok((self.io, self.tail))
    }

    /// Closes the sending side; reading goes on.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.io.shutdown()
    }

    /// Writes what is left of HTTP, the head that accepted.
    fn write_out(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.out.io_slices(&mut slices);
            match self.io.write_vectored(slices.get(..count).unwrap_or_default(), None)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => _ = self.out.advance(count as u64),
            }
        }
        Ok(())
    }
}

impl Upgraded<Stream<Socket>> {
    /// The same connection for another thread, one to read and one to write. What had been received already is read by
    /// this one.
    ///
    /// # Errors
    /// The head that accepted cannot be written.
    pub fn try_clone(&mut self) -> io::Result<Self> {
        self.write_out()?;
        Ok(Upgraded { io: self.io.get_ref().clone().into(), tail: Bytes::new(), out: SendBuf::new() })
    }

    /// Closes both sides, for all clones: who waits is told.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn close(&mut self) -> io::Result<()> {
        self.write_out()?;
        match self.io.get_ref() {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.shutdown(Shutdown::Both),
        }
    }
}

impl<T: BlockingTransport> Read for Upgraded<T> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        // Who waits for the other end must have accepted.
        self.write_out()?;
        if room.is_empty() {
            return Ok(0);
        }
        if self.tail.is_empty() {
            return self.io.read(room, None);
        }
        let count = room.len().min(self.tail.len());
        self.tail.copy_to_slice(room.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<T: BlockingTransport> Write for Upgraded<T> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(octets)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_out()?;
        if slices.iter().all(|slice| slice.is_empty()) {
            return Ok(0);
        }
        self.io.write_vectored(slices, None)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }
}
