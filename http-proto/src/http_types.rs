//! Conversions to and from the types of the `http` crate, for the layers that speak them. The core itself does not: a
//! `HeaderMap` costs more than the whole parse.
//!
//! Received heads become `http::Request<()>` and `http::Response<()>` with `to_http`. Heads that an application made
//! with those types become [`HttpRequestHead`] and [`HttpResponseHead`], whose `head` is what the connection takes.
//! Such applications set framing and connection fields themselves, as other libraries let them; [`SplitHeaders`] takes
//! these for what they ask for, since the connection writes them itself.

mod hop_by_hop;
mod names;
mod outgoing;

pub use hop_by_hop::HopByHop;
pub use outgoing::{HttpRequestHead, HttpResponseHead, SplitHeaders};

use crate::error::SendError;
use crate::syntax::{FieldBlock, Fields, Request, Response, Version, trim};
use bytes::{Buf, Bytes, BytesMut};
use core::fmt;
use http::header::{HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Uri};

/// A head that one of the two sides cannot express, or that contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpError {
    /// A target that `http::Uri` does not take; or a URI without what its use needs: an authority, a scheme for a proxy,
    /// a port for CONNECT.
    Uri,
    /// A status below 100.
    Status,
    /// More fields than `http::HeaderMap` takes.
    TooManyFields,
    /// Host more than once, or not text.
    Host,
    /// Content-Length more than once with different values, not a number, beside Transfer-Encoding, or not the length
    /// that the content is known to have.
    ContentLength,
    /// Transfer-Encoding with anything but `chunked`.
    TransferEncoding,
    /// Expect with anything but `100-continue`.
    Expect,
    /// A protocol in Upgrade, or an option in Connection, that is not text.
    Option,
    /// A field that may not be sent.
    Field(SendError),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HttpError::Uri => "the target is no URI, or the URI lacks what its use needs",
            HttpError::Status => "the status is below 100",
            HttpError::TooManyFields => "too many fields",
            HttpError::Host => "Host is ambiguous or not text",
            HttpError::ContentLength => "Content-Length is not the length of the content",
            HttpError::TransferEncoding => "Transfer-Encoding is not chunked",
            HttpError::Expect => "Expect is not 100-continue",
            HttpError::Option => "Upgrade or Connection is not text",
            HttpError::Field(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for HttpError {}

impl From<SendError> for HttpError {
    fn from(error: SendError) -> Self {
        HttpError::Field(error)
    }
}

/// The reason phrase of a response, as an extension of `http::Response`: received, where it is not the usual one of its
/// status; to be sent in place of the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonPhrase(pub Bytes);

impl Fields<'_> {
    /// The fields as a `HeaderMap`: names in lower case, the values of one name in their order, obs-text as it is. All
    /// values share one allocation.
    ///
    /// # Errors
    /// [`HttpError::TooManyFields`], which the default limits rule out.
    pub fn to_header_map(self) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::new();
        fill_header_map(self, &Bytes::copy_from_slice(self.block()), &mut headers)?;
        Ok(headers)
    }
}

/// Octets of a head for which memory is kept. One that is longer gets its own, or a single large head would make every
/// connection keep as much.
const KEPT: usize = 4096;

/// The octets of a head, in memory that they give back.
fn keep(block: &[u8], memory: &mut BytesMut) -> Bytes {
    if block.len() > KEPT {
        return Bytes::copy_from_slice(block);
    }
    memory.extend_from_slice(block);
    memory.split().freeze()
}

/// Adds `fields`, whose block `octets` are.
fn fill_header_map(fields: Fields<'_>, octets: &Bytes, headers: &mut HeaderMap) -> Result<(), HttpError> {
    headers.try_reserve(fields.len()).map_err(|_| HttpError::TooManyFields)?;
    for span in fields.spans() {
        let (name, value) = (names::header_name(span.name(octets))?, span.value_range());
        let value = octets.get(value.clone()).map(|_| octets.slice(value)).unwrap_or_default();
        // The grammar of received values is narrower than what this takes.
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| SendError::InvalidFieldValue)?;
        headers.try_append(name, value).map_err(|_| HttpError::TooManyFields)?;
    }
    Ok(())
}

impl Request<'_> {
    /// The head as an `http::Request`. The target is the URI in the form received (origin-form has no authority: see
    /// [`Request::authority`]); OPTIONS of a URI without a path, which asks about the server as a whole (RFC 9112 section
    /// 3.2.4), has the path `*`, as `Uri` knows no empty one; a minor version above 1 is `HTTP_11`, with the [`Version`]
    /// received as an extension.
    ///
    /// # Errors
    /// [`HttpError::Uri`] for a target that is valid here and not there, such as one with `<` in its path; 400 is the
    /// answer to it. [`HttpError::TooManyFields`].
    pub fn to_http(&self) -> Result<http::Request<()>, HttpError> {
        let mut request = http::Request::new(());
        self.write_http(&mut request, &mut BytesMut::new())?;
        Ok(request)
    }

    /// As [`Request::to_http`], into a new request that lies where it is to stay, as moving one costs. Its map of fields,
    /// which is empty, may have memory already. So may `memory`, which is empty too: target and values share some of it,
    /// up to 4 KiB, and what they have let go of is used again.
    ///
    /// # Errors
    /// As [`Request::to_http`]. The request is not to be used then.
    pub fn write_http<B>(&self, request: &mut http::Request<B>, memory: &mut BytesMut) -> Result<(), HttpError> {
        let mut octets = keep(self.fields().block(), memory);
        let (method, target) = self.line_ranges();
        let method = octets.get(method).unwrap_or_default();
        *request.method_mut() = Method::from_bytes(method).map_err(|_| SendError::InvalidMethod)?;
        *request.version_mut() = http_version(self.version());
        fill_header_map(self.fields(), &octets, request.headers_mut())?;
        // What is left of the octets is the target.
        octets.truncate(target.end);
        octets.advance(target.start.min(target.end));
        *request.uri_mut() = Uri::from_maybe_shared(octets).map_err(|_| HttpError::Uri)?;
        if self.method() == "OPTIONS" && self.origin_target() == "*" {
            whole_server(request.uri_mut())?;
        }
        if self.version().minor() > 1 {
            request.extensions_mut().insert(self.version());
        }
        Ok(())
    }
}

/// Gives a URI the path `*`.
fn whole_server(uri: &mut Uri) -> Result<(), HttpError> {
    let mut parts = core::mem::take(uri).into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("*"));
    *uri = Uri::from_parts(parts).map_err(|_| HttpError::Uri)?;
    Ok(())
}

impl Response<'_> {
    /// The head as an `http::Response`. A reason phrase that is not the usual one is a [`ReasonPhrase`] extension, a
    /// minor version above 1 a [`Version`] extension of an `HTTP_11` response.
    ///
    /// # Errors
    /// [`HttpError::Status`] below 100, which RFC 9110 section 15 wants treated as 5xx. [`HttpError::TooManyFields`].
    pub fn to_http(&self) -> Result<http::Response<()>, HttpError> {
        let mut response = http::Response::new(());
        self.write_http(&mut response, &mut BytesMut::new())?;
        Ok(response)
    }

    /// As [`Response::to_http`], into a new response. `memory`, which is empty, may have memory already: values share some
    /// of it, up to 4 KiB, and what they have let go of is used again.
    ///
    /// # Errors
    /// As [`Response::to_http`]. The response is not to be used then.
    pub fn write_http<B>(&self, response: &mut http::Response<B>, memory: &mut BytesMut) -> Result<(), HttpError> {
        let status = StatusCode::from_u16(self.status()).map_err(|_| HttpError::Status)?;
        *response.status_mut() = status;
        *response.version_mut() = http_version(self.version());
        fill_header_map(self.fields(), &keep(self.fields().block(), memory), response.headers_mut())?;
        if status.canonical_reason().unwrap_or_default().as_bytes() != self.reason() {
            response.extensions_mut().insert(ReasonPhrase(Bytes::copy_from_slice(self.reason())));
        }
        if self.version().minor() > 1 {
            response.extensions_mut().insert(self.version());
        }
        Ok(())
    }
}

impl TryFrom<Fields<'_>> for HeaderMap {
    type Error = HttpError;

    fn try_from(fields: Fields<'_>) -> Result<Self, HttpError> {
        fields.to_header_map()
    }
}

impl TryFrom<Request<'_>> for http::Request<()> {
    type Error = HttpError;

    fn try_from(head: Request<'_>) -> Result<Self, HttpError> {
        head.to_http()
    }
}

impl TryFrom<Response<'_>> for http::Response<()> {
    type Error = HttpError;

    fn try_from(head: Response<'_>) -> Result<Self, HttpError> {
        head.to_http()
    }
}

fn http_version(version: Version) -> http::Version {
    if version.is_http11() { http::Version::HTTP_11 } else { http::Version::HTTP_10 }
}

impl TryFrom<&HeaderMap> for FieldBlock {
    type Error = SendError;

    /// The fields as they are, for a trailer section or a message whose framing fields were never in the map. Blanks at
    /// the ends of a value are left out, as no recipient sees them.
    ///
    /// # Errors
    /// As [`FieldBlock::from_fields`]; a framing field is [`SendError::FramingField`]. See [`SplitHeaders`] for maps
    /// that hold some.
    fn try_from(headers: &HeaderMap) -> Result<Self, SendError> {
        FieldBlock::from_fields(headers.iter().map(|(name, value)| (name.as_str(), trim(value.as_bytes()))))
    }
}
