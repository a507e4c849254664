//! [`Resolve`]: from the name of a host to its addresses.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// Finds the addresses of a host. A [`Dialer`](super::Dialer) asks the system, unless it is given one of these; for
/// addresses it asks nobody.
///
/// Functions that return a future are resolvers:
///
/// ```
/// use http_driver::Resolve;
/// use std::net::{Ipv4Addr, SocketAddr};
///
/// fn is_resolver(_: impl Resolve) {}
///
/// is_resolver(|host: &str, port: u16| {
///     let known = (host == "db.internal").then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
///     async move { Ok(known.into_iter().collect()) }
/// });
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, best first, each with the port to connect to: usually `port`. The future must not block
    /// its thread. When it is dropped, nobody waits for it any more.
    ///
    /// # Errors
    /// The name cannot be resolved. That it has no addresses need not be an error here: none are as good as one.
    fn resolve(&self, host: &str, port: u16) -> Resolving;
}

/// What [`Resolve`] returns.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

impl<F, A> Resolve for F
where
    F: Fn(&str, u16) -> A + Send + Sync + 'static,
    A: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
{
    fn resolve(&self, host: &str, port: u16) -> Resolving {
        Box::pin(self(host, port))
    }
}
