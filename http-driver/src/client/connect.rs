//! [`Connect`]: where a client's connections come from, and why there is none.

use super::target::{Target, UriError};
use crate::runtime::{Opened, Runtime};
use crate::{Connection, Transport};
use http::Uri;
use http_proto::{Client, Config};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

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
}

/// A connection that has been opened.
#[derive(Debug)]
pub struct Connected<Io> {
    /// What carries it, and its two ends.
    pub socket: Opened<Io>,
    /// How long resolving the name took; `None` where there was none.
    pub resolve: Option<Duration>,
    /// How long connecting took, behind that.
    pub connect: Duration,
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
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConnectError::Uri(error) => Some(error),
            ConnectError::Resolve(error) | ConnectError::Connect(error) => Some(error),
            ConnectError::ResolveTimeout | ConnectError::ConnectTimeout | ConnectError::NoTls => None,
        }
    }
}

impl From<UriError> for ConnectError {
    fn from(error: UriError) -> Self {
        ConnectError::Uri(error)
    }
}
