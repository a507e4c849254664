//! HTTP/1 on plain threads: servers and clients without an async runtime.
//!
//! [`serve`] runs plain functions ([`handler_fn`]) or any tower service, an unmodified axum `Router` for example, on a few
//! worker threads: bodies in both directions with backpressure, keep-alive and pipelining, upgrades, all deadlines and
//! bounds of [`Config`], graceful shutdown. Connections that wait for their clients hold no thread. [`Client`] sends
//! requests over connections that it keeps, each phase with its deadline. Who wants the wire itself takes a [`Connection`]
//! of any socket, or with [`connect`]. Everything that HTTP demands is decided by [`http_proto`]. The names are those of
//! `http-tokio`.
//!
//! ```no_run
//! use http_std::{Body, Request, Response, handler_fn, serve};
//!
//! fn main() -> std::io::Result<()> {
//!     let listener = std::net::TcpListener::bind("127.0.0.1:8080")?;
//!     serve(listener, handler_fn(|_: Request<Body>| Response::new(Body::from("Hello, World!")))).run()?;
//!     Ok(())
//! }
//! ```
//!
//! With feature `tls` servers speak TLS (`Server::tls`), and connections do on a `Tls`. The handshake of a server holds no
//! thread while it waits for its client.
//!
//! Servers and [`Client`] need Unix; connections need nothing but sockets, or anything else that reads and writes.
//!
//! With the feature `async-std` there is a module of that name, for applications on that runtime, which is discontinued.
#![forbid(unsafe_code)]

#[cfg(feature = "async-std")]
pub mod async_std;
#[cfg(unix)]
mod blocking;
#[cfg(unix)]
mod body;
#[cfg(unix)]
mod carrier;
#[cfg(unix)]
mod client;
mod clock;
mod connection;
#[cfg(unix)]
mod dial;
#[cfg(unix)]
mod exchange;
mod link;
#[cfg(unix)]
mod listener;
#[cfg(unix)]
mod polled;
#[cfg(unix)]
mod sender;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod service;
#[cfg(unix)]
mod serving;
#[cfg(unix)]
mod sleep;
mod socket;
mod stream;
#[cfg(feature = "rustls")]
mod tls;
mod transport;
mod upgraded;
#[cfg(unix)]
mod waiting;
#[cfg(unix)]
mod wire;

#[cfg(unix)]
pub use blocking::Blocking;
#[cfg(unix)]
pub use body::Body;
#[cfg(unix)]
pub use carrier::Carrier;
#[cfg(unix)]
pub use client::{Client, ClientBuilder, ClientConnection, RequestBuilder, connect, connect_with, tunnel};
pub use connection::{Connection, Content, Parts, Writer};
#[cfg(unix)]
pub use dial::Threads;
#[cfg(unix)]
pub use exchange::{Exchange, Upgrade};
pub use http::{Request, Response, Uri};
#[cfg(feature = "reverse-dns")]
pub use http_driver::ReverseDns;
pub use http_driver::{
    AccessLog, Address, AutoHead, BodyError, BoxError, ClientExchange, ClientTimeouts, ConnInfo, Connect, ConnectError,
    Connected, Disconnected, Ended, Entry, Error, ErrorKind, Fault, HttpService, Inbox, Informed, ListenerState,
    LogFormat, Logger, MaybeTls, NotUpgraded, OnDisconnect, Opened, Overflow, Phase, Phases, PoolLimits, PoolState,
    Record, Report, RequestError, Resolve, Resolving, Services, Side, Statistics, Streaming, Target, Timings, UriError,
    Within,
};
#[cfg(feature = "rustls")]
pub use http_driver::{TlsError, TlsErrorKind, TlsInfo, rustls};
pub use http_proto::{
    BodyLength, Config, Event, FieldBlock, Fields, Flow, HalfClose, HopByHop, Limits, MethodKind, Pipeline,
    ReasonPhrase, RecvError, RequestHead, ResponseHead, SendError, State, Timeouts, Version,
};
#[cfg(unix)]
pub use listener::{IntoListener, Listener, Tcp, Unix};
#[cfg(unix)]
pub use sender::BodySender;
#[cfg(unix)]
pub use server::{Server, ServerHandle, ThreadService};
#[cfg(unix)]
pub use service::{Answer, HandlerFn, ServiceFn, handler_fn, service_fn};
#[cfg(unix)]
pub use sleep::Sleep;
pub use socket::Socket;
pub use stream::Stream;
#[cfg(feature = "rustls")]
pub use tls::Tls;
pub use transport::BlockingTransport;
pub use upgraded::Upgraded;
#[cfg(unix)]
pub use waiting::block_on;

/// The two ends of a connection, as the first parameter of [`Connection`].
pub mod role {
    pub use http_proto::{Client, Server};
}

/// Opens connections to hosts: see [`http_driver::Dialer`].
#[cfg(unix)]
pub type Dialer = http_driver::Dialer<Threads>;

/// How a TCP listener is opened, and its connections are set up: see [`http_driver::ListenOptions`].
///
/// ```no_run
/// let listener = http_std::ListenOptions::new().backlog(4096).bind("127.0.0.1:8080".parse().unwrap())?;
/// # Ok::<_, std::io::Error>(())
/// ```
#[cfg(unix)]
pub type ListenOptions = http_driver::ListenOptions<Tcp>;

/// Serves HTTP on a listener; every connection gets a clone of `service`. [`Server::run`] it, or [`Server::spawn`] it.
#[cfg(unix)]
pub fn serve<L, S>(listener: L, service: S) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: ThreadService + Clone,
{
    Server::from_result(listener.into_listener(), Services::new(service))
}

/// Serves HTTP on a listener; every connection gets a service of its own.
#[cfg(unix)]
pub fn serve_with<L, S>(listener: L, factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: ThreadService,
{
    Server::from_result(listener.into_listener(), Services::from_factory(factory))
}
