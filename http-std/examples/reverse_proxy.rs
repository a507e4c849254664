//! A reverse proxy: every request goes on to one server, and its answer back, both piece by piece as they come. Who reads
//! slowly slows the other end down; if the client goes away, so does the request to the server.
//!
//! `cargo run --release -p http-std --example reverse_proxy PORT SERVER [--answer-timeout SECONDS] [--tunnel HOST:PORT]..`
//! - with the example `hello` on port 8081: `reverse_proxy 8080 http://127.0.0.1:8081`, then `curl -i http://127.0.0.1:8080/`;
//! - `--answer-timeout` says how long the server may think, 60 s if nothing does;
//! - `--tunnel` names a target that CONNECT may lead to; it may be given several times.
//!
//! Each exchange has a thread, which looks after both of its connections at once.

/// What it is told and answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/reverse_proxy/mod.rs"]
mod app;

use http_driver::Transport;
use http_std::{Body, BoxError, Client, ClientExchange, ClientTimeouts, Connect, Dialer, Exchange, HopByHop, Informed};
use http_std::{Phase, Request, RequestError, Response, Target, serve, service_fn, tunnel};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use tower_service::Service;

/// So many exchanges at once.
const WORKERS: usize = 64;

/// Not by a method that waits: so the thread notices, too, when the client goes away.
async fn ask(client: &Client, request: Request<Body>) -> Result<Response<Body>, RequestError> {
    client.clone().call(request).await
}

/// Makes a tunnel of two connections, once the client's carries another protocol.
fn join(here: &Exchange, there: impl Transport + Send + 'static) {
    let here = here.upgrade();
    thread::spawn(move || Ok::<_, BoxError>(tunnel(here.wait()?, there)?));
}

fn main() -> Result<(), BoxError> {
    let proxy = Arc::new(app::Proxy::from_arguments()?);
    let listener = TcpListener::bind(("127.0.0.1", proxy.port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(move |request| Arc::clone(&proxy).answer(request))).workers(WORKERS).run()?;
    Ok(())
}
