//! What the examples `graceful` answer, on whatever runtime.

use crate::{Body, Request, Response, sleep};
use std::convert::Infallible;
use std::time::Duration;

/// Takes as many seconds as the path says.
pub(crate) async fn slow(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let seconds = request.uri().path().trim_start_matches('/').parse().unwrap_or(0);
    println!("working for {seconds} s");
    sleep(Duration::from_secs(seconds)).await;
    Ok(Response::new(format!("That took {seconds} s.\n").into()))
}
