//! What the examples `hello` answer, on whatever runtime or none.

use crate::{Body, Request, Response};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

pub(crate) fn hello(request: Request<Body>) -> Response<Body> {
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
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let allowed = if path == "/" { "GET, HEAD" } else { "POST" };
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        _ => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
            *response.body_mut() = "Not found\n".into();
        }
    }
    response
}
