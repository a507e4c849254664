//! [`Tls`]: a TLS session on a transport, itself a transport.

use super::error::{TlsError, TlsErrorKind};
use super::info::TlsInfo;
use super::session::Session;
use crate::Transport;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Octets of one read: the largest record, nearly.
const READ: usize = 16 * 1024;
/// Reads that bring no plaintext, after which others on the same thread get their turn.
const BURST: usize = 16;

thread_local! {
    /// Room for ciphertext, between the transport and rustls. No connection needs any of its own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// TLS on any transport; either end. The handshake is made with the first read or write, or by [`Tls::handshake`].
///
/// It ends in order with close_notify, sent by [`Transport::poll_shutdown`]. An input that ends without it is an error:
/// the peer, or somebody between, may have cut it off. Each direction ends for itself, as far as the peer goes along with
/// that: TLS 1.2 lets it answer close_notify with its own, and give up what it has not sent (RFC 5246 section 7.2.1).
///
/// What it holds is bounded: 64 KiB to be sent, two records received. Plaintext that was received is read before the
/// transport is.
pub struct Tls<Io> {
    io: Io,
    session: Box<Session>,
    /// The name that a client has asked for.
    asked: Option<Box<str>>,
}

impl<Io: Transport> Tls<Io> {
    /// The end that was connected to.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn server(io: Io, config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        let tls = ServerConnection::new(config).map_err(TlsError::config)?;
        Ok(Tls { io, session: Box::new(Session::new(Connection::Server(tls))), asked: None })
    }

    /// The end that has connected, to a server of this name or address.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn client(io: Io, config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, TlsError> {
        let asked = Some(name.to_str().into());
        let tls = ClientConnection::new(config, name).map_err(TlsError::config)?;
        Ok(Tls { io, session: Box::new(Session::new(Connection::Client(tls))), asked })
    }

    /// Makes the handshake. When a client's is done its server may still refuse the certificate that was shown to it:
    /// under TLS 1.3 that shows when something is read.
    ///
    /// # Errors
    /// See [`TlsErrorKind`](crate::TlsErrorKind). The peer has been told, if it was reached.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn handshake(&mut self) -> Result<(), TlsError> {
        poll_fn(|cx| self.poll_handshake(cx)).await
    }

    /// The same, to be polled.
    ///
    /// # Errors
    /// As [`Tls::handshake`].
    pub fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TlsError>> {
        while self.session.tls.is_handshaking() {
            let sent = match self.poll_send(cx) {
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) => match self.io.poll_flush(cx) {
                    Poll::Ready(flushed) => flushed,
                    Poll::Pending => Ok(()),
                },
                Poll::Pending => Ok(()),
            };
            if !self.session.tls.is_handshaking() {
                break;
            }
            let taken = self.poll_receive(cx, |session, octets| match octets {
                [] => Err(TlsError::new(TlsErrorKind::Closed)),
                octets => session.shake(octets),
            })?;
            if let Poll::Ready(Err(error)) = &taken
                && error.kind() != TlsErrorKind::Closed
            {
                // The alert that says why.
                let _ = self.poll_flush(cx);
                return taken;
            }
            // Behind what was received, which may be the reason.
            sent?;
            ready!(taken)?;
        }
        Poll::Ready(Ok(ready!(self.poll_flush(cx))?))
    }

    /// Hands ciphertext from the transport to the session; nothing at its end.
    fn poll_receive<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Session, &[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ, 0);
        let read = self.io.poll_read(cx, &mut scratch);
        let taken = read.map_ok(|count| take(&mut self.session, scratch.get(..count).unwrap_or_default()));
        SCRATCH.set(scratch);
        taken
    }

    /// Writes ciphertext, all that there is.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Tls { io, session, .. } = self;
        while session.tls.wants_write() {
            match session.tls.write_tls(&mut Polled { io, cx }) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io> Tls<Io> {
    /// What was agreed upon; `None` until the handshake is done.
    pub fn info(&self) -> Option<TlsInfo> {
        let tls = &self.session.tls;
        (!tls.is_handshaking()).then(|| TlsInfo::of(tls, self.asked.as_deref())).flatten()
    }

    /// The transport below.
    pub fn get_ref(&self) -> &Io {
        &self.io
    }

    /// The transport below. Who reads or writes it breaks TLS.
    pub fn get_mut(&mut self) -> &mut Io {
        &mut self.io
    }

    /// Whether the handshake is not done yet.
    pub fn is_handshaking(&self) -> bool {
        self.session.tls.is_handshaking()
    }

    /// Whether something waits to be written to the transport.
    pub fn wants_write(&self) -> bool {
        self.session.tls.wants_write()
    }

    /// Whether the next read may find something without the transport: what was received with octets that have been read
    /// is with the session already, and no transport tells of it.
    pub fn has_buffered(&self) -> bool {
        self.session.has_buffered()
    }
}

impl<Io: Transport> Transport for Tls<Io> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.session.tls.is_handshaking() {
            match self.poll_handshake(cx) {
                Poll::Ready(shaken) => shaken?,
                // Then it is what goes out that has to wait: reading must not wait for it, as the peer may want to be read.
                Poll::Pending if !self.session.tls.is_handshaking() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        let mut read = self.session.read(room);
        for _ in 0..BURST {
            if let Ok(Some(count)) = read {
                return Poll::Ready(Ok(count));
            }
            // An alert, or what rustls answers by itself. That it cannot be sent shows to those who write.
            let _ = self.poll_send(cx);
            read?;
            read = ready!(self.poll_receive(cx, |session, octets| {
                if octets.is_empty() {
                    session.end();
                }
                session.receive(octets, room)
            }))?;
        }
        cx.waker().wake_by_ref();
        match read {
            Ok(Some(count)) => Poll::Ready(Ok(count)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_handshake(cx))?;
        if !self.session.can_send() {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        // What was taken before goes first: so what is held is bounded, and records are as large as they can be.
        ready!(self.poll_send(cx))?;
        let count = self.session.tls.writer().write_vectored(slices)?;
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        self.io.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.session.tls.is_handshaking() {
            self.session.close();
        }
        ready!(self.poll_flush(cx))?;
        self.io.poll_shutdown(cx)
    }

    fn look(&mut self) {
        self.io.look();
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.io.poll_reset(cx)
    }

    fn abort(&mut self) {
        self.io.abort();
    }
}

impl<Io: fmt::Debug> fmt::Debug for Tls<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("io", &self.io).field("info", &self.info()).finish_non_exhaustive()
    }
}

/// A transport that is polled, as rustls writes to it.
struct Polled<'a, 'b, Io> {
    io: &'a mut Io,
    cx: &'a mut Context<'b>,
}

fn blocking(written: Poll<io::Result<usize>>) -> io::Result<usize> {
    match written {
        Poll::Ready(written) => written,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<Io: Transport> Write for Polled<'_, '_, Io> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        blocking(self.io.poll_write(self.cx, octets))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [only] => self.write(only),
            slices => blocking(self.io.poll_write_vectored(self.cx, slices)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
