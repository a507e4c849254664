//! Sends a file, or the standard input, as the content of a request; nothing of it is held in memory for longer than it
//! takes to send it.
//!
//! `cargo run --release -p http-std --example upload [--post] [--expect] URL [FILE]`
//! - with `--post` the method is POST rather than PUT;
//! - with `--expect` the content is held back until the server has said that it wants it, or for a second;
//! - a file has a length, the standard input has none: it goes in chunks, and a trailer behind it says how many octets
//!   there were.
//!
//! What the server says goes to the standard output in the order in which it comes: interim responses, head, content,
//! trailers. The exit code is 0, 1 if there is no answer, 2 for a wrong command line, 3 for an answer of 4xx or 5xx.

/// What it is told and shows. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/upload.rs"]
mod app;

use app::{Upload, print, progress, trailers};
use http::StatusCode;
use http_std::{Body, BodySender, BoxError, Client, Disconnected, RequestBuilder};
use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::thread;

fn main() {
    let upload = Upload::from_arguments();
    upload.end(run(&upload));
}

fn run(upload: &Upload) -> Result<StatusCode, BoxError> {
    // From another thread: so this one is told of an answer at once, however long the next piece takes to be read.
    let (sender, body) = Body::channel();
    let mut length = None;
    if let Some(file) = &upload.file {
        let file = File::open(file)?;
        let octets = file.metadata()?.len();
        length = Some(octets);
        thread::spawn(move || send(sender, file.take(octets), length));
    } else {
        thread::spawn(|| send(sender, stdin(), None));
    }
    let mut response = upload.request(length).body(body).send()?;
    print(&format!("{:?} {}", response.version(), response.status()), response.headers())?;
    while let Some(frame) = response.body_mut().frame() {
        match frame?.into_data() {
            Ok(content) => stdout().write_all(&content)?,
            Err(frame) => print("", &frame.into_trailers().unwrap_or_default())?,
        }
    }
    Ok(response.status())
}

/// Reads and sends, a piece at a time, and never more than the server takes.
fn send(mut to: BodySender, mut from: impl Read, length: Option<u64>) -> Result<(), Disconnected> {
    let bar = progress(length);
    loop {
        to.ready()?;
        let mut piece = vec![0; 64 * 1024];
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                piece.truncate(count);
                bar.inc(count as u64);
            }
            // The server must not take what it has for the whole.
            Err(error) => {
                to.abort(error);
                return Ok(());
            }
        }
        to.send(piece)?;
    }
    bar.finish_and_clear();
    match length {
        Some(_) => to.finish(),
        None => to.trailers(trailers(bar.position()))?,
    }
    Ok(())
}
