//! Where connections come from: TCP and Unix sockets, and how they are opened.

use crate::Stream;
use http_driver::{Address, FromStd, Listener, Opened};
use std::io;
use std::task::{Context, Poll, ready};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// What [`crate::serve`] accepts connections from: tokio's listeners, and [`Tcp`]. Another [`Listener`] goes to
/// [`crate::Server::new`].
pub trait IntoListener {
    /// As the server uses it.
    type Listener: Listener;

    /// As the server uses it.
    fn into_listener(self) -> Self::Listener;
}

impl IntoListener for Tcp {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        self
    }
}

impl IntoListener for TcpListener {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        Tcp { listener: self, nodelay: true }
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Unix(self)
    }
}

/// How a TCP listener is opened, and its connections are set up: see [`http_driver::ListenOptions`]. `bind` is called
/// inside of a tokio runtime.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// let listener = http_tokio::ListenOptions::new().backlog(4096).bind("127.0.0.1:8080".parse().unwrap())?;
/// # Ok(())
/// # }
/// ```
pub type ListenOptions = http_driver::ListenOptions<Tcp>;

/// A TCP listener.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
    nodelay: bool,
}

impl FromStd for Tcp {
    fn from_std(listener: std::net::TcpListener, nodelay: bool) -> io::Result<Self> {
        Ok(Tcp { listener: TcpListener::from_std(listener)?, nodelay })
    }
}

impl Tcp {
    /// The listener inside.
    pub fn get_ref(&self) -> &TcpListener {
        &self.listener
    }
}

impl Listener for Tcp {
    type Io = Stream<TcpStream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(self.listener.poll_accept(cx))?;
        // A connection that is gone already will show when it is read.
        let _ = stream.set_nodelay(self.nodelay);
        let local = stream.local_addr().map_or(Address::Unknown, Address::Tcp);
        Poll::Ready(Ok(Opened { io: stream.into(), local, peer: peer.into() }))
    }

    fn local_addr(&self) -> Address {
        self.listener.local_addr().map_or(Address::Unknown, Address::Tcp)
    }
}

/// A listener on a Unix socket.
#[cfg(unix)]
#[derive(Debug)]
pub struct Unix(UnixListener);

#[cfg(unix)]
impl Listener for Unix {
    type Io = Stream<UnixStream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(self.0.poll_accept(cx))?;
        Poll::Ready(Ok(Opened { io: stream.into(), local: self.local_addr(), peer: unix_address(&peer) }))
    }

    fn local_addr(&self) -> Address {
        self.0.local_addr().map_or(Address::Unknown, |address| unix_address(&address))
    }
}

#[cfg(unix)]
fn unix_address(address: &tokio::net::unix::SocketAddr) -> Address {
    Address::Unix(address.as_pathname().map(Into::into))
}
