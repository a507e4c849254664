//! Servers on tokio's current-thread runtime, each connection in a task of its own.

use crate::sockets::{process, tls};
use std::io;
use std::net;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Runs a server that accepts for itself.
pub(crate) fn run<F: IntoFuture>(listener: net::TcpListener, server: impl FnOnce(TcpListener) -> F) -> io::Result<()> {
    process::runtime()?.block_on(async {
        listener.set_nonblocking(true)?;
        server(TcpListener::from_std(listener)?).await;
        Ok(())
    })
}

/// Serves each connection. Their errors are nobody's concern: the load sees them.
pub(crate) fn each<F>(listener: net::TcpListener, serve: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    run(listener, async |listener| {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream));
            }
        }
    })
}

/// The same with TLS, by tokio-rustls.
pub(super) fn each_tls<F>(
    listener: net::TcpListener,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Copy + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output: Send> + Send,
{
    let acceptor = TlsAcceptor::from(tls::server());
    each(listener, move |stream| {
        let handshake = acceptor.accept(stream);
        async move {
            if let Ok(stream) = handshake.await {
                let _ended = serve(stream).await;
            }
        }
    })
}
