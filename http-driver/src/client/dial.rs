//! [`Dialer`]: connections from sockets. It resolves names, tries addresses, and keeps the deadlines of both; what the
//! system has to do for that is behind [`Dial`].

use super::connect::{Connect, ConnectError, Connected};
use super::race::{order, race};
use super::resolve::Resolve;
use super::target::Target;
use super::within::within;
#[cfg(feature = "rustls")]
use crate::BoxTransport;
use crate::runtime::{Opened, Runtime};
#[cfg(feature = "rustls")]
use crate::tls::connect::{ClientTls, Shaken};
use crate::{MaybeTls, Transport};
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

/// A runtime that opens sockets.
pub trait Dial: Runtime {
    /// What carries connections, of whatever kind.
    type Io: Transport + Send + 'static;

    /// Opens a TCP connection, from the address `from` if there is one, with TCP_NODELAY set. Dropped, it gives up.
    ///
    /// # Errors
    /// The system's.
    fn tcp(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Self::Io>>> + Send + 'static;

    /// Opens a connection to a Unix socket. Dropped, it gives up.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    fn unix(&self, path: &Path) -> impl Future<Output = io::Result<Opened<Self::Io>>> + Send + 'static;

    /// Asks the system for the addresses of a host, without blocking the thread. Dropped, nobody waits for it.
    ///
    /// # Errors
    /// The system's.
    fn lookup(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;
}

/// Opens connections to hosts, on the sockets of a runtime.
///
/// A name is resolved by the system, or by a [`Resolve`] of one's own. Of its addresses the first that answers is taken:
/// IPv4 and IPv6 in turn, each a moment after the one before, or at once where that has failed (RFC 8305, Happy
/// Eyeballs). A host that is an address is connected to without a resolver.
///
/// ```no_run
/// # fn run<D: http_driver::Dial>(runtime: D) {
/// use http_driver::Dialer;
/// use std::time::Duration;
///
/// let dialer = Dialer::new(runtime).resolve_timeout(Duration::from_secs(2)).connect_timeout(Duration::from_secs(3));
/// # }
/// ```
pub struct Dialer<D> {
    runtime: Arc<D>,
    resolver: Option<Arc<dyn Resolve>>,
    local_address: Option<IpAddr>,
    #[cfg(unix)]
    unix_socket: Option<Arc<Path>>,
    resolve_timeout: Duration,
    connect_timeout: Duration,
    attempt_delay: Duration,
    #[cfg(feature = "rustls")]
    tls: ClientTls,
}

impl<D: Dial> Dialer<D> {
    /// A dialer with the defaults.
    pub fn new(runtime: D) -> Self {
        Dialer {
            runtime: Arc::new(runtime),
            resolver: None,
            local_address: None,
            #[cfg(unix)]
            unix_socket: None,
            resolve_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            attempt_delay: Duration::from_millis(250),
            #[cfg(feature = "rustls")]
            tls: ClientTls::default(),
        }
    }

    /// Resolves names. Default: the system does.
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// The address that TCP connections come from. Only addresses of the same family are tried then. Default: the
    /// system's choice.
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.local_address = Some(address);
        self
    }

    /// Reaches every target through this socket, and resolves nothing. Default: no.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl AsRef<Path>) -> Self {
        self.unix_socket = Some(path.as_ref().into());
        self
    }

    /// How long resolving a name may take. Default: 10 s: two tries, as the resolvers of systems usually are set up.
    pub fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.resolve_timeout = timeout;
        self
    }

    /// How long connecting may take, all addresses together. Default: 10 s: TCP has tried four times then.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an address is tried alone before the next one is tried as well: RFC 8305 section 5, which allows 10 ms to
    /// 2 s; less or more is taken for these. Default: 250 ms.
    pub fn attempt_delay(mut self, delay: Duration) -> Self {
        self.attempt_delay = delay.clamp(Duration::from_millis(10), Duration::from_secs(2));
        self
    }

    /// How TLS is spoken to targets of https: roots that are trusted, certificates to be shown. A configuration that names
    /// no protocol (ALPN) gets `http/1.1`. Default: the system's roots, no certificate.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls.set(config);
        self
    }

    /// How long the handshake of TLS may take. Default: 10 s: some round trips on a bad line.
    #[cfg(feature = "rustls")]
    pub fn tls_timeout(mut self, timeout: Duration) -> Self {
        self.tls.timeout = timeout;
        self
    }

    async fn open(self, to: Target) -> Result<Connected<MaybeTls<D::Io>>, ConnectError> {
        #[cfg(not(feature = "rustls"))]
        if to.is_secure() {
            return Err(ConnectError::NoTls);
        }
        let connected = self.reach(&to).await?;
        #[cfg(feature = "rustls")]
        if to.is_secure() {
            let connected = connected.map(|io| Box::new(io) as BoxTransport);
            return shake(&self.tls, connected, &to, D::Timer::default()).await;
        }
        Ok(connected.map(MaybeTls::Plain))
    }

    async fn reach(&self, to: &Target) -> Result<Connected<D::Io>, ConnectError> {
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            return self.connected(None, self.runtime.unix(path)).await;
        }
        match to.host().parse() {
            Ok(address) => self.race(vec![SocketAddr::new(address, to.port())], None).await,
            Err(_) => {
                let (addresses, took) = self.resolve(to).await?;
                self.race(addresses, Some(took)).await
            }
        }
    }

    async fn resolve(&self, to: &Target) -> Result<(Vec<SocketAddr>, Duration), ConnectError> {
        let resolving = async {
            match &self.resolver {
                Some(resolver) => resolver.resolve(to.host(), to.port()).await,
                None => self.runtime.lookup(to.host(), to.port()).await,
            }
        };
        let resolved = within(self.resolve_timeout, D::Timer::default(), resolving).await;
        let (addresses, took) = resolved.ok_or(ConnectError::ResolveTimeout)?;
        match addresses {
            Ok(addresses) if addresses.is_empty() => Err(ConnectError::Resolve(missing("the name has no address"))),
            Ok(addresses) => Ok((addresses, took)),
            Err(error) => Err(ConnectError::Resolve(error)),
        }
    }

    async fn race(
        &self,
        addresses: Vec<SocketAddr>,
        resolve: Option<Duration>,
    ) -> Result<Connected<D::Io>, ConnectError> {
        let from = self.local_address;
        let usable = |address: &SocketAddr| from.is_none_or(|from| from.is_ipv4() == address.is_ipv4());
        let candidates = order(addresses.into_iter().filter(usable).collect());
        let racing =
            race(candidates, |address| self.runtime.tcp(address, from), self.attempt_delay, D::Timer::default());
        self.connected(resolve, async {
            let none = || missing("the host has no address of the local address's family");
            racing.await.map_err(|error| error.unwrap_or_else(none))
        })
        .await
    }

    async fn connected(
        &self,
        resolve: Option<Duration>,
        opening: impl Future<Output = io::Result<Opened<D::Io>>>,
    ) -> Result<Connected<D::Io>, ConnectError> {
        let opened = within(self.connect_timeout, D::Timer::default(), opening).await;
        let (socket, connect) = opened.ok_or(ConnectError::ConnectTimeout)?;
        Ok(Connected { resolve, connect, ..Connected::new(socket.map_err(ConnectError::Connect)?) })
    }
}

/// Makes the handshake of TLS on a connection.
#[cfg(feature = "rustls")]
async fn shake<Io>(
    tls: &ClientTls,
    connected: Connected<BoxTransport>,
    to: &Target,
    timer: impl crate::Timer,
) -> Result<Connected<MaybeTls<Io>>, ConnectError> {
    let Connected { socket: Opened { io, local, peer }, resolve, connect, .. } = connected;
    let Shaken { tls, info, took } = tls.secure(io, to, timer).await?;
    let socket = Opened { io: MaybeTls::Tls(tls), local, peer };
    Ok(Connected { resolve, connect, tls: Some(took), tls_info: Some(info), ..Connected::new(socket) })
}

/// There is nothing to connect to.
fn missing(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, what)
}

impl<D: Dial> Connect for Dialer<D> {
    type Runtime = D;
    type Io = MaybeTls<D::Io>;

    fn runtime(&self) -> &D {
        &self.runtime
    }

    fn connect(&self, to: &Target) -> impl Future<Output = Result<Connected<Self::Io>, ConnectError>> + Send + 'static {
        self.clone().open(to.clone())
    }

    #[cfg(feature = "rustls")]
    fn secure(
        &self,
        tunnel: Opened<BoxTransport>,
        to: &Target,
    ) -> impl Future<Output = Result<Connected<Self::Io>, ConnectError>> + Send + 'static {
        let (tls, to) = (self.tls.clone(), to.clone());
        async move { shake(&tls, Connected::new(tunnel), &to, D::Timer::default()).await }
    }
}

impl<D> Clone for Dialer<D> {
    fn clone(&self) -> Self {
        Dialer {
            runtime: Arc::clone(&self.runtime),
            resolver: self.resolver.clone(),
            local_address: self.local_address,
            #[cfg(unix)]
            unix_socket: self.unix_socket.clone(),
            resolve_timeout: self.resolve_timeout,
            connect_timeout: self.connect_timeout,
            attempt_delay: self.attempt_delay,
            #[cfg(feature = "rustls")]
            tls: self.tls.clone(),
        }
    }
}

impl<D: Dial + Default> Default for Dialer<D> {
    fn default() -> Self {
        Dialer::new(D::default())
    }
}

impl<D> fmt::Debug for Dialer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Dialer");
        debug.field("local_address", &self.local_address);
        #[cfg(unix)]
        debug.field("unix_socket", &self.unix_socket);
        debug
            .field("resolve_timeout", &self.resolve_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_delay", &self.attempt_delay)
            .finish_non_exhaustive()
    }
}
