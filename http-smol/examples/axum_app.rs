//! An axum application, as it would be for `axum::serve`: paths, JSON, shared state, server-sent events. Whatever is a
//! tower service can be served.
//!
//! `cargo run --release -p http-smol --example axum_app [PORT]`, and then
//! - `curl http://127.0.0.1:8080/hello/world`
//! - `curl http://127.0.0.1:8080/notes --json '{"text": "buy milk"}'`, and `curl http://127.0.0.1:8080/notes`
//! - `curl -N http://127.0.0.1:8080/ticks`: an event a second

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/axum_app.rs"]
mod app;

use http_smol::{BoxError, Streaming, serve};
use smol::net::TcpListener;
use std::time::Duration;

async fn sleep(time: Duration) {
    smol::Timer::after(time).await;
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        serve(listener, app::router()).await;
        Ok(())
    })
}
