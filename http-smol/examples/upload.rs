//! Sends a file, or the standard input, as the content of a request; nothing of it is held in memory for longer than it
//! takes to send it.
//!
//! `cargo run --release -p http-smol --example upload [--post] [--expect] URL [FILE]`
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
/// How it waits.
#[path = "../../apps/upload/awaited.rs"]
mod awaited;

use http_smol::{Body, BodySender, BoxError, Client, Disconnected, RequestBuilder};
use smol::Unblock;
use smol::fs::File;
use smol::io::{AsyncRead, AsyncReadExt};
use std::io::Stdin;

fn stdin() -> Unblock<Stdin> {
    Unblock::new(std::io::stdin())
}

/// A task whose end nobody awaits.
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) {
    smol::spawn(task).detach();
}

fn main() {
    let upload = app::Upload::from_arguments();
    upload.end(smol::block_on(awaited::run(&upload)));
}
