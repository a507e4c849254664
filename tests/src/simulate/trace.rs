//! What happened in a run, to be read when it fails.

use http_proto::Instant;
use std::sync::{Arc, Mutex};

type Notes = Vec<(Instant, String)>;

/// Notes with their times, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Trace(Option<Arc<Mutex<Notes>>>);

impl Trace {
    /// One that keeps what it is told.
    pub fn kept() -> Self {
        Trace(Some(Arc::default()))
    }

    /// Notes something.
    pub fn note(&self, at: Instant, what: impl FnOnce() -> String) {
        if let Some(notes) = &self.0 {
            notes.lock().unwrap().push((at, what()));
        }
    }

    /// All of it, a line each.
    pub fn text(&self) -> String {
        let Some(notes) = &self.0 else { return String::new() };
        let notes = notes.lock().unwrap();
        notes.iter().map(|(at, what)| format!("{:>14.6} {what}\n", at.as_nanos() as f64 / 1e9)).collect()
    }
}
