//! The four storages of a receive buffer behind one interface: octets go in, whatever way the storage has.

use bytes::{Bytes, BytesMut};
use http_proto::RecvBuf;
use http_proto::buffer::Storage;

/// A storage into which octets can be put.
pub trait Inbox<'a>: Storage {
    /// Puts octets in. The last event of the buffer is over then.
    fn give(buffer: &mut RecvBuf<Self>, octets: &'a [u8]);

    /// Lends the storage out, where that is possible.
    fn lend(_: &mut RecvBuf<Self>) -> Option<Self> {
        None
    }

    /// Takes a lent storage back, with octets that came meanwhile; `false` if the buffer did not want it.
    fn restore(_: &mut RecvBuf<Self>, _: Self, _: &'a [u8]) -> bool {
        false
    }
}

impl<'a> Inbox<'a> for Vec<u8> {
    fn give(buffer: &mut RecvBuf<Self>, octets: &'a [u8]) {
        assert_eq!(buffer.fill_from(octets), octets.len(), "room for what was asked for");
    }

    fn lend(buffer: &mut RecvBuf<Self>) -> Option<Self> {
        buffer.lend()
    }

    fn restore(buffer: &mut RecvBuf<Self>, mut storage: Self, octets: &'a [u8]) -> bool {
        storage.extend_from_slice(octets);
        buffer.restore(storage, octets.len()).is_ok()
    }
}

impl<'a> Inbox<'a> for BytesMut {
    fn give(buffer: &mut RecvBuf<Self>, octets: &'a [u8]) {
        assert_eq!(buffer.fill_from(octets), octets.len(), "room for what was asked for");
    }

    fn lend(buffer: &mut RecvBuf<Self>) -> Option<Self> {
        buffer.lend()
    }

    fn restore(buffer: &mut RecvBuf<Self>, mut storage: Self, octets: &'a [u8]) -> bool {
        storage.extend_from_slice(octets);
        buffer.restore(storage, octets.len()).is_ok()
    }
}

impl<'a> Inbox<'a> for &'a [u8] {
    fn give(buffer: &mut RecvBuf<Self>, octets: &'a [u8]) {
        buffer.feed(octets);
    }
}

impl<'a> Inbox<'a> for Bytes {
    fn give(buffer: &mut RecvBuf<Self>, octets: &'a [u8]) {
        buffer.feed(Bytes::copy_from_slice(octets));
    }
}
