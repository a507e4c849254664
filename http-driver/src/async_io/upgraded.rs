//! [`Upgraded`]: a connection behind HTTP, with the traits of futures-io for reading and writing.

use crate::{BoxTransport, Transport};
use futures_io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream of octets of another protocol, on the connection on which HTTP was spoken. What had been received of it is
/// read first.
#[derive(Debug)]
pub struct Upgraded<Io = BoxTransport>(crate::Upgraded<Io>);

impl<Io> From<crate::Upgraded<Io>> for Upgraded<Io> {
    fn from(upgraded: crate::Upgraded<Io>) -> Self {
        Upgraded(upgraded)
    }
}

impl<Io> Upgraded<Io> {
    /// The same without the traits of futures-io.
    pub fn into_inner(self) -> crate::Upgraded<Io> {
        self.0
    }
}

impl<Io: Transport + Unpin> AsyncRead for Upgraded<Io> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        if room.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_read(cx, room)
    }
}

impl<Io: Transport + Unpin> AsyncWrite for Upgraded<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if octets.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }
}
