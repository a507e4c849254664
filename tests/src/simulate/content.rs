//! Content of which every octet is known: who receives it can tell a part from the whole, and one message from another.

use super::plan::Content;
use crate::memory::Ticker;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use http_driver::{Body, BoxError, Timer};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The octet at a place of the content of message `key`.
pub fn octet(key: usize, place: usize) -> u8 {
    (key.wrapping_mul(31) ^ place.wrapping_mul(7) ^ (place >> 8)) as u8
}

/// Octets of that content.
pub fn octets(key: usize, from: usize, length: usize) -> Bytes {
    (from..from + length).map(|place| octet(key, place)).collect::<Vec<_>>().into()
}

/// The content as a body.
pub fn body(key: usize, content: &Content) -> Body {
    if content.whole {
        return octets(key, 0, content.length()).into();
    }
    Body::new(Pieces { key, content: content.clone(), piece: 0, sent: 0, timer: None, over: false })
}

struct Pieces {
    key: usize,
    content: Content,
    piece: usize,
    sent: usize,
    timer: Option<Ticker>,
    over: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        if !this.content.pause.is_zero() {
            let timer = this.timer.get_or_insert_with(|| {
                let mut timer = Ticker::default();
                timer.reset(timer.now().saturating_add(this.content.pause));
                timer
            });
            ready!(timer.poll(cx));
            this.timer = None;
        }
        if this.content.fails == Some(this.piece) {
            this.over = true;
            return Poll::Ready(Some(Err("planned".into())));
        }
        match this.content.pieces.get(this.piece) {
            Some(&length) => {
                let data = octets(this.key, this.sent, length);
                this.piece += 1;
                this.sent += length;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            None => {
                this.over = true;
                let trailers = || HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from(this.key as u64))]);
                Poll::Ready(this.content.trailers.then(|| Ok(Frame::trailers(trailers()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        match self.content.announced {
            true => SizeHint::with_exact((self.content.length() - self.sent) as u64),
            false => SizeHint::new(),
        }
    }
}

/// What was received of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// All of it, or so it was said: so many octets, with trailers or without.
    Whole(usize, bool),
    /// It broke off, and that was said.
    Broken,
    /// It was dropped.
    Dropped,
}

/// Reads the content of message `key`, so many pieces of it at most, and checks every octet.
pub async fn read(key: usize, body: &mut Body, most: usize, pause: std::time::Duration) -> Received {
    let mut place = 0;
    let mut trailers = false;
    for _ in 0..most {
        if !pause.is_zero() {
            sleep(pause).await;
        }
        match body.frame().await {
            None => return Received::Whole(place, trailers),
            Some(Err(_)) => return Received::Broken,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    for &received in &data {
                        assert_eq!(received, octet(key, place), "octet {place} of message {key}");
                        place += 1;
                    }
                }
                Err(frame) => {
                    let fields = frame.into_trailers().expect("trailers");
                    assert_eq!(fields.get(http::header::ETAG), Some(&HeaderValue::from(key as u64)), "message {key}");
                    trailers = true;
                }
            },
        }
    }
    Received::Dropped
}

/// Waits.
pub async fn sleep(time: std::time::Duration) {
    let mut timer = Ticker::default();
    timer.reset(timer.now().saturating_add(time));
    std::future::poll_fn(|cx| timer.poll(cx)).await;
}
