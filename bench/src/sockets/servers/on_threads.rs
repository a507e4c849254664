//! Servers on threads, one for each connection.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Serves each connection. Their errors are nobody's concern: the load sees them.
pub(super) fn each<V>(listener: TcpListener, serve: fn(TcpStream) -> V) -> io::Result<()>
where
    V: Send + 'static,
{
    loop {
        if let Ok((stream, _)) = listener.accept() {
            let _ = stream.set_nodelay(true);
            thread::Builder::new().spawn(move || serve(stream))?;
        }
    }
}

/// Runs the loop that parses nothing on a socket that blocks: for a future it is always ready.
pub(super) fn block_on<F: Future<Output = io::Result<()>>>(
    stream: TcpStream,
    serve: impl FnOnce(Socket) -> F,
) -> io::Result<()> {
    match pin!(serve(Socket(stream))).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(served) => served,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

pub(super) struct Socket(TcpStream);

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = self.0.read(buffer.initialize_unfilled())?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(octets))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
