//! Connections that leave HTTP: to a protocol of lines by Upgrade, or to another server by CONNECT. What the client has
//! sent ahead behind its request is not lost: it is read first.
//!
//! `cargo run --release -p http-smol --example raw_tcp_upgrade [PORT]`, and then
//! - `printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nhello\nquit\n' | nc 127.0.0.1 8080`
//! - `curl --proxytunnel --proxy http://127.0.0.1:8080 http://127.0.0.1:8080/`: through itself to itself
//!
//! It tunnels to loopback addresses alone, or it would be an open proxy.

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/raw_tcp_upgrade.rs"]
mod app;

use http_smol::{Body, BoxError, Exchange, Request, Response, Upgraded, serve, service_fn};
use smol::future::try_zip;
use smol::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy, split};
use smol::net::{TcpListener, TcpStream};
use std::io;

/// A task whose end nobody awaits.
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) {
    smol::spawn(task).detach();
}

async fn close(mut connection: BufReader<Upgraded>) -> io::Result<()> {
    connection.close().await
}

/// Carries octets in both directions, until both have ended.
async fn tunnel(here: Upgraded, there: TcpStream) -> io::Result<()> {
    let (from_here, to_here) = split(here);
    try_zip(pass_on(from_here, there.clone()), pass_on(there, to_here)).await?;
    Ok(())
}

async fn pass_on(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    copy(from, &mut to).await?;
    to.close().await
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        serve(listener, service_fn(app::answer)).await;
        Ok(())
    })
}
