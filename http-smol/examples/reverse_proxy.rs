//! A reverse proxy: every request goes on to one server, and its answer back, both piece by piece as they come. Who reads
//! slowly slows the other end down; if the client goes away, so does the request to the server.
//!
//! `cargo run --release -p http-smol --example reverse_proxy PORT SERVER [--answer-timeout SECONDS] [--tunnel HOST:PORT]..`
//! - with the example `hello` on port 8081: `reverse_proxy 8080 http://127.0.0.1:8081`, then `curl -i http://127.0.0.1:8080/`;
//! - `--answer-timeout` says how long the server may think, 60 s if nothing does;
//! - `--tunnel` names a target that CONNECT may lead to; it may be given several times.

/// What it is told and answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/reverse_proxy/mod.rs"]
mod app;

use http_driver::Transport;
use http_smol::{
    Body, BoxError, Client, ClientExchange, ClientTimeouts, Connect, Dialer, Exchange, HopByHop, Informed,
};
use http_smol::{Phase, Request, RequestError, Response, Target, serve, service_fn, tunnel};
use smol::net::TcpListener;
use std::sync::Arc;

async fn ask(client: &Client, request: Request<Body>) -> Result<Response<Body>, RequestError> {
    client.execute(request).await
}

/// Makes a tunnel of two connections, once the client's carries another protocol.
fn join(here: &Exchange, there: impl Transport + Send + 'static) {
    let here = here.upgrade();
    smol::spawn(async move { Ok::<_, BoxError>(tunnel(here.await?, there).await?) }).detach();
}

fn main() -> Result<(), BoxError> {
    let proxy = Arc::new(app::Proxy::from_arguments()?);
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", proxy.port)).await?;
        println!("http://{}", listener.local_addr()?);
        serve(listener, service_fn(move |request| Arc::clone(&proxy).answer(request))).await;
        Ok(())
    })
}
