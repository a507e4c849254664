//! [`RequestBuilder`]: a request that is being put together.

use crate::waiting::block_on;
use crate::{Body, Dialer};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Version};
use http_driver::{Connect, RequestError};
use std::fmt;
use std::time::Duration;

/// A request that is being put together. What is wrong with its parts is said when it is sent.
#[must_use = "a request does nothing unless it is sent"]
pub struct RequestBuilder<C: Connect = Dialer>(http_driver::RequestBuilder<C>);

impl<C: Connect> RequestBuilder<C> {
    pub(super) fn new(inner: http_driver::RequestBuilder<C>) -> Self {
        RequestBuilder(inner)
    }

    /// Adds a field.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        RequestBuilder(self.0.header(name, value))
    }

    /// Sets fields: those of a name take the place of what there was of that name.
    pub fn headers(self, fields: HeaderMap) -> Self {
        RequestBuilder(self.0.headers(fields))
    }

    /// Sets the version: HTTP/1.1, which is the default, or HTTP/1.0.
    pub fn version(self, version: Version) -> Self {
        RequestBuilder(self.0.version(version))
    }

    /// Adds an extension, such as [`crate::Streaming`].
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        RequestBuilder(self.0.extension(extension))
    }

    /// Sets the content. With trailers it must be of unknown length: see [`Body::channel`].
    pub fn body(self, body: impl Into<Body>) -> Self {
        RequestBuilder(self.0.body(body.into().into_driven()))
    }

    /// Holds the content back until the server has said that it wants it (RFC 9110 section 10.1.1), or for a second.
    pub fn expect_continue(self) -> Self {
        RequestBuilder(self.0.expect_continue())
    }

    /// Offers to go on with another protocol (RFC 9110 section 7.8). If the server accepts, the answer is 101 (Switching
    /// Protocols), and [`crate::ClientExchange::take_upgraded`] has the connection; [`crate::Upgraded`] of that reads and
    /// writes.
    pub fn upgrade(self, protocol: &str) -> Self {
        RequestBuilder(self.0.upgrade(protocol))
    }

    /// Tells `call` of interim responses, 100 (Continue) and 103 (Early Hints) among them, on the thread that waits for the
    /// answer.
    pub fn on_informational(self, call: impl Fn(Response<()>) + Send + Sync + 'static) -> Self {
        RequestBuilder(self.0.on_informational(call))
    }

    /// The time that the whole exchange may take, to the last octet of the answer.
    pub fn timeout(self, whole: Duration) -> Self {
        RequestBuilder(self.0.timeout(whole))
    }

    /// The request, to be looked at or sent with [`crate::Client::execute`].
    ///
    /// # Errors
    /// A part of it is invalid.
    pub fn build(self) -> Result<Request<Body>, RequestError> {
        self.0.build().map(|request| request.map(Body::driven))
    }

    /// Sends it, and waits for the head of the answer: see [`crate::Client::execute`].
    ///
    /// # Errors
    /// As [`crate::Client::execute`].
    pub fn send(self) -> Result<Response<Body>, RequestError> {
        block_on(self.0.send()).map(|response| response.map(Body::driven))
    }
}

impl<C: Connect> fmt::Debug for RequestBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
