//! The service under test: one route for everything that a handler may do.

use bytes::Bytes;
use futures_core::Stream;
use http_tokio::{BodyError, BoxError, FieldBlock, Frame, Request, Response};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::sync::Semaphore;

/// What the handlers have done, and what lets them go on.
pub(crate) struct Probe {
    pub(crate) called: AtomicUsize,
    /// A permit for every handler that got to the gate.
    pub(crate) arrived: Semaphore,
    /// A permit for every handler that may pass it.
    pub(crate) gate: Semaphore,
    /// A permit for every handler that was dropped at the gate.
    pub(crate) dropped: Semaphore,
}

impl Default for Probe {
    fn default() -> Self {
        let none = || Semaphore::new(0);
        Probe { called: AtomicUsize::new(0), arrived: none(), gate: none(), dropped: none() }
    }
}

/// Waits for a permit, and takes it.
pub(crate) async fn take(permits: &Semaphore) {
    crate::within(permits.acquire()).await.unwrap().forget();
}

pub(crate) async fn answer(mut request: Request, probe: Arc<Probe>) -> Result<Response, BoxError> {
    probe.called.fetch_add(1, Ordering::SeqCst);
    let target = request.target().to_owned();
    Ok(match target.as_str() {
        "/" => Response::new(200).field("Content-Type", "text/plain").body("Hello, World!"),
        "/echo" => Response::new(200).stream(request.body),
        "/count" => {
            let mut count = 0;
            while let Some(chunk) = request.body.chunk().await {
                count += chunk?.len();
            }
            let trailers = request.body.trailers().map(|(name, value)| format!(" {name}={}", value.escape_ascii()));
            Response::new(200).body(format!("{count}{}", trailers.collect::<String>()))
        }
        "/collect" => Response::new(200).body(request.body.collect(16).await?),
        "/peer" => Response::new(200).body(request.peer().to_string()),
        "/large" => Response::new(200).body(vec![b'x'; 64 * 1024]),
        "/huge" => {
            probe.arrived.add_permits(1);
            Response::new(200).body(vec![b'x'; 64 * 1024 * 1024])
        }
        "/gate" => {
            pass(&probe).await;
            Response::new(200).body("passed")
        }
        "/gate-then-count" => {
            pass(&probe).await;
            let mut count = 0;
            while let Some(chunk) = request.body.chunk().await {
                count += chunk?.len();
            }
            Response::new(200).body(count.to_string())
        }
        "/refuse" => Response::new(401),
        "/error" => return Err("a failure of the handler".into()),
        "/panic" => panic!("a panic of the handler"),
        "/invalid" => Response::new(200).field("Content-Length", "5").body("Hello"),
        "/frames" => Response::new(200).stream(frames(None)),
        "/cut" => Response::new(200).stream(frames(Some("a failure of the stream"))),
        "/endless" => Response::new(200).stream(Endless(probe)),
        "/close" => Response::new(200).close().body("the last"),
        "/dated" => Response::new(200).field("Date", "Tue, 15 Nov 1994 08:12:31 GMT").body("dated"),
        "/short" => Response::new(200).sized_stream(100, frames(None)),
        "/elsewhere" => {
            let mut body = request.body;
            let collected = tokio::spawn(async move { body.collect(1024).await });
            Response::new(200).body(collected.await??)
        }
        "/leave" => {
            tokio::spawn(async move {
                let error = request.body.collect(1024).await.unwrap_err();
                assert_eq!(error, BodyError::Over);
                probe.dropped.add_permits(1);
            });
            Response::new(200)
        }
        other => Response::new(404).body(other.to_owned()),
    })
}

async fn pass(probe: &Probe) {
    struct Dropped<'a>(&'a Semaphore);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.add_permits(1);
        }
    }
    let dropped = Dropped(&probe.dropped);
    probe.arrived.add_permits(1);
    take(&probe.gate).await;
    std::mem::forget(dropped);
}

/// "one", "two", then a trailer field or an error.
fn frames(failure: Option<&'static str>) -> impl Stream<Item = Result<Frame, &'static str>> + Send + 'static {
    struct Frames(std::vec::IntoIter<Result<Frame, &'static str>>);
    impl Stream for Frames {
        type Item = Result<Frame, &'static str>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.next())
        }
    }
    let trailers = FieldBlock::from_fields([("Checksum", &b"12"[..])]).unwrap();
    let last = failure.map_or(Ok(Frame::Trailers(trailers)), Err);
    let data = |text: &'static str| Ok(Frame::Data(text.into()));
    Frames(vec![data("one"), data("two"), last].into_iter())
}

/// Counts its frames in `called`, and says when it was dropped.
struct Endless(Arc<Probe>);

impl Stream for Endless {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.called.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 64 * 1024]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.dropped.add_permits(1);
    }
}
