//! What can be said before and behind the answer: 103 (Early Hints, RFC 8297) lets a browser fetch the style sheet while
//! the page is still being made, and a trailer tells how long that took.
//!
//! `cargo run --release -p http-std --example early_hints [PORT]`, and then
//! - `curl -iN http://127.0.0.1:8080/`: the 103 and its Link come first, the rows one by one, and Server-Timing last
//!   (curl shows trailers with `-v`)

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LINK, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;
use http_std::{Body, BoxError, Exchange, Request, Response, handler_fn, serve};
use std::convert::Infallible;
use std::iter::once_with;
use std::net::TcpListener;
use std::thread::sleep;
use std::time::{Duration, Instant};

const STYLE: HeaderValue = HeaderValue::from_static("</style.css>; rel=preload; as=style");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if request.uri().path() == "/style.css" {
        return Ok(Response::builder().header(CONTENT_TYPE, "text/css").body("td { color: teal }\n".into())?);
    }
    if let Some(exchange) = request.extensions().get::<Exchange>() {
        exchange.inform(StatusCode::EARLY_HINTS, HeaderMap::from_iter([(LINK, STYLE)]));
    }
    // It is on its way while we look into the database.
    let begun = Instant::now();
    sleep(Duration::from_millis(300));
    let response = Response::builder().header(CONTENT_TYPE, "text/html").header(LINK, STYLE);
    Ok(response.header(TRAILER, SERVER_TIMING).body(Body::frames(page(begun).map(Ok::<_, Infallible>)))?)
}

/// A row after the other, as they are found; what was measured comes behind the last. Each is made when the one before has
/// gone out.
fn page(begun: Instant) -> impl Iterator<Item = Frame<Bytes>> {
    let begin = once_with(|| Frame::data("<!doctype html><link rel=stylesheet href=style.css><table>\n".into()));
    let rows = (1..=3).map(|row| {
        sleep(Duration::from_millis(100));
        Frame::data(format!("<tr><td>{row}\n").into())
    });
    let end = once_with(|| Frame::data("</table>\n".into()));
    let measured = once_with(move || {
        let measured = HeaderValue::from_str(&format!("page;dur={}", begun.elapsed().as_millis()));
        Frame::trailers(measured.into_iter().map(|value| (SERVER_TIMING, value)).collect())
    });
    begin.chain(rows).chain(end).chain(measured)
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, handler_fn(answer)).run()?;
    Ok(())
}
