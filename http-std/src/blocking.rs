//! Transports of futures as [`BlockingTransport`]s: their calls wait.

use crate::waiting::{Alarm, block_on};
use crate::{BlockingTransport, MaybeTls, Socket, Stream, clock};
use http_driver::Transport;
use http_driver::parts::lock;
use http_proto::Instant;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// A transport of futures, whose calls wait. Clones are the same one: one thread may read it while another writes.
#[derive(Debug)]
pub struct Blocking<Io>(Arc<Mutex<Io>>);

impl<Io> Clone for Blocking<Io> {
    fn clone(&self) -> Self {
        Blocking(Arc::clone(&self.0))
    }
}

impl<Io: Transport> Blocking<Io> {
    /// Calls of `io` that wait.
    pub fn new(io: Io) -> Self {
        Blocking(Arc::new(Mutex::new(io)))
    }
}

/// Nobody holds the lock while it waits.
impl<Io: Transport> BlockingTransport for Blocking<Io> {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        wait_until(deadline, |cx| lock(&self.0).poll_read(cx, room))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let written = wait_until(deadline, |cx| lock(&self.0).poll_write_vectored(cx, slices))?;
        flushed(written, wait_until(deadline, |cx| lock(&self.0).poll_flush(cx)))
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        wait_until(deadline, |cx| lock(&self.0).poll_shutdown(cx))
    }

    fn abort(&mut self) {
        lock(&self.0).abort();
    }

    fn now(&self) -> Instant {
        clock::now()
    }
}

/// A socket waits for itself.
impl BlockingTransport for MaybeTls<Stream<Socket>> {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        match self {
            MaybeTls::Plain(io) => io.read(room, deadline),
            tls => wait_until(deadline, |cx| tls.poll_read(cx, room)),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        match self {
            MaybeTls::Plain(io) => io.write_vectored(slices, deadline),
            tls => {
                let written = wait_until(deadline, |cx| tls.poll_write_vectored(cx, slices))?;
                flushed(written, wait_until(deadline, |cx| tls.poll_flush(cx)))
            }
        }
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        match self {
            MaybeTls::Plain(io) => io.shutdown(deadline),
            tls => wait_until(deadline, |cx| tls.poll_shutdown(cx)),
        }
    }

    fn abort(&mut self) {
        Transport::abort(self);
    }

    fn now(&self) -> Instant {
        clock::now()
    }
}

/// Waits until `poll` is ready, or until the deadline.
fn wait_until<T>(
    deadline: Option<Instant>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> io::Result<T> {
    let mut alarm = None;
    block_on(poll_fn(|cx| match (poll(cx), deadline) {
        (Poll::Ready(done), _) => Poll::Ready(done),
        (Poll::Pending, Some(at)) if at <= clock::now() => Poll::Ready(Err(ErrorKind::TimedOut.into())),
        (Poll::Pending, Some(at)) => {
            alarm = Some(Alarm::set(at, cx));
            Poll::Pending
        }
        (Poll::Pending, None) => Poll::Pending,
    }))
}

/// What was written counts as written although not all of it has left in time: the next call goes on with that.
fn flushed(written: usize, flushed: io::Result<()>) -> io::Result<usize> {
    match flushed {
        Err(error) if error.kind() != ErrorKind::TimedOut => Err(error),
        Err(_) | Ok(()) => Ok(written),
    }
}
