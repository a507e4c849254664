//! The application of the examples `axum_app`: it knows neither the server nor the runtime.

use crate::{Streaming, sleep};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Sse, sse::Event};
use axum::routing::get;
use axum::{Extension, Json, Router};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/hello/{name}", get(hello))
        .route("/notes", get(list).post(add))
        .route("/ticks", get(ticks))
        .with_state(Notes::default())
}

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
        sleep(Duration::from_secs(if tick == 1 { 0 } else { 1 })).await;
        Some((Ok(Event::default().event("tick").data(tick.to_string())), tick + 1))
    });
    (Extension(Streaming), Sse::new(ticks))
}
