//! [`Carrier`]: the task that carries an exchange on whose request is still being sent when its answer has begun. Nobody
//! may be reading the answer meanwhile, and whoever makes the request's content must not wait for that.

use super::connect::Connect;
use super::flight::Part;
use super::lease::Lease;
use crate::body::{BodyError, Slot};
use crate::link::Reading;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub(super) struct Carrier<C: Connect> {
    lease: Option<Lease<C>>,
    /// Where the answer's content goes, until it has come whole.
    content: Option<Arc<Slot>>,
}

impl<C: Connect> Carrier<C> {
    pub(super) fn new(lease: Lease<C>, content: Option<Arc<Slot>>) -> Self {
        Carrier { lease: Some(lease), content }
    }

    /// Ready when everything is sent and received, or nothing more can be.
    fn poll_carry(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        loop {
            let Some(flight) = self.lease.as_mut().and_then(Lease::flight) else { return Poll::Ready(Ok(())) };
            // If the request cannot be finished, what was sent of it must not be taken for the whole.
            flight.pump(cx).map_err(|_| BodyError::Over)?;
            // The server may be silent for long, so that nothing else would tell that nobody reads.
            let wanted = self.content.as_ref().is_some_and(|content| content.watch(cx));
            // Nobody will read the answer: the exchange is given up, unless all of it has come.
            if self.content.take_if(|content| content.is_abandoned()).is_some() {
                if !flight.pass_over() {
                    return Poll::Ready(Ok(()));
                }
                flight.end();
            }
            if self.content.is_none() && (!flight.is_uploading() || flight.is_over()) {
                flight.report();
                return Poll::Ready(Ok(()));
            }
            let wanted = wanted && self.content.is_some();
            match (if wanted { flight.take_part()? } else { None }, &self.content) {
                (Some(Part::Data(data)), Some(content)) => content.give(data, cx),
                (Some(Part::End(trailers)), Some(_)) => {
                    flight.end();
                    // Who has read everything may ask again at once.
                    if let Some(lease) = (!flight.is_uploading()).then(|| self.lease.take()).flatten() {
                        lease.give_back();
                    }
                    if let Some(content) = self.content.take() {
                        content.end(trailers, cx);
                    }
                }
                // Nothing moves any more; the reader will be told when it asks.
                (None, Some(_)) if !wanted && flight.is_closed() => return Poll::Pending,
                (Some(Part::Data(_) | Part::End(_)) | None, None) | (None, Some(_)) => {
                    let turn = flight.poll_turn(cx, if wanted { Reading::Wanted } else { Reading::Ahead })?;
                    // With the last octet of the request everything may be over, and nothing else comes.
                    if turn.is_pending() && (self.content.is_some() || flight.is_uploading()) {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<C: Connect> Future for Carrier<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let carried = ready!(this.poll_carry(cx));
        if let (Err(error), Some(content)) = (carried, this.content.take()) {
            content.fail(error, cx);
        }
        if let Some(lease) = this.lease.take() {
            lease.give_back();
        }
        Poll::Ready(())
    }
}

impl<C: Connect> Drop for Carrier<C> {
    fn drop(&mut self) {
        if let Some(content) = self.content.take() {
            content.close();
        }
    }
}

impl<C: Connect> Unpin for Carrier<C> {}
