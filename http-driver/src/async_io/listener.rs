//! Where connections come from: TCP and Unix sockets.

use super::{Sockets, Stream};
use crate::{Address, FromStd, Listener, Opened};
use async_io::Async;
use std::io;
use std::marker::PhantomData;
use std::net;
#[cfg(unix)]
use std::os::unix::net as unix;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A TCP listener on the runtime `R`.
#[derive(Debug)]
pub struct Tcp<R> {
    listener: Arc<Async<net::TcpListener>>,
    nodelay: bool,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Tcp<R> {
    /// The listener inside.
    pub fn get_ref(&self) -> &Async<net::TcpListener> {
        &self.listener
    }
}

/// With TCP_NODELAY on every connection.
impl<R> From<Arc<Async<net::TcpListener>>> for Tcp<R> {
    fn from(listener: Arc<Async<net::TcpListener>>) -> Self {
        Tcp { listener, nodelay: true, runtime: PhantomData }
    }
}

impl<R> FromStd for Tcp<R> {
    fn from_std(listener: net::TcpListener, nodelay: bool) -> io::Result<Self> {
        Ok(Tcp { nodelay, ..Arc::new(Async::new(listener)?).into() })
    }
}

impl<R: Sockets> Listener for Tcp<R> {
    type Io = Stream<Async<net::TcpStream>, R>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(poll_accept(&self.listener, cx, net::TcpListener::accept))?;
        // A connection that is gone already will show when it is read.
        let _ = stream.set_nodelay(self.nodelay);
        let local = stream.local_addr().map_or(Address::Unknown, Address::Tcp);
        Poll::Ready(Ok(Opened { io: Async::new(stream)?.into(), local, peer: peer.into() }))
    }

    fn local_addr(&self) -> Address {
        self.listener.get_ref().local_addr().map_or(Address::Unknown, Address::Tcp)
    }
}

/// A listener on a Unix socket, on the runtime `R`.
#[cfg(unix)]
#[derive(Debug)]
pub struct Unix<R> {
    listener: Arc<Async<unix::UnixListener>>,
    runtime: PhantomData<fn() -> R>,
}

#[cfg(unix)]
impl<R> Unix<R> {
    /// Takes over a socket that listens.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std(listener: unix::UnixListener) -> io::Result<Self> {
        Ok(Arc::new(Async::new(listener)?).into())
    }
}

#[cfg(unix)]
impl<R> From<Arc<Async<unix::UnixListener>>> for Unix<R> {
    fn from(listener: Arc<Async<unix::UnixListener>>) -> Self {
        Unix { listener, runtime: PhantomData }
    }
}

#[cfg(unix)]
impl<R: Sockets> Listener for Unix<R> {
    type Io = Stream<Async<unix::UnixStream>, R>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(poll_accept(&self.listener, cx, unix::UnixListener::accept))?;
        Poll::Ready(Ok(Opened { io: Async::new(stream)?.into(), local: self.local_addr(), peer: unix_address(&peer) }))
    }

    fn local_addr(&self) -> Address {
        self.listener.get_ref().local_addr().map_or(Address::Unknown, |address| unix_address(&address))
    }
}

#[cfg(unix)]
fn unix_address(address: &unix::SocketAddr) -> Address {
    Address::Unix(address.as_pathname().map(Into::into))
}

fn poll_accept<L, A>(
    listener: &Async<L>,
    cx: &mut Context<'_>,
    accept: fn(&L) -> io::Result<A>,
) -> Poll<io::Result<A>> {
    loop {
        match accept(listener.get_ref()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(listener.poll_readable(cx))?,
            accepted => return Poll::Ready(accepted),
        }
    }
}
