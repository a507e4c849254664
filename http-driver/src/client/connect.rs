//! [`Connect`]: where a client's connections come from, and why there is none.

use super::target::{Target, UriError};
use crate::runtime::{Opened, Runtime};
use crate::{BoxTransport, Connection, Transport};
use http::Uri;
use http_proto::{Client, Config};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

/// The clock of a client's connections.
pub(super) type Clock<C> = <<C as Connect>::Runtime as Runtime>::Timer;

/// What a client needs to open connections. `Dialer` is one, on the sockets of a runtime; others may lead
/// through a proxy, or into memory.
pub trait Connect: Send + Sync + 'static {
    /// The runtime that the connections run on.
    type Runtime: Runtime;
    /// What carries them.
    type Io: Transport + Send + 'static;

    /// The runtime.
    fn runtime(&self) -> &Self::Runtime;

    /// Opens a connection. It keeps its own deadlines; dropped, it gives up.
    fn connect(&self, to: &Target) -> impl Future<Output = Result<Connected<Self::Io>, ConnectError>> + Send + 'static;

    /// Speaks TLS with `to` in a tunnel that leads there, through a proxy. By default that cannot be done. Dropped, it
    /// gives up.
    fn secure(
        &self,
        tunnel: Opened<BoxTransport>,
        to: &Target,
    ) -> impl Future<Output = Result<Connected<Self::Io>, ConnectError>> + Send + 'static {
        let _ = (tunnel, to);
        std::future::ready(Err(ConnectError::NoTls))
    }
}

/// A connection that has been opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connected<Io> {
    /// What carries it, and its two ends.
    pub socket: Opened<Io>,
    /// How long resolving the name took; `None` where there was none.
    pub resolve: Option<Duration>,
    /// How long connecting took, behind that; with a tunnel, how long it took to have one.
    pub connect: Duration,
    /// How long the handshake of TLS took, behind that; `None` where there was none.
    pub tls: Option<Duration>,
    /// What was agreed upon in it.
    #[cfg(feature = "rustls")]
    pub tls_info: Option<crate::TlsInfo>,
}

impl<Io> Connected<Io> {
    /// A connection without TLS that was there at once.
    pub fn new(socket: Opened<Io>) -> Self {
        Connected {
            socket,
            resolve: None,
            connect: Duration::ZERO,
            tls: None,
            #[cfg(feature = "rustls")]
            tls_info: None,
        }
    }

    /// The same over another transport.
    pub(super) fn map<To>(self, map: impl FnOnce(Io) -> To) -> Connected<To> {
        let Connected { socket: Opened { io, local, peer }, resolve, connect, tls, .. } = self;
        Connected {
            socket: Opened { io: map(io), local, peer },
            resolve,
            connect,
            tls,
            #[cfg(feature = "rustls")]
            tls_info: self.tls_info,
        }
    }
}

/// Opens a connection to where a URI leads, for who wants the wire itself. Only scheme, host and port of the URI count;
/// what to ask for is said by the head of each request.
///
/// # Errors
/// See [`ConnectError`].
///
/// # Cancel safety
/// If the future is dropped, whatever has been opened is closed.
pub async fn connect_with<C: Connect>(
    uri: impl TryInto<Uri>,
    connector: &C,
    config: Arc<Config>,
) -> Result<Connection<Client, C::Io, <C::Runtime as Runtime>::Timer>, ConnectError> {
    let uri = uri.try_into().map_err(|_| UriError::Malformed)?;
    let connected = connector.connect(&Target::of(&uri)?).await?;
    Ok(Connection::client(connected.socket.io, config))
}

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URI does not say where to connect to.
    Uri(UriError),
    /// The name of the host could not be resolved.
    Resolve(io::Error),
    /// Resolving it took too long.
    ResolveTimeout,
    /// No address of the host could be reached; this is what the first one said.
    Connect(io::Error),
    /// Connecting took too long.
    ConnectTimeout,
    /// The target wants TLS, which this client does not speak.
    NoTls,
    /// TLS has failed, or its handshake took too long.
    #[cfg(feature = "rustls")]
    Tls(crate::TlsError),
    /// The proxy has refused a tunnel, with this status.
    ProxyRefused(u16),
    /// The connection to the proxy broke before there was a tunnel, or the proxy broke the protocol.
    Proxy(crate::Error),
    /// The proxy made no tunnel in time.
    ProxyTimeout,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Uri(error) => write!(f, "the URI leads nowhere: {error}"),
            ConnectError::Resolve(error) => write!(f, "the host could not be resolved: {error}"),
            ConnectError::ResolveTimeout => f.write_str("the host was not resolved in time"),
            ConnectError::Connect(error) => write!(f, "no connection could be opened: {error}"),
            ConnectError::ConnectTimeout => f.write_str("no connection was opened in time"),
            ConnectError::NoTls => f.write_str("https is not spoken by this client"),
            #[cfg(feature = "rustls")]
            ConnectError::Tls(error) => error.fmt(f),
            ConnectError::ProxyRefused(status) => write!(f, "the proxy refuses a tunnel: {status}"),
            ConnectError::Proxy(error) => write!(f, "the proxy made no tunnel: {error}"),
            ConnectError::ProxyTimeout => f.write_str("the proxy made no tunnel in time"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConnectError::Uri(error) => Some(error),
            ConnectError::Resolve(error) | ConnectError::Connect(error) => Some(error),
            #[cfg(feature = "rustls")]
            ConnectError::Tls(error) => Some(error),
            ConnectError::Proxy(error) => Some(error),
            ConnectError::ResolveTimeout
            | ConnectError::ConnectTimeout
            | ConnectError::NoTls
            | ConnectError::ProxyRefused(_)
            | ConnectError::ProxyTimeout => None,
        }
    }
}

#[cfg(feature = "rustls")]
impl From<crate::TlsError> for ConnectError {
    fn from(error: crate::TlsError) -> Self {
        ConnectError::Tls(error)
    }
}

impl From<UriError> for ConnectError {
    fn from(error: UriError) -> Self {
        ConnectError::Uri(error)
    }
}
