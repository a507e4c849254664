//! [`MaybeTls`]: what carries a client's connections: as it was opened, or with TLS on it.

use crate::Transport;
#[cfg(feature = "rustls")]
use crate::{BoxTransport, Tls};
use std::fmt;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};

/// A transport as it was opened, or with TLS on it. The same type with feature `tls` as without.
#[non_exhaustive]
pub enum MaybeTls<Io> {
    /// As it was opened.
    Plain(Io),
    /// With TLS, which may lie in a tunnel through other connections.
    #[cfg(feature = "rustls")]
    Tls(Tls<BoxTransport>),
}

/// Does the same with either.
macro_rules! with {
    ($transport:expr, $io:ident => $work:expr) => {
        match $transport {
            MaybeTls::Plain($io) => $work,
            #[cfg(feature = "rustls")]
            MaybeTls::Tls($io) => $work,
        }
    };
}

impl<Io> MaybeTls<Io> {
    /// What was opened, if there is no TLS on it.
    pub fn plain(&self) -> Option<&Io> {
        match self {
            MaybeTls::Plain(io) => Some(io),
            #[cfg(feature = "rustls")]
            MaybeTls::Tls(_) => None,
        }
    }
}

impl<Io: Transport> Transport for MaybeTls<Io> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        with!(self, io => io.poll_read(cx, room))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        with!(self, io => io.poll_write(cx, octets))
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        with!(self, io => io.poll_write_vectored(cx, slices))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self, io => io.poll_flush(cx))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self, io => io.poll_shutdown(cx))
    }

    fn look(&mut self) {
        with!(self, io => io.look());
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        with!(self, io => io.poll_reset(cx))
    }

    fn abort(&mut self) {
        with!(self, io => io.abort());
    }
}

impl<Io: fmt::Debug> fmt::Debug for MaybeTls<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaybeTls::Plain(io) => io.fmt(f),
            #[cfg(feature = "rustls")]
            MaybeTls::Tls(tls) => f.debug_tuple("Tls").field(&tls.info()).finish(),
        }
    }
}
