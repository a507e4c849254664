//! [`BodySender`]: content that another thread sends.

use crate::waiting::block_on;
use bytes::Bytes;
use http::HeaderMap;
use http_driver::{BoxError, Disconnected};

/// Sends the content of a [`crate::Body::channel`]. Dropped without [`BodySender::finish`], it cuts the message off, so
/// that the peer cannot take a part for the whole.
#[derive(Debug)]
pub struct BodySender(http_driver::BodySender);

impl BodySender {
    pub(crate) fn new(sender: http_driver::BodySender) -> Self {
        BodySender(sender)
    }

    /// Sends a piece when there is room for it.
    ///
    /// # Errors
    /// Nobody takes it.
    pub fn send(&mut self, data: impl Into<Bytes>) -> Result<(), Disconnected> {
        block_on(self.0.send(data))
    }

    /// Waits until there is room for a piece.
    ///
    /// # Errors
    /// Nobody takes it.
    pub fn ready(&mut self) -> Result<(), Disconnected> {
        block_on(self.0.ready())
    }

    /// Ends the content with a trailer section.
    ///
    /// # Errors
    /// Nobody takes it.
    pub fn trailers(self, trailers: HeaderMap) -> Result<(), Disconnected> {
        self.0.trailers(trailers)
    }

    /// Ends the content.
    pub fn finish(self) {
        self.0.finish();
    }

    /// Cuts the content off, for this reason.
    pub fn abort(self, error: impl Into<BoxError>) {
        self.0.abort(error);
    }
}
