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

use http::header::{CONTENT_LENGTH, HeaderMap, TRAILER};
use http::{HeaderName, Method};
use http_tokio::{Body, BodySender, BoxError, Client, Disconnected};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{Write, stdout};
use std::process::exit;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

const OCTETS: HeaderName = HeaderName::from_static("x-octets");

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (options, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let has = |name| options.iter().any(|option| option == name);
    let known = options.iter().all(|option| ["--post", "--expect"].contains(&option.as_str()));
    let (url, file) = match &names[..] {
        [url] if known => (url, None),
        [url, file] if known => (url, Some(file.as_str())),
        _ => {
            eprintln!("usage: upload [--post] [--expect] URL [FILE]");
            exit(2);
        }
    };
    let method = if has("--post") { Method::POST } else { Method::PUT };
    let uploaded = upload(method, url, file, has("--expect")).await;
    let _ = uploaded.as_ref().inspect_err(|error| eprintln!("{url}: {error}"));
    // Not by a return: that would wait for the standard input, which nobody may want any more.
    exit(uploaded.map_or(1, |accepted| if accepted { 0 } else { 3 }));
}

/// Whether the server is content.
async fn upload(method: Method, url: &str, file: Option<&str>, expect: bool) -> Result<bool, BoxError> {
    let (sender, body) = Body::channel();
    let mut request = Client::new().request(method, url).body(body);
    let mut length = None;
    if let Some(file) = file {
        let file = File::open(file).await?;
        let octets = file.metadata().await?.len();
        length = Some(octets);
        request = request.header(CONTENT_LENGTH, octets);
        tokio::spawn(send(sender, file.take(octets), length));
    } else {
        request = request.header(TRAILER, OCTETS);
        tokio::spawn(send(sender, tokio::io::stdin(), None));
    }
    // Without content there is nothing to be expected.
    if expect && length != Some(0) {
        request = request.expect_continue();
    }
    let request = request.on_informational(|interim| _ = print(&interim.status().to_string(), interim.headers()));
    let mut response = request.send().await?;
    print(&format!("{:?} {}", response.version(), response.status()), response.headers())?;
    while let Some(frame) = response.body_mut().frame().await {
        match frame?.into_data() {
            Ok(content) => stdout().write_all(&content)?,
            Err(frame) => print("", &frame.into_trailers().unwrap_or_default())?,
        }
    }
    Ok(!response.status().is_client_error() && !response.status().is_server_error())
}

/// Reads and sends, a piece at a time, and never more than the server takes.
async fn send(mut to: BodySender, mut from: impl AsyncRead + Unpin, length: Option<u64>) -> Result<(), Disconnected> {
    let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = if length.is_some() { "{bar:40} {bytes} of {total_bytes}, {eta} left" } else { "{spinner} {bytes}" };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
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
        None => to.trailers(HeaderMap::from_iter([(OCTETS, bar.position().into())]))?,
    }
    Ok(())
}

fn print(line: &str, fields: &HeaderMap) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    for (name, value) in fields {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    writeln!(out)
}
