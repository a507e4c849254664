//! How a server behaves beyond the protocol, and whom it tells what.

use crate::guarded::guarded;
use crate::info::{ConnInfo, Registry};
use crate::record::{Entry, Logger, Record};
use crate::watched::lock;
use bytes::Bytes;
use http::Response;
use http_proto::{Config, RecvError, State};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a handler whose client is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDisconnect {
    /// It is dropped.
    #[default]
    Cancel,
    /// It may go on for so long; its answer is dropped.
    Finish(Duration),
}

/// Why a server answers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The status of the answer.
    pub status: u16,
    /// What was wrong with the request; `None` where the handler or the server failed.
    pub error: Option<RecvError>,
}

impl Fault {
    /// An answer with this status, for this reason.
    pub fn new(status: u16, error: Option<RecvError>) -> Self {
        Fault { status, error }
    }
}

/// How a connection ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// The peer's fault, if there was one.
    pub error: Option<RecvError>,
    /// What the transport said, if it failed.
    pub transport: Option<io::Error>,
    /// Exchanges that were cut off.
    pub cut_off: usize,
    /// The connection goes on with another protocol.
    pub upgraded: bool,
}

impl Ended {
    /// An end in good order, of a connection that goes on with another protocol or does not.
    pub fn new(upgraded: bool) -> Self {
        Ended { error: None, transport: None, cut_off: 0, upgraded }
    }
}

/// Called with the connection that it is about.
type Hook<A> = Option<Box<dyn Fn(&ConnInfo, A) + Send + Sync>>;
type RefHook<A> = Option<Box<dyn Fn(&ConnInfo, &A) + Send + Sync>>;
type PlainHook = Option<Box<dyn Fn(&ConnInfo) + Send + Sync>>;
type ErrorPage = Box<dyn Fn(&Fault) -> Response<Bytes> + Send + Sync>;

/// How the connections of a server behave, and whom they tell what. Made by [`crate::Server`].
pub struct Options {
    /// Bounds and deadlines.
    pub config: Arc<Config>,
    /// Requests in the hands of the service at the same time.
    pub max_in_flight: usize,
    /// What becomes of a handler whose client is gone.
    pub on_disconnect: OnDisconnect,
    /// How long the service may take for the head of an answer.
    pub handler_timeout: Option<Duration>,
    /// Whether heads are kept as received.
    pub keep_heads: bool,
    /// Makes the answers that the server gives by itself.
    pub error_page: Option<ErrorPage>,
    /// Told of every connection.
    pub on_connect: PlainHook,
    /// Told of every change of a state.
    pub on_state: Hook<State>,
    /// Told what clients did wrong.
    pub on_protocol_error: Hook<RecvError>,
    /// Told of the end of every exchange.
    pub on_finish: RefHook<Record>,
    /// Told of the end of every connection.
    pub on_close: RefHook<Ended>,
    /// What is spoken below HTTP.
    #[cfg(feature = "rustls")]
    pub tls: crate::tls::ServerTls,
    logger: Mutex<Option<Arc<dyn Logger>>>,
    logs: AtomicBool,
    /// The connections.
    pub registry: Registry,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            config: Arc::new(Config::server()),
            max_in_flight: 1,
            on_disconnect: OnDisconnect::default(),
            handler_timeout: None,
            keep_heads: false,
            error_page: None,
            on_connect: None,
            on_state: None,
            on_protocol_error: None,
            on_finish: None,
            on_close: None,
            #[cfg(feature = "rustls")]
            tls: crate::tls::ServerTls::default(),
            logger: Mutex::new(None),
            logs: AtomicBool::new(false),
            registry: Registry::default(),
        }
    }
}

impl Options {
    /// Replaces the logger.
    pub fn set_logger(&self, logger: Option<Arc<dyn Logger>>) {
        self.logs.store(logger.is_some(), Release);
        *lock(&self.logger) = logger;
    }

    /// Whether anybody wants to know of exchanges.
    pub fn keeps_records(&self) -> bool {
        self.on_finish.is_some() || self.logs.load(Acquire)
    }

    /// Tells of a connection that begins.
    pub fn connected(&self, connection: &ConnInfo) {
        if let Some(hook) = &self.on_connect {
            guarded(|| hook(connection));
        }
    }

    /// Tells of a change of its state.
    pub fn changed(&self, connection: &ConnInfo, state: State) {
        if let Some(hook) = &self.on_state {
            guarded(|| hook(connection, state));
        }
    }

    /// Tells what the client did wrong.
    pub fn broke_the_protocol(&self, connection: &ConnInfo, error: RecvError) {
        if let Some(hook) = &self.on_protocol_error {
            guarded(|| hook(connection, error));
        }
    }

    /// Tells of an exchange that is over: the hook, and the logger.
    pub fn finished(&self, connection: &Arc<ConnInfo>, record: Box<Record>) {
        if let Some(hook) = &self.on_finish {
            guarded(|| hook(connection, &record));
        }
        let logger = lock(&self.logger).clone();
        if let Some(logger) = logger {
            let entry = Entry { connection: Arc::clone(connection), record, remote_name: None };
            guarded(|| logger.log(entry));
        }
    }

    /// Tells of the end of a connection.
    pub fn closed(&self, connection: &ConnInfo, ended: &Ended) {
        if let Some(hook) = &self.on_close {
            guarded(|| hook(connection, ended));
        }
    }

    /// The application's own answer to a fault.
    pub fn page(&self, fault: &Fault) -> Option<Response<Bytes>> {
        guarded(|| self.error_page.as_ref().map(|page| page(fault))).flatten()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("config", &self.config)
            .field("max_in_flight", &self.max_in_flight)
            .field("on_disconnect", &self.on_disconnect)
            .field("handler_timeout", &self.handler_timeout)
            .finish_non_exhaustive()
    }
}
