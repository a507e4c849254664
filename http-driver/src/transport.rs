//! What a runtime supplies: octets and time. Nothing else of a runtime is known in this crate.

use crate::date;
use http_proto::Instant;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};

/// A stream of octets in both directions: a socket, a TLS session, a pipe in memory.
///
/// Every method that returns `Pending` has seen to it that the task is woken when calling again makes sense.
pub trait Transport {
    /// Reads into `room`, which is not empty. Zero octets are the end of the input (FIN, or close_notify).
    ///
    /// # Errors
    /// The connection is gone: reset, or ended without the close_notify that its protocol demands.
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes the front of `octets`, which are not empty.
    ///
    /// # Errors
    /// Nothing more can be written.
    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes the front of what `slices` hold together, none of which is empty. By default only the first is written.
    ///
    /// # Errors
    /// Nothing more can be written.
    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match slices.first() {
            Some(first) => self.poll_write(cx, first),
            None => Poll::Ready(Ok(0)),
        }
    }

    /// Takes what was written to the peer. Only for transports that keep it back; by default there is nothing to do.
    ///
    /// # Errors
    /// Nothing more can be written.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// Closes the sending side; reading goes on.
    ///
    /// # Errors
    /// The connection is gone.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The next read is a look at what there is, though nobody may have waited for it: it must not go by what is known of
    /// before, but ask the system. By default there is nothing to do: for transports whose reads do that, or that learn
    /// what comes though nobody waits.
    fn look(&mut self) {}

    /// Ready when the peer is known to be gone although nobody reads. By default that is never known.
    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Makes dropping the transport a reset (SO_LINGER of zero), so that the peer cannot take a part for the whole.
    fn abort(&mut self) {}
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        (**self).poll_read(cx, room)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        (**self).poll_write(cx, octets)
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        (**self).poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_shutdown(cx)
    }

    fn look(&mut self) {
        (**self).look();
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_reset(cx)
    }

    fn abort(&mut self) {
        (**self).abort();
    }
}

/// The clock of a connection, and the one wake-up that it asks for.
pub trait Timer {
    /// The present time since an origin that does not change during a connection.
    fn now(&self) -> Instant;

    /// Sets the wake-up, in place of the one before.
    fn reset(&mut self, at: Instant);

    /// Ready when the time set has come; `Pending` for ever if none was set.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The value of Date (RFC 9110 section 6.6.1), if the clock on the wall is known. By default that of the system,
    /// formatted once a second.
    fn date(&self) -> Option<[u8; 29]> {
        date::now()
    }
}
