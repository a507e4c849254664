//! `axum::serve` with a router of one route.

use crate::sockets::content::{HELLO, TARGET};
use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

pub(super) async fn requests(listener: TcpListener) {
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let router = Router::new().route(TARGET, get(async || HELLO));
    _ = axum::serve(listener, router).await;
}
