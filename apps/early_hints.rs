//! What the examples `early_hints` answer, on whatever runtime.

use crate::{Body, BodySender, BoxError, Disconnected, Exchange, Request, Response, sleep, spawn};
use http::header::{CONTENT_TYPE, LINK, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::time::{Duration, Instant};

const STYLE: HeaderValue = HeaderValue::from_static("</style.css>; rel=preload; as=style");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(crate) async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if request.uri().path() == "/style.css" {
        return Ok(Response::builder().header(CONTENT_TYPE, "text/css").body("td { color: teal }\n".into())?);
    }
    if let Some(exchange) = request.extensions().get::<Exchange>() {
        exchange.inform(StatusCode::EARLY_HINTS, HeaderMap::from_iter([(LINK, STYLE)]));
    }
    // It is on its way while we look into the database.
    let begun = Instant::now();
    sleep(Duration::from_millis(300)).await;
    let (sender, body) = Body::channel();
    spawn(page(sender, begun));
    let response = Response::builder().header(CONTENT_TYPE, "text/html").header(LINK, STYLE);
    Ok(response.header(TRAILER, SERVER_TIMING).body(body)?)
}

/// Sends a row after the other, as they are found; what was measured comes behind the last.
async fn page(mut body: BodySender, begun: Instant) -> Result<(), Disconnected> {
    body.send("<!doctype html><link rel=stylesheet href=style.css><table>\n").await?;
    for row in 1..=3 {
        sleep(Duration::from_millis(100)).await;
        body.send(format!("<tr><td>{row}\n")).await?;
    }
    body.send("</table>\n").await?;
    let measured = HeaderValue::from_str(&format!("page;dur={}", begun.elapsed().as_millis()));
    body.trailers(measured.into_iter().map(|value| (SERVER_TIMING, value)).collect())
}
