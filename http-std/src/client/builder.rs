//! [`ClientBuilder`]: everything that can be set about a client.

use super::Client;
use crate::Dialer;
use http::Uri;
use http_driver::{ClientTimeouts, Connect, PoolLimits, UriError};
use http_proto::Config;
use std::fmt;
use std::sync::Arc;

/// A client that is being set up.
#[must_use = "a builder does nothing unless it is built"]
pub struct ClientBuilder<C = Dialer>(http_driver::ClientBuilder<C>);

impl<C: Connect> ClientBuilder<C> {
    /// All defaults, with connections from `connector`.
    pub fn new(connector: C) -> Self {
        ClientBuilder(http_driver::ClientBuilder::new(connector))
    }

    /// Opens connections in another way.
    pub fn connector<D: Connect>(self, connector: D) -> ClientBuilder<D> {
        ClientBuilder(self.0.connector(connector))
    }

    /// Bounds and deadlines of the connections, and their depth of pipelining. Default: [`Config::client`].
    pub fn config(self, config: Arc<Config>) -> Self {
        ClientBuilder(self.0.config(config))
    }

    /// Deadlines of the client.
    pub fn timeouts(self, timeouts: ClientTimeouts) -> Self {
        ClientBuilder(self.0.timeouts(timeouts))
    }

    /// How many connections there may be, and how long they are kept.
    pub fn limits(self, limits: PoolLimits) -> Self {
        ClientBuilder(self.0.limits(limits))
    }

    /// Pipelines GET, HEAD and OPTIONS without content, of whatever threads: up to so many on one connection. See
    /// [`http_driver::ClientBuilder::pipelining`]. Each of these connections has a thread while it has requests. Default:
    /// 1, none are.
    pub fn pipelining(self, depth: u16) -> Self {
        ClientBuilder(self.0.pipelining(depth))
    }

    /// Sends every request to this proxy; those for https through a tunnel to their server. See
    /// [`http_driver::ClientBuilder::proxy`].
    ///
    /// # Errors
    /// The URI names no target.
    pub fn proxy(self, proxy: &Uri) -> Result<Self, UriError> {
        self.0.proxy(proxy).map(ClientBuilder)
    }

    /// The client.
    pub fn build(self) -> Client<C> {
        Client(self.0.build())
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
