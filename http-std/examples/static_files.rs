//! The files of a directory, with ranges and revalidation. A file of any size takes as little memory.
//!
//! `cargo run --release -p http-std --example static_files [PORT [DIRECTORY]]`, and then
//! - `curl -i http://127.0.0.1:8080/README.md`
//! - `curl -i -r 0-99 http://127.0.0.1:8080/README.md`, or `-r -100` for the last ones
//! - `curl -i -z README.md http://127.0.0.1:8080/README.md`: 304, for it is as new here as there

use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_RANGE, CONTENT_TYPE, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use http::{HeaderName, Method, StatusCode};
use http_std::{Body, BoxError, Request, Response, handler_fn, serve};
use httpdate::{fmt_http_date, parse_http_date};
use percent_encoding::percent_decode_str;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

fn answer(request: &Request<Body>, root: &Path) -> Result<Response<Body>, BoxError> {
    let response = Response::builder();
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Ok(response.status(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD").body(Body::empty())?);
    }
    let Some(path) = locate(root, request.uri().path()) else { return not_found() };
    let Ok(mut file) = File::open(&path) else { return not_found() };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return not_found();
    }
    let (length, modified) = (metadata.len(), metadata.modified()?);
    let last_modified = fmt_http_date(modified);
    let response = response.header(LAST_MODIFIED, &last_modified).header(ACCEPT_RANGES, "bytes");
    let field = |name: HeaderName| request.headers().get(name)?.to_str().ok();

    // RFC 9110 section 13.1.3: a client that knows entity tags is not judged by dates.
    let since = field(IF_MODIFIED_SINCE).filter(|_| field(IF_NONE_MATCH).is_none());
    // Dates of HTTP have no fractions of seconds.
    if since.and_then(|since| parse_http_date(since).ok()) >= Some(parse_http_date(&last_modified)?) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).body(Body::empty())?);
    }
    let response = response.header(CONTENT_TYPE, content_type(&path));
    // What the client has may be of another version.
    let same = field(IF_RANGE).is_none_or(|version| version == last_modified);
    let range = field(RANGE).filter(|_| same && request.method() == Method::GET);
    match range.and_then(|range| parse_range(range, length)) {
        None => Ok(response.body(Body::sized_reader(file, length))?),
        Some(Some((first, last))) => {
            let response = response.status(StatusCode::PARTIAL_CONTENT);
            let response = response.header(CONTENT_RANGE, format!("bytes {first}-{last}/{length}"));
            file.seek(SeekFrom::Start(first))?;
            Ok(response.body(Body::sized_reader(file, last - first + 1))?)
        }
        Some(None) => {
            let response = response.status(StatusCode::RANGE_NOT_SATISFIABLE);
            Ok(response.header(CONTENT_RANGE, format!("bytes */{length}")).body(Body::empty())?)
        }
    }
}

fn not_found() -> Result<Response<Body>, BoxError> {
    Ok(Response::builder().status(StatusCode::NOT_FOUND).body("Not found\n".into())?)
}

/// Where the file of a request lies: never outside of the root, whatever dots and links there are.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let mut file = root.join(decoded.trim_start_matches('/'));
    if decoded.ends_with('/') {
        file.push("index.html");
    }
    let file = fs::canonicalize(file).ok()?;
    file.starts_with(root).then_some(file)
}

/// The first and the last octet of a range (RFC 9110 section 14.1.2). `None`: there is none that we know, all is sent.
/// `Some(None)`: nothing of the file lies in it.
fn parse_range(range: &str, length: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text.bytes().all(|octet| octet.is_ascii_digit()) {
        // What has too many digits lies behind every end.
        true => Some(text.parse().unwrap_or(u64::MAX)),
        false => None,
    };
    Some(match (first, last) {
        ("", "") => return None,
        ("", count) => {
            let count = number(count)?.min(length);
            (count > 0).then(|| (length - count, length - 1))
        }
        (first, "") => Some((number(first)?, length.saturating_sub(1))).filter(|(first, _)| *first < length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            (first < length).then(|| (first, last.min(length - 1)))
        }
    })
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "md" | "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let root = fs::canonicalize(std::env::args().nth(2).unwrap_or_else(|| ".".to_owned()))?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, handler_fn(move |request: Request<Body>| answer(&request, &root))).run()?;
    Ok(())
}
