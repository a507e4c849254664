//! [`ListenOptions`]: how TCP listeners are opened. What a runtime makes of the sockets is behind [`FromStd`].

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpListener};

/// A TCP listener of a runtime.
pub trait FromStd: Sized {
    /// Takes over a socket that listens and does not block. `nodelay` is to be set on every connection accepted
    /// (TCP_NODELAY).
    ///
    /// # Errors
    /// The system's.
    fn from_std(listener: TcpListener, nodelay: bool) -> io::Result<Self>;
}

/// How a TCP listener is opened, and its connections are set up. `L` is the listener of the runtime.
#[derive(Debug)]
pub struct ListenOptions<L> {
    backlog: i32,
    reuse_port: bool,
    nodelay: bool,
    receive_buffer: Option<usize>,
    send_buffer: Option<usize>,
    listener: PhantomData<fn() -> L>,
}

impl<L> Default for ListenOptions<L> {
    fn default() -> Self {
        ListenOptions {
            backlog: 1024,
            reuse_port: false,
            nodelay: true,
            receive_buffer: None,
            send_buffer: None,
            listener: PhantomData,
        }
    }
}

impl<L> ListenOptions<L> {
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
        self.nodelay = nodelay;
        self
    }

    /// Octets of the kernel's receive buffer of each connection (SO_RCVBUF). Default: the system's.
    pub fn receive_buffer(mut self, octets: usize) -> Self {
        self.receive_buffer = Some(octets);
        self
    }

    /// Octets of the kernel's send buffer of each connection (SO_SNDBUF). Default: the system's.
    pub fn send_buffer(mut self, octets: usize) -> Self {
        self.send_buffer = Some(octets);
        self
    }

    fn open(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
        socket.set_reuse_port(self.reuse_port)?;
        // Accepted connections inherit the sizes, which must be known before the handshake.
        if let Some(octets) = self.receive_buffer {
            socket.set_recv_buffer_size(octets)?;
        }
        if let Some(octets) = self.send_buffer {
            socket.set_send_buffer_size(octets)?;
        }
        socket.bind(&address.into())?;
        socket.listen(self.backlog)?;
        Ok(socket.into())
    }
}

impl<L: FromStd> ListenOptions<L> {
    /// Opens the listener, inside of its runtime where it needs one.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(self, address: SocketAddr) -> io::Result<L> {
        L::from_std(self.open(address)?, self.nodelay)
    }
}

impl<L> Clone for ListenOptions<L> {
    fn clone(&self) -> Self {
        ListenOptions { ..*self }
    }
}
