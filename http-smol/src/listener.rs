//! Where connections come from: TCP and Unix sockets.

use crate::Stream;
use async_io::Async;
use async_net::TcpListener;
#[cfg(unix)]
use async_net::unix::UnixListener;
use http_driver::{Address, FromStd, Listener, Opened};
use std::io;
use std::net;
#[cfg(unix)]
use std::os::unix::net as unix;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What [`crate::serve`] accepts connections from: the listeners of smol, also as `Async` of those of std, and [`Tcp`].
/// Another [`Listener`] goes to [`crate::Server::new`].
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
        Tcp { socket: self.clone().into(), listener: self, nodelay: true }
    }
}

impl IntoListener for Async<net::TcpListener> {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        TcpListener::from(self).into_listener()
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Unix(self.into())
    }
}

#[cfg(unix)]
impl IntoListener for Async<unix::UnixListener> {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Unix(self.into())
    }
}

/// How a TCP listener is opened, and its connections are set up: see [`http_driver::ListenOptions`].
///
/// ```no_run
/// # fn run() -> std::io::Result<()> {
/// let listener = http_smol::ListenOptions::new().backlog(4096).bind("127.0.0.1:8080".parse().unwrap())?;
/// # Ok(())
/// # }
/// ```
pub type ListenOptions = http_driver::ListenOptions<Tcp>;

/// A TCP listener.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
    /// The same.
    socket: Arc<Async<net::TcpListener>>,
    nodelay: bool,
}

impl Tcp {
    /// The listener inside.
    pub fn get_ref(&self) -> &TcpListener {
        &self.listener
    }
}

impl FromStd for Tcp {
    fn from_std(listener: net::TcpListener, nodelay: bool) -> io::Result<Self> {
        Ok(Tcp { nodelay, ..Async::new(listener)?.into_listener() })
    }
}

impl Listener for Tcp {
    type Io = Stream<Async<net::TcpStream>>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(poll_accept(&self.socket, cx, net::TcpListener::accept))?;
        // A connection that is gone already will show when it is read.
        let _ = stream.set_nodelay(self.nodelay);
        let local = stream.local_addr().map_or(Address::Unknown, Address::Tcp);
        Poll::Ready(Ok(Opened { io: Async::new(stream)?.into(), local, peer: peer.into() }))
    }

    fn local_addr(&self) -> Address {
        self.listener.local_addr().map_or(Address::Unknown, Address::Tcp)
    }
}

/// A listener on a Unix socket.
#[cfg(unix)]
#[derive(Debug)]
pub struct Unix(Arc<Async<unix::UnixListener>>);

#[cfg(unix)]
impl Listener for Unix {
    type Io = Stream<Async<unix::UnixStream>>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>> {
        let (stream, peer) = ready!(poll_accept(&self.0, cx, unix::UnixListener::accept))?;
        Poll::Ready(Ok(Opened { io: Async::new(stream)?.into(), local: self.local_addr(), peer: unix_address(&peer) }))
    }

    fn local_addr(&self) -> Address {
        self.0.get_ref().local_addr().map_or(Address::Unknown, |address| unix_address(&address))
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
