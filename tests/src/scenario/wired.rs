//! [`Stream`]: a client's blocking socket, with TLS on it where the rig wants that.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;
#[cfg(feature = "tls")]
use {
    crate::certificates::{Authority, VERSIONS},
    http_driver::rustls::{
        ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned, pki_types::ServerName,
    },
    std::sync::{Arc, OnceLock},
};

/// A client's end of a connection.
#[derive(Debug)]
pub enum Stream {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// A server's end.
    #[cfg(feature = "tls")]
    AcceptedTls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// Does the same with either.
macro_rules! with {
    ($stream:expr, $socket:ident => $plain:expr, $tls:ident => $secured:expr) => {
        match $stream {
            Stream::Plain($socket) => $plain,
            #[cfg(feature = "tls")]
            Stream::Tls($tls) => $secured,
            #[cfg(feature = "tls")]
            Stream::AcceptedTls($tls) => $secured,
        }
    };
}

/// The configurations of all servers and clients of this process.
#[cfg(feature = "tls")]
pub struct Keys {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
    /// The same for one version alone, 1.2 and 1.3.
    pub clients: [Arc<ClientConfig>; 2],
    /// Who signs what they trust.
    pub signer: Authority,
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
        Keys {
            server: Arc::new(server),
            client: Arc::new(authority.client()),
            clients: VERSIONS.map(|version| Arc::new(authority.client_of(&[version]))),
            signer: authority,
            authority: path,
        }
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

    /// The same with TLS, of which this is the server's end; the handshake is made with the first read.
    #[cfg(feature = "tls")]
    pub fn accepted(socket: TcpStream) -> Self {
        let tls = ServerConnection::new(Arc::clone(&keys().server)).unwrap();
        Stream::AcceptedTls(Box::new(StreamOwned::new(tls, socket)))
    }

    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        with!(self, socket => socket, tls => &tls.sock)
    }

    /// Another hand on the socket; not with TLS, which has no two.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        with!(self, socket => socket.try_clone(), _tls => Err(io::ErrorKind::Unsupported.into()))
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
        with!(self, socket => socket.shutdown(Shutdown::Write), tls => {
            tls.conn.send_close_notify();
            tls.flush()?;
            // Who has read that may be gone already.
            let _ = tls.sock.shutdown(Shutdown::Write);
            Ok(())
        })
    }
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        with!(self, socket => socket.read(room), tls => tls.read(room))
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        with!(self, socket => socket.write(octets), tls => tls.write(octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        with!(self, socket => socket.flush(), tls => tls.flush())
    }
}
