//! hyper with its defaults, but `pipeline_flush` for requests: it makes hyper faster with pipelining, and its memory
//! unbounded with large content.

use super::accept;
use crate::sockets::content::{HELLO, Large, MEDIA_TYPE};
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::TcpListener;

pub(super) async fn requests(listener: TcpListener) {
    let serve = async |stream| {
        let mut http = http1::Builder::new();
        _ = http.pipeline_flush(true).serve_connection(TokioIo::new(stream), service_fn(hello)).await;
    };
    accept(listener, serve).await;
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(HELLO.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Ok(response)
}

pub(super) async fn bodies(listener: TcpListener) {
    let serve = async |stream| {
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(content)).await;
    };
    accept(listener, serve).await;
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
