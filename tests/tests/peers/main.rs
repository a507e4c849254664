//! The server of http-tokio before clients of other makes, the servers of all runtimes under an application written for
//! another one, and our clients before servers of other makes. Loopback, a port of the system's choice, and a deadline on every wait.

#[path = "../../src/app.rs"]
mod app;
mod child;
mod curl;
mod hyper_bodies;
#[path = "hyper.rs"]
mod hyper_client;
mod octets;
mod octets_closing;
mod ours;
mod router;
mod scripts;
mod servers;
mod service;

use http_tokio::{Body, Request, Response};
use http_tokio::{BoxError, Config, ListenOptions, ServerHandle, ServiceFn, serve, service_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline of the test")
}

/// Waits for what happens somewhere else.
async fn until(happened: impl Fn() -> bool) {
    within(async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;
type Server = ServerHandle<ServiceFn<fn(Request<Body>) -> Answering>>;

/// A server with the routes of `service.rs`.
fn start() -> (Server, SocketAddr) {
    start_with(Config::server(), 1)
}

fn start_with(config: Config, in_flight: usize) -> (Server, SocketAddr) {
    let listener = ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let answer: fn(Request<Body>) -> Answering = |request| Box::pin(service::answer(request));
    let server = serve(listener, service_fn(answer)).config(Arc::new(config)).max_in_flight(in_flight).spawn();
    let address = server.local_addr().tcp().expect("a TCP address");
    (server, address)
}

/// Octets that show where each of them belongs.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(octet).collect()
}

fn octet(at: usize) -> u8 {
    (at * 31 + at / 251) as u8
}
