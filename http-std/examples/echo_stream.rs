//! Content that flows through the server: each piece goes back as soon as it has come, none is kept. Who does not read
//! the answer is not read from either.
//!
//! `cargo run --release -p http-std --example echo_stream [PORT]`, and then
//! - `curl --data-binary @FILE http://127.0.0.1:8080/echo`
//! - `curl -N -T - http://127.0.0.1:8080/upper`, and type: every line comes back in capitals while the request goes on
//! - `curl -T FILE http://127.0.0.1:8080/count`

use http::StatusCode;
use http_std::{Body, BodyError, BoxError, Request, Response, handler_fn, serve};
use std::iter::from_fn;
use std::net::TcpListener;

fn answer(request: Request<Body>) -> Result<Response<Body>, BodyError> {
    let mut response = Response::new(Body::empty());
    *response.body_mut() = match request.uri().path() {
        // What arrives is the answer.
        "/echo" => request.into_body(),
        "/upper" => upper(request.into_body()),
        "/count" => count(request.into_body())?,
        _ => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            "Try /echo, /upper or /count.\n".into()
        }
    };
    Ok(response)
}

/// The worker asks for a piece when the one before has gone out; that waits for the client. An error cuts the answer off:
/// the client must not take what it has for the whole.
fn upper(mut from: Body) -> Body {
    let pieces = from_fn(move || from.chunk());
    Body::pieces(pieces.map(|piece| piece.map(|piece| piece.to_ascii_uppercase())))
}

/// A request whose content breaks off or is malformed is answered by the server: `?` is all that it takes.
fn count(mut from: Body) -> Result<Body, BodyError> {
    let mut octets = 0;
    while let Some(piece) = from.chunk() {
        octets += piece?.len();
    }
    Ok(format!("{octets}\n").into())
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, handler_fn(answer)).run()?;
    Ok(())
}
