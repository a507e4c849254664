//! hyper with its defaults, but `pipeline_flush` for requests: it makes hyper faster with pipelining, and its memory
//! unbounded with large content.

use crate::sockets::content::{self, Large};
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use std::convert::Infallible;

pub(super) async fn requests(io: impl Read + Write + Unpin) -> hyper::Result<()> {
    http1::Builder::new().pipeline_flush(true).serve_connection(io, service_fn(hello)).await
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(content::hello())
}

pub(super) async fn bodies(io: impl Read + Write + Unpin) -> hyper::Result<()> {
    http1::Builder::new().serve_connection(io, service_fn(content)).await
}

async fn content(mut request: Request<Incoming>) -> Result<Response<Either<Large, Empty<Bytes>>>, hyper::Error> {
    if request.method() == Method::GET {
        return Ok(Response::new(Either::Left(Large::at(request.uri().path()))));
    }
    while let Some(frame) = request.body_mut().frame().await {
        frame?;
    }
    Ok(Response::new(Either::Right(Empty::new())))
}
