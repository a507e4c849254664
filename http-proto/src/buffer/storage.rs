//! What a [`RecvBuf`](super::RecvBuf) can keep its octets in.

use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

mod sealed {
    pub trait Sealed {}
    impl Sealed for alloc::vec::Vec<u8> {}
    impl Sealed for bytes::BytesMut {}
    impl Sealed for bytes::Bytes {}
    impl Sealed for &[u8] {}
}

/// A storage of received octets. Sealed: `Vec<u8>`, `BytesMut`, `&[u8]` and `Bytes`.
pub trait Storage: sealed::Sealed + Default {
    /// All octets of the storage.
    fn octets(&self) -> &[u8];

    /// Takes the octets from `start` to `end` as `Bytes`, and returns how many octets were cut off the front for it.
    /// Constant time where the storage is reference-counted, else a copy that cuts nothing.
    fn keep(&mut self, start: usize, end: usize) -> (Bytes, usize) {
        (Bytes::copy_from_slice(self.octets().get(start..end).unwrap_or_default()), 0)
    }
}

/// A storage that is filled from behind: read into [`RecvBuf::spare_mut`](super::RecvBuf::spare_mut).
pub trait Fill: Storage {
    /// All octets, to be written to.
    fn octets_mut(&mut self) -> &mut [u8];

    /// Grows with zeros, or shrinks, to `length` octets.
    fn set_len(&mut self, length: usize);

    /// Makes room for so many octets behind the length.
    fn make_room(&mut self, additional: usize);
}

/// A storage that comes in pieces: hand them in with [`RecvBuf::feed`](super::RecvBuf::feed).
pub trait Feed: Storage {}

impl Storage for Vec<u8> {
    fn octets(&self) -> &[u8] {
        self
    }
}

impl Fill for Vec<u8> {
    fn octets_mut(&mut self) -> &mut [u8] {
        self
    }

    fn set_len(&mut self, length: usize) {
        self.resize(length, 0);
    }

    fn make_room(&mut self, additional: usize) {
        self.reserve(additional);
    }
}

impl Storage for BytesMut {
    fn octets(&self) -> &[u8] {
        self
    }

    fn keep(&mut self, start: usize, end: usize) -> (Bytes, usize) {
        if start > end || end > self.len() {
            return (Bytes::new(), 0);
        }
        (self.split_to(end).freeze().slice(start..), end)
    }
}

impl Fill for BytesMut {
    fn octets_mut(&mut self) -> &mut [u8] {
        self
    }

    fn set_len(&mut self, length: usize) {
        self.resize(length, 0);
    }

    fn make_room(&mut self, additional: usize) {
        self.reserve(additional);
    }
}

impl Storage for &[u8] {
    fn octets(&self) -> &[u8] {
        self
    }
}

impl Feed for &[u8] {}

impl Storage for Bytes {
    fn octets(&self) -> &[u8] {
        self
    }

    fn keep(&mut self, start: usize, end: usize) -> (Bytes, usize) {
        if start > end || end > self.len() {
            return (Bytes::new(), 0);
        }
        (self.slice(start..end), 0)
    }
}

impl Feed for Bytes {}
