//! What the examples `client_get` are told and show, on whatever runtime.

use crate::{Body, BoxError, Response};
use http_body::Body as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::process::ExitCode;

/// The URL, and the name of the file, if there is one.
pub(crate) fn arguments() -> Result<(String, Option<String>), ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(url), file, None) => Ok((url, file)),
        _ => {
            eprintln!("usage: client_get URL [FILE]");
            Err(ExitCode::from(2))
        }
    }
}

pub(crate) fn print_head(response: &Response<Body>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?} {}", response.version(), response.status())?;
    for (name, value) in response.headers() {
        // Values need not be text.
        out.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat())?;
    }
    writeln!(out)?;
    out.flush()
}

/// Shows how far content has come.
pub(crate) fn progress(body: &Body) -> Result<ProgressBar, BoxError> {
    let (bar, style) = match body.size_hint().exact() {
        Some(length) => (ProgressBar::new(length), "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}"),
    };
    bar.set_style(ProgressStyle::with_template(style)?);
    Ok(bar)
}

/// Whether what was fetched is what was asked for.
pub(crate) fn is_good(response: &Response<Body>) -> bool {
    !response.status().is_client_error() && !response.status().is_server_error()
}

/// The exit code, behind a word about what has gone wrong.
pub(crate) fn end(url: &str, fetched: Result<bool, BoxError>) -> ExitCode {
    match fetched {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("{url}: {error}");
            ExitCode::FAILURE
        }
    }
}
