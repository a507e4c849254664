//! Services, on any runtime: a function, an axum router.

use crate::sockets::content::{self, HELLO, Large, TARGET};
use axum::Router;
use axum::routing::get;
use http::{Method, Request, Response};
use http_body_util::Either;
use http_driver::{Body, BodyError};
use std::convert::Infallible;

pub(super) async fn hello(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(content::hello())
}

pub(super) async fn content(mut request: Request<Body>) -> Result<Response<Either<Large, Body>>, BodyError> {
    if request.method() == Method::GET {
        return Ok(Response::new(Either::Left(Large::at(request.uri().path()))));
    }
    while let Some(chunk) = request.body_mut().chunk().await {
        chunk?;
    }
    Ok(Response::new(Either::Right(Body::empty())))
}

pub(super) fn router() -> Router {
    Router::new().route(TARGET, get(async || HELLO))
}
