//! Why a request has got no answer.

use super::connect::ConnectError;
use super::target::UriError;
use crate::{BodyError, Error};
use http_proto::{HttpError, RecvError, RecvErrorKind, SendError};
use std::fmt;

/// A phase of an exchange that has a deadline of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for a connection of the pool, where there may be no further one.
    Wait,
    /// Resolving the name of the host.
    Resolve,
    /// Connecting.
    Connect,
    /// Having a proxy make a tunnel.
    Tunnel,
    /// The handshake of TLS.
    Tls,
    /// Sending the request: no octet of it could be written for too long.
    Send,
    /// Waiting for the answer, behind the last octet of the request.
    Answer,
    /// Receiving the head of the answer, behind its first octet.
    Head,
    /// Receiving the content of the answer: no octet came for too long.
    Body,
    /// The whole exchange.
    Whole,
}

impl Phase {
    /// The phase whose deadline this fault of the core is.
    pub(super) fn of(error: RecvError) -> Option<Self> {
        match error.kind() {
            RecvErrorKind::WriteTimeout => Some(Phase::Send),
            RecvErrorKind::HeadTimeout => Some(Phase::Head),
            RecvErrorKind::BodyTimeout => Some(Phase::Body),
            _ => None,
        }
    }
}

/// Why a request has got no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// The URI of the request names no target.
    Uri(UriError),
    /// The request cannot be sent as it is.
    Invalid(HttpError),
    /// There is no connection.
    Connect(ConnectError),
    /// A phase took too long.
    Timeout(Phase),
    /// The connection broke, or the server broke the protocol.
    Broken(Error),
    /// The answer cannot be expressed by the types of the `http` crate.
    Answer(HttpError),
    /// The content of the request has failed.
    Content(BodyError),
}

impl RequestError {
    /// Whether the request may be sent again without asking anybody. What was done to find a connection never stands in
    /// the way of that.
    pub fn may_retry(&self) -> bool {
        match self {
            RequestError::Connect(_) => true,
            RequestError::Timeout(phase) => match phase {
                Phase::Wait | Phase::Resolve | Phase::Connect | Phase::Tunnel | Phase::Tls => true,
                Phase::Send | Phase::Answer | Phase::Head | Phase::Body | Phase::Whole => false,
            },
            RequestError::Broken(error) => error.may_retry(),
            RequestError::Uri(_) | RequestError::Invalid(_) | RequestError::Answer(_) | RequestError::Content(_) => {
                false
            }
        }
    }

    /// The phase that took too long, if one did.
    pub fn timed_out(&self) -> Option<Phase> {
        match self {
            RequestError::Timeout(phase) => Some(*phase),
            RequestError::Uri(_)
            | RequestError::Invalid(_)
            | RequestError::Connect(_)
            | RequestError::Broken(_)
            | RequestError::Answer(_)
            | RequestError::Content(_) => None,
        }
    }
}

impl From<UriError> for RequestError {
    fn from(error: UriError) -> Self {
        RequestError::Uri(error)
    }
}

impl From<HttpError> for RequestError {
    fn from(error: HttpError) -> Self {
        RequestError::Invalid(error)
    }
}

impl From<SendError> for RequestError {
    fn from(error: SendError) -> Self {
        RequestError::Invalid(error.into())
    }
}

impl From<ConnectError> for RequestError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::ResolveTimeout => RequestError::Timeout(Phase::Resolve),
            ConnectError::ConnectTimeout => RequestError::Timeout(Phase::Connect),
            ConnectError::ProxyTimeout => RequestError::Timeout(Phase::Tunnel),
            #[cfg(feature = "rustls")]
            ConnectError::Tls(error) if error.kind() == crate::TlsErrorKind::Timeout => {
                RequestError::Timeout(Phase::Tls)
            }
            error => RequestError::Connect(error),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Wait => "no connection became free in time",
            Phase::Resolve => "the host was not resolved in time",
            Phase::Connect => "no connection was opened in time",
            Phase::Tunnel => "the proxy made no tunnel in time",
            Phase::Tls => "the handshake of TLS was not over in time",
            Phase::Send => "the server did not take the request in time",
            Phase::Answer => "the server did not begin to answer in time",
            Phase::Head => "the head of the answer was not complete in time",
            Phase::Body => "the content of the answer made no progress in time",
            Phase::Whole => "the exchange was not over in time",
        })
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Uri(error) => write!(f, "the URI names no target: {error}"),
            RequestError::Invalid(error) => write!(f, "the request cannot be sent: {error}"),
            RequestError::Connect(error) => error.fmt(f),
            RequestError::Timeout(phase) => phase.fmt(f),
            RequestError::Broken(error) => error.fmt(f),
            RequestError::Answer(error) => write!(f, "the answer cannot be expressed: {error}"),
            RequestError::Content(error) => write!(f, "the content of the request has failed: {error}"),
        }
    }
}

impl std::error::Error for RequestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RequestError::Uri(error) => Some(error),
            RequestError::Invalid(error) | RequestError::Answer(error) => Some(error),
            RequestError::Connect(error) => error.source(),
            RequestError::Broken(error) => Some(error),
            RequestError::Content(error) => Some(error),
            RequestError::Timeout(_) => None,
        }
    }
}
