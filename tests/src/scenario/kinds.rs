//! What servers of every kind have in common for the scenarios: how they are set up, and the hand on one that runs.

use bytes::Bytes;
use http::Response;
use http_driver::{
    Address, ConnInfo, Ended, Fault, HttpService, Listener, ListenerState, Logger, OnDisconnect, Overflow, Record,
    Report, Runtime, Server, ServerHandle,
};
use http_proto::{Config, RecvError, State};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A service that a scenario hands in.
pub trait Handler: HttpService<Answer: Send, Content: Send> + Clone + Send + 'static {}

impl<S: HttpService<Answer: Send, Content: Send> + Clone + Send + 'static> Handler for S {}

/// A server that has not begun, and is awaited or spawned.
pub trait Build<S>: IntoFuture<Output = Report, IntoFuture: Send> + Send + Sized {
    fn config(self, config: Arc<Config>) -> Self;
    fn max_connections(self, connections: usize) -> Self;
    fn overflow(self, overflow: Overflow) -> Self;
    fn max_in_flight(self, requests: usize) -> Self;
    #[cfg(feature = "tls")]
    fn tls(self, config: Arc<http_driver::rustls::ServerConfig>) -> Self;
    #[cfg(feature = "tls")]
    fn tls_handshake_timeout(self, timeout: Duration) -> Self;
    #[cfg(feature = "tls")]
    fn on_tls_error(self, hook: impl Fn(&ConnInfo, &http_driver::TlsError) + Send + Sync + 'static) -> Self;
    fn on_disconnect(self, on_disconnect: OnDisconnect) -> Self;
    fn handler_timeout(self, timeout: Duration) -> Self;
    fn keep_heads(self) -> Self;
    fn error_page(self, page: impl Fn(&Fault) -> Response<Bytes> + Send + Sync + 'static) -> Self;
    fn on_listener(self, hook: impl Fn(ListenerState) + Send + Sync + 'static) -> Self;
    fn on_connect(self, hook: impl Fn(&ConnInfo) + Send + Sync + 'static) -> Self;
    fn on_state(self, hook: impl Fn(&ConnInfo, State) + Send + Sync + 'static) -> Self;
    fn on_protocol_error(self, hook: impl Fn(&ConnInfo, RecvError) + Send + Sync + 'static) -> Self;
    fn on_finish(self, hook: impl Fn(&ConnInfo, &Record) + Send + Sync + 'static) -> Self;
    fn on_close(self, hook: impl Fn(&ConnInfo, &Ended) + Send + Sync + 'static) -> Self;
    fn logger(self, logger: impl Logger + 'static) -> Self;
    fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self;
    fn grace(self, grace: Duration) -> Self;
    fn spawn(self) -> Handle<S>;
}

/// Hands the settings that all kinds have on: `this` is what is set up, `server` the server in it.
#[macro_export]
macro_rules! hand_on_settings {
    ($this:ident => $inner:expr, $server:ident => $outer:expr) => {
        #[cfg(feature = "tls")]
        fn tls(self, config: std::sync::Arc<http_driver::rustls::ServerConfig>) -> Self {
            let $this = self;
            let $server = $inner.tls(config);
            $outer
        }
        #[cfg(feature = "tls")]
        fn tls_handshake_timeout(self, timeout: std::time::Duration) -> Self {
            let $this = self;
            let $server = $inner.tls_handshake_timeout(timeout);
            $outer
        }
        #[cfg(feature = "tls")]
        fn on_tls_error(
            self,
            hook: impl Fn(&http_driver::ConnInfo, &http_driver::TlsError) + Send + Sync + 'static,
        ) -> Self {
            let $this = self;
            let $server = $inner.on_tls_error(hook);
            $outer
        }
        fn config(self, config: std::sync::Arc<http_proto::Config>) -> Self {
            let $this = self;
            let $server = $inner.config(config);
            $outer
        }
        fn max_connections(self, connections: usize) -> Self {
            let $this = self;
            let $server = $inner.max_connections(connections);
            $outer
        }
        fn overflow(self, overflow: http_driver::Overflow) -> Self {
            let $this = self;
            let $server = $inner.overflow(overflow);
            $outer
        }
        fn on_disconnect(self, on_disconnect: http_driver::OnDisconnect) -> Self {
            let $this = self;
            let $server = $inner.on_disconnect(on_disconnect);
            $outer
        }
        fn handler_timeout(self, timeout: std::time::Duration) -> Self {
            let $this = self;
            let $server = $inner.handler_timeout(timeout);
            $outer
        }
        fn keep_heads(self) -> Self {
            let $this = self;
            let $server = $inner.keep_heads();
            $outer
        }
        fn error_page(
            self,
            page: impl Fn(&http_driver::Fault) -> http::Response<bytes::Bytes> + Send + Sync + 'static,
        ) -> Self {
            let $this = self;
            let $server = $inner.error_page(page);
            $outer
        }
        fn on_listener(self, hook: impl Fn(http_driver::ListenerState) + Send + Sync + 'static) -> Self {
            let $this = self;
            let $server = $inner.on_listener(hook);
            $outer
        }
        fn on_connect(self, hook: impl Fn(&http_driver::ConnInfo) + Send + Sync + 'static) -> Self {
            let $this = self;
            let $server = $inner.on_connect(hook);
            $outer
        }
        fn on_state(self, hook: impl Fn(&http_driver::ConnInfo, http_proto::State) + Send + Sync + 'static) -> Self {
            let $this = self;
            let $server = $inner.on_state(hook);
            $outer
        }
        fn on_protocol_error(
            self,
            hook: impl Fn(&http_driver::ConnInfo, http_proto::RecvError) + Send + Sync + 'static,
        ) -> Self {
            let $this = self;
            let $server = $inner.on_protocol_error(hook);
            $outer
        }
        fn on_finish(
            self,
            hook: impl Fn(&http_driver::ConnInfo, &http_driver::Record) + Send + Sync + 'static,
        ) -> Self {
            let $this = self;
            let $server = $inner.on_finish(hook);
            $outer
        }
        fn on_close(self, hook: impl Fn(&http_driver::ConnInfo, &http_driver::Ended) + Send + Sync + 'static) -> Self {
            let $this = self;
            let $server = $inner.on_close(hook);
            $outer
        }
        fn logger(self, logger: impl http_driver::Logger + 'static) -> Self {
            let $this = self;
            let $server = $inner.logger(logger);
            $outer
        }
        fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
            let $this = self;
            let $server = $inner.with_graceful_shutdown(signal);
            $outer
        }
        fn grace(self, grace: std::time::Duration) -> Self {
            let $this = self;
            let $server = $inner.grace(grace);
            $outer
        }
    };
}

impl<Rt, L, S> Build<S> for Server<Rt, L, S>
where
    Rt: Runtime + Clone,
    L: Listener,
    S: Handler,
{
    crate::hand_on_settings!(this => this, server => server);

    fn max_in_flight(self, requests: usize) -> Self {
        Server::max_in_flight(self, requests)
    }

    fn spawn(self) -> Handle<S> {
        Handle::new(Server::spawn(self))
    }
}

/// What the outside can do with a server that runs.
trait Hand<S>: Send + Sync {
    fn local_addr(&self) -> &Address;
    fn set_service(&self, service: S);
    fn set_logger(&self, logger: Option<Arc<dyn Logger>>);
    #[cfg(feature = "tls")]
    fn set_tls(&self, config: Arc<http_driver::rustls::ServerConfig>);
    fn connections(&self) -> Vec<Arc<ConnInfo>>;
    fn shutdown(&self, grace: Duration) -> Pin<Box<dyn Future<Output = Report> + Send + '_>>;
}

/// A handle of a server that runs the services of scenarios as services of its own.
struct Mapped<S, T> {
    inner: ServerHandle<T>,
    map: fn(S) -> T,
}

impl<S: Send + 'static, T: Clone + Send + 'static> Hand<S> for Mapped<S, T> {
    fn local_addr(&self) -> &Address {
        self.inner.local_addr()
    }

    fn set_service(&self, service: S) {
        self.inner.set_service((self.map)(service));
    }

    fn set_logger(&self, logger: Option<Arc<dyn Logger>>) {
        self.inner.set_logger(logger);
    }

    #[cfg(feature = "tls")]
    fn set_tls(&self, config: Arc<http_driver::rustls::ServerConfig>) {
        self.inner.set_tls(config);
    }

    fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.inner.connections()
    }

    fn shutdown(&self, grace: Duration) -> Pin<Box<dyn Future<Output = Report> + Send + '_>> {
        Box::pin(self.inner.shutdown(grace))
    }
}

/// The handle of a server of any kind.
pub struct Handle<S>(Arc<dyn Hand<S>>);

impl<S: Send + 'static> Handle<S> {
    pub fn new(inner: ServerHandle<S>) -> Self
    where
        S: Clone,
    {
        Self::mapped(inner, |service| service)
    }

    /// Of a server that runs what `map` makes of the services.
    pub fn mapped<T: Clone + Send + 'static>(inner: ServerHandle<T>, map: fn(S) -> T) -> Self {
        Handle(Arc::new(Mapped { inner, map }))
    }

    pub fn local_addr(&self) -> &Address {
        self.0.local_addr()
    }

    pub fn set_service(&self, service: S) {
        self.0.set_service(service);
    }

    pub fn set_logger(&self, logger: Option<Arc<dyn Logger>>) {
        self.0.set_logger(logger);
    }

    #[cfg(feature = "tls")]
    pub fn set_tls(&self, config: Arc<http_driver::rustls::ServerConfig>) {
        self.0.set_tls(config);
    }

    pub fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.0.connections()
    }

    pub async fn shutdown(&self, grace: Duration) -> Report {
        self.0.shutdown(grace).await
    }

    pub async fn dispose(&self) -> Report {
        self.shutdown(Duration::ZERO).await
    }
}

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}
