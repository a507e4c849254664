//! The subjects. One is added by a line of `CANDIDATES` and a function that serves on a listener.

use super::Candidate;
use super::content::{DOWN, HELLO, LENGTH, Large, MEDIA_TYPE};
use http_body_util::BodyDataStream;
use http_tokio::{BoxError, MethodKind, Request, Response, serve, service_fn};
use std::convert::Infallible;
use tokio::net::TcpListener;

pub(crate) const CANDIDATES: &[Candidate] = &[Candidate {
    name: "http-tokio L2",
    requests: |listener| Box::pin(requests(listener)),
    bodies: Some(|listener| Box::pin(bodies(listener))),
}];

async fn requests(listener: TcpListener) {
    let hello = async |_: Request| {
        Ok::<_, Infallible>(Response::new(200).field("Content-Type", MEDIA_TYPE).body(HELLO.as_bytes()))
    };
    serve(listener, service_fn(hello)).await;
}

async fn bodies(listener: TcpListener) {
    let content = async |mut request: Request| {
        if request.method_kind() == MethodKind::Get {
            let content = BodyDataStream::new(Large::at(request.target()));
            return Ok::<_, BoxError>(match request.target() {
                DOWN => Response::new(200).sized_stream(LENGTH, content),
                _ => Response::new(200).stream(content),
            });
        }
        while let Some(chunk) = request.body.chunk().await {
            chunk?;
        }
        Ok(Response::new(200))
    };
    serve(listener, service_fn(content)).await;
}
