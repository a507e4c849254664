//! HTTP/1 connections on any async runtime.
#![forbid(unsafe_code)]

mod accept;
mod answer_timeout;
#[cfg(feature = "async-io")]
pub mod async_io;
#[cfg(feature = "begin")]
mod begin;
mod body;
mod client;
mod connection;
mod date;
mod error;
mod exchange;
mod guarded;
mod handle;
mod info;
mod link;
#[cfg(feature = "listen")]
mod listen;
mod log;
mod maybe_tls;
pub mod names;
mod options;
mod pool;
mod record;
#[cfg(feature = "reverse-dns")]
mod reverse_dns;
mod runtime;
mod sending;
mod serve;
mod server;
mod service;
mod side;
mod timings;
#[cfg(feature = "rustls")]
mod tls;
mod trace;
mod transport;
mod tunnel;
mod upgraded;
mod watched;

pub use accept::{ListenerState, Overflow};
#[cfg(feature = "begin")]
pub use begin::begin_tcp;
pub use body::{Body, BodyError, BodySender, Disconnected, FileBody, Files};
pub use client::{
    Checkout, Client, ClientBuilder, ClientExchange, ClientTimeouts, Connect, ConnectError, Connected, Dial, Dialer,
    Evicted, Grant, Informed, Phase, Phases, Pool, PoolLimits, PoolState, RequestBuilder, RequestError, Resolve,
    Resolving, Target, UriError, Within, connect_with,
};
pub use connection::{AutoHead, Connection, Parts};
pub use error::{BoxError, Error, ErrorKind};
pub use exchange::{BoxTransport, Exchange, NotUpgraded, Upgrade};
pub use handle::{Report, ServerHandle};
pub use info::{Address, ConnInfo, Registry, Statistics};
#[cfg(feature = "listen")]
pub use listen::{FromStd, ListenOptions};
pub use log::{AccessLog, LogFormat};
pub use maybe_tls::MaybeTls;
pub use options::{Ended, Fault, OnDisconnect, Options};
pub use pool::Inbox;
pub use record::{Entry, Logger, Record};
#[cfg(feature = "reverse-dns")]
pub use reverse_dns::ReverseDns;
pub use runtime::{Listener, Opened, Runtime};
/// The library that TLS is made with: its types are those of the configurations.
#[cfg(feature = "rustls")]
pub use rustls;
pub use sending::Streaming;
pub use serve::Server;
pub use server::{HttpService, Serving};
pub use service::{ServiceFn, Services, service_fn};
pub use side::Side;
pub use timings::Timings;
#[cfg(feature = "rustls")]
pub use tls::{Tls, TlsError, TlsErrorKind, TlsInfo};
pub use transport::{Timer, Transport};
pub use tunnel::tunnel;
pub use upgraded::Upgraded;

/// What a driver of another kind than this one is made of: a blocking one, for example. Books, buffers and commands that
/// every driver needs, and that know no way of waiting.
pub mod parts {
    pub use crate::answer_timeout::{AnswerTimeout, Waits};
    pub use crate::connection::Auto;
    pub use crate::date::now as date;
    pub use crate::exchange::Asked;
    pub use crate::guarded::guarded;
    pub use crate::handle::{Control, Controlled};
    pub use crate::pool::{Outbox, keep, kept};
    pub use crate::sending::{BATCH, Content, finish, inform, respond, send, upgrade};
    pub use crate::server::Spare;
    pub use crate::side::respond as respond_dated;
    pub use crate::timings::Marks;
    #[cfg(feature = "rustls")]
    pub use crate::tls::{Handshake, ServerTls};
    pub use crate::trace::{RequestSpan, closed, refused};
    pub use crate::watched::lock;
}
