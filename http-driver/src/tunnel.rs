//! [`tunnel`]: octets between two transports, both ways, as a proxy passes them on once HTTP is over.

use crate::Transport;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::task::{Context, Poll, ready};

/// Octets that wait in each direction.
const ROOM: usize = 16 * 1024;
/// Pieces copied in one direction in one go, after which others get their turn.
const PIECES: usize = 16;

/// Copies octets between two transports, both ways at once, until both directions have ended; returns how many went from
/// the first to the second, and back (RFC 9110 section 9.3.6).
///
/// Either end may close its sending side and goes on being heard. Who does not read is not written to: the other end is
/// not read then. What an end has said is delivered, even if it is gone meanwhile; what cannot be delivered to it is read
/// and dropped, as the other end may listen only when it has said everything. If one breaks off (a reset, TLS that ends
/// without saying so), the other is reset behind that, so that it cannot take a part for the whole. There is no deadline.
///
/// ```
/// # use http_driver::{ClientExchange, Exchange, tunnel, BoxError};
/// /// Joins a client that has been answered with 101 to the server that has answered with it.
/// async fn join(client: Exchange, server: ClientExchange) -> Result<(), BoxError> {
///     let server = server.take_upgraded().ok_or("no 101")?;
///     let (_sent, _received) = tunnel(client.upgrade().await?, server).await?;
///     Ok(())
/// }
/// ```
///
/// # Errors
/// The first one of a direction that could not end well.
///
/// # Cancel safety
/// If the future is dropped, both transports are closed.
pub async fn tunnel<A: Transport, B: Transport>(mut one: A, mut other: B) -> io::Result<(u64, u64)> {
    let (mut there, mut back) = (Way::new(), Way::new());
    poll_fn(|cx| {
        there.copy(cx, &mut one, &mut other);
        back.copy(cx, &mut other, &mut one);
        // Who has broken off hears nothing any more either.
        if let Some(error) = there.broken() {
            other.abort();
            return Poll::Ready(Err(error));
        }
        if let Some(error) = back.broken() {
            one.abort();
            return Poll::Ready(Err(error));
        }
        if !(there.over && back.over) {
            return Poll::Pending;
        }
        Poll::Ready(match there.refused.take().or(back.refused.take()) {
            Some(error) => Err(error),
            None => Ok((there.copied, back.copied)),
        })
    })
    .await
}

/// One direction.
struct Way {
    room: Vec<u8>,
    /// What of that has been read and not written.
    filled: Range<usize>,
    copied: u64,
    input: Input,
    /// Something may be kept back by the transport.
    unflushed: bool,
    /// Why nothing more can be written.
    refused: Option<io::Error>,
    /// Nothing more will be written.
    over: bool,
}

/// What can be read.
enum Input {
    Open,
    Ended,
    Broken(Option<io::Error>),
}

impl Way {
    fn new() -> Self {
        let (room, filled) = (vec![0; ROOM], 0..0);
        Way { room, filled, copied: 0, input: Input::Open, unflushed: false, refused: None, over: false }
    }

    /// Why the input has ended, if everything in front of that has been delivered.
    fn broken(&mut self) -> Option<io::Error> {
        match &mut self.input {
            Input::Broken(error) if self.over => self.refused.take().or(error.take()),
            Input::Broken(_) | Input::Open | Input::Ended => None,
        }
    }

    /// Copies what can be copied now.
    fn copy(&mut self, cx: &mut Context<'_>, from: &mut impl Transport, to: &mut impl Transport) {
        for _ in 0..PIECES {
            let piece = match (self.over, &self.input) {
                (false, _) => self.poll_piece(cx, from, to),
                // Nobody takes that any more.
                (true, Input::Open) => self.poll_input(cx, from).map(|_| Ok(())),
                (true, Input::Ended | Input::Broken(_)) => return,
            };
            match piece {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.refused = Some(error);
                    self.over = true;
                }
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Copies a piece, or passes the end on. An error is that of writing.
    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut impl Transport,
        to: &mut impl Transport,
    ) -> Poll<io::Result<()>> {
        while let Some(octets) = self.room.get(self.filled.clone()).filter(|octets| !octets.is_empty()) {
            let count = ready!(to.poll_write(cx, octets))?;
            if count == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.filled.start += count;
            self.copied += count as u64;
            self.unflushed = true;
        }
        match self.input {
            Input::Open => match self.poll_input(cx, from) {
                Poll::Ready(count) => self.filled = 0..count,
                Poll::Pending => {
                    if self.unflushed {
                        ready!(to.poll_flush(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            },
            Input::Ended => {
                ready!(to.poll_shutdown(cx))?;
                self.over = true;
            }
            Input::Broken(_) => self.over = true,
        }
        Poll::Ready(Ok(()))
    }

    /// Reads a piece, or notes why there is none.
    fn poll_input(&mut self, cx: &mut Context<'_>, from: &mut impl Transport) -> Poll<usize> {
        let count = match ready!(from.poll_read(cx, &mut self.room)) {
            Ok(count) => count,
            Err(error) => {
                self.input = Input::Broken(Some(error));
                return Poll::Ready(0);
            }
        };
        if count == 0 {
            self.input = Input::Ended;
        }
        Poll::Ready(count)
    }
}
