//! hyper's connections, and the client of hyper-util that keeps them.

use super::{FIELDS, TARGET, check, run, uri};
use crate::sockets::part::Drive;
use http_body_util::{BodyExt, Empty};
use http_tokio::BoxError;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// A connection for each loop.
pub(super) async fn wire(drive: Drive) -> Result<(), BoxError> {
    run(drive.loops, || exchanges(drive)).await
}

async fn exchanges(drive: Drive) -> Result<(), BoxError> {
    let stream = TcpStream::connect(drive.origin).await?;
    stream.set_nodelay(true)?;
    let (mut http, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let host = HeaderValue::try_from(drive.origin.to_string())?;
    let target = Uri::from_static(TARGET);
    loop {
        let mut request = Request::get(target.clone()).header(HOST, host.clone());
        for (name, value) in FIELDS {
            request = request.header(name, value);
        }
        http.ready().await?;
        let response = http.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let status = response.status();
        check(status.as_u16(), &response.into_body().collect().await?.to_bytes())?;
    }
}

/// One client for all loops.
pub(super) async fn client(drive: Drive) -> Result<(), BoxError> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let uri = uri(drive.origin)?;
    run(drive.loops, || {
        let (client, uri) = (client.clone(), uri.clone());
        async move {
            loop {
                let mut request = Request::get(uri.clone());
                for (name, value) in FIELDS {
                    request = request.header(name, value);
                }
                let response = client.request(request.body(Empty::new())?).await?;
                let status = response.status();
                check(status.as_u16(), &response.into_body().collect().await?.to_bytes())?;
            }
        }
    })
    .await
}
