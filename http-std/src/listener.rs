//! Where connections come from: TCP and Unix sockets.

use crate::Socket;
use http_driver::{Address, FromStd, Opened};
use socket2::SockRef;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;

/// Where connections come from.
pub trait Listener: AsFd + Send + 'static {
    /// The next connection, without waiting for it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`]: there is none; it is asked again when the descriptor can be read. That of one
    /// connection which was gone before it was accepted, or want of descriptors or memory, which passes. After other
    /// errors, too, it is asked again, when some time has gone by.
    fn accept(&self) -> io::Result<Opened<Socket>>;

    /// Where connections arrive.
    fn local_addr(&self) -> Address;
}

/// What [`crate::serve`] accepts connections from: the listeners of `std`, and [`Tcp`].
pub trait IntoListener {
    /// As the server uses it.
    type Listener: Listener;

    /// As the server uses it.
    ///
    /// # Errors
    /// The system's.
    fn into_listener(self) -> io::Result<Self::Listener>;
}

impl IntoListener for Tcp {
    type Listener = Tcp;

    fn into_listener(self) -> io::Result<Tcp> {
        Ok(self)
    }
}

impl IntoListener for TcpListener {
    type Listener = Tcp;

    fn into_listener(self) -> io::Result<Tcp> {
        self.set_nonblocking(true)?;
        Ok(Tcp { listener: self, nodelay: true })
    }
}

impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> io::Result<Unix> {
        self.set_nonblocking(true)?;
        Ok(Unix(self))
    }
}

/// A TCP listener.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
    nodelay: bool,
}

impl Tcp {
    /// The listener inside.
    pub fn get_ref(&self) -> &TcpListener {
        &self.listener
    }
}

impl FromStd for Tcp {
    fn from_std(listener: TcpListener, nodelay: bool) -> io::Result<Self> {
        Ok(Tcp { listener, nodelay })
    }
}

impl AsFd for Tcp {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Listener for Tcp {
    fn accept(&self) -> io::Result<Opened<Socket>> {
        let (stream, peer) = self.listener.accept()?;
        // A connection that is gone already will show when it is read.
        let _ = SockRef::from(&stream).set_tcp_nodelay(self.nodelay);
        let local = stream.local_addr().map_or(Address::Unknown, Address::Tcp);
        Ok(Opened { io: stream.into(), local, peer: peer.into() })
    }

    fn local_addr(&self) -> Address {
        self.listener.local_addr().map_or(Address::Unknown, Address::Tcp)
    }
}

/// A listener on a Unix socket.
#[derive(Debug)]
pub struct Unix(UnixListener);

impl AsFd for Unix {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Listener for Unix {
    fn accept(&self) -> io::Result<Opened<Socket>> {
        let (stream, peer) = self.0.accept()?;
        Ok(Opened { io: stream.into(), local: self.local_addr(), peer: unix_address(&peer) })
    }

    fn local_addr(&self) -> Address {
        self.0.local_addr().map_or(Address::Unknown, |address| unix_address(&address))
    }
}

fn unix_address(address: &std::os::unix::net::SocketAddr) -> Address {
    Address::Unix(address.as_pathname().map(Into::into))
}
