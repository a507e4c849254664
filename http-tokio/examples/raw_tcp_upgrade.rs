//! Connections that leave HTTP: to a protocol of lines by Upgrade, or to another server by CONNECT. What the client has
//! sent ahead behind its request is not lost: it is read first.
//!
//! `cargo run --release -p http-tokio --example raw_tcp_upgrade [PORT]`, and then
//! - `printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nhello\nquit\n' | nc 127.0.0.1 8080`
//! - `curl --proxytunnel --proxy http://127.0.0.1:8080 http://127.0.0.1:8080/`: through itself to itself
//!
//! It tunnels to loopback addresses alone, or it would be an open proxy.

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Method, StatusCode};
use http_tokio::{Body, BoxError, Exchange, Request, Response, Upgraded, serve, service_fn};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

const PROTOCOL: &str = "lines";

async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
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
    tokio::spawn(async move {
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
    Ok(connection.shutdown().await?)
}

/// A tunnel to another server.
async fn connect(request: &Request<Body>, exchange: Exchange) -> Result<Response<Body>, BoxError> {
    let mut response = Response::new(Body::empty());
    let target = request.uri().authority().and_then(|target| target.as_str().parse::<SocketAddr>().ok());
    let Some(target) = target.filter(|target| target.ip().is_loopback()) else {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Ok(response);
    };
    let Ok(mut there) = TcpStream::connect(target).await else {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(response);
    };
    let upgrade = exchange.upgrade();
    tokio::spawn(async move {
        let mut here: Upgraded = upgrade.await?.into();
        copy_bidirectional(&mut here, &mut there).await?;
        Ok::<_, BoxError>(())
    });
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(answer)).await;
    Ok(())
}
