//! The content of an answer. Who reads it runs the connection; when it has come whole, the connection goes back.

use super::connect::Connect;
use super::flight::Part;
use super::lease::Lease;
use crate::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(super) struct Answer<C: Connect> {
    /// Until everything has come.
    lease: Option<Lease<C>>,
    /// Octets left, if their number is known.
    left: Option<u64>,
}

impl<C: Connect> Answer<C> {
    pub(super) fn new(lease: Lease<C>, length: Option<u64>) -> Self {
        Answer { lease: Some(lease), left: length }
    }

    /// Everything has come.
    fn end(&mut self) {
        self.left = Some(0);
        if let Some(mut lease) = self.lease.take() {
            if let Some(flight) = lease.flight() {
                flight.end();
            }
            lease.give_back();
        }
    }
}

impl<C: Connect> Body for Answer<C> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Some(flight) = this.lease.as_mut().and_then(Lease::flight) else { return Poll::Ready(None) };
        Poll::Ready(match ready!(flight.poll_part(cx)) {
            Ok(Part::Data(data)) => {
                this.left = this.left.map(|left| left.saturating_sub(data.len() as u64));
                if flight.take_end() {
                    this.end();
                }
                Some(Ok(Frame::data(data)))
            }
            Ok(Part::End(trailers)) => {
                this.end();
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            Err(error) => {
                // Said once; the connection is gone with it.
                this.lease = None;
                Some(Err(error.into()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.lease.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

impl<C: Connect> Drop for Answer<C> {
    /// What nobody reads may have come already: then the connection is as good as ever.
    fn drop(&mut self) {
        if let Some(flight) = self.lease.as_mut().and_then(Lease::flight)
            && flight.pass_over()
        {
            self.end();
        }
    }
}

impl<C: Connect> Unpin for Answer<C> {}
