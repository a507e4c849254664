//! [`ClientBuilder`]: everything that can be set about a client.

use super::Client;
use super::connect::Connect;
use super::pool::PoolLimits;
use super::shared::Shared;
use super::target::{Target, UriError};
use super::timeouts::ClientTimeouts;
use http::Uri;
use http_proto::{Config, Pipeline};
use std::fmt;
use std::sync::Arc;

/// A client that is being set up.
#[must_use = "a builder does nothing unless it is built"]
pub struct ClientBuilder<C> {
    connector: C,
    config: Arc<Config>,
    timeouts: ClientTimeouts,
    limits: PoolLimits,
    proxy: Option<Target>,
}

impl<C: Connect> ClientBuilder<C> {
    /// All defaults, with connections from `connector`.
    pub fn new(connector: C) -> Self {
        ClientBuilder {
            connector,
            config: Arc::new(Config::client()),
            timeouts: ClientTimeouts::default(),
            limits: PoolLimits::default(),
            proxy: None,
        }
    }

    /// Opens connections in another way.
    pub fn connector<D: Connect>(self, connector: D) -> ClientBuilder<D> {
        let ClientBuilder { connector: _, config, timeouts, limits, proxy } = self;
        ClientBuilder { connector, config, timeouts, limits, proxy }
    }

    /// Bounds and deadlines of the connections, and their depth of pipelining. Default: [`Config::client`].
    pub fn config(mut self, config: Arc<Config>) -> Self {
        self.config = config;
        self
    }

    /// Deadlines of the client.
    pub fn timeouts(mut self, timeouts: ClientTimeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How many connections there may be, and how long they are kept.
    pub fn limits(mut self, limits: PoolLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Pipelines GET, HEAD and OPTIONS without content: up to so many on one connection, where the next is sent before the
    /// last is answered (RFC 9112 section 9.3.2). A slow answer holds up those behind it. What a connection leaves
    /// unanswered is sent once more, each on a connection of its own. Requests with a bound on the whole exchange are
    /// never pipelined. Default: 1, none are.
    pub fn pipelining(mut self, depth: u16) -> Self {
        let mut config = (*self.config).clone();
        config.pipeline = Pipeline { depth: depth.max(1), safe_only: true };
        self.config = Arc::new(config);
        self
    }

    /// Sends every request to this proxy, with its whole URI as target (RFC 9112 section 3.2.2); those for https through a
    /// tunnel to their server, which the proxy is asked for with CONNECT. Either kind of connection is kept. A CONNECT of
    /// one's own makes a tunnel, too.
    ///
    /// # Errors
    /// The URI names no target.
    pub fn proxy(mut self, proxy: &Uri) -> Result<Self, UriError> {
        self.proxy = Some(Target::of(proxy)?);
        Ok(self)
    }

    /// The client.
    pub fn build(self) -> Client<C> {
        let ClientBuilder { connector, config, timeouts, limits, proxy } = self;
        Client(Arc::new(Shared::new(connector, config, timeouts, proxy, limits)))
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
            .field("timeouts", &self.timeouts)
            .field("limits", &self.limits)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
