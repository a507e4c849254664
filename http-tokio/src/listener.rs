//! Where connections come from: TCP and Unix sockets, and how they are opened.

use crate::Stream;
use http_driver::{Address, Listener, Opened};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
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
        Tcp { listener: self, options: SocketOptions::default() }
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Unix(self)
    }
}

/// How a TCP listener is opened, and its connections are set up.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// let listener = http_tokio::ListenOptions::new().backlog(4096).bind("127.0.0.1:8080".parse().unwrap())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ListenOptions {
    backlog: i32,
    reuse_port: bool,
    socket: SocketOptions,
}

#[derive(Debug, Clone, Copy)]
struct SocketOptions {
    nodelay: bool,
    receive_buffer: Option<usize>,
    send_buffer: Option<usize>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions { nodelay: true, receive_buffer: None, send_buffer: None }
    }
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions { backlog: 1024, reuse_port: false, socket: SocketOptions::default() }
    }
}

impl ListenOptions {
    /// All defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Connections that wait in the kernel to be accepted. Default: 1024; the system may cap it.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = i32::try_from(connections).unwrap_or(i32::MAX);
        self
    }

    /// Lets several listeners, also of other processes, share the port; the kernel spreads connections over them.
    /// Default: false. Without effect where the system has no such thing.
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// Sends small pieces at once (TCP_NODELAY). Default: true, as answers are written whole.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.socket.nodelay = nodelay;
        self
    }

    /// Octets of the kernel's receive buffer of each connection (SO_RCVBUF). Default: the system's.
    pub fn receive_buffer(mut self, octets: usize) -> Self {
        self.socket.receive_buffer = Some(octets);
        self
    }

    /// Octets of the kernel's send buffer of each connection (SO_SNDBUF). Default: the system's.
    pub fn send_buffer(mut self, octets: usize) -> Self {
        self.socket.send_buffer = Some(octets);
        self
    }

    /// Opens the listener. Called inside of a tokio runtime.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(self, address: SocketAddr) -> io::Result<Tcp> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
        socket.set_reuse_port(self.reuse_port)?;
        // Accepted connections inherit the sizes, which must be known before the handshake.
        if let Some(octets) = self.socket.receive_buffer {
            socket.set_recv_buffer_size(octets)?;
        }
        if let Some(octets) = self.socket.send_buffer {
            socket.set_send_buffer_size(octets)?;
        }
        socket.bind(&address.into())?;
        socket.listen(self.backlog)?;
        Ok(Tcp { listener: TcpListener::from_std(socket.into())?, options: self.socket })
    }
}

/// A TCP listener.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
    options: SocketOptions,
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
        let _ = stream.set_nodelay(self.options.nodelay);
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
