//! How octets get into each storage of a receive buffer. Knows no connection.

use bytes::{Bytes, BytesMut};
use http_proto::RecvBuf;

/// What the receive buffer keeps its octets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// `&[u8]`, fed.
    Slice,
    /// `Bytes`, fed; payload is retained.
    Bytes,
    /// `Vec<u8>`, filled.
    Vec,
    /// `BytesMut`, filled; payload is retained.
    BytesMut,
    /// `Vec<u8>`, lent and restored for each read, released whenever that is possible.
    LentVec,
    /// The same with `BytesMut`; payload is retained.
    LentBytesMut,
}

impl Storage {
    /// All of them.
    pub const ALL: [Storage; 6] =
        [Storage::Slice, Storage::Bytes, Storage::Vec, Storage::BytesMut, Storage::LentVec, Storage::LentBytesMut];
}

/// A receive buffer that octets are put into, as many as it takes.
pub(super) trait Buffer<'i> {
    type Storage: http_proto::buffer::Storage;
    /// Whether payload is taken with `retain`.
    const RETAINS: bool;

    fn put(&mut self, octets: &'i [u8]) -> usize;
    fn get(&mut self) -> &mut RecvBuf<Self::Storage>;
}

macro_rules! buffers {
    ($($storage:ty, $retains:literal, |$buffer:ident, $octets:ident| $put:expr;)*) => {$(
        impl<'i> Buffer<'i> for RecvBuf<$storage> {
            type Storage = $storage;
            const RETAINS: bool = $retains;

            fn put(&mut self, $octets: &'i [u8]) -> usize {
                let $buffer = self;
                $put
            }

            fn get(&mut self) -> &mut RecvBuf<$storage> {
                self
            }
        }
    )*};
}

buffers! {
    &'i [u8], false, |buffer, octets| { buffer.feed(octets); octets.len() };
    Bytes, true, |buffer, octets| { buffer.feed(Bytes::copy_from_slice(octets)); octets.len() };
    Vec<u8>, false, |buffer, octets| buffer.fill_from(octets);
    BytesMut, true, |buffer, octets| buffer.fill_from(octets);
}

/// A buffer whose storage travels: a completion queue reads into it.
pub(super) struct Lent<S>(pub(super) RecvBuf<S>);

macro_rules! lent_buffers {
    ($($storage:ty, $retains:literal;)*) => {$(
        impl<'i> Buffer<'i> for Lent<$storage> {
            type Storage = $storage;
            const RETAINS: bool = $retains;

            fn put(&mut self, octets: &'i [u8]) -> usize {
                let Lent(buffer) = self;
                let unread = buffer.unread_len();
                assert_eq!(buffer.release(), unread == 0, "memory is given back where nothing is unread");
                let mut storage = buffer.lend().expect("it is not lent");
                assert_eq!((storage.len(), buffer.unread_len()), (unread, unread), "the unread octets travel in front");
                assert!(storage.capacity() - unread >= 8 * 1024);
                assert!(buffer.lend().is_none() && buffer.spare_mut().is_empty(), "it is lent once");
                let count = octets.len().min(storage.capacity() - unread);
                storage.extend_from_slice(&octets[..count]);
                buffer.restore(storage, count).expect("the storage is the one lent");
                count
            }

            fn get(&mut self) -> &mut RecvBuf<$storage> {
                &mut self.0
            }
        }
    )*};
}

lent_buffers! {
    Vec<u8>, false;
    BytesMut, true;
}
