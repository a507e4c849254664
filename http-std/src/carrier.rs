//! [`Carrier`]: what carries a server's connection: a socket, with TLS on it or without.

use crate::{BlockingTransport, Socket, Stream};
use http_driver::Transport;
use http_proto::Instant;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll};
#[cfg(feature = "rustls")]
use {
    crate::tls::{AT_ONCE, SharedTls},
    crate::waiting::For,
    http_driver::TlsInfo,
    std::sync::Arc,
};

/// A socket that a server has accepted, with TLS on it or without.
#[derive(Debug)]
pub struct Carrier(Inner);

#[derive(Debug)]
enum Inner {
    Plain(Stream<Socket>),
    #[cfg(feature = "rustls")]
    Tls(Arc<SharedTls>),
}

/// Does the same with either.
macro_rules! with {
    ($carrier:expr, $io:ident => $work:expr) => {
        match &mut $carrier.0 {
            Inner::Plain($io) => $work,
            #[cfg(feature = "rustls")]
            Inner::Tls($io) => $work,
        }
    };
}

impl Carrier {
    pub(crate) fn plain(socket: Socket) -> Self {
        Carrier(Inner::Plain(socket.into()))
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn tls(tls: crate::Tls<Stream<Socket>>) -> Self {
        Carrier(Inner::Tls(Arc::new(SharedTls::new(tls))))
    }

    /// Whether there is TLS on it.
    pub(crate) fn is_tls(&self) -> bool {
        match &self.0 {
            Inner::Plain(_) => false,
            #[cfg(feature = "rustls")]
            Inner::Tls(_) => true,
        }
    }

    /// The socket.
    pub fn socket(&self) -> &Socket {
        match &self.0 {
            Inner::Plain(stream) => stream.get_ref(),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.socket(),
        }
    }

    /// The socket, if there is no TLS on it. It blocks, and has no timeouts.
    ///
    /// # Errors
    /// There is; then the carrier is returned.
    pub fn into_socket(self) -> Result<Socket, Self> {
        match self.0 {
            Inner::Plain(stream) => Ok(stream.into_inner()),
            #[cfg(feature = "rustls")]
            tls @ Inner::Tls(_) => Err(Carrier(tls)),
        }
    }

    /// What was agreed upon, if there is TLS.
    #[cfg(feature = "rustls")]
    pub fn tls_info(&self) -> Option<TlsInfo> {
        match &self.0 {
            Inner::Plain(_) => None,
            Inner::Tls(tls) => tls.info(),
        }
    }

    /// Another hand on it.
    pub(crate) fn share(&self) -> Self {
        match &self.0 {
            Inner::Plain(stream) => Carrier::plain(stream.get_ref().clone()),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => Carrier(Inner::Tls(Arc::clone(tls))),
        }
    }

    /// Closes both directions, for all hands.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        // What cannot announce its end at once ends without.
        let _ = self.shutdown(Some(Instant::ORIGIN));
        match self.socket() {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.shutdown(Shutdown::Both),
        }
    }
}

/// For [`crate::tunnel`].
impl Transport for Carrier {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Inner::Plain(stream) => stream.poll_read(cx, room),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.poll(cx, tls.read(room, AT_ONCE), For::Reading),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Inner::Plain(stream) => stream.poll_write_vectored(cx, slices),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.poll(cx, tls.write_vectored(slices, AT_ONCE), For::Writing),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Inner::Plain(stream) => stream.poll_shutdown(cx),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.poll(cx, tls.shutdown(AT_ONCE), For::Writing),
        }
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Inner::Plain(stream) => stream.poll_reset(cx),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) if tls.watched().is_reset(cx) => Poll::Ready(()),
            #[cfg(feature = "rustls")]
            Inner::Tls(_) => Poll::Pending,
        }
    }

    fn abort(&mut self) {
        BlockingTransport::abort(self);
    }
}

impl BlockingTransport for Carrier {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        with!(self, io => io.read(room, deadline))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        with!(self, io => io.write_vectored(slices, deadline))
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        with!(self, io => io.shutdown(deadline))
    }

    fn abort(&mut self) {
        match &mut self.0 {
            Inner::Plain(stream) => BlockingTransport::abort(stream),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.abort(),
        }
    }

    fn has_buffered(&self) -> bool {
        match &self.0 {
            Inner::Plain(stream) => stream.has_buffered(),
            #[cfg(feature = "rustls")]
            Inner::Tls(tls) => tls.has_buffered(),
        }
    }

    fn now(&self) -> Instant {
        crate::clock::now()
    }
}
