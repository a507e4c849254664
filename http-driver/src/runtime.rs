//! What a server needs of a runtime beyond a connection's [`Transport`] and [`Timer`]: tasks, and connections to be
//! accepted.

use crate::info::Address;
use crate::{Timer, Transport};
use std::io;
use std::task::{Context, Poll};

/// A runtime that a server runs on.
pub trait Runtime: Send + Sync + 'static {
    /// Its clock.
    type Timer: Timer + Default + Send + 'static;

    /// Runs a task to its end, whatever becomes of who called.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

/// Where connections come from.
pub trait Listener: Send + 'static {
    /// What carries them.
    type Io: Transport + Send + 'static;

    /// The next connection.
    ///
    /// # Errors
    /// That of one connection which was gone before it was accepted, or want of descriptors or memory, which passes.
    /// After other errors, too, the listener is asked again, when some time has gone by.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Self::Io>>>;

    /// Where connections arrive.
    fn local_addr(&self) -> Address;
}

/// A connection that has been accepted, or opened.
#[derive(Debug)]
pub struct Opened<Io> {
    /// What carries it.
    pub io: Io,
    /// This end.
    pub local: Address,
    /// The other end.
    pub peer: Address,
}
