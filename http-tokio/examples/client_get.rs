//! Fetches a URL: `cargo run --release -p http-tokio --example client_get URL [FILE]`. The head of the answer goes to the
//! standard output, its content behind that, or into FILE, which is there only once it is whole. How far it has come
//! shows on a terminal.
//!
//! The exit code is 0 for an answer, 1 if there is none or not all of it, 2 for a wrong command line, and 3 for an answer
//! that speaks of an error (4xx, 5xx).

use http_body::Body as _;
use http_tokio::{Body, BoxError, Client, Response};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write as _;
use std::process::ExitCode;
use tokio::io::{AsyncWrite, AsyncWriteExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (url, file) = match &arguments[..] {
        [url] => (url, None),
        [url, file] => (url, Some(file.as_str())),
        _ => {
            eprintln!("usage: client_get URL [FILE]");
            return ExitCode::from(2);
        }
    };
    match fetch(url, file).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("{url}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether what was fetched is what was asked for.
async fn fetch(url: &str, file: Option<&str>) -> Result<bool, BoxError> {
    // Each phase has its deadline: resolving, connecting, sending, the wait for the answer, its head, its content.
    let mut response = Client::new().get(url).send().await?;
    print_head(&response)?;
    match file {
        None => save(response.body_mut(), tokio::io::stdout()).await?,
        Some(file) => {
            let part = format!("{file}.part");
            save(response.body_mut(), tokio::fs::File::create(&part).await?).await?;
            tokio::fs::rename(part, file).await?;
        }
    }
    Ok(!response.status().is_client_error() && !response.status().is_server_error())
}

fn print_head(response: &Response<Body>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?} {}", response.version(), response.status())?;
    for (name, value) in response.headers() {
        // Values need not be text.
        out.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat())?;
    }
    writeln!(out)?;
    out.flush()
}

/// Writes content piece by piece. What is not written yet is not received either: a slow disk slows the server down.
async fn save(body: &mut Body, mut to: impl AsyncWrite + Unpin) -> Result<(), BoxError> {
    let (bar, style) = match body.size_hint().exact() {
        Some(length) => (ProgressBar::new(length), "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}"),
    };
    bar.set_style(ProgressStyle::with_template(style)?);
    while let Some(piece) = body.chunk().await {
        // An end that comes too early is an error, never a short success.
        let piece = piece?;
        to.write_all(&piece).await?;
        bar.inc(piece.len() as u64);
    }
    bar.finish_and_clear();
    Ok(to.flush().await?)
}
