//! [`Upgraded`]: a transport behind HTTP. What had been received of the next protocol is read first, what had not been
//! written is written first.

#[cfg(unix)]
use crate::Blocking;
use crate::BlockingTransport;
#[cfg(unix)]
use crate::Carrier;
use bytes::{Buf, Bytes};
#[cfg(unix)]
use http_driver::Transport;
use http_proto::SendBuf;
use std::io::{self, IoSlice, Read, Write};
#[cfg(unix)]
use std::task::{Context, Poll};

/// Slices of one vectored write.
const SLICES: usize = 16;

#[cfg(unix)]
type Usual = Carrier;
#[cfg(not(unix))]
type Usual = crate::Stream;

/// A stream of octets of another protocol, on the connection on which HTTP was spoken. No deadline of HTTP runs any
/// more.
///
/// Of a server it is on a socket. What a client's [`take_upgraded`](crate::ClientExchange::take_upgraded) returns becomes
/// one by `Upgraded::from`.
#[derive(Debug)]
pub struct Upgraded<T = Usual>(http_driver::Upgraded<T>);

impl<T: BlockingTransport> Upgraded<T> {
    pub(crate) fn new(io: T, tail: Bytes, out: SendBuf) -> Self {
        Upgraded(http_driver::Upgraded::new(io, tail, out))
    }

    /// The transport, and what was received but not read. The head that accepted is written before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn into_parts(mut self) -> io::Result<(T, Bytes)> {
        self.write_out()?;
        Ok(self.0.into_parts())
    }

    /// Closes the sending side; reading goes on.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.0.parts_mut().0.shutdown(None)
    }

    /// Writes what is left of HTTP, the head that accepted.
    fn write_out(&mut self) -> io::Result<()> {
        let (io, _, out) = self.0.parts_mut();
        while !out.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = out.io_slices(&mut slices);
            match io.write_vectored(slices.get(..count).unwrap_or_default(), None)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => _ = out.advance(count as u64),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
impl Upgraded {
    /// The same connection for another thread, one to read and one to write, with TLS as without. What had been received
    /// of the other protocol with HTTP is read by this one.
    ///
    /// # Errors
    /// The head that accepted cannot be written.
    pub fn try_clone(&mut self) -> io::Result<Self> {
        self.write_out()?;
        Ok(Upgraded::new(self.0.parts_mut().0.share(), Bytes::new(), SendBuf::new()))
    }

    /// Closes both sides, for all clones: who waits is told. With TLS he is told by an error, as the other end has not
    /// closed in order; the other end is told in order, unless it takes nothing more at present.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn close(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.0.parts_mut().0.close()
    }
}

#[cfg(unix)]
impl<Io: Transport> From<http_driver::Upgraded<Io>> for Upgraded<Blocking<Io>> {
    fn from(upgraded: http_driver::Upgraded<Io>) -> Self {
        Upgraded(upgraded.map(Blocking::new))
    }
}

#[cfg(unix)]
impl<Io: Transport> Upgraded<Blocking<Io>> {
    /// The same connection for another thread, one to read and one to write. What had been received already is read by
    /// this one.
    ///
    /// # Errors
    /// The head that accepted cannot be written.
    pub fn try_clone(&mut self) -> io::Result<Self> {
        self.write_out()?;
        Ok(Upgraded::new(self.0.parts_mut().0.clone(), Bytes::new(), SendBuf::new()))
    }
}

impl<T: BlockingTransport> Read for Upgraded<T> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        // Who waits for the other end must have accepted.
        self.write_out()?;
        if room.is_empty() {
            return Ok(0);
        }
        let (io, tail, _) = self.0.parts_mut();
        if tail.is_empty() {
            return io.read(room, None);
        }
        let count = room.len().min(tail.len());
        tail.copy_to_slice(room.get_mut(..count).unwrap_or_default());
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
        self.0.parts_mut().0.write_vectored(slices, None)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }
}

/// For [`crate::tunnel`].
#[cfg(unix)]
impl<T: Transport> Transport for Upgraded<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, room)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, octets)
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }

    fn look(&mut self) {
        self.0.look();
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_reset(cx)
    }

    fn abort(&mut self) {
        self.0.abort();
    }
}
