//! [`Upgraded`]: a transport behind HTTP. What had been received of the next protocol is read first, what had not been
//! written is written first.

use crate::Transport;
use bytes::{Buf, Bytes};
use http_proto::{Chunk, SendBuf};
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

/// A stream of octets of another protocol, on the connection on which HTTP was spoken. No deadline of HTTP runs any
/// more.
///
/// It is a [`Transport`]; the runtime crates give it their own traits for reading and writing.
#[derive(Debug)]
pub struct Upgraded<Io> {
    io: Io,
    tail: Bytes,
    out: SendBuf,
}

impl<Io> Upgraded<Io> {
    /// A transport behind HTTP, of which `tail` has been received, and `out` is not written yet.
    pub fn new(io: Io, tail: Bytes, out: SendBuf) -> Self {
        Upgraded { io, tail, out }
    }

    /// The transport, and what was received but not read. The head that accepted must have been written: see
    /// [`Upgraded::poll_written`].
    pub fn into_parts(self) -> (Io, Bytes) {
        (self.io, self.tail)
    }

    /// The transport, what was received but not read, and what is not written yet: for drivers of another kind.
    pub fn parts_mut(&mut self) -> (&mut Io, &mut Bytes, &mut SendBuf) {
        (&mut self.io, &mut self.tail, &mut self.out)
    }

    /// The same over another transport.
    pub fn map<To>(self, map: impl FnOnce(Io) -> To) -> Upgraded<To> {
        Upgraded { io: map(self.io), tail: self.tail, out: self.out }
    }
}

impl<Io: Transport> Upgraded<Io> {
    /// Writes what is left of HTTP, the head that accepted. Every other way of writing does so first.
    ///
    /// # Errors
    /// Nothing can be written any more.
    pub fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(Chunk::Octets(octets)) = self.out.front() {
            match ready!(self.io.poll_write(cx, octets))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => _ = self.out.advance(count as u64),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: Transport> Transport for Upgraded<Io> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        // Who waits for the other end must have accepted.
        if let Poll::Ready(Err(error)) = self.poll_written(cx) {
            return Poll::Ready(Err(error));
        }
        if self.tail.is_empty() {
            if self.out.is_empty() {
                // Where the transport keeps octets back, the other end waits for them.
                let _ = self.io.poll_flush(cx)?;
            }
            return self.io.poll_read(cx, room);
        }
        let count = room.len().min(self.tail.len());
        self.tail.copy_to_slice(room.get_mut(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        self.io.poll_write(cx, octets)
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        self.io.poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_written(cx))?;
        self.io.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_written(cx))?;
        self.io.poll_shutdown(cx)
    }

    fn look(&mut self) {
        self.io.look();
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.io.poll_reset(cx)
    }

    fn abort(&mut self) {
        self.io.abort();
    }
}
