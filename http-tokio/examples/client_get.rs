//! Fetches a URL: `cargo run --release -p http-tokio --example client_get URL [FILE]`. The head of the answer goes to the
//! standard output, its content behind that, or into FILE, which is there only once it is whole. How far it has come
//! shows on a terminal.
//!
//! The exit code is 0 for an answer, 1 if there is none or not all of it, 2 for a wrong command line, and 3 for an answer
//! that speaks of an error (4xx, 5xx).

/// What it is told and shows. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/client_get.rs"]
mod app;
/// How it waits.
#[path = "../../apps/client_get/awaited.rs"]
mod awaited;

use http_tokio::{Body, BoxError, Client, Response};
use std::process::ExitCode;
use tokio::fs;
use tokio::io::{AsyncWrite, AsyncWriteExt, stdout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match app::arguments() {
        Ok((url, file)) => app::end(&url, awaited::fetch(&url, file.as_deref()).await),
        Err(code) => code,
    }
}
