//! What the examples `reverse_proxy` are told, and what they answer in the place of a server, on whatever runtime.

mod forward;

use crate::{
    Body, BoxError, Client, ClientExchange, ClientTimeouts, Connect, Dialer, Exchange, Informed, Phase, Request,
};
use crate::{RequestError, Response, Target, ask, join};
use http::{Method, StatusCode, Uri, Version, header};
use std::sync::Arc;
use std::time::Duration;

/// What the command line says.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    server: Uri,
    client: Client,
    tunnels: Vec<String>,
}

impl Proxy {
    pub(crate) fn from_arguments() -> Result<Self, BoxError> {
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
        Ok(Proxy { port, server, client, tunnels })
    }

    pub(crate) async fn answer(self: Arc<Self>, request: Request<Body>) -> Result<Response<Body>, BoxError> {
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
        let response = ask(&self.client, request).await?;
        let there = response.extensions().get().and_then(ClientExchange::take_upgraded);
        if let (Some(here), Some(there)) = (exchange, there) {
            join(&here, there);
        }
        Ok(forward::response(response, head_only).unwrap_or_else(|| empty(StatusCode::BAD_GATEWAY)))
    }

    /// A tunnel to another server (RFC 9110 section 9.3.6). What the client has sent ahead comes out first.
    async fn connect(&self, request: &Request<Body>) -> Result<Response<Body>, RequestError> {
        if !self.tunnels.iter().any(|tunnel| request.uri() == tunnel.as_str()) {
            return Ok(empty(StatusCode::FORBIDDEN));
        }
        let there = Dialer::default().connect(&Target::of_tunnel(request.uri())?).await?.socket.io;
        if let Some(here) = request.extensions().get() {
            join(here, there);
        }
        Ok(empty(StatusCode::OK))
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
