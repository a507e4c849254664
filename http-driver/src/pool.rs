//! Buffers that nobody uses at present. A connection holds none while it is idle: what it had goes to a pool of its
//! thread, and the next connection with something to do takes it warm.

use bytes::BytesMut;
use http_proto::{RecvBuf, SendBuf};
use std::any::Any;
use std::cell::RefCell;

/// Octets that the buffers of either kind that a thread keeps may have. Counted in octets and not in buffers, as a proxy
/// needs two for each connection that is busy: what is given back beyond the bound has to be allocated, and cleared, anew.
const KEPT: usize = 4 * 1024 * 1024;
/// Other memory that a thread keeps.
const KEPT_OTHERS: usize = 64;
/// A buffer that has grown beyond this many octets is given back to the allocator.
const LARGEST: usize = 64 * 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

struct Pool {
    recv: Buffers<RecvBuf<BytesMut>>,
    send: Buffers<SendBuf>,
    /// Memory of which only its type knows what it is for.
    others: Vec<Box<dyn Any>>,
}

impl Pool {
    const fn new() -> Self {
        Pool { recv: Buffers::new(), send: Buffers::new(), others: Vec::new() }
    }
}

struct Buffers<B> {
    /// As connections hold them: boxes, which stay where they are.
    free: Vec<Box<B>>,
    octets: usize,
}

impl<B: Buffer> Buffers<B> {
    const fn new() -> Self {
        Buffers { free: Vec::new(), octets: 0 }
    }

    fn take(&mut self) -> Option<Box<B>> {
        let buffer = self.free.pop()?;
        self.octets -= size_of::<B>() + buffer.memory();
        Some(buffer)
    }

    /// Takes back an empty one, or drops it.
    fn put(&mut self, mut buffer: Box<B>) {
        if buffer.memory() > LARGEST {
            buffer.shrink();
        }
        let octets = self.octets + size_of::<B>() + buffer.memory();
        if octets <= KEPT {
            self.octets = octets;
            self.free.push(buffer);
        }
    }
}

/// What a pool has to know of a buffer.
trait Buffer {
    /// Octets.
    fn memory(&self) -> usize;
    /// Gives it back.
    fn shrink(&mut self);
}

impl Buffer for RecvBuf<BytesMut> {
    fn memory(&self) -> usize {
        self.capacity()
    }

    fn shrink(&mut self) {
        self.release();
    }
}

impl Buffer for SendBuf {
    fn memory(&self) -> usize {
        self.capacity()
    }

    fn shrink(&mut self) {
        self.release();
    }
}

/// A pool is out of reach while its thread ends.
fn with<T: Default>(work: impl FnOnce(&mut Pool) -> T) -> T {
    POOL.try_with(|pool| work(&mut pool.borrow_mut())).unwrap_or_default()
}

/// Keeps memory for the next connection of this thread that has a use for its type.
pub fn keep<T: 'static>(memory: Box<T>) {
    with(|pool| {
        if pool.others.len() < KEPT_OTHERS {
            pool.others.push(memory);
        }
    });
}

/// Memory of this type that was kept.
pub fn kept<T: 'static>() -> Option<Box<T>> {
    // Mostly a thread serves one kind of service.
    with(|pool| pool.others.pop()).and_then(|memory| memory.downcast().ok())
}

#[inline(never)]
fn recv_buffer() -> Box<RecvBuf<BytesMut>> {
    with(|pool| pool.recv.take()).unwrap_or_default()
}

#[inline(never)]
fn send_buffer() -> Box<SendBuf> {
    with(|pool| pool.send.take()).unwrap_or_default()
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

    /// Whether the input has ended.
    pub fn has_ended(&self) -> bool {
        self.0.as_ref().is_some_and(|buffer| buffer.end().is_some())
    }

    /// Gives an empty buffer back to the pool.
    pub fn release(&mut self) {
        if let Some(buffer) = self.0.take_if(|buffer| buffer.unread_len() == 0 && buffer.end().is_none()) {
            with(|pool| pool.recv.put(buffer));
        }
    }
}

/// The send buffer of a connection, there only while it holds something.
#[derive(Debug, Default)]
pub struct Outbox(Option<Box<SendBuf>>);

impl Outbox {
    /// The buffer itself, taken from the pool if there is none.
    #[inline]
    pub fn buffer(&mut self) -> &mut SendBuf {
        self.0.get_or_insert_with(send_buffer)
    }

    /// What is to be written, for the core's questions.
    pub fn view(&self) -> &SendBuf {
        static NOTHING: SendBuf = SendBuf::new();
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    /// Octets to be written.
    pub fn len(&self) -> u64 {
        self.0.as_ref().map_or(0, |buffer| buffer.len())
    }

    /// Whether there is nothing to be written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives an empty buffer back to the pool.
    pub fn release(&mut self) {
        if let Some(buffer) = self.0.take_if(|buffer| buffer.is_empty()) {
            with(|pool| pool.send.put(buffer));
        }
    }

    /// What is to be written, on its own.
    pub fn take(&mut self) -> SendBuf {
        self.0.take().map_or_else(SendBuf::new, |buffer| *buffer)
    }
}
