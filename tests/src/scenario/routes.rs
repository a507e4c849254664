//! The service under test: one route for everything that a handler may do.

use super::Permits;
use super::running::{self, App, Spawner};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_driver::{Body, BodyError, BoxError, Exchange};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

/// What the handlers have done, and what lets them go on.
#[derive(Debug, Default)]
pub struct Probe {
    pub called: AtomicUsize,
    /// A permit for every handler that got to the gate.
    pub arrived: Permits,
    /// A permit for every handler that may pass it.
    pub gate: Permits,
    /// A permit for every handler that was dropped at the gate.
    pub dropped: Permits,
}

impl Probe {
    /// How often handlers were called.
    pub fn calls(&self) -> usize {
        self.called.load(SeqCst)
    }

    /// Waits at the gate.
    pub async fn pass(&self) {
        struct Dropped<'a>(&'a Permits);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.add(1);
            }
        }
        let dropped = Dropped(&self.dropped);
        self.arrived.add(1);
        self.gate.taken().await;
        std::mem::forget(dropped);
    }
}

/// The routes as an application.
pub fn app(probe: Arc<Probe>, spawn: Spawner) -> App {
    running::app(move |request| answer(request, Arc::clone(&probe), Arc::clone(&spawn)))
}

/// The exchange of a request.
pub fn exchange_of(request: &Request<Body>) -> Exchange {
    request.extensions().get::<Exchange>().expect("every request has one").clone()
}

async fn answer(mut request: Request<Body>, probe: Arc<Probe>, spawn: Spawner) -> Result<Response<Body>, BoxError> {
    probe.called.fetch_add(1, SeqCst);
    let target = request.uri().to_string();
    let with = |name, value, body: Body| {
        let mut response = Response::new(body);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
        response
    };
    Ok(match target.as_str() {
        "/" => with(CONTENT_TYPE, "text/plain", "Hello, World!".into()),
        "/echo" => Response::new(request.into_body()),
        "/count" => Response::new(count(request.into_body()).await?.into()),
        "/collect" => Response::new(request.body_mut().collect(16).await?.into()),
        "/peer" => Response::new(exchange_of(&request).connection().peer().to_string().into()),
        "/large" => Response::new(vec![b'x'; 64 * 1024].into()),
        "/huge" => {
            probe.arrived.add(1);
            Response::new(vec![b'x'; 64 * 1024 * 1024].into())
        }
        "/gate" => {
            probe.pass().await;
            Response::new("passed".into())
        }
        "/gate-then-count" => {
            probe.pass().await;
            Response::new(count(request.into_body()).await?.into())
        }
        "/refuse" => Response::builder().status(401).body(Body::empty())?,
        "/error" => return Err("a failure of the handler".into()),
        "/panic" => panic!("a panic of the handler"),
        "/invalid" => with(CONTENT_LENGTH, "6", "Hello".into()),
        "/frames" => Response::new(frames(None)),
        "/cut" => Response::new(frames(Some("a failure of the stream"))),
        "/endless" => Response::new(Body::new(Endless(probe))),
        "/close" => with(CONNECTION, "close", "the last".into()),
        "/dated" => with(DATE, "Tue, 15 Nov 1994 08:12:31 GMT", "dated".into()),
        "/short" => with(CONTENT_LENGTH, "100", frames(None)),
        "/elsewhere" => {
            let (mut sender, body) = Body::channel();
            spawn(Box::pin(async move {
                let mut content = request.into_body();
                let collected = content.collect(1024).await.expect("the content is whole");
                sender.send(collected).await.expect("the answer is wanted");
                sender.finish();
            }));
            let mut body = body;
            Response::new(body.collect(1024).await?.into())
        }
        "/leave" => {
            spawn(Box::pin(async move {
                let left = request.into_body().collect(1024).await;
                if matches!(left, Err(BodyError::Over)) {
                    probe.dropped.add(1);
                }
            }));
            Response::new(Body::empty())
        }
        other => Response::builder().status(404).body(other.to_owned().into())?,
    })
}

/// Reads everything; its length and trailers as text.
pub async fn count(mut body: Body) -> Result<String, BodyError> {
    let (mut count, mut trailers) = (0, String::new());
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => count += data.len(),
            Err(frame) => {
                for (name, value) in &frame.into_trailers().unwrap_or_default() {
                    trailers += &format!(" {name}={}", value.as_bytes().escape_ascii());
                }
            }
        }
    }
    Ok(format!("{count}{trailers}"))
}

/// "one", "two", then a trailer field or an error.
fn frames(failure: Option<&'static str>) -> Body {
    let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("checksum"), HeaderValue::from_static("12"))]);
    let last = failure.map_or(Ok(Frame::trailers(trailers)), Err);
    let data = |text: &'static str| Ok(Frame::data(text.into()));
    Body::new(Frames(vec![data("one"), data("two"), last].into_iter()))
}

/// A body of these frames.
pub struct Frames(pub std::vec::IntoIter<Result<Frame<Bytes>, &'static str>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.0.next())
    }
}

/// Counts its frames in `called`, and says when it was dropped.
struct Endless(Arc<Probe>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.called.fetch_add(1, SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 64 * 1024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.dropped.add(1);
    }
}
