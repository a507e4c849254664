//! [`Stream`]: tokio's sockets, and whatever else reads and writes like them, as a [`Transport`].

use http_driver::Transport;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A tokio stream that carries HTTP.
#[derive(Debug)]
pub struct Stream<S = TcpStream> {
    inner: S,
    abort: fn(&S),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    /// Any stream of octets in both directions. It has no reset: what is cut off just ends.
    pub fn new(inner: S) -> Self {
        Stream { inner, abort: |_| {} }
    }
}

impl<S> Stream<S> {
    /// The stream inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The stream inside.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl From<TcpStream> for Stream<TcpStream> {
    fn from(inner: TcpStream) -> Self {
        let abort = |stream: &TcpStream| _ = stream.set_zero_linger();
        Stream { inner, abort }
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream<UnixStream> {
    fn from(inner: UnixStream) -> Self {
        Stream::new(inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Stream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(room);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut room))?;
        Poll::Ready(Ok(room.filled().len()))
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
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn abort(&mut self) {
        (self.abort)(&self.inner);
    }
}
