//! What only crates have whose methods are awaited: a server is a future, whatever reads and writes as streams of the
//! runtime do is served, and a connection that nobody waits on can be paused.

use super::TcpListener;
use super::http::{
    Body, BoxError, Event, Exchange, FileBody, Inbox, Request, Response, Upgraded, connect, serve, serve_stream,
    service_fn,
};
use std::convert::Infallible;

async fn hello(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new("Hello, World!".into()))
}

async fn served(listener: TcpListener) {
    serve(listener, service_fn(hello)).max_in_flight(4).await;
}

async fn upgraded(exchange: Exchange) -> Result<(), BoxError> {
    let upgraded: Upgraded = exchange.upgrade().await?.into();
    let within: Upgraded = upgraded.into_inner().into();
    serve_stream(within, service_fn(hello)).await;
    Ok(())
}

async fn pausing() -> Result<(), BoxError> {
    let mut http = connect("http://h/").await?;
    let mut inbox = Inbox::new();
    while let Event::Payload(_) = http.next_event(&mut inbox).await? {
        http.pause();
        http.resume();
    }
    Ok(())
}

fn file(content: FileBody) -> (u64, bool, Body) {
    (content.len(), content.is_empty(), content.into())
}
