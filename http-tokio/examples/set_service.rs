//! A server that is changed while it runs: what answers, and what is logged. Connections stay open; requests that have
//! begun are answered by the service that they were given to.
//!
//! `cargo run --release -p http-tokio --example set_service [PORT]`, and then
//! - `curl http://127.0.0.1:8080/ -X PUT -d 'Back soon.' http://127.0.0.1:8080/page --next http://127.0.0.1:8080/`: the
//!   page before and after, on one connection
//! - `curl -X PUT -d on http://127.0.0.1:8080/log`: from now on every request is printed; `-d off` ends that

use http::{Method, StatusCode};
use http_tokio::{AccessLog, Body, BodyError, BoxError, HttpService, LogFormat, Request, Response, serve, service_fn};
use std::io::stdout;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What a request may ask of the server.
enum Change {
    Page(String),
    Log(bool),
}

/// The service: it shows a page that never changes, so that whoever wants another page needs another service.
fn site(
    page: String,
    changes: UnboundedSender<Change>,
) -> impl HttpService<Answer: Send, Content: Send> + Clone + Send {
    service_fn(move |request| answer(request, page.clone(), changes.clone()))
}

async fn answer(
    mut request: Request<Body>,
    page: String,
    changes: UnboundedSender<Change>,
) -> Result<Response<Body>, BodyError> {
    let content = request.body_mut().collect(Body::LIMIT).await?;
    let content = String::from_utf8_lossy(&content);
    let change = match (request.method(), request.uri().path()) {
        (&Method::PUT, "/page") => Change::Page(format!("{content}\n")),
        (&Method::PUT, "/log") => Change::Log(content == "on"),
        _ => return Ok(Response::new(page.into())),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match changes.send(change) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let (changes, mut asked) = unbounded_channel();
    let server = serve(listener, site("Welcome.\n".to_owned(), changes.clone())).spawn();
    while let Some(change) = asked.recv().await {
        match change {
            Change::Page(page) => server.set_service(site(page, changes.clone())),
            Change::Log(true) => server.set_logger(Some(Arc::new(AccessLog::new(LogFormat::Common, stdout())))),
            Change::Log(false) => server.set_logger(None),
        }
    }
    Ok(())
}
