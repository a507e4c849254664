//! Connections that leave HTTP: to a protocol of lines by Upgrade, or to another server by CONNECT. What the client has
//! sent ahead behind its request is not lost: it is read first.
//!
//! `cargo run --release -p http-tokio --example raw_tcp_upgrade [PORT]`, and then
//! - `printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nhello\nquit\n' | nc 127.0.0.1 8080`
//! - `curl --proxytunnel --proxy http://127.0.0.1:8080 http://127.0.0.1:8080/`: through itself to itself
//!
//! It tunnels to loopback addresses alone, or it would be an open proxy.

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/raw_tcp_upgrade.rs"]
mod app;

use http_tokio::{Body, BoxError, Exchange, Request, Response, Upgraded, serve, service_fn};
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::spawn;

async fn close(mut connection: BufReader<Upgraded>) -> io::Result<()> {
    connection.shutdown().await
}

/// Carries octets in both directions, until both have ended.
async fn tunnel(mut here: Upgraded, mut there: TcpStream) -> io::Result<()> {
    copy_bidirectional(&mut here, &mut there).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(app::answer)).await;
    Ok(())
}
