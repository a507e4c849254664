//! The same of hyper's server and hyper-util's client.

use super::there;
use crate::sockets::servers::on_tokio;
use http_tokio::BoxError;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

pub(super) fn run(listener: TcpListener, origin: SocketAddr) -> io::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let authority = Arc::<str>::from(origin.to_string());
    on_tokio::each(listener, |stream| {
        let (client, authority) = (client.clone(), Arc::clone(&authority));
        let forward = service_fn(move |request| forward(client.clone(), Arc::clone(&authority), request));
        http1::Builder::new().serve_connection(TokioIo::new(stream), forward)
    })
}

async fn forward(
    client: Client<HttpConnector, Incoming>,
    authority: Arc<str>,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, BoxError> {
    *request.uri_mut() = there(&authority, request.uri())?;
    Ok(client.request(request).await?)
}
