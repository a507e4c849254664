//! A service whose answers are those of a client.

use super::there;
use http_tokio::{Body, BoxError, Client, Request, Response, serve, service_fn};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

pub(super) async fn run(listener: TcpListener, origin: SocketAddr) {
    let (client, authority) = (Client::new(), Arc::<str>::from(origin.to_string()));
    let forward = service_fn(move |request| forward(client.clone(), Arc::clone(&authority), request));
    serve(listener, forward).await;
}

async fn forward(client: Client, authority: Arc<str>, mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    *request.uri_mut() = there(&authority, request.uri())?;
    Ok(client.execute(request).await?)
}
