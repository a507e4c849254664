//! What the examples `proxy_tunnel` have in common, on whatever runtime: who gets a tunnel, and where to.

use crate::{Exchange, Request};
use http::Method;

/// Where a tunnel is to lead, and the exchange that asks for it; or the status that declines.
///
/// A proxy that is open to others asks here who they are and where they may go.
pub(crate) fn asked<B>(request: &Request<B>) -> Result<(String, Exchange), u16> {
    let (Some(exchange), Some(target)) = (request.extensions().get::<Exchange>(), request.uri().authority()) else {
        return Err(400);
    };
    if request.method() != Method::CONNECT {
        return Err(405);
    }
    Ok((target.to_string(), exchange.clone()))
}

/// Says what went through it.
pub(crate) fn tell(target: &str, octets: std::io::Result<(u64, u64)>) {
    match octets {
        Ok((out, back)) => println!("{target}: {out} octets out, {back} back"),
        Err(error) => println!("{target}: {error}"),
    }
}
