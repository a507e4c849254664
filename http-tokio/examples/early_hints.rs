//! What can be said before and behind the answer: 103 (Early Hints, RFC 8297) lets a browser fetch the style sheet while
//! the page is still being made, and a trailer tells how long that took.
//!
//! `cargo run --release -p http-tokio --example early_hints [PORT]`, and then
//! - `curl -iN http://127.0.0.1:8080/`: the 103 and its Link come first, the rows one by one, and Server-Timing last
//!   (curl shows trailers with `-v`)

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/early_hints.rs"]
mod app;

use http_tokio::{Body, BodySender, BoxError, Disconnected, Exchange, Request, Response, serve, service_fn};
use tokio::net::TcpListener;
use tokio::spawn;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(app::answer)).await;
    Ok(())
}
