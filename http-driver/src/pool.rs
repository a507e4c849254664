//! Buffers that nobody uses at present. A connection holds none while it is idle: what it had goes to a pool of its
//! thread, and the next connection with something to do takes it warm.

use bytes::BytesMut;
use http_proto::{RecvBuf, SendBuf};
use std::any::Any;
use std::cell::RefCell;

/// Buffers of either kind that a thread keeps.
const KEPT: usize = 64;
/// A buffer that has grown beyond this many octets is given back to the allocator.
const LARGEST: usize = 64 * 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { recv: Vec::new(), send: Vec::new(), others: Vec::new() }) };
}

#[expect(clippy::vec_box, reason = "connections hold them as boxes, which stay where they are")]
struct Pool {
    recv: Vec<Box<RecvBuf<BytesMut>>>,
    send: Vec<Box<SendBuf>>,
    /// Memory of which only its type knows what it is for.
    others: Vec<Box<dyn Any>>,
}

/// A pool is out of reach while its thread ends.
fn with<T>(work: impl FnOnce(&mut Pool) -> Option<T>) -> Option<T> {
    POOL.try_with(|pool| work(&mut pool.borrow_mut())).ok().flatten()
}

/// Keeps memory for the next connection of this thread that has a use for its type.
pub(crate) fn keep<T: 'static>(memory: Box<T>) {
    with(|pool| (pool.others.len() < KEPT).then(|| pool.others.push(memory)));
}

/// Memory of this type that was kept.
pub(crate) fn kept<T: 'static>() -> Option<Box<T>> {
    // Mostly a thread serves one kind of service.
    with(|pool| pool.others.pop()).and_then(|memory| memory.downcast().ok())
}

#[inline(never)]
fn recv_buffer() -> Box<RecvBuf<BytesMut>> {
    with(|pool| pool.recv.pop()).unwrap_or_default()
}

#[inline(never)]
fn send_buffer() -> Box<SendBuf> {
    with(|pool| pool.send.pop()).unwrap_or_default()
}

/// The receive buffer of a connection: [`RecvBuf`] over `BytesMut`, taken from the pool when input is awaited and given
/// back when the connection idles.
#[derive(Debug, Default)]
pub struct Inbox(Option<Box<RecvBuf<BytesMut>>>);

impl Inbox {
    /// A receive buffer without memory.
    pub const fn new() -> Self {
        Inbox(None)
    }

    /// The buffer itself, taken from the pool if there is none.
    #[inline]
    pub fn buffer(&mut self) -> &mut RecvBuf<BytesMut> {
        self.0.get_or_insert_with(recv_buffer)
    }

    /// Keeps the octets of the last event, a payload or a tail, in constant time. See [`RecvBuf::retain`].
    pub fn retain(&mut self) -> bytes::Bytes {
        self.0.as_mut().map(|buffer| buffer.retain()).unwrap_or_default()
    }

    /// The number of octets received and not yet consumed.
    pub fn unread_len(&self) -> usize {
        self.0.as_ref().map_or(0, |buffer| buffer.unread_len())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.as_ref().is_some_and(|buffer| buffer.end().is_some())
    }

    /// Gives an empty buffer back.
    pub(crate) fn release(&mut self) {
        if let Some(mut buffer) = self.0.take_if(|buffer| buffer.unread_len() == 0 && buffer.end().is_none()) {
            if buffer.capacity() > LARGEST {
                buffer.release();
            }
            with(|pool| (pool.recv.len() < KEPT).then(|| pool.recv.push(buffer)));
        }
    }
}

/// The send buffer of a connection, there only while it holds something.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Option<Box<SendBuf>>);

impl Outbox {
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut SendBuf {
        self.0.get_or_insert_with(send_buffer)
    }

    /// What is to be written, for the core's questions.
    pub(crate) fn view(&self) -> &SendBuf {
        static NOTHING: SendBuf = SendBuf::new();
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.as_ref().map_or(0, |buffer| buffer.len())
    }

    pub(crate) fn release(&mut self) {
        if let Some(mut buffer) = self.0.take_if(|buffer| buffer.is_empty()) {
            if buffer.capacity() > LARGEST {
                buffer.release();
            }
            with(|pool| (pool.send.len() < KEPT).then(|| pool.send.push(buffer)));
        }
    }

    pub(crate) fn take(&mut self) -> SendBuf {
        self.0.take().map_or_else(SendBuf::new, |buffer| *buffer)
    }
}
