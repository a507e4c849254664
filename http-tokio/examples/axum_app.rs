//! An axum application, as it would be for `axum::serve`: paths, JSON, shared state, server-sent events. Whatever is a
//! tower service can be served.
//!
//! `cargo run --release -p http-tokio --example axum_app [PORT]`, and then
//! - `curl http://127.0.0.1:8080/hello/world`
//! - `curl http://127.0.0.1:8080/notes --json '{"text": "buy milk"}'`, and `curl http://127.0.0.1:8080/notes`
//! - `curl -N http://127.0.0.1:8080/ticks`: an event a second

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Sse, sse::Event};
use axum::routing::get;
use axum::{Extension, Json, Router};
use futures_util::{Stream, stream};
use http_tokio::{BoxError, Streaming, serve};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(Clone, Serialize, Deserialize)]
struct Note {
    text: String,
}

type Notes = Arc<Mutex<Vec<Note>>>;

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!\n")
}

async fn list(State(notes): State<Notes>) -> Json<Vec<Note>> {
    Json(notes.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn add(State(notes): State<Notes>, Json(note): Json<Note>) -> (StatusCode, Json<Note>) {
    notes.lock().unwrap_or_else(PoisonError::into_inner).push(note.clone());
    (StatusCode::CREATED, Json(note))
}

/// `Streaming` says that the answer is meant to last.
async fn ticks() -> (Extension<Streaming>, Sse<impl Stream<Item = Result<Event, Infallible>>>) {
    let ticks = stream::unfold(1_u64, |tick| async move {
        tokio::time::sleep(Duration::from_secs(if tick == 1 { 0 } else { 1 })).await;
        Some((Ok(Event::default().event("tick").data(tick.to_string())), tick + 1))
    });
    (Extension(Streaming), Sse::new(ticks))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let app = Router::new()
        .route("/hello/{name}", get(hello))
        .route("/notes", get(list).post(add))
        .route("/ticks", get(ticks))
        .with_state(Notes::default());
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, app).await;
    Ok(())
}
