//! [`ServerHandle`]: the outside's hand on a running server.

use crate::info::{Address, ConnInfo};
use crate::options::Options;
use crate::record::Logger;
use crate::service::Services;
use crate::watched::Watched;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a shutdown left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were there when it began.
    pub connections: usize,
    /// Those of them that were cut off because the grace was over.
    pub cut_off: usize,
}

/// What the handle and the accept loop tell each other.
#[derive(Debug, Default)]
pub struct Control(Watched<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// A shutdown was asked for, with this grace. The shortest counts.
    grace: Option<Duration>,
    report: Option<Report>,
}

impl Control {
    /// The grace of a shutdown, once it was asked for.
    pub fn poll_grace(&self, cx: &Context<'_>) -> Poll<Duration> {
        self.0.poll(cx, |inner| inner.grace)
    }

    /// The grace as it is now, behind the first call for a shutdown; the task is woken when it changes.
    pub fn watch_grace(&self, cx: &Context<'_>) -> Option<Duration> {
        let mut now = None;
        let _pending = self.0.poll(cx, |inner| {
            now = inner.grace;
            None::<()>
        });
        now
    }

    /// Asks for a shutdown with this grace.
    pub fn shut_down(&self, grace: Duration) {
        self.0.change(|inner| inner.grace = Some(inner.grace.map_or(grace, |before| before.min(grace))));
    }

    /// The shutdown is over.
    pub fn finish(&self, report: Report) {
        self.0.change(|inner| inner.report = Some(report));
    }

    /// The server is gone without a report: its task was dropped.
    fn give_up(&self) {
        self.0.change(|inner| _ = inner.report.get_or_insert_default());
    }

    fn poll_report(&self, cx: &Context<'_>) -> Poll<Report> {
        self.0.poll(cx, |inner| inner.report)
    }
}

/// The server's end of it: dropped without a report, it says that there will be none.
#[derive(Debug)]
pub struct Controlled(pub Arc<Control>);

impl Drop for Controlled {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// A running server. It goes on when the handle is dropped.
#[derive(Debug)]
pub struct ServerHandle<S> {
    pub(crate) local_addr: Address,
    pub(crate) services: Arc<Services<S>>,
    pub(crate) options: Arc<Options>,
    pub(crate) control: Arc<Control>,
}

impl<S> Clone for ServerHandle<S> {
    fn clone(&self) -> Self {
        ServerHandle {
            local_addr: self.local_addr.clone(),
            services: Arc::clone(&self.services),
            options: Arc::clone(&self.options),
            control: Arc::clone(&self.control),
        }
    }
}

impl<S: 'static> ServerHandle<S> {
    /// The hand on a server that listens there, and the server's end of it.
    pub fn new(local_addr: Address, services: Arc<Services<S>>, options: Arc<Options>) -> (Self, Controlled) {
        let control = Arc::<Control>::default();
        let handle = ServerHandle { local_addr, services, options, control: Arc::clone(&control) };
        (handle, Controlled(control))
    }

    /// Where the server listens: the actual port where 0 was asked for.
    pub fn local_addr(&self) -> &Address {
        &self.local_addr
    }

    /// Replaces the service: for new connections, and for the next request on every other. Requests in the hands of the
    /// old one are answered by it.
    pub fn set_service(&self, service: S)
    where
        S: Clone + Send,
    {
        self.services.set(service);
        // Requests may be waiting for the old one to be ready.
        self.options.registry.wake();
    }

    /// Replaces the logger; `None`: nothing is logged any more.
    pub fn set_logger(&self, logger: Option<Arc<dyn Logger>>) {
        self.options.set_logger(logger);
    }

    /// Replaces the configuration of TLS, its certificates among others: for new connections. A server that has spoken in
    /// the clear speaks TLS from now on.
    #[cfg(feature = "rustls")]
    pub fn set_tls(&self, config: Arc<rustls::ServerConfig>) {
        self.options.tls.set(config);
    }

    /// The connections that there are, in no order.
    pub fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.options.registry.connections()
    }

    /// Shuts down: no further connection is accepted, requests that have begun are answered, then their connections
    /// close. What is left after `grace` is cut off. Asked for more than once, the shortest grace counts. Where the server
    /// was dropped with its runtime, there is nothing to report.
    ///
    /// # Cancel safety
    /// The shutdown goes on if the future is dropped.
    pub async fn shutdown(&self, grace: Duration) -> Report {
        self.control.shut_down(grace);
        poll_fn(|cx| self.control.poll_report(cx)).await
    }

    /// Ends at once: everything that goes on in HTTP is cut off.
    ///
    /// # Cancel safety
    /// The end comes if the future is dropped, too.
    pub async fn dispose(&self) -> Report {
        self.shutdown(Duration::ZERO).await
    }
}
