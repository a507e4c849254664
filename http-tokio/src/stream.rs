//! [`Stream`]: tokio's sockets, and whatever else reads and writes like them, as a [`Transport`].

use crate::Socket;
use http_driver::Transport;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A tokio stream that carries HTTP.
pub struct Stream<S = TcpStream> {
    inner: S,
    /// Makes dropping it a reset.
    abort: fn(&S),
    /// Begins to watch for a reset.
    watch: fn(&S) -> Option<Watch>,
    /// A watch that was begun; only while nobody reads.
    watching: Option<Box<Watch>>,
}

/// Done when the peer is gone.
type Watch = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    /// Any stream of octets in both directions. It has no reset: what is cut off just ends.
    pub fn new(inner: S) -> Self {
        Stream { inner, abort: |_| {}, watch: |_| None, watching: None }
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
        Stream { abort: abort_tcp, watch: watch_tcp, ..Stream::new(inner) }
    }
}

impl From<Socket> for Stream<Socket> {
    fn from(inner: Socket) -> Self {
        let abort = |socket: &Socket| match socket {
            Socket::Tcp(stream) => abort_tcp(stream),
            #[cfg(unix)]
            Socket::Unix(_) => {}
        };
        let watch = |socket: &Socket| match socket {
            Socket::Tcp(stream) => watch_tcp(stream),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        };
        Stream { abort, watch, ..Stream::new(inner) }
    }
}

fn abort_tcp(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Watches over a second descriptor, as the first one tells of errors only to those who read or write.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn watch_tcp(stream: &TcpStream) -> Option<Watch> {
    use std::os::fd::AsFd;
    use tokio::io::Interest;

    let second = stream.as_fd().try_clone_to_owned().ok()?;
    let second = TcpStream::from_std(second.into()).ok()?;
    Some(Box::pin(async move {
        // An error here is that nothing can be watched any more: then it shows when somebody reads.
        if second.ready(Interest::ERROR).await.is_err() {
            std::future::pending::<()>().await;
        }
    }))
}

/// Here a reset shows when somebody reads or writes.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn watch_tcp(_: &TcpStream) -> Option<Watch> {
    None
}

#[cfg(unix)]
impl From<UnixStream> for Stream<UnixStream> {
    fn from(inner: UnixStream) -> Self {
        Stream::new(inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Stream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.watching = None;
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

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.watching.is_none() {
            self.watching = (self.watch)(&self.inner).map(Box::new);
        }
        match &mut self.watching {
            Some(watching) => watching.as_mut().as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn abort(&mut self) {
        (self.abort)(&self.inner);
    }
}

impl<S: fmt::Debug> fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.inner).finish()
    }
}
