//! Content that flows through the server: each piece goes back as soon as it has come, none is kept. Who does not read
//! the answer is not read from either.
//!
//! `cargo run --release -p http-tokio --example echo_stream [PORT]`, and then
//! - `curl --data-binary @FILE http://127.0.0.1:8080/echo`
//! - `curl -N -T - http://127.0.0.1:8080/upper`, and type: every line comes back in capitals while the request goes on
//! - `curl -T FILE http://127.0.0.1:8080/count`

use http::StatusCode;
use http_tokio::{Body, BodyError, BoxError, Request, Response, serve, service_fn};
use tokio::net::TcpListener;

async fn answer(request: Request<Body>) -> Result<Response<Body>, BodyError> {
    let mut response = Response::new(Body::empty());
    *response.body_mut() = match request.uri().path() {
        // What arrives is the answer.
        "/echo" => request.into_body(),
        "/upper" => upper(request.into_body()),
        "/count" => count(request.into_body()).await?,
        _ => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            "Try /echo, /upper or /count.\n".into()
        }
    };
    Ok(response)
}

/// A task reads one body and writes another.
fn upper(mut from: Body) -> Body {
    let (mut to, body) = Body::channel();
    tokio::spawn(async move {
        while let Some(piece) = from.chunk().await {
            match piece {
                Ok(piece) if to.send(piece.to_ascii_uppercase()).await.is_ok() => {}
                // Nobody takes the answer any more.
                Ok(_) => return,
                // The client must not take what it has for the whole.
                Err(error) => return to.abort(error),
            }
        }
        to.finish();
    });
    body
}

/// A request whose content breaks off or is malformed is answered by the server: `?` is all that it takes.
async fn count(mut from: Body) -> Result<Body, BodyError> {
    let mut octets = 0;
    while let Some(piece) = from.chunk().await {
        octets += piece?.len();
    }
    Ok(format!("{octets}\n").into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(answer)).await;
    Ok(())
}
