//! Content that flows through the server: each piece goes back as soon as it has come, none is kept. Who does not read
//! the answer is not read from either.
//!
//! `cargo run --release -p http-tokio --example echo_stream [PORT]`, and then
//! - `curl --data-binary @FILE http://127.0.0.1:8080/echo`
//! - `curl -N -T - http://127.0.0.1:8080/upper`, and type: every line comes back in capitals while the request goes on
//! - `curl -T FILE http://127.0.0.1:8080/count`

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/echo_stream.rs"]
mod app;

use http_tokio::{Body, BodyError, BoxError, Request, Response, serve, service_fn};
use tokio::net::TcpListener;
use tokio::spawn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(app::answer)).await;
    Ok(())
}
