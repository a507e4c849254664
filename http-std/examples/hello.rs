//! A first server: `cargo run --release -p http-std --example hello [PORT]`, then `curl http://127.0.0.1:8080/` or
//! `curl --data-binary @FILE http://127.0.0.1:8080/echo`. The port may also come from the environment variable PORT;
//! with 0 the system chooses one.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_std::{Body, BoxError, Request, Response, handler_fn, serve};
use std::net::TcpListener;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

fn hello(request: Request<Body>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
            *response.body_mut() = "Hello, World!".into();
        }
        (&Method::POST, "/echo") => {
            let (head, body) = request.into_parts();
            if let Some(content_type) = head.headers.get(CONTENT_TYPE) {
                response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
            }
            *response.body_mut() = body;
        }
        (_, path @ ("/" | "/echo")) => {
            *response.status_mut() = http::StatusCode::METHOD_NOT_ALLOWED;
            let allowed = if path == "/" { "GET, HEAD" } else { "POST" };
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        _ => {
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
            *response.body_mut() = "Not found\n".into();
        }
    }
    response
}

fn main() -> Result<(), BoxError> {
    let port = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = port.map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    let report = serve(listener, handler_fn(hello)).run()?;
    println!("connections cut off: {}", report.cut_off);
    Ok(())
}
