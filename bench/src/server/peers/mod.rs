//! The peers: what others have made, and what a server costs that parses nothing.

mod axum;
mod hyper;
mod tokio_loop;

use super::Candidate;
use tokio::net::{TcpListener, TcpStream};

pub(crate) const CANDIDATES: &[Candidate] = &[
    Candidate {
        name: "hyper",
        requests: |listener| Box::pin(hyper::requests(listener)),
        bodies: Some(|listener| Box::pin(hyper::bodies(listener))),
    },
    Candidate { name: "axum::serve", requests: |listener| Box::pin(axum::requests(listener)), bodies: None },
    Candidate {
        name: "tokio loop",
        requests: |listener| Box::pin(tokio_loop::requests(listener)),
        bodies: Some(|listener| Box::pin(tokio_loop::bodies(listener))),
    },
];

/// Serves each connection in a task of its own. Their errors are nobody's concern: the load sees them.
async fn accept<F: Future<Output = ()> + Send + 'static>(listener: TcpListener, serve: impl Fn(TcpStream) -> F) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream));
        }
    }
}
