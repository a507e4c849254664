//! An axum application, as it would be for `axum::serve`: paths, JSON, shared state, server-sent events. Whatever is a
//! tower service can be served, without a runtime: a worker waits for what it awaits.
//!
//! `cargo run --release -p http-std --example axum_app [PORT]`, and then
//! - `curl http://127.0.0.1:8080/hello/world`
//! - `curl http://127.0.0.1:8080/notes --json '{"text": "buy milk"}'`, and `curl http://127.0.0.1:8080/notes`
//! - `curl -N http://127.0.0.1:8080/ticks`: an event a second

/// What it answers. It takes what it uses from here: so it runs on any runtime, or none.
#[path = "../../apps/axum_app.rs"]
mod app;

use http_driver::Timer;
use http_std::{BoxError, Sleep, Streaming, serve};
use std::future::poll_fn;
use std::net::TcpListener;
use std::time::Duration;

/// The clock of whatever thread polls it, which looks after its client meanwhile.
async fn sleep(time: Duration) {
    let mut clock = Sleep::default();
    clock.reset(clock.now().saturating_add(time));
    poll_fn(|cx| clock.poll(cx)).await;
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, app::router()).run()?;
    Ok(())
}
