//! [`Socket`]: the load's end of a connection, with TLS or without.

use super::{blocking, tls};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// What HTTP is spoken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Clear,
    Tls,
}

/// Over a stream of whatever kind.
pub(crate) enum Socket<S: Read + Write> {
    Clear(S),
    Tls(Box<StreamOwned<ClientConnection, S>>),
}

impl Socket<TcpStream> {
    pub(crate) fn connect(address: SocketAddr, channel: Channel) -> io::Result<Self> {
        let stream = blocking::connect(address)?;
        Ok(match channel {
            Channel::Clear => Socket::Clear(stream),
            Channel::Tls => {
                let name = ServerName::try_from(tls::NAME).map_err(io::Error::other)?;
                let session = ClientConnection::new(tls::client(), name).map_err(io::Error::other)?;
                Socket::Tls(Box::new(StreamOwned::new(session, stream)))
            }
        })
    }
}

impl<S: Read + Write> Socket<S> {
    pub(crate) fn stream(&mut self) -> &mut S {
        match self {
            Socket::Clear(stream) => stream,
            Socket::Tls(tls) => &mut tls.sock,
        }
    }

    /// The same over a stream of another kind.
    pub(crate) fn map<T: Read + Write>(self, change: impl FnOnce(S) -> T) -> Socket<T> {
        match self {
            Socket::Clear(stream) => Socket::Clear(change(stream)),
            Socket::Tls(tls) => {
                let (session, stream) = tls.into_parts();
                Socket::Tls(Box::new(StreamOwned::new(session, change(stream))))
            }
        }
    }
}

impl<S: Read + Write> Read for Socket<S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Clear(stream) => stream.read(room),
            Socket::Tls(tls) => tls.read(room),
        }
    }
}

impl<S: Read + Write> Write for Socket<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Clear(stream) => stream.write(octets),
            Socket::Tls(tls) => tls.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Clear(stream) => stream.flush(),
            Socket::Tls(tls) => tls.flush(),
        }
    }
}
