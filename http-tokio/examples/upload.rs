//! Sends a file, or the standard input, as the content of a request; nothing of it is held in memory for longer than it
//! takes to send it.
//!
//! `cargo run --release -p http-tokio --example upload [--post] [--expect] URL [FILE]`
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
use http_tokio::{Body, BodySender, BoxError, Client, Disconnected, RequestBuilder};
use std::io::{Write, stdout};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let upload = Upload::from_arguments();
    upload.end(run(&upload).await);
}

async fn run(upload: &Upload) -> Result<StatusCode, BoxError> {
    let (sender, body) = Body::channel();
    let mut length = None;
    if let Some(file) = &upload.file {
        let file = File::open(file).await?;
        let octets = file.metadata().await?.len();
        length = Some(octets);
        tokio::spawn(send(sender, file.take(octets), length));
    } else {
        tokio::spawn(send(sender, tokio::io::stdin(), None));
    }
    let mut response = upload.request(length).body(body).send().await?;
    print(&format!("{:?} {}", response.version(), response.status()), response.headers())?;
    while let Some(frame) = response.body_mut().frame().await {
        match frame?.into_data() {
            Ok(content) => stdout().write_all(&content)?,
            Err(frame) => print("", &frame.into_trailers().unwrap_or_default())?,
        }
    }
    Ok(response.status())
}

/// Reads and sends, a piece at a time, and never more than the server takes.
async fn send(mut to: BodySender, mut from: impl AsyncRead + Unpin, length: Option<u64>) -> Result<(), Disconnected> {
    let bar = progress(length);
    loop {
        to.ready().await?;
        let mut piece = Vec::with_capacity(64 * 1024);
        match from.read_buf(&mut piece).await {
            Ok(0) => break,
            Ok(count) => bar.inc(count as u64),
            // The server must not take what it has for the whole.
            Err(error) => {
                to.abort(error);
                return Ok(());
            }
        }
        to.send(piece).await?;
    }
    bar.finish_and_clear();
    match length {
        Some(_) => to.finish(),
        None => to.trailers(trailers(bar.position()))?,
    }
    Ok(())
}
