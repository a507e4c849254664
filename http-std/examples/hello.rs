//! A first server: `cargo run --release -p http-std --example hello [PORT]`, then `curl http://127.0.0.1:8080/` or
//! `curl --data-binary @FILE http://127.0.0.1:8080/echo`. The port may also come from the environment variable PORT;
//! with 0 the system chooses one.

/// What it answers. It takes what it uses from here: so it runs on any runtime, or none.
#[path = "../../apps/hello.rs"]
mod app;

use http_std::{Body, BoxError, Request, Response, handler_fn, serve};
use std::net::TcpListener;

fn main() -> Result<(), BoxError> {
    let port = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = port.map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    let report = serve(listener, handler_fn(app::hello)).run()?;
    println!("connections cut off: {}", report.cut_off);
    Ok(())
}
