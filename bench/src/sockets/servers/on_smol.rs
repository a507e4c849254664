//! Servers on smol, with one thread for everything; each connection in a task of its own.

use http_smol::Smol;
use smol::{Async, Executor};
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Runs a server that accepts for itself.
pub(super) fn run<F: IntoFuture>(
    listener: TcpListener,
    server: impl FnOnce(Async<TcpListener>, Smol) -> F,
) -> io::Result<()> {
    let executor = Arc::new(Executor::new());
    smol::block_on(executor.run(async {
        server(Async::new(listener)?, Smol::on(&executor)).await;
        Ok(())
    }))
}

/// Serves each connection. Their errors are nobody's concern: the load sees them.
pub(super) fn each<F>(listener: TcpListener, serve: impl Fn(Async<TcpStream>) -> F) -> io::Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    let executor = Executor::new();
    smol::block_on(executor.run(async {
        let listener = Async::new(listener)?;
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let _ = stream.get_ref().set_nodelay(true);
                executor.spawn(serve(stream)).detach();
            }
        }
    }))
}

/// A socket of smol for the loop that parses nothing: what did not fill the room was all there is, and is not followed by
/// a read in vain.
pub(super) struct Socket {
    socket: Async<TcpStream>,
    is_drained: bool,
}

impl From<Async<TcpStream>> for Socket {
    fn from(socket: Async<TcpStream>) -> Self {
        Socket { socket, is_drained: false }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Socket { socket, is_drained } = self.get_mut();
        loop {
            if *is_drained {
                ready!(socket.poll_readable(cx))?;
            }
            let room = buffer.initialize_unfilled();
            match socket.get_ref().read(room) {
                Ok(count) => {
                    *is_drained = count < room.len();
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => *is_drained = true,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        smol::io::AsyncWrite::poll_write(Pin::new(&mut self.socket), cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
