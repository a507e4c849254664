//! Sockets as transports of futures: what cannot be done at once is noted for the thread that polls it.

use crate::stream::{Looked, Stream};
use crate::waiting::{self, For, Watched};
use crate::{BlockingTransport, Socket};
use http_driver::Transport;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::AsFd;
use std::task::{Context, Poll};

impl Stream<Socket> {
    /// Ready when the socket is connected.
    pub(crate) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !waiting::is_writable(self.get_ref().as_fd()) {
            self.watch().register(cx, For::Writing)?;
            return Poll::Pending;
        }
        let error = match self.get_ref() {
            Socket::Tcp(stream) => stream.take_error()?,
            Socket::Unix(stream) => stream.take_error()?,
        };
        Poll::Ready(error.map_or(Ok(()), Err))
    }

    fn watch(&mut self) -> &Watched {
        let socket = self.get_ref().clone();
        self.polled.watched.get_or_insert_with(|| Watched::new(socket))
    }

    /// Does what can be done at once, or notes that it is waited for.
    fn attempt<T>(
        &mut self,
        cx: &Context<'_>,
        what: For,
        mut attempt: impl FnMut(&mut Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match attempt(self.at_once()?) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return match self.watch().register(cx, what) {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(Err(error)),
                    };
                }
                done => return Poll::Ready(done),
            }
        }
    }

    fn note_written(&mut self, written: &Poll<io::Result<usize>>) {
        if self.polled.looked == Looked::Nothing && matches!(written, Poll::Ready(Ok(1..))) {
            self.polled.looked = Looked::NothingBeforeWriting;
        }
    }
}

impl Transport for Stream<Socket> {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let looked = std::mem::take(&mut self.polled.looked);
        if looked == Looked::NothingBeforeWriting {
            self.watch().register(cx, For::Reading)?;
            return Poll::Pending;
        }
        let read = self.attempt(cx, For::Reading, |socket| socket.read(room));
        if read.is_pending() {
            self.polled.looked = Looked::Nothing;
        }
        read
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.attempt(cx, For::Writing, |socket| socket.write(octets));
        self.note_written(&written);
        written
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = self.attempt(cx, For::Writing, |socket| socket.write_vectored(slices));
        self.note_written(&written);
        written
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(BlockingTransport::shutdown(self, None))
    }

    fn look(&mut self) {
        self.polled.looked = Looked::Anything;
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.watch().is_reset(cx) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn abort(&mut self) {
        BlockingTransport::abort(self);
    }
}
