//! The files of a directory, with ranges and revalidation. A file of any size takes as little memory.
//!
//! `cargo run --release -p http-tokio --example static_files [PORT [DIRECTORY]]`, and then
//! - `curl -i http://127.0.0.1:8080/README.md`
//! - `curl -i -r 0-99 http://127.0.0.1:8080/README.md`, or `-r -100` for the last ones
//! - `curl -i -z README.md http://127.0.0.1:8080/README.md`: 304, for it is as new here as there

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/static_files.rs"]
mod app;

use http_tokio::{Body, BoxError, FileBody, Request, Response, serve, service_fn};
use tokio::fs;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let root = fs::canonicalize(std::env::args().nth(2).unwrap_or_else(|| ".".to_owned())).await?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(move |request| app::answer(request, root.clone()))).await;
    Ok(())
}
