//! [`BlockingTransport`]: what carries a connection on threads.

use http_proto::Instant;
use std::io::{self, IoSlice};

/// A stream of octets in both directions, whose calls wait until they can do something, or until a deadline.
///
/// A deadline is `None`: as long as it takes; or an instant of [`BlockingTransport::now`]. With one that has passed,
/// a call does what can be done at once. If nothing can be done in time, the error is [`io::ErrorKind::TimedOut`], and
/// nothing is lost by it.
pub trait BlockingTransport {
    /// Reads into `room`, which is not empty. Zero octets are the end of the input (FIN, or close_notify).
    ///
    /// # Errors
    /// The deadline has passed; or the connection is gone: reset, or ended without the close_notify that its protocol
    /// demands.
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize>;

    /// Writes the front of what `slices` hold together, none of which is empty, and lets go of it: what counts as
    /// written has left.
    ///
    /// # Errors
    /// The deadline has passed, and the next write begins with the same octets; or nothing more can be written.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize>;

    /// Closes the sending side; reading goes on. TLS announces that, and has to write for it.
    ///
    /// # Errors
    /// The deadline has passed: it is to be called again. Or the connection is gone.
    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()>;

    /// Makes dropping the transport a reset (SO_LINGER of zero), so that the peer cannot take a part for the whole. By
    /// default there is no such thing.
    fn abort(&mut self) {}

    /// Whether octets can be read that the system does not know of: those that a TLS session has decrypted already. By
    /// default there are none.
    fn has_buffered(&self) -> bool {
        false
    }

    /// The present time, since an origin that does not change during a connection.
    fn now(&self) -> Instant;
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Box<T> {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        (**self).read(room, deadline)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        (**self).write_vectored(slices, deadline)
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        (**self).shutdown(deadline)
    }

    fn abort(&mut self) {
        (**self).abort();
    }

    fn has_buffered(&self) -> bool {
        (**self).has_buffered()
    }

    fn now(&self) -> Instant {
        (**self).now()
    }
}
