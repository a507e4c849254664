//! [`Tls`]: TLS on any blocking transport, itself one. It is the one of `http-driver`, polled until a deadline.

#[cfg(unix)]
mod shared;

#[cfg(unix)]
pub(crate) use shared::SharedTls;

use crate::BlockingTransport;
use http_driver::rustls::pki_types::ServerName;
use http_driver::rustls::{ClientConfig, ServerConfig};
use http_driver::{TlsError, TlsErrorKind, TlsInfo, Transport};
use http_proto::Instant;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The deadline of what is only to be tried.
pub(crate) const AT_ONCE: Option<Instant> = Some(Instant::ORIGIN);

/// TLS on any transport; either end. The handshake is made with the first read or write, or by [`Tls::handshake`].
///
/// It ends in order with close_notify, sent by [`BlockingTransport::shutdown`]. An input that ends without it is an error:
/// the peer, or somebody between, may have cut it off. Each direction ends for itself, as far as the peer goes along with
/// that: TLS 1.2 lets it answer close_notify with its own, and give up what it has not sent (RFC 5246 section 7.2.1).
///
/// What it holds is bounded: 64 KiB to be sent, two records received. Plaintext that was received is read before the
/// transport is. A write whose deadline passes before all of its ciphertext has left goes on with the next one, which
/// must begin with the same octets.
///
/// ```
/// use http_std::{Config, Connection, Stream, Tls, TlsError, role, rustls};
/// use std::{net::TcpStream, sync::Arc, time::Duration};
///
/// type OverTls = Connection<role::Server, Tls<Stream>>;
///
/// fn accept(socket: TcpStream, config: Arc<rustls::ServerConfig>) -> Result<OverTls, TlsError> {
///     let mut tls = Tls::server(Stream::from(socket), config)?;
///     tls.handshake(Duration::from_secs(10))?;
///     Ok(Connection::server(tls, Arc::new(Config::server())))
/// }
/// ```
pub struct Tls<T> {
    inner: http_driver::Tls<Timed<T>>,
    /// Octets that TLS has taken of what was to be written, and not all of whose ciphertext has left.
    taken: usize,
}

impl<T: BlockingTransport> Tls<T> {
    /// The end that was connected to.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn server(io: T, config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        http_driver::Tls::server(Timed::new(io), config).map(Self::over)
    }

    /// The end that has connected, to a server of this name or address.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn client(io: T, config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, TlsError> {
        http_driver::Tls::client(Timed::new(io), config, name).map(Self::over)
    }

    pub(crate) fn over(inner: http_driver::Tls<Timed<T>>) -> Self {
        Tls { inner, taken: 0 }
    }

    /// Makes the handshake, within this time. When a client's is done its server may still refuse the certificate that
    /// was shown to it: under TLS 1.3 that shows when something is read.
    ///
    /// # Errors
    /// See [`TlsErrorKind`]. The peer has been told, if it was reached. After [`TlsErrorKind::Timeout`] it can go on.
    pub fn handshake(&mut self, within: Duration) -> Result<(), TlsError> {
        let deadline = Some(self.now().saturating_add(within));
        self.inner.get_mut().set(deadline, deadline);
        self.insist(deadline, http_driver::Tls::poll_handshake)
            .unwrap_or_else(|| Err(TlsError::new(TlsErrorKind::Timeout)))
    }

    /// Polls until there is a result; `None`: the deadline has passed.
    fn insist<V>(
        &mut self,
        deadline: Option<Instant>,
        mut poll: impl FnMut(&mut http_driver::Tls<Timed<T>>, &mut Context<'_>) -> Poll<V>,
    ) -> Option<V> {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(done) = poll(&mut self.inner, &mut cx) {
                return Some(done);
            }
            // The transport has waited in vain; or there was much to do, and time is up before all was.
            if self.inner.get_ref().late || deadline.is_some_and(|deadline| deadline <= self.now()) {
                return None;
            }
        }
    }
}

impl<T> Tls<T> {
    /// Whether the next write is to go on with the last one.
    #[cfg(unix)]
    pub(crate) fn is_writing(&self) -> bool {
        self.taken > 0
    }

    /// What was agreed upon; `None` until the handshake is done.
    pub fn info(&self) -> Option<TlsInfo> {
        self.inner.info()
    }

    /// The transport below.
    pub fn get_ref(&self) -> &T {
        &self.inner.get_ref().io
    }
}

impl<T: BlockingTransport> BlockingTransport for Tls<T> {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        // What goes out must not hold reading up once the handshake is done: the peer may want to be read first.
        let write = if self.inner.is_handshaking() { deadline } else { AT_ONCE };
        self.inner.get_mut().set(deadline, write);
        self.insist(deadline, |tls, cx| tls.poll_read(cx, room)).unwrap_or_else(late)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        self.inner.get_mut().set(deadline, deadline);
        if self.taken == 0 {
            let taken = self.insist(deadline, |tls, cx| tls.poll_write_vectored(cx, slices));
            self.taken = taken.unwrap_or_else(late)?;
        }
        let before = self.inner.get_ref().written;
        match self.insist(deadline, Transport::poll_flush) {
            Some(flushed) => {
                flushed?;
                Ok(std::mem::take(&mut self.taken))
            }
            // What has left shows as progress; the last octet counts when all has.
            None => {
                let written = self.inner.get_ref().written - before;
                let told = usize::try_from(written).unwrap_or(usize::MAX).min(self.taken.saturating_sub(1));
                self.taken -= told;
                if told > 0 { Ok(told) } else { late() }
            }
        }
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.inner.get_mut().set(deadline, deadline);
        self.insist(deadline, Transport::poll_shutdown).unwrap_or_else(late)
    }

    fn abort(&mut self) {
        self.inner.abort();
    }

    fn has_buffered(&self) -> bool {
        self.inner.has_buffered()
    }

    fn now(&self) -> Instant {
        self.get_ref().now()
    }
}

impl<T: fmt::Debug> fmt::Debug for Tls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("io", self.get_ref()).field("info", &self.info()).finish_non_exhaustive()
    }
}

fn late<V>() -> io::Result<V> {
    Err(ErrorKind::TimedOut.into())
}

/// A blocking transport as one to be polled: what cannot be done by its deadline is pending.
#[derive(Debug)]
pub(crate) struct Timed<T> {
    io: T,
    read: Option<Instant>,
    write: Option<Instant>,
    /// What was done last came too late.
    late: bool,
    /// Octets written since the beginning.
    written: u64,
}

impl<T: BlockingTransport> Timed<T> {
    /// With deadlines that have passed: it does what can be done at once.
    pub(crate) fn new(io: T) -> Self {
        Timed { io, read: AT_ONCE, write: AT_ONCE, late: false, written: 0 }
    }

    fn set(&mut self, read: Option<Instant>, write: Option<Instant>) {
        (self.read, self.write) = (read, write);
    }

    fn in_time<V>(&mut self, done: io::Result<V>) -> Poll<io::Result<V>> {
        self.late = matches!(&done, Err(error) if error.kind() == ErrorKind::TimedOut);
        if self.late { Poll::Pending } else { Poll::Ready(done) }
    }
}

impl<T: BlockingTransport> Transport for Timed<T> {
    fn poll_read(&mut self, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = self.io.read(room, self.read);
        self.in_time(read)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(&mut self, _: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = self.io.write_vectored(slices, self.write);
        if let Ok(count) = written {
            self.written += count as u64;
        }
        self.in_time(written)
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.io.shutdown(self.write);
        self.in_time(shut)
    }

    fn abort(&mut self) {
        self.io.abort();
    }
}
