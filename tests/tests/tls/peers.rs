//! TLS with hyper on real sockets, both ways. The scenarios have other makes.

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use http_driver::rustls::pki_types::ServerName;
use http_tokio::{Body, BodyError, Client, Dialer, serve, service_fn};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
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

// I26
#[tokio::test]
async fn hyper_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    let echo = service_fn(async |request: Request<Body>| Ok::<_, Infallible>(Response::new(request.into_body())));
    serve(listener, echo).tls(Arc::clone(&keys().server)).spawn();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
}

// I26
#[tokio::test]
async fn hyper_is_served_by_threads() {
    let echo = http_std::handler_fn(|mut request: Request<http_std::Body>| {
        let content = request.body_mut().collect(2 * LENGTH)?;
        Ok::<_, BodyError>(Response::new(http_std::Body::from(content)))
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let server = http_std::serve(listener, echo).tls(Arc::clone(&keys().server)).spawn().unwrap();
    timeout(DEADLINE, hyper_asks(to)).await.unwrap();
    server.dispose();
}

// I26
#[tokio::test]
async fn hyper_serves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::clone(&keys().server));
    let serving = tokio::spawn(async move {
        for _ in VERSIONS {
            let tls = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let echo = hyper::service::service_fn(async |request: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new(request.into_body()))
            });
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tls), echo).await.unwrap();
        }
    });
    let asking = async {
        for config in &keys().clients {
            let client = Client::builder().connector(Dialer::default().tls(Arc::clone(config))).build();
            for _ in 0..3 {
                let answer = client.post(format!("https://{to}/")).body(content()).send().await;
                let answer = answer.unwrap().body_mut().collect(2 * LENGTH).await.unwrap();
                assert!(answer == content());
            }
            assert_eq!(client.connections().connections, 1);
        }
        serving.await.unwrap();
    };
    timeout(DEADLINE, asking).await.unwrap();
}
