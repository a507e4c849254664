//! What can be said before and behind the answer: 103 (Early Hints, RFC 8297) lets a browser fetch the style sheet while
//! the page is still being made, and a trailer tells how long that took.
//!
//! `cargo run --release -p http-smol --example early_hints [PORT]`, and then
//! - `curl -iN http://127.0.0.1:8080/`: the 103 and its Link come first, the rows one by one, and Server-Timing last
//!   (curl shows trailers with `-v`)

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/early_hints.rs"]
mod app;

use http_smol::{Body, BodySender, BoxError, Disconnected, Exchange, Request, Response, serve, service_fn};
use smol::net::TcpListener;
use std::time::Duration;

async fn sleep(time: Duration) {
    smol::Timer::after(time).await;
}

/// A task whose end nobody awaits.
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) {
    smol::spawn(task).detach();
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
