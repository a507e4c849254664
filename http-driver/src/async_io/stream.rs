//! [`Stream`]: sockets, and whatever else reads and writes like them, as a [`Transport`].

use super::Sockets;
use super::socket::{poll_readable, tcp, unix};
use super::watch::Watch;
use crate::Transport;
use futures_io::{AsyncRead, AsyncWrite};
use std::fmt;
use std::io::{self, IoSlice};
use std::marker::PhantomData;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A stream that carries HTTP, on the runtime `R`. Of sockets those as `Async` are the leanest.
pub struct Stream<S, R> {
    inner: S,
    /// The last read has found all that there was; no further one makes sense before the socket is told to be readable.
    is_drained: bool,
    /// Watches for a reset; only while nobody reads.
    watch: Option<Watch>,
    runtime: PhantomData<fn() -> R>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static, R: Sockets> Stream<S, R> {
    /// Any stream of octets in both directions. Only a TCP socket has a reset: what is cut off on others just ends.
    pub fn new(inner: S) -> Self {
        Stream { inner, is_drained: false, watch: None, runtime: PhantomData }
    }
}

impl<S, R> Stream<S, R> {
    /// The stream inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The stream inside.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static, R: Sockets> From<S> for Stream<S, R> {
    fn from(inner: S) -> Self {
        Stream::new(inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static, R: Sockets> Transport for Stream<S, R> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.watch = None;
        if self.is_drained {
            ready!(poll_readable(&self.inner, cx))?;
            self.is_drained = false;
        }
        let read = Pin::new(&mut self.inner).poll_read(cx, room);
        self.is_drained = match &read {
            Poll::Ready(Ok(count)) => *count < room.len(),
            Poll::Ready(Err(_)) => false,
            Poll::Pending => true,
        };
        read
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, octets)
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match tcp::<R, S>(&self.inner).or_else(|| unix::<R, S>(&self.inner)) {
            Some(socket) => Poll::Ready(socket.shutdown(Shutdown::Write)),
            None => Pin::new(&mut self.inner).poll_close(cx),
        }
    }

    fn look(&mut self) {
        self.is_drained = false;
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.watch.is_none() {
            self.watch = tcp::<R, S>(&self.inner).and_then(|socket| Watch::new(&socket));
        }
        self.watch.as_ref().map_or(Poll::Pending, |watch| watch.poll(cx))
    }

    fn abort(&mut self) {
        if let Some(socket) = tcp::<R, S>(&self.inner) {
            // Where that fails, the connection is gone already.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for Stream<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.inner).finish()
    }
}
