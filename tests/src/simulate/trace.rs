//! What happened in a run, to be read when it fails: a line for everything that somebody did or was told, and the octets
//! that arrived, as text.

use http_proto::Instant;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// Octets of content in one line; what is longer is cut short in its middle.
const SHOWN: usize = 160;

#[derive(Debug)]
struct Note {
    at: Instant,
    what: What,
}

#[derive(Debug)]
enum What {
    Said(String),
    /// Octets have arrived there.
    Octets(String, Vec<u8>),
}

/// Notes with their times, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Trace(Option<Arc<Mutex<Vec<Note>>>>);

impl Trace {
    /// One that keeps what it is told.
    pub fn kept() -> Self {
        Trace(Some(Arc::default()))
    }

    /// Notes something.
    pub fn note(&self, at: Instant, what: impl FnOnce() -> String) {
        if let Some(notes) = &self.0 {
            notes.lock().unwrap().push(Note { at, what: What::Said(what()) });
        }
    }

    /// Notes octets that have arrived somewhere. Those that follow each other there are shown together.
    pub fn octets(&self, at: Instant, to: impl FnOnce() -> String, octets: &[u8]) {
        let Some(notes) = &self.0 else { return };
        let (mut notes, to) = (notes.lock().unwrap(), to());
        if let Some(Note { what: What::Octets(before, all), .. }) = notes.last_mut()
            && *before == to
        {
            return all.extend_from_slice(octets);
        }
        notes.push(Note { at, what: What::Octets(to, octets.to_vec()) });
    }

    /// All of it: seconds, and what happened then.
    pub fn text(&self) -> String {
        let Some(notes) = &self.0 else { return String::new() };
        let mut text = String::new();
        for Note { at, what } in &*notes.lock().unwrap() {
            let at = at.as_nanos() as f64 / 1e9;
            match what {
                What::Said(said) => _ = writeln!(text, "{at:>13.6}  {said}"),
                What::Octets(to, octets) => {
                    let _ = writeln!(text, "{at:>13.6}  {to}, {} octets", octets.len());
                    for line in octets.split_inclusive(|&octet| octet == b'\n') {
                        let _ = writeln!(text, "{:>13}    {}", "", shorten(line));
                    }
                }
            }
        }
        text
    }
}

fn shorten(line: &[u8]) -> String {
    match line.len() {
        0..=SHOWN => line.escape_ascii().to_string(),
        length => {
            let (front, back) = (&line[..SHOWN / 2], &line[length - SHOWN / 8..]);
            format!("{} .. {} ({length} octets)", front.escape_ascii(), back.escape_ascii())
        }
    }
}
