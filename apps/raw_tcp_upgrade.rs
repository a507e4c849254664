//! What the examples `raw_tcp_upgrade` answer, and how they go on, on whatever runtime. Reading and writing are the
//! runtime's.

use crate::{AsyncBufReadExt, AsyncWriteExt, BufReader, TcpStream, close, spawn, tunnel};
use crate::{Body, BoxError, Exchange, Request, Response, Upgraded};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Method, StatusCode};
use std::net::SocketAddr;

const PROTOCOL: &str = "lines";

pub(crate) async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().cloned().ok_or("no HTTP server")?;
    if request.method() == Method::CONNECT {
        return connect(&request, exchange).await;
    }
    if !offered(request.headers()) {
        let hint = Response::builder().status(StatusCode::UPGRADE_REQUIRED).header(UPGRADE, PROTOCOL);
        return Ok(hint.header(CONNECTION, "upgrade").body("This server speaks in lines.\n".into())?);
    }
    // The future is ready once the answer below has gone out.
    let upgrade = exchange.upgrade();
    spawn(async move {
        let lines = lines(upgrade.await?.into()).await;
        lines.inspect_err(|error| eprintln!("{error}"))
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    Ok(response.header(CONNECTION, "upgrade").header(UPGRADE, PROTOCOL).body(Body::empty())?)
}

/// Whether the client would like to speak in lines.
fn offered(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| offer.trim().eq_ignore_ascii_case(PROTOCOL))
}

/// Every line comes back with its number, until one says `quit`.
async fn lines(connection: Upgraded) -> Result<(), BoxError> {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if connection.read_line(&mut line).await? == 0 || line.trim_end() == "quit" {
            break;
        }
        connection.write_all(format!("{number} {}\n", line.trim_end()).as_bytes()).await?;
    }
    Ok(close(connection).await?)
}

/// A tunnel to another server.
async fn connect(request: &Request<Body>, exchange: Exchange) -> Result<Response<Body>, BoxError> {
    let mut response = Response::new(Body::empty());
    let target = request.uri().authority().and_then(|target| target.as_str().parse::<SocketAddr>().ok());
    let Some(target) = target.filter(|target| target.ip().is_loopback()) else {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Ok(response);
    };
    let Ok(there) = TcpStream::connect(target).await else {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(response);
    };
    let upgrade = exchange.upgrade();
    spawn(async move {
        tunnel(upgrade.await?.into(), there).await?;
        Ok::<_, BoxError>(())
    });
    Ok(response)
}
