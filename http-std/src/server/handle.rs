//! [`ServerHandle`]: the outside's hand on a running server.

use crate::waiting::block_on;
use http_driver::{Address, ConnInfo, Logger, Report};
use std::sync::Arc;
use std::time::Duration;

/// A running server. It goes on when the handle is dropped.
#[derive(Debug)]
pub struct ServerHandle<S>(http_driver::ServerHandle<S>);

impl<S> Clone for ServerHandle<S> {
    fn clone(&self) -> Self {
        ServerHandle(self.0.clone())
    }
}

impl<S: 'static> ServerHandle<S> {
    pub(crate) fn new(inner: http_driver::ServerHandle<S>) -> Self {
        ServerHandle(inner)
    }

    /// The same with methods for tasks.
    pub fn into_inner(self) -> http_driver::ServerHandle<S> {
        self.0
    }

    /// Where the server listens: the actual port where 0 was asked for.
    pub fn local_addr(&self) -> &Address {
        self.0.local_addr()
    }

    /// Replaces the service: for new connections, and for the next request on every other. Requests in the hands of the
    /// old one are answered by it.
    pub fn set_service(&self, service: S)
    where
        S: Clone + Send,
    {
        self.0.set_service(service);
    }

    /// Replaces the logger; `None`: nothing is logged any more.
    pub fn set_logger(&self, logger: Option<Arc<dyn Logger>>) {
        self.0.set_logger(logger);
    }

    /// Replaces the configuration of TLS, its certificates among others: for new connections. A server that has spoken in
    /// the clear speaks TLS from now on.
    #[cfg(feature = "rustls")]
    pub fn set_tls(&self, config: Arc<http_driver::rustls::ServerConfig>) {
        self.0.set_tls(config);
    }

    /// The connections that there are, in no order.
    pub fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.0.connections()
    }

    /// Shuts down, and waits for that: no further connection is accepted, requests that have begun are answered, then
    /// their connections close. What is left after `grace` is cut off; a handler that is a plain function comes to its
    /// own end. Asked for more than once, the shortest grace counts.
    pub fn shutdown(&self, grace: Duration) -> Report {
        block_on(self.0.shutdown(grace))
    }

    /// Ends at once: everything that goes on in HTTP is cut off.
    pub fn dispose(&self) -> Report {
        self.shutdown(Duration::ZERO)
    }
}
