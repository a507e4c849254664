//! The client of this crate, where tokio is special.

use http_tokio::{Body, Client, PoolLimits, Request, Response, serve, service_fn};
use std::convert::Infallible;
use std::sync::mpsc;
use tests::scenario::{DEADLINE, SHORT};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

fn server(runtime: &Runtime) -> String {
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let hello = async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("Hello, World!")));
        tokio::spawn(async move { serve(listener, service_fn(hello)).await });
        uri
    })
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

// Whoever has an answer may take it anywhere.
#[test]
fn an_answer_may_be_dropped_outside_of_the_runtime() {
    let runtime = runtime();
    let uri = server(&runtime);
    let client = Client::new();
    let response = runtime.block_on(client.get(uri.as_str()).send()).unwrap();
    let (send, done) = mpsc::channel();
    std::thread::spawn(move || {
        drop(response);
        send.send(()).unwrap();
    });
    done.recv_timeout(DEADLINE).unwrap();
    let mut response = runtime.block_on(client.get(uri.as_str()).send()).unwrap();
    assert_eq!(runtime.block_on(response.body_mut().collect(100)).unwrap(), "Hello, World!");
}

// A client that is kept for the life of a process may be used on one runtime after the other.
#[test]
fn a_client_outlives_its_runtime() {
    let serving = runtime();
    let uri = server(&serving);
    let mut limits = PoolLimits::default();
    limits.idle = SHORT;
    let client = Client::builder().limits(limits).build();
    let ask = async || {
        let mut response = client.get(uri.as_str()).send().await.unwrap();
        assert_eq!(response.body_mut().collect(100).await.unwrap(), "Hello, World!");
    };
    runtime().block_on(ask());
    runtime().block_on(async {
        ask().await;
        assert_eq!(client.connections().idle, 1);
        // Somebody watches over it here, too.
        let closed = async {
            while client.connections().connections > 0 {
                tokio::time::sleep(SHORT).await;
            }
        };
        tokio::time::timeout(DEADLINE, closed).await.unwrap();
    });
}
