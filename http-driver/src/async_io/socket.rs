//! [`Socket`]: the sockets that clients open, as one type. And how sockets are told from other streams: closing an
//! [`Async`] does nothing.

use super::Sockets;
use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use socket2::SockRef;
use std::any::Any;
use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a client's connection leads through.
#[derive(Debug)]
#[non_exhaustive]
pub enum Socket {
    /// TCP.
    Tcp(Async<TcpStream>),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(Async<UnixStream>),
}

/// Does the same with a socket of any kind.
macro_rules! with {
    ($socket:expr, $stream:ident => $work:expr) => {
        match $socket {
            Socket::Tcp($stream) => $work,
            #[cfg(unix)]
            Socket::Unix($stream) => $work,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        with!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, room))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        with!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, octets))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(with!(&*self, stream => stream.get_ref().shutdown(Shutdown::Write)))
    }
}

/// The TCP socket that this stream is.
pub(super) fn tcp<R: Sockets, S: Any>(stream: &S) -> Option<SockRef<'_>> {
    let socket = async_tcp(stream).map(SockRef::from);
    socket.or_else(|| (stream as &dyn Any).downcast_ref::<R::Tcp>().map(SockRef::from))
}

/// The Unix socket that it is.
#[cfg(unix)]
pub(super) fn unix<R: Sockets, S: Any>(stream: &S) -> Option<SockRef<'_>> {
    let socket = async_unix(stream).map(SockRef::from);
    socket.or_else(|| (stream as &dyn Any).downcast_ref::<R::Unix>().map(SockRef::from))
}

/// There are none here.
#[cfg(not(unix))]
pub(super) fn unix<R: Sockets, S: Any>(_: &S) -> Option<SockRef<'_>> {
    None
}

/// Ready when reading makes sense, as far as is known.
pub(super) fn poll_readable<S: Any>(stream: &S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    if let Some(socket) = async_tcp(stream) {
        return socket.poll_readable(cx);
    }
    #[cfg(unix)]
    if let Some(socket) = async_unix(stream) {
        return socket.poll_readable(cx);
    }
    Poll::Ready(Ok(()))
}

fn async_tcp(stream: &dyn Any) -> Option<&Async<TcpStream>> {
    match stream.downcast_ref() {
        Some(Socket::Tcp(socket)) => Some(socket),
        #[cfg(unix)]
        Some(Socket::Unix(_)) => None,
        None => stream.downcast_ref(),
    }
}

#[cfg(unix)]
fn async_unix(stream: &dyn Any) -> Option<&Async<UnixStream>> {
    match stream.downcast_ref() {
        Some(Socket::Unix(socket)) => Some(socket),
        Some(Socket::Tcp(_)) => None,
        None => stream.downcast_ref(),
    }
}
