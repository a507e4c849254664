//! `axum::serve` with a router of one route.

use super::service::router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

pub(super) async fn requests(listener: TcpListener) {
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    _ = axum::serve(listener, router()).await;
}
