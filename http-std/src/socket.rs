//! [`Socket`]: the sockets that servers accept, as one type that can be shared.

use socket2::SockRef;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// A socket of one of the kinds that carry HTTP. Clones are the same socket.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Socket {
    /// Of an address and a port.
    Tcp(Arc<TcpStream>),
    /// Of a path.
    #[cfg(unix)]
    Unix(Arc<UnixStream>),
}

/// A borrowed socket.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handle<'a> {
    Tcp(&'a TcpStream),
    #[cfg(unix)]
    Unix(&'a UnixStream),
}

/// Calls a method that all sockets have.
macro_rules! on {
    ($socket:expr, $inner:ident => $call:expr) => {
        match $socket {
            Handle::Tcp($inner) => $call,
            #[cfg(unix)]
            Handle::Unix($inner) => $call,
        }
    };
}

impl Socket {
    pub(crate) fn handle(&self) -> Handle<'_> {
        match self {
            Socket::Tcp(stream) => Handle::Tcp(stream),
            #[cfg(unix)]
            Socket::Unix(stream) => Handle::Unix(stream),
        }
    }
}

impl Handle<'_> {
    pub(crate) fn set_nonblocking(self, nonblocking: bool) -> io::Result<()> {
        on!(self, socket => socket.set_nonblocking(nonblocking))
    }

    pub(crate) fn set_read_timeout(self, timeout: Option<Duration>) -> io::Result<()> {
        on!(self, socket => socket.set_read_timeout(timeout))
    }

    pub(crate) fn set_write_timeout(self, timeout: Option<Duration>) -> io::Result<()> {
        on!(self, socket => socket.set_write_timeout(timeout))
    }

    pub(crate) fn shutdown(self) -> io::Result<()> {
        on!(self, socket => socket.shutdown(Shutdown::Write))
    }

    /// Makes closing it a reset.
    pub(crate) fn abort(self) {
        let _ = on!(self, socket => SockRef::from(socket).set_linger(Some(Duration::ZERO)));
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        on!(self.handle(), socket => { let mut socket = socket; socket.read(room) })
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        on!(self.handle(), socket => { let mut socket = socket; socket.write(octets) })
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        on!(self.handle(), socket => { let mut socket = socket; socket.write_vectored(slices) })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        on!(self.handle(), socket => socket.as_fd())
    }
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Socket::Tcp(Arc::new(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Socket::Unix(Arc::new(stream))
    }
}
