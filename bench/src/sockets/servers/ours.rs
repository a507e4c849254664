//! The wire itself, a service, an axum router.

use crate::sockets::content::{DOWN, HELLO, LENGTH, Large, MEDIA_TYPE, OCTETS, PIECE, TARGET};
use axum::Router;
use axum::routing::get;
use http_body_util::Either;
use http_tokio::role::Server;
use http_tokio::{
    Body, BodyError, BodyLength, Config, Connection, Error, Event, FieldBlock, Flow, Inbox, MethodKind, Request,
    Response, ResponseHead, serve, service_fn,
};
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use tokio::net::TcpListener;

type Wire = Connection<Server>;

pub(super) async fn wire_hello(listener: TcpListener) {
    wire(listener, hello).await;
}

pub(super) async fn wire_content(listener: TcpListener) {
    wire(listener, content).await;
}

async fn wire<F>(listener: TcpListener, serve: fn(Wire) -> F)
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let config = Arc::new(Config::server());
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            _ = stream.set_nodelay(true);
            tokio::spawn(serve(Wire::server(stream, Arc::clone(&config))));
        }
    }
}

static FIELDS: LazyLock<FieldBlock> = LazyLock::new(|| {
    FieldBlock::from_fields([("content-type", MEDIA_TYPE.as_bytes())]).expect("a field that may be sent")
});

#[expect(clippy::manual_async_fn, reason = "the future of an async function has room for its argument twice")]
fn hello(mut http: Wire) -> impl Future<Output = Result<(), Error>> {
    async move {
        let mut inbox = Inbox::new();
        loop {
            match http.next_event(&mut inbox).await? {
                Event::HeadersComplete(_) => {
                    let answered = http
                        .respond(&ResponseHead::new(200).block(&FIELDS), BodyLength::Exact(HELLO.len() as u64))
                        .and_then(|()| http.send(HELLO.as_bytes()))
                        .and_then(|_| http.finish(None));
                    answered.expect("an answer that may be sent");
                }
                Event::Closed => return Ok(()),
                Event::Payload(_) | Event::MessageComplete(_) | Event::UpgradeTail(_) => {}
                Event::NeedInput | Event::Paused => {}
            }
        }
    }
}

async fn content(mut http: Wire) -> Result<(), Error> {
    let mut inbox = Inbox::new();
    let mut get = None;
    loop {
        match http.next_event(&mut inbox).await? {
            Event::HeadersComplete(request) => {
                get = (request.method_kind() == MethodKind::Get).then(|| request.target() == DOWN);
            }
            Event::MessageComplete(_) => {
                let length = match get {
                    Some(true) => BodyLength::Exact(LENGTH),
                    Some(false) => BodyLength::Unknown,
                    None => BodyLength::Empty,
                };
                http.respond(&ResponseHead::new(200), length).expect("an answer that may be sent");
                if get.is_some() {
                    for _ in 0..LENGTH / PIECE as u64 {
                        match http.send_owned(Bytes::from_static(&OCTETS)) {
                            Ok(Flow::Ready) => {}
                            Ok(Flow::Full) => http.ready().await,
                            Err(_) => return Ok(()),
                        }
                    }
                    _ = http.finish(None);
                }
            }
            Event::Closed => return Ok(()),
            Event::Payload(_) | Event::UpgradeTail(_) | Event::NeedInput | Event::Paused => {}
        }
    }
}

pub(super) async fn service_hello(listener: TcpListener) {
    let hello = async |_: Request<Body>| {
        let mut response = Response::new(Body::from(HELLO));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        Ok::<_, Infallible>(response)
    };
    serve(listener, service_fn(hello)).await;
}

pub(super) async fn service_content(listener: TcpListener) {
    let content = async |mut request: Request<Body>| {
        if request.method() == Method::GET {
            return Ok::<_, BodyError>(Response::new(Either::Left(Large::at(request.uri().path()))));
        }
        while let Some(chunk) = request.body_mut().chunk().await {
            chunk?;
        }
        Ok(Response::new(Either::Right(Body::empty())))
    };
    serve(listener, service_fn(content)).await;
}

pub(super) async fn router(listener: TcpListener) {
    serve(listener, Router::new().route(TARGET, get(async || HELLO))).await;
}
