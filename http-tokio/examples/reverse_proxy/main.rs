//! A reverse proxy: every request goes on to one server, and its answer back, both piece by piece as they come. Who reads
//! slowly slows the other end down; if the client goes away, so does the request to the server.
//!
//! `cargo run --release -p http-tokio --example reverse_proxy PORT SERVER [--answer-timeout SECONDS] [--tunnel HOST:PORT]..`
//! - with the example `hello` on port 8081: `reverse_proxy 8080 http://127.0.0.1:8081`, then `curl -i http://127.0.0.1:8080/`;
//! - `--answer-timeout` says how long the server may think, 60 s if nothing does;
//! - `--tunnel` names a target that CONNECT may lead to; it may be given several times.

mod forward;

use http::{Method, StatusCode, Uri, Version, header};
use http_tokio::{Body, BoxError, Client, ClientExchange, ClientTimeouts, Connect, Dialer, Exchange, Informed, Phase};
use http_tokio::{Request, RequestError, Response, Target, serve, service_fn, tunnel};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

struct Proxy {
    client: Client,
    server: Uri,
    tunnels: Vec<String>,
}

impl Proxy {
    async fn answer(self: Arc<Self>, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let version = request.version();
        let answered = match *request.method() {
            Method::CONNECT => self.connect(&request).await,
            _ => match forward::last_hop(request) {
                Ok(request) => self.forward(request).await,
                Err(answer) => Ok(*answer),
            },
        };
        let mut response = match answered {
            Ok(response) => response,
            // The client's content is broken: the library knows the answer to that.
            Err(error @ RequestError::Content(_)) => return Err(error.into()),
            Err(error) => {
                eprintln!("{error}");
                empty(match error {
                    RequestError::Uri(_) | RequestError::Invalid(_) => StatusCode::BAD_REQUEST,
                    RequestError::Timeout(Phase::Wait) => StatusCode::SERVICE_UNAVAILABLE,
                    RequestError::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                })
            }
        };
        if version == Version::HTTP_10 {
            // RFC 9112 section 9.3: a proxy of old may have passed on a "keep-alive" that it does not understand.
            response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    async fn forward(&self, request: Request<Body>) -> Result<Response<Body>, RequestError> {
        let exchange = request.extensions().get::<Exchange>().cloned();
        let head_only = request.method() == Method::HEAD;
        let mut request = forward::request(request, &self.server);
        if let Some(exchange) = exchange.clone() {
            request.extensions_mut().insert(Informed::new(move |interim| match interim.status() {
                StatusCode::CONTINUE => exchange.proceed(),
                status => exchange.inform(status, forward::interim(interim)),
            }));
        }
        let response = self.client.execute(request).await?;
        let there = response.extensions().get().and_then(ClientExchange::take_upgraded);
        if let (Some(exchange), Some(there)) = (exchange, there) {
            let here = exchange.upgrade();
            tokio::spawn(async move { Ok::<_, BoxError>(tunnel(here.await?, there).await?) });
        }
        Ok(forward::response(response, head_only).unwrap_or_else(|| empty(StatusCode::BAD_GATEWAY)))
    }

    /// A tunnel to another server (RFC 9110 section 9.3.6). What the client has sent ahead comes out first.
    async fn connect(&self, request: &Request<Body>) -> Result<Response<Body>, RequestError> {
        if !self.tunnels.iter().any(|tunnel| request.uri() == tunnel.as_str()) {
            return Ok(empty(StatusCode::FORBIDDEN));
        }
        let there = Dialer::default().connect(&Target::of_tunnel(request.uri())?).await?.socket.io;
        if let Some(here) = request.extensions().get().map(Exchange::upgrade) {
            tokio::spawn(async move { Ok::<_, BoxError>(tunnel(here.await?, there).await?) });
        }
        Ok(empty(StatusCode::OK))
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: reverse_proxy PORT SERVER [--answer-timeout SECONDS] [--tunnel HOST:PORT]..";
    let port: u16 = arguments.next().ok_or(usage)?.parse()?;
    let server: Uri = arguments.next().ok_or(usage)?.parse()?;
    Target::of(&server)?;
    let (mut timeouts, mut tunnels) = (ClientTimeouts::default(), Vec::new());
    timeouts.answer = Duration::from_secs(60);
    while let Some(option) = arguments.next() {
        match (option.as_str(), arguments.next()) {
            ("--answer-timeout", Some(seconds)) => timeouts.answer = Duration::from_secs_f64(seconds.parse()?),
            ("--tunnel", Some(target)) => tunnels.push(target),
            _ => return Err(usage.into()),
        }
    }
    let client = Client::builder().timeouts(timeouts).build();
    let proxy = Arc::new(Proxy { client, server, tunnels });
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(move |request| Arc::clone(&proxy).answer(request))).await;
    Ok(())
}
