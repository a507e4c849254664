//! [`Held`]: what carries a connection, from when HTTP can be spoken on it until it is taken away.

use crate::{BlockingTransport, Carrier, clock};
use http_proto::Instant;
use std::io::{self, ErrorKind, IoSlice};

/// What carries a connection; or nothing yet, or nothing any more.
#[derive(Debug, Default)]
pub(super) struct Held {
    carrier: Option<Carrier>,
    /// The end of the input is there, of which the system has told, and does not tell again.
    ends: bool,
}

impl Held {
    pub(super) fn put(&mut self, carrier: Carrier) {
        self.carrier = Some(carrier);
    }

    /// Without it nothing can be read or written.
    pub(super) fn take(&mut self) -> Option<Carrier> {
        self.carrier.take()
    }

    pub(super) fn set_ends(&mut self) {
        self.ends = true;
    }

    fn carrier(&mut self) -> io::Result<&mut Carrier> {
        self.carrier.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }
}

impl BlockingTransport for Held {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        self.carrier()?.read(room, deadline)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        self.carrier()?.write_vectored(slices, deadline)
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.carrier()?.shutdown(deadline)
    }

    fn abort(&mut self) {
        if let Ok(carrier) = self.carrier() {
            carrier.abort();
        }
    }

    fn has_buffered(&self) -> bool {
        // With TLS, less than there was room for does not mean that the socket is empty.
        self.ends || self.carrier.as_ref().is_some_and(Carrier::is_tls)
    }

    fn now(&self) -> Instant {
        clock::now()
    }
}
