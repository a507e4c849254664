//! [`Server`]: a listener and a service put together, with everything that can be set about them.

use crate::accept::{Acceptor, ListenerHook, ListenerState, Overflow, Signal};
use crate::handle::{Report, ServerHandle};
use crate::info::ConnInfo;
use crate::options::{Ended, Fault, OnDisconnect, Options};
use crate::record::{Logger, Record};
use crate::runtime::{Listener, Runtime};
use crate::server::HttpService;
use crate::service::Services;
use bytes::Bytes;
use http::Response;
use http_proto::{Config, RecvError, State};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Shutdown grace: what a load balancer usually waits.
const GRACE: Duration = Duration::from_secs(30);

/// A server that has not begun. Await it, and it serves until the signal for the shutdown comes, for ever without one;
/// or [`Server::spawn`] it.
#[must_use = "a server does nothing unless it is awaited or spawned"]
pub struct Server<Rt, L, S> {
    runtime: Rt,
    listener: L,
    services: Services<S>,
    options: Options,
    max_connections: usize,
    overflow: Overflow,
    grace: Duration,
    signal: Option<Signal>,
    on_listener: Option<ListenerHook>,
}

impl<Rt: Runtime, L: Listener, S: HttpService + 'static> Server<Rt, L, S> {
    /// A server on `runtime`, for connections from `listener`.
    pub fn new(runtime: Rt, listener: L, services: Services<S>) -> Self {
        Server {
            runtime,
            listener,
            services,
            options: Options::default(),
            max_connections: usize::MAX,
            overflow: Overflow::default(),
            grace: GRACE,
            signal: None,
            on_listener: None,
        }
    }

    /// Bounds and deadlines of the connections. Default: [`Config::server`].
    pub fn config(mut self, config: Arc<Config>) -> Self {
        self.options.config = config;
        self
    }

    /// Connections at the same time; those that go on with another protocol are no longer counted. Default: no limit but
    /// that of the system.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// What happens to a connection beyond that. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Requests of one connection in the hands of the service at the same time. Default: 1. More takes a client that
    /// pipelines; answers go out in order all the same.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.options.max_in_flight = requests.max(1);
        self
    }

    /// What becomes of a handler whose client is gone. Default: [`OnDisconnect::Cancel`].
    pub fn on_disconnect(mut self, on_disconnect: OnDisconnect) -> Self {
        self.options.on_disconnect = on_disconnect;
        self
    }

    /// Speaks TLS on every connection. Its handshake is made in the place of a connection, within
    /// [`tls_handshake_timeout`](Self::tls_handshake_timeout); then the connection is like any other, and
    /// [`ConnInfo::tls`] knows what was agreed upon. A configuration that names no protocol (ALPN) gets `http/1.1` and
    /// `http/1.0`; a connection that agrees on another one is closed behind its handshake. Default: no TLS.
    ///
    /// Several certificates, by the name that clients ask for (SNI), are the matter of the configuration's resolver;
    /// [`ServerHandle::set_tls`] replaces the configuration.
    #[cfg(feature = "rustls")]
    pub fn tls(self, config: Arc<rustls::ServerConfig>) -> Self {
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
    pub fn on_tls_error(mut self, hook: impl Fn(&ConnInfo, &crate::TlsError) + Send + Sync + 'static) -> Self {
        self.options.tls.on_error = Some(Box::new(hook));
        self
    }

    /// How long the service may take for an answer's head, becoming ready included; then it is dropped, and 503 (Service
    /// Unavailable) answered. Default: as long as it likes.
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
        self.on_listener = Some(Box::new(hook));
        self
    }

    /// Told of every connection accepted; of one with TLS when its handshake is done.
    pub fn on_connect(mut self, hook: impl Fn(&ConnInfo) + Send + Sync + 'static) -> Self {
        self.options.on_connect = Some(Box::new(hook));
        self
    }

    /// Told of every change of a connection's state, as seen from poll to poll.
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
    /// their connections close.
    pub fn with_graceful_shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.signal = Some(Box::pin(signal));
        self
    }

    /// How long a shutdown by the signal waits for its connections before it cuts them off. Default: 30 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl<Rt, L, S> Server<Rt, L, S>
where
    Rt: Runtime + Clone,
    L: Listener,
    S: HttpService + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    /// Serves in a task of its own.
    pub fn spawn(self) -> ServerHandle<S> {
        let runtime = self.runtime.clone();
        let (acceptor, handle) = self.start();
        runtime.spawn(async move {
            acceptor.run().await;
        });
        handle
    }

    fn start(self) -> (Acceptor<Rt, L, S>, ServerHandle<S>) {
        let (services, options) = (Arc::new(self.services), Arc::new(self.options));
        let (handle, control) =
            ServerHandle::new(self.listener.local_addr(), Arc::clone(&services), Arc::clone(&options));
        let acceptor = Acceptor {
            runtime: self.runtime,
            listener: self.listener,
            services,
            options,
            control,
            max_connections: self.max_connections,
            overflow: self.overflow,
            grace: self.grace,
            signal: self.signal,
            on_listener: self.on_listener,
            timer: Rt::Timer::default(),
            pausing: false,
        };
        (acceptor, handle)
    }
}

impl<Rt, L, S> IntoFuture for Server<Rt, L, S>
where
    Rt: Runtime + Clone,
    L: Listener,
    S: HttpService + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let (acceptor, _handle) = self.start();
        Box::pin(acceptor.run())
    }
}

impl<Rt, L: fmt::Debug, S> fmt::Debug for Server<Rt, L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
