//! [`Server`]: a listener and a service put together, with everything that can be set about them.

mod handle;
mod keeper;
mod parked;
mod queue;

pub use handle::ServerHandle;

use crate::{Body, Listener};
use bytes::Bytes;
use http::Response;
use http_driver::{
    ConnInfo, Ended, Fault, HttpService, ListenerState, Logger, OnDisconnect, Options, Overflow, Record, Report,
    Services,
};
use http_proto::{Config, RecvError, State};
use keeper::Keeper;
use queue::Bench;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Shutdown grace: what a load balancer usually waits.
const GRACE: Duration = Duration::from_secs(30);
/// Workers for each processor: handlers wait for files, data bases and clients.
const WORKERS: usize = 8;
/// Connections that wait for a worker, beyond which none are accepted.
const QUEUE: usize = 1024;

/// A service of a server on threads: any tower service for [`Body`], [`handler_fn`](crate::handler_fn),
/// [`service_fn`](crate::service_fn).
pub trait ThreadService: HttpService<Body, Content: Send + 'static> + Send + 'static {}

impl<S> ThreadService for S where S: HttpService<Body, Content: Send + 'static> + Send + 'static {}

pub(crate) type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;
type ListenerHook = Box<dyn Fn(ListenerState) + Send + Sync>;

/// A server that has not begun. [`Server::run`] it, and it serves until the signal for the shutdown comes, for ever
/// without one; or [`Server::spawn`] it.
#[must_use = "a server does nothing unless it is run or spawned"]
pub struct Server<L, S> {
    listener: io::Result<L>,
    services: Services<S>,
    options: Options,
    setup: Setup,
}

/// What is for the thread that accepts.
pub(crate) struct Setup {
    pub(crate) workers: usize,
    pub(crate) queue: usize,
    pub(crate) max_connections: usize,
    pub(crate) overflow: Overflow,
    pub(crate) grace: Duration,
    pub(crate) signal: Option<Signal>,
    pub(crate) on_listener: Option<ListenerHook>,
}

impl<L: Listener, S: ThreadService> Server<L, S> {
    /// A server for connections from `listener`.
    pub fn new(listener: L, services: Services<S>) -> Self {
        Self::from_result(Ok(listener), services)
    }

    pub(crate) fn from_result(listener: io::Result<L>, services: Services<S>) -> Self {
        let setup = Setup {
            workers: thread::available_parallelism().map_or(1, usize::from).saturating_mul(WORKERS),
            queue: QUEUE,
            max_connections: usize::MAX,
            overflow: Overflow::default(),
            grace: GRACE,
            signal: None,
            on_listener: None,
        };
        Server { listener, services, options: Options::default(), setup }
    }

    /// Threads that answer requests; so many requests are in the hands of the service at the same time. A connection
    /// without a request holds none, nor does one whose client takes its time to read the answer; one that takes its time
    /// to send content to a handler holds one. Default: 8 for each processor, as handlers mostly wait.
    pub fn workers(mut self, threads: usize) -> Self {
        self.setup.workers = threads.max(1);
        self
    }

    /// Connections with something to do that may wait for a worker; with more than that no further ones are accepted, so
    /// that they wait in the backlog of the kernel, where another process may take them. Default: 1024, as the backlog.
    pub fn queue(mut self, connections: usize) -> Self {
        self.setup.queue = connections.max(1);
        self
    }

    /// Bounds and deadlines of the connections. Default: [`Config::server`].
    pub fn config(mut self, config: Arc<Config>) -> Self {
        self.options.config = config;
        self
    }

    /// Connections at the same time; those that go on with another protocol are no longer counted. Default: no limit but
    /// that of the system.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.setup.max_connections = connections.max(1);
        self
    }

    /// What happens to a connection beyond that. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.setup.overflow = overflow;
        self
    }

    /// What becomes of a handler that is a future and whose client is gone. Default: [`OnDisconnect::Cancel`]. A plain
    /// function cannot be stopped; it can ask [`Exchange::is_gone`](crate::Exchange::is_gone).
    pub fn on_disconnect(mut self, on_disconnect: OnDisconnect) -> Self {
        self.options.on_disconnect = on_disconnect;
        self
    }

    /// Speaks TLS on every connection. Its handshake is made in the place of a connection, within
    /// [`tls_handshake_timeout`](Self::tls_handshake_timeout), and holds no worker while it waits for its client; then the
    /// connection is like any other, and [`ConnInfo::tls`] knows what was agreed upon. A configuration that names no
    /// protocol (ALPN) gets `http/1.1` and `http/1.0`; a connection that agrees on another one is closed behind its
    /// handshake. Default: no TLS.
    ///
    /// Several certificates, by the name that clients ask for (SNI), are the matter of the configuration's resolver;
    /// [`ServerHandle::set_tls`] replaces the configuration.
    #[cfg(feature = "rustls")]
    pub fn tls(self, config: Arc<http_driver::rustls::ServerConfig>) -> Self {
        self.options.tls.set(config);
        self
    }

    /// How long a client may take for the handshake. Default: 10 s: some round trips on a bad line.
    #[cfg(feature = "rustls")]
    pub fn tls_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.options.tls.timeout = timeout;
        self
    }

    /// Told of every handshake that has failed. No other hook is told of these connections.
    #[cfg(feature = "rustls")]
    pub fn on_tls_error(mut self, hook: impl Fn(&ConnInfo, &http_driver::TlsError) + Send + Sync + 'static) -> Self {
        self.options.tls.on_error = Some(Box::new(hook));
        self
    }

    /// How long a service that is a future may take for an answer's head, becoming ready included; then it is dropped, and
    /// 503 (Service Unavailable) answered. Default: as long as it likes.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.options.handler_timeout = Some(timeout);
        self
    }

    /// Keeps each request's head as received, with the case and order of its fields, for
    /// [`Exchange::original_head`](crate::Exchange::original_head). Default: no.
    pub fn keep_heads(mut self) -> Self {
        self.options.keep_heads = true;
        self
    }

    /// Makes the answers that the server gives by itself: to requests that cannot be read, and for handlers that failed.
    /// The page is sent with its own status, to which it should set [`Fault::status`]. Default: the status alone.
    pub fn error_page(mut self, page: impl Fn(&Fault) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        self.options.error_page = Some(Box::new(page));
        self
    }

    /// Told when the listener begins, ends, and when the last connection is over.
    pub fn on_listener(mut self, hook: impl Fn(ListenerState) + Send + Sync + 'static) -> Self {
        self.setup.on_listener = Some(Box::new(hook));
        self
    }

    /// Told of every connection accepted; of one with TLS when its handshake is done.
    pub fn on_connect(mut self, hook: impl Fn(&ConnInfo) + Send + Sync + 'static) -> Self {
        self.options.on_connect = Some(Box::new(hook));
        self
    }

    /// Told of every change of a connection's state, as seen from turn to turn.
    pub fn on_state(mut self, hook: impl Fn(&ConnInfo, State) + Send + Sync + 'static) -> Self {
        self.options.on_state = Some(Box::new(hook));
        self
    }

    /// Told what clients did wrong.
    pub fn on_protocol_error(mut self, hook: impl Fn(&ConnInfo, RecvError) + Send + Sync + 'static) -> Self {
        self.options.on_protocol_error = Some(Box::new(hook));
        self
    }

    /// Told of every exchange, once, when its last octet has reached the kernel, or it was cut off.
    pub fn on_finish(mut self, hook: impl Fn(&ConnInfo, &Record) + Send + Sync + 'static) -> Self {
        self.options.on_finish = Some(Box::new(hook));
        self
    }

    /// Told of the end of every connection, once.
    pub fn on_close(mut self, hook: impl Fn(&ConnInfo, &Ended) + Send + Sync + 'static) -> Self {
        self.options.on_close = Some(Box::new(hook));
        self
    }

    /// Writes every exchange down. It can be replaced while the server runs.
    pub fn logger(self, logger: impl Logger + 'static) -> Self {
        self.options.set_logger(Some(Arc::new(logger)));
        self
    }

    /// Shuts down when `signal` is done: no further connection is accepted, requests that have begun are answered, then
    /// their connections close. The signal must need no runtime.
    pub fn with_graceful_shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.setup.signal = Some(Box::pin(signal));
        self
    }

    /// How long a shutdown by the signal waits for its connections before it cuts them off. Default: 30 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.setup.grace = grace;
        self
    }

    /// Serves on threads of its own.
    ///
    /// # Errors
    /// The listener cannot be used, or there are not so many threads, or descriptors for them: each worker has one.
    pub fn spawn(self) -> io::Result<ServerHandle<S>> {
        let (keeper, handle) = self.start()?;
        thread::Builder::new().name("http-keeper".into()).spawn(move || keeper.run())?;
        Ok(handle)
    }

    /// Serves, with this thread as the one that accepts.
    ///
    /// # Errors
    /// As [`Server::spawn`].
    pub fn run(self) -> io::Result<Report> {
        let (keeper, _handle) = self.start()?;
        Ok(keeper.run())
    }

    fn start(self) -> io::Result<(Keeper<L, S>, ServerHandle<S>)> {
        let Server { listener, services, options, setup } = self;
        let listener = listener?;
        let (services, options) = (Arc::new(services), Arc::new(options));
        let (inner, control) =
            http_driver::ServerHandle::new(listener.local_addr(), Arc::clone(&services), Arc::clone(&options));
        let workers = setup.workers;
        let keeper = Keeper::new(listener, services, options, control, setup)?;
        Bench::start(keeper.bench(), workers)?;
        Ok((keeper, ServerHandle::new(inner)))
    }
}

impl<L: fmt::Debug, S> fmt::Debug for Server<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
