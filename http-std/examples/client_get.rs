//! Fetches a URL: `cargo run --release -p http-std --example client_get URL [FILE]`. The head of the answer goes to the
//! standard output, its content behind that, or into FILE, which is there only once it is whole. How far it has come
//! shows on a terminal.
//!
//! The exit code is 0 for an answer, 1 if there is none or not all of it, 2 for a wrong command line, and 3 for an answer
//! that speaks of an error (4xx, 5xx).

/// What it is told and shows. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/client_get.rs"]
mod app;

use http_std::{Body, BoxError, Client, Response};
use std::fs::{File, rename};
use std::io::{Write, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    match app::arguments() {
        Ok((url, file)) => app::end(&url, fetch(&url, file.as_deref())),
        Err(code) => code,
    }
}

/// Whether what was fetched is what was asked for.
fn fetch(url: &str, file: Option<&str>) -> Result<bool, BoxError> {
    // Each phase has its deadline: resolving, connecting, sending, the wait for the answer, its head, its content.
    let mut response = Client::new().get(url).send()?;
    app::print_head(&response)?;
    match file {
        None => save(response.body_mut(), stdout())?,
        Some(file) => {
            let part = format!("{file}.part");
            save(response.body_mut(), File::create(&part)?)?;
            rename(part, file)?;
        }
    }
    Ok(app::is_good(&response))
}

/// Writes content piece by piece. What is not written yet is not received either: a slow disk slows the server down.
fn save(body: &mut Body, mut to: impl Write) -> Result<(), BoxError> {
    let bar = app::progress(body)?;
    while let Some(piece) = body.chunk() {
        // An end that comes too early is an error, never a short success.
        let piece = piece?;
        to.write_all(&piece)?;
        bar.inc(piece.len() as u64);
    }
    bar.finish_and_clear();
    Ok(to.flush()?)
}
