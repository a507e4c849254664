//! What the examples `upload` are told and show, on whatever runtime.

use crate::{BoxError, Client, RequestBuilder};
use http::header::{CONTENT_LENGTH, HeaderMap, TRAILER};
use http::{HeaderName, Method, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{Write, stdout};
use std::process::exit;

const OCTETS: HeaderName = HeaderName::from_static("x-octets");

/// What is asked for on the command line.
pub(crate) struct Upload {
    pub(crate) url: String,
    /// Without one, the standard input.
    pub(crate) file: Option<String>,
    method: Method,
    expect: bool,
}

impl Upload {
    pub(crate) fn from_arguments() -> Self {
        let (options, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
        let has = |name| options.iter().any(|option| option == name);
        let known = options.iter().all(|option| ["--post", "--expect"].contains(&option.as_str()));
        let method = if has("--post") { Method::POST } else { Method::PUT };
        match &names[..] {
            [url, file @ ..] if known && file.len() < 2 => {
                Upload { url: url.clone(), file: file.first().cloned(), method, expect: has("--expect") }
            }
            _ => {
                eprintln!("usage: upload [--post] [--expect] URL [FILE]");
                exit(2);
            }
        }
    }

    /// The request but for its content, which has this length if that is known.
    pub(crate) fn request(&self, length: Option<u64>) -> RequestBuilder {
        let mut request = Client::new().request(self.method.clone(), self.url.as_str());
        request = match length {
            Some(length) => request.header(CONTENT_LENGTH, length),
            None => request.header(TRAILER, OCTETS),
        };
        if self.expect {
            request = request.expect_continue();
        }
        request.on_informational(|interim| _ = print(&interim.status().to_string(), interim.headers()))
    }

    /// Ends with what has become of it.
    pub(crate) fn end(&self, answered: Result<StatusCode, BoxError>) -> ! {
        let _ = answered.as_ref().inspect_err(|error| eprintln!("{}: {error}", self.url));
        let refused = |status: StatusCode| status.is_client_error() || status.is_server_error();
        // Not by a return: that would wait for the standard input, which nobody may want any more.
        exit(answered.map_or(1, |status| if refused(status) { 3 } else { 0 }));
    }
}

/// Shows how much of the content was sent.
pub(crate) fn progress(length: Option<u64>) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = if length.is_some() { "{bar:40} {bytes} of {total_bytes}, {eta} left" } else { "{spinner} {bytes}" };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The trailers behind so many octets of content.
pub(crate) fn trailers(octets: u64) -> HeaderMap {
    HeaderMap::from_iter([(OCTETS, octets.into())])
}

pub(crate) fn print(line: &str, fields: &HeaderMap) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    for (name, value) in fields {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    writeln!(out)
}
