//! The services of the examples `set_service`, and what may be changed, on whatever runtime or none.

use crate::{AccessLog, Body, BodyError, HttpService, LogFormat, Request, Response, ServerHandle, content, service_fn};
use http::{Method, StatusCode};
use std::io::stdout;
use std::sync::Arc;

/// What a request may ask of the server.
pub(crate) enum Change {
    Page(String),
    Log(bool),
}

/// The service: it shows a page that never changes, so that whoever wants another page needs another service. `ask` passes
/// changes on; whether it could.
pub(crate) fn site(
    page: String,
    ask: impl Fn(Change) -> bool + Clone + Send + 'static,
) -> impl HttpService<Body, Answer: Send, Content: Send> + Clone + Send {
    service_fn(move |request| answer(request, page.clone(), ask.clone()))
}

async fn answer(
    mut request: Request<Body>,
    page: String,
    ask: impl Fn(Change) -> bool,
) -> Result<Response<Body>, BodyError> {
    let content = content(&mut request).await?;
    let change = match (request.method(), request.uri().path()) {
        (&Method::PUT, "/page") => Change::Page(format!("{content}\n")),
        (&Method::PUT, "/log") => Change::Log(content == "on"),
        _ => return Ok(Response::new(page.into())),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = if ask(change) { StatusCode::ACCEPTED } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(response)
}

/// Changes the server; `site` makes a service for a page.
pub(crate) fn make<S: Clone + Send + 'static>(change: Change, server: &ServerHandle<S>, site: impl Fn(String) -> S) {
    match change {
        Change::Page(page) => server.set_service(site(page)),
        Change::Log(true) => server.set_logger(Some(Arc::new(AccessLog::new(LogFormat::Common, stdout())))),
        Change::Log(false) => server.set_logger(None),
    }
}
