//! Content of which every octet is known: who receives it can tell a part from the whole, and one message from another.

use super::net::Net;
use super::plan::Content;
use super::stage::Stage;
use super::wait::{sleep, timer};
use crate::memory::Ticker;
use bytes::Bytes;
use http::header::{ETAG, HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use http_driver::{Body, BoxError, Timer};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What a connection may hold of what it sends: the high mark of its buffer, and heads and chunk lines.
const HELD: u64 = 512 * 1024 + 8 * 1024;

/// The number of a message's content.
pub fn key(index: usize, answer: bool) -> usize {
    index * 2 + usize::from(answer)
}

/// The octet at a place of the content of message `key`.
pub fn octet(key: usize, place: usize) -> u8 {
    (key.wrapping_mul(31) ^ place.wrapping_mul(7) ^ (place >> 8)) as u8
}

/// Octets of that content.
pub fn octets(key: usize, from: usize, length: usize) -> Bytes {
    (from..from + length).map(|place| octet(key, place)).collect::<Vec<_>>().into()
}

/// Its trailers.
pub fn trailers(key: usize) -> HeaderMap {
    HeaderMap::from_iter([(ETAG, HeaderValue::from(key as u64))])
}

/// The content as a body.
pub fn body(key: usize, content: &Content) -> Body {
    metered(key, content, None)
}

/// The same, to be sent on a connection: it must not be asked for more than fits into its buffer.
pub fn metered(key: usize, content: &Content, meter: Option<Meter>) -> Body {
    if content.whole {
        return octets(key, 0, content.length()).into();
    }
    Body::new(Pieces { key, content: content.clone(), piece: 0, sent: 0, timer: None, over: false, meter })
}

/// Compares what a connection was given to be sent with what has left it.
pub struct Meter {
    /// Pieces that may wait on their way to the connection.
    ahead: usize,
    stage: Arc<Stage>,
    net: Net,
    cable: usize,
    to: usize,
    /// What had left it before.
    before: u64,
}

impl Meter {
    /// For what is sent on this connection from now on, so many pieces of which may wait on their way to it.
    pub fn new(stage: &Arc<Stage>, cable: usize, to: usize, ahead: usize) -> Self {
        let net = stage.net.clone();
        let before = net.traffic(cable, to).written;
        Meter { ahead, stage: Arc::clone(stage), net, cable, to, before }
    }

    /// These pieces were given to be sent, and another one is asked for.
    fn given(&self, pieces: &[usize]) {
        let pieces = pieces.get(..pieces.len().saturating_sub(self.ahead)).unwrap_or_default();
        let octets = pieces.iter().sum::<usize>() as u64;
        let left = self.net.traffic(self.cable, self.to).written - self.before;
        self.stage.notes.check(octets <= left + HELD, || {
            format!("#{} was given {octets} octets to be sent, and has sent {left}", self.cable)
        });
    }
}

struct Pieces {
    key: usize,
    content: Content,
    piece: usize,
    sent: usize,
    timer: Option<Ticker>,
    over: bool,
    meter: Option<Meter>,
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
            let pause = this.content.pause;
            ready!(this.timer.get_or_insert_with(|| timer(pause)).poll(cx));
            this.timer = None;
        }
        if this.content.fails == Some(this.piece) {
            this.over = true;
            return Poll::Ready(Some(Err("planned".into())));
        }
        match this.content.pieces.get(this.piece) {
            Some(&length) => {
                if let Some(meter) = &this.meter {
                    meter.given(&this.content.pieces[..this.piece]);
                }
                let data = octets(this.key, this.sent, length);
                this.piece += 1;
                this.sent += length;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            None => {
                this.over = true;
                Poll::Ready(this.content.trailers.then(|| Ok(Frame::trailers(trailers(this.key)))))
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

/// Reads the content of message `key`, so many pieces of it at most, and checks every octet. `piece` is told how long each
/// was waited for.
pub async fn read(
    stage: &Stage,
    key: usize,
    body: &mut Body,
    (most, pause): (usize, Duration),
    mut piece: impl FnMut(Duration),
) -> Received {
    let notes = &stage.notes;
    let mut place = 0;
    let mut trailers = false;
    for _ in 0..most {
        if !pause.is_zero() {
            sleep(pause).await;
        }
        let begun = notes.now();
        let frame = body.frame().await;
        piece(notes.now().saturating_since(begun));
        match frame {
            None => return Received::Whole(place, trailers),
            Some(Err(_)) => return Received::Broken,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    notes.check(super::talk::is_of(key, place, &data), || {
                        format!("octets from {place} on are not those of message {key}")
                    });
                    place += data.len();
                }
                Err(frame) => {
                    let fields = frame.into_trailers().unwrap_or_default();
                    notes.check(fields == self::trailers(key), || format!("trailers of message {key}: {fields:?}"));
                    trailers = true;
                }
            },
        }
    }
    Received::Dropped
}
