//! Suites `server`, `idle` and `body`: the servers. Ours: the wire itself, a service, an axum router. The peers: what
//! others have made, and what a server costs that parses nothing. One is added by a line here and a function that serves
//! on a listener.

mod axum;
mod hyper;
mod ours;
pub(crate) mod tokio_loop;

use super::process::Run;
use tokio::net::{TcpListener, TcpStream};

/// A server that can be measured.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Answers every request with [`super::content::HELLO`].
    pub(crate) requests: Run,
    /// Serves large content. Without it the server is in suite `server` alone.
    pub(crate) bodies: Option<Run>,
}

pub(crate) const OURS: &[Server] = &[
    Server {
        name: "http-tokio L1",
        requests: |listener| Box::pin(ours::wire_hello(listener)),
        bodies: Some(|listener| Box::pin(ours::wire_content(listener))),
    },
    Server {
        name: "http-tokio L2",
        requests: |listener| Box::pin(ours::service_hello(listener)),
        bodies: Some(|listener| Box::pin(ours::service_content(listener))),
    },
    Server { name: "http-tokio axum", requests: |listener| Box::pin(ours::router(listener)), bodies: None },
];

pub(crate) const PEERS: &[Server] = &[
    Server {
        name: "hyper",
        requests: |listener| Box::pin(hyper::requests(listener)),
        bodies: Some(|listener| Box::pin(hyper::bodies(listener))),
    },
    Server { name: "axum::serve", requests: |listener| Box::pin(axum::requests(listener)), bodies: None },
    Server {
        name: "tokio loop",
        requests: |listener| Box::pin(tokio_loop::requests(listener)),
        bodies: Some(|listener| Box::pin(tokio_loop::bodies(listener))),
    },
];

pub(crate) fn find(name: &str) -> Option<&'static Server> {
    OURS.iter().chain(PEERS).find(|server| server.name == name)
}

/// Serves each connection in a task of its own. Their errors are nobody's concern: the load sees them.
pub(crate) async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    serve: impl Fn(TcpStream) -> F,
) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream));
        }
    }
}
