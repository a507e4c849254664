//! A first server: `cargo run --release -p http-smol --example hello [PORT]`, then `curl http://127.0.0.1:8080/` or
//! `curl --data-binary @FILE http://127.0.0.1:8080/echo`. The port may also come from the environment variable PORT;
//! with 0 the system chooses one. Ctrl-C shuts down in good order.

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/hello.rs"]
mod app;

use async_signal::{Signal, Signals};
use http_smol::{Body, BoxError, Request, Response, serve, service_fn};
use smol::net::TcpListener;
use smol::stream::StreamExt;
use std::convert::Infallible;

fn main() -> Result<(), BoxError> {
    let port = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = port.map_or(Ok(8080), |port| port.parse())?;
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        let hello = async |request| Ok::<_, Infallible>(app::hello(request));
        let mut signals = Signals::new([Signal::Int])?;
        let interrupted = async move {
            signals.next().await;
        };
        let report = serve(listener, service_fn(hello)).with_graceful_shutdown(interrupted).await;
        println!("connections cut off: {}", report.cut_off);
        Ok(())
    })
}
