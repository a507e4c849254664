//! A server that is changed while it runs: what answers, and what is logged. Connections stay open; requests that have
//! begun are answered by the service that they were given to.
//!
//! `cargo run --release -p http-tokio --example set_service [PORT]`, and then
//! - `curl http://127.0.0.1:8080/ -X PUT -d 'Back soon.' http://127.0.0.1:8080/page --next http://127.0.0.1:8080/`: the
//!   page before and after, on one connection
//! - `curl -X PUT -d on http://127.0.0.1:8080/log`: from now on every request is printed; `-d off` ends that

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/set_service.rs"]
mod app;

use http_tokio::{AccessLog, Body, BodyError, BoxError, HttpService, LogFormat, Request, Response, ServerHandle};
use http_tokio::{serve, service_fn};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

/// The content of a request, as text.
async fn content(request: &mut Request<Body>) -> Result<String, BodyError> {
    Ok(String::from_utf8_lossy(&request.body_mut().collect(Body::LIMIT).await?).into_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let (changes, mut asked) = unbounded_channel();
    let ask = move |change| changes.send(change).is_ok();
    let site = move |page| app::site(page, ask.clone());
    let server = serve(listener, site("Welcome.\n".to_owned())).spawn();
    while let Some(change) = asked.recv().await {
        app::make(change, &server, &site);
    }
    Ok(())
}
