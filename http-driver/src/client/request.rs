//! [`RequestBuilder`]: a request that is being put together.

use super::Client;
use super::connect::Connect;
use super::error::RequestError;
use super::extensions::{Informed, Within};
use super::target::UriError;
use crate::Body;
use http::header::{EXPECT, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::{Extensions, Method, Request, Response, Uri, Version};
use http_proto::{HttpError, SendError};
use std::fmt;
use std::time::Duration;

/// A request that is being put together. What is wrong with its parts is said when it is sent.
#[must_use = "a request does nothing unless it is sent"]
pub struct RequestBuilder<C: Connect> {
    client: Client<C>,
    request: Result<Request<Body>, RequestError>,
}

impl<C: Connect> RequestBuilder<C> {
    pub(super) fn new<U: TryInto<Uri>>(client: Client<C>, method: Method, uri: U) -> Self {
        let request = uri.try_into().map_err(|_| RequestError::Uri(UriError::Malformed)).map(|uri| {
            let mut request = Request::new(Body::empty());
            (*request.method_mut(), *request.uri_mut()) = (method, uri);
            request
        });
        RequestBuilder { client, request }
    }

    fn change(mut self, change: impl FnOnce(&mut Request<Body>) -> Result<(), RequestError>) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = change(request)
        {
            self.request = Err(error);
        }
        self
    }

    /// Adds a field.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.change(|request| {
            let name = name.try_into().map_err(|_| HttpError::Field(SendError::InvalidFieldName))?;
            let value = value.try_into().map_err(|_| HttpError::Field(SendError::InvalidFieldValue))?;
            request.headers_mut().append(name, value);
            Ok(())
        })
    }

    /// Sets fields: those of a name take the place of what there was of that name.
    pub fn headers(self, fields: HeaderMap) -> Self {
        self.change(|request| {
            request.headers_mut().extend(fields);
            Ok(())
        })
    }

    /// Sets the version: HTTP/1.1, which is the default, or HTTP/1.0.
    pub fn version(self, version: Version) -> Self {
        self.change(|request| {
            *request.version_mut() = version;
            Ok(())
        })
    }

    /// Adds an extension, such as [`crate::Streaming`].
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        self.extend(|extensions| _ = extensions.insert(extension))
    }

    fn extend(self, extend: impl FnOnce(&mut Extensions)) -> Self {
        self.change(|request| {
            extend(request.extensions_mut());
            Ok(())
        })
    }

    /// Sets the content. With trailers it must be of unknown length: see [`Body::channel`].
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.change(|request| {
            *request.body_mut() = body.into();
            Ok(())
        })
    }

    /// Holds the content back until the server has said that it wants it (RFC 9110 section 10.1.1), or for a second.
    /// Without content the server is not asked.
    pub fn expect_continue(self) -> Self {
        self.change(|request| {
            request.headers_mut().insert(EXPECT, HeaderValue::from_static("100-continue"));
            Ok(())
        })
    }

    /// Offers to go on with another protocol (RFC 9110 section 7.8). If the server accepts, the answer is 101 (Switching
    /// Protocols), and [`super::ClientExchange::take_upgraded`] has the connection.
    pub fn upgrade(self, protocol: &str) -> Self {
        self.header(UPGRADE, protocol)
    }

    /// Tells `call` of interim responses, 100 (Continue) and 103 (Early Hints) among them.
    pub fn on_informational(self, call: impl Fn(Response<()>) + Send + Sync + 'static) -> Self {
        self.extension(Informed::new(call))
    }

    /// The time that the whole exchange may take, to the last octet of the answer.
    pub fn timeout(self, whole: Duration) -> Self {
        self.extension(Within(whole))
    }

    /// The request, to be looked at or sent with [`Client::execute`].
    ///
    /// # Errors
    /// A part of it is invalid.
    pub fn build(self) -> Result<Request<Body>, RequestError> {
        self.request
    }

    /// Sends it: see [`Client::execute`].
    ///
    /// # Errors
    /// As [`Client::execute`].
    ///
    /// # Cancel safety
    /// As [`Client::execute`].
    pub async fn send(self) -> Result<Response<Body>, RequestError> {
        let request = self.request?;
        self.client.execute(request).await
    }
}

impl<C: Connect> fmt::Debug for RequestBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").field("request", &self.request).finish_non_exhaustive()
    }
}
