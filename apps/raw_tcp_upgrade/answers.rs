//! What the examples `raw_tcp_upgrade` say in HTTP.

use crate::{Body, BoxError, Request, Response};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, StatusCode};
use std::net::SocketAddr;

const PROTOCOL: &str = "lines";

/// Whether the client would like to speak in lines.
pub(crate) fn offered(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| offer.trim().eq_ignore_ascii_case(PROTOCOL))
}

/// To who does not offer it.
pub(crate) fn hint() -> Result<Response<Body>, BoxError> {
    let hint = Response::builder().status(StatusCode::UPGRADE_REQUIRED).header(UPGRADE, PROTOCOL);
    Ok(hint.header(CONNECTION, "upgrade").body("This server speaks in lines.\n".into())?)
}

/// Behind it the connection speaks in lines.
pub(crate) fn switching() -> Result<Response<Body>, BoxError> {
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    Ok(response.header(CONNECTION, "upgrade").header(UPGRADE, PROTOCOL).body(Body::empty())?)
}

/// Where CONNECT leads; `None`: nowhere that is allowed.
pub(crate) fn target(request: &Request<Body>) -> Option<SocketAddr> {
    let target = request.uri().authority()?.as_str().parse::<SocketAddr>().ok()?;
    target.ip().is_loopback().then_some(target)
}

/// A status alone.
pub(crate) fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
