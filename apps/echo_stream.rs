//! What the examples `echo_stream` answer, on whatever runtime.

use crate::{Body, BodyError, Request, Response, spawn};
use http::StatusCode;

pub(crate) async fn answer(request: Request<Body>) -> Result<Response<Body>, BodyError> {
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
    spawn(async move {
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
