//! [`Stream`]: a client's blocking socket, with TLS on it where the rig wants that.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;
#[cfg(feature = "tls")]
use {
    crate::certificates::Authority,
    http_driver::rustls::{ClientConfig, ClientConnection, ServerConfig, StreamOwned, pki_types::ServerName},
    std::sync::{Arc, OnceLock},
};

/// A client's end of a connection.
#[derive(Debug)]
pub enum Stream {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// The configurations of all servers and clients of this process.
#[cfg(feature = "tls")]
pub struct Keys {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
    /// The path of a file with the certificate to be trusted.
    pub authority: String,
}

/// For servers at 127.0.0.1.
#[cfg(feature = "tls")]
pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let authority = Authority::new();
        let server = authority.identity(&["127.0.0.1"]).server();
        let path = std::env::temp_dir().join(format!("authority-{}.pem", std::process::id()));
        std::fs::write(&path, authority.pem()).unwrap();
        let path = path.to_str().unwrap().to_owned();
        Keys { server: Arc::new(server), client: Arc::new(authority.client()), authority: path }
    })
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Stream::Plain(socket)
    }
}

impl Stream {
    /// The same with TLS, behind its handshake.
    #[cfg(feature = "tls")]
    pub fn secured(socket: TcpStream) -> Self {
        let name = ServerName::from(socket.peer_addr().unwrap().ip());
        let tls = ClientConnection::new(Arc::clone(&keys().client), name).unwrap();
        let mut tls = StreamOwned::new(tls, socket);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock).unwrap();
        }
        Stream::Tls(Box::new(tls))
    }

    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Stream::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Stream::Tls(tls) => &tls.sock,
        }
    }

    /// Another hand on the socket; not with TLS, which has no two.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        match self {
            Stream::Plain(socket) => socket.try_clone(),
            #[cfg(feature = "tls")]
            Stream::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket().set_read_timeout(timeout)
    }

    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket().set_write_timeout(timeout)
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    /// Closes the sending side.
    pub fn half_close(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Stream::Tls(tls) = self {
            tls.conn.send_close_notify();
            tls.flush()?;
            // Who has read that may be gone already.
            let _ = tls.sock.shutdown(Shutdown::Write);
            return Ok(());
        }
        self.socket().shutdown(Shutdown::Write)
    }
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(room),
            #[cfg(feature = "tls")]
            Stream::Tls(tls) => tls.read(room),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(octets),
            #[cfg(feature = "tls")]
            Stream::Tls(tls) => tls.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            #[cfg(feature = "tls")]
            Stream::Tls(tls) => tls.flush(),
        }
    }
}
