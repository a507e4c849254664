//! An application as people write it for axum, which knows nothing of the server that it will run on. Tests include this
//! file; the library does not, as its users need none of these dependencies.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Json, Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{any, get, post};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

/// Octets that `/limited` takes.
pub const LIMIT: usize = 1000;

/// What runs on any runtime.
pub fn router() -> Router {
    let layers = (TraceLayer::new_for_http(), CorsLayer::permissive(), CompressionLayer::new());
    routes().layer(layers.2).layer(layers.1).layer(layers.0)
}

/// The same, and what needs tokio: its timers, and its threads for files.
pub fn router_on_tokio() -> Router {
    let slow = get(std::future::pending::<()>);
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(50));
    Router::new()
        .route("/slow", slow.layer(timeout))
        .route("/ticks", get(ticks))
        .nest_service("/files", ServeDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data")))
        .merge(router())
}

fn routes() -> Router {
    Router::new()
        .route("/", get("Hello, World!"))
        .route("/users/{id}/{*rest}", get(user))
        .route("/search", get(search))
        .route("/json", post(answer_json))
        .route("/visits", post(visit))
        .route("/method", any(|method: Method| async move { method.to_string() }))
        .route("/headers", get(headers))
        .route("/echo", post(|body: Body| async { body }))
        .route("/upload", post(upload))
        .route("/limited", post(upload).layer(RequestBodyLimitLayer::new(LIMIT)))
        .route("/stream/{lines}", get(lines))
        .route("/events", get(events))
        .route("/panics", get(panics))
        .with_state(Arc::new(AtomicU64::new(0)))
}

async fn user(Path((id, rest)): Path<(u32, String)>) -> String {
    format!("user {id}, {rest}")
}

async fn search(Query(query): Query<BTreeMap<String, String>>) -> String {
    query.iter().map(|(name, value)| format!("{name} is {value}\n")).collect()
}

async fn answer_json(Json(question): Json<Value>) -> Json<Value> {
    Json(json!({ "question": question, "answer": 42 }))
}

async fn visit(State(visits): State<Arc<AtomicU64>>) -> String {
    (visits.fetch_add(1, SeqCst) + 1).to_string()
}

async fn headers(headers: HeaderMap) -> String {
    let values = headers.get_all("x-many").iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join("|")
}

/// Counts what it gets, piece by piece.
async fn upload(body: Body) -> Result<String, StatusCode> {
    let mut pieces = body.into_data_stream();
    let mut count = 0;
    while let Some(piece) = pieces.next().await {
        count += piece.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?.len();
    }
    Ok(count.to_string())
}

async fn lines(Path(lines): Path<u32>) -> Body {
    Body::from_stream(stream::iter(0..lines).map(|line| Ok::<_, Infallible>(Bytes::from(format!("line {line}\n")))))
}

async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events =
        (0..3).map(|id| Ok(Event::default().id(id.to_string()).event("count").data(format!("{id}\ntwo lines"))));
    Sse::new(stream::iter(events))
}

/// Nothing happens, and the client is told so again and again.
async fn ticks() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::pending()).keep_alive(KeepAlive::new().interval(Duration::from_millis(10)).text("still here"))
}

async fn panics() {
    panic!("a handler that fails");
}
