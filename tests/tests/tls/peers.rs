//! TLS with hyper on real sockets, both ways. The scenarios have other makes.

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use http_driver::rustls::pki_types::ServerName;
use http_driver::{Body, BodyError, ClientBuilder, Connect, Dial, Dialer, service_fn};
use http_std::async_std::AsyncStd;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use tests::certificates::VERSIONS;
use tests::scenario::DEADLINE;
use tests::scenario::wired::keys;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// More than records and sockets hold.
const LENGTH: usize = 4 * 1024 * 1024;

fn content() -> Bytes {
    (0..LENGTH).map(|at| (at / 7) as u8).collect()
}

/// Sends content and gets it back, over one connection.
async fn hyper_asks(to: SocketAddr) {
    for config in &keys().clients {
        let socket = TcpStream::connect(to).await.unwrap();
        let tls = TlsConnector::from(Arc::clone(config)).connect(ServerName::from(to.ip()), socket).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.unwrap();
        let driven = tokio::spawn(connection);
        for last in [false, false, true] {
            let mut request = Request::post("/").header("host", "h");
            if last {
                request = request.header("connection", "close");
            }
            sender.ready().await.unwrap();
            let answer = sender.send_request(request.body(Full::new(content())).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert!(answer.into_body().collect().await.unwrap().to_bytes() == content());
        }
        // The end is in order for it, too.
        driven.await.unwrap().unwrap();
    }
}

/// A listener, and where it listens.
fn listen() -> (net::TcpListener, SocketAddr) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let to = listener.local_addr().unwrap();
    (listener, to)
}

async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(request.into_body()))
}

// I26
#[tokio::test]
async fn hyper_is_served_by_tokio() {
    let (listener, to) = listen();
    let server = http_tokio::serve(TcpListener::from_std(listener).unwrap(), service_fn(echo));
    let server = server.tls(Arc::clone(&keys().server)).spawn();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
    server.dispose().await;
}

// I26
#[tokio::test]
async fn hyper_is_served_by_smol() {
    let (listener, to) = listen();
    let server = http_smol::serve(smol::net::TcpListener::try_from(listener).unwrap(), service_fn(echo));
    let server = server.tls(Arc::clone(&keys().server)).spawn();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
    server.dispose().await;
}

// I26
#[tokio::test]
async fn hyper_is_served_by_async_std() {
    let (listener, to) = listen();
    let server = http_std::async_std::serve(async_std::net::TcpListener::from(listener), service_fn(echo));
    let server = server.tls(Arc::clone(&keys().server)).spawn();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
    server.dispose().await;
}

// I26
#[tokio::test]
async fn hyper_is_served_by_threads() {
    let echo = http_std::handler_fn(|mut request: Request<http_std::Body>| {
        let content = request.body_mut().collect(2 * LENGTH)?;
        Ok::<_, BodyError>(Response::new(http_std::Body::from(content)))
    });
    let (listener, to) = listen();
    let server = http_std::serve(listener, echo).tls(Arc::clone(&keys().server)).spawn().unwrap();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
    server.dispose();
}

/// Serves one connection after the other, each to its end.
async fn hyper_serves(listener: net::TcpListener) {
    let listener = TcpListener::from_std(listener).unwrap();
    let acceptor = TlsAcceptor::from(Arc::clone(&keys().server));
    for _ in VERSIONS {
        let tls = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let echo = hyper::service::service_fn(async |request: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tls), echo).await.unwrap();
    }
}

/// Sends content and gets it back, over one connection of each client.
async fn ask<D: Dial + Clone>(runtime: D, to: SocketAddr)
where
    Dialer<D>: Connect,
{
    for config in &keys().clients {
        let client = ClientBuilder::new(Dialer::new(runtime.clone()).tls(Arc::clone(config))).build();
        for _ in 0..3 {
            let answer = client.post(format!("https://{to}/")).body(content()).send().await;
            let answer = answer.unwrap().body_mut().collect(2 * LENGTH).await.unwrap();
            assert!(answer == content());
        }
        assert_eq!(client.connections().connections, 1);
    }
}

/// Before hyper, whichever thread the client is on.
async fn before_hyper(asking: impl FnOnce(SocketAddr) + Send + 'static) {
    let (listener, to) = listen();
    let serving = tokio::spawn(hyper_serves(listener));
    timeout(DEADLINE, tokio::task::spawn_blocking(move || asking(to))).await.unwrap().unwrap();
    timeout(DEADLINE, serving).await.unwrap().unwrap();
}

// I26
#[tokio::test]
async fn hyper_serves_tokio() {
    let runtime = tokio::runtime::Handle::current();
    before_hyper(move |to| runtime.block_on(ask(http_tokio::Tokio, to))).await;
}

// I26
#[tokio::test]
async fn hyper_serves_smol() {
    before_hyper(|to| smol::block_on(ask(http_smol::Smol::default(), to))).await;
}

// I26
#[tokio::test]
async fn hyper_serves_async_std() {
    before_hyper(|to| async_std::task::block_on(ask(AsyncStd, to))).await;
}

// I26
#[tokio::test]
async fn hyper_serves_threads() {
    before_hyper(|to| http_std::block_on(ask(http_std::Threads, to))).await;
}
