//! What applications on async runtimes use and no runtime changes: every runtime crate has all of it under these names.

#[cfg(feature = "reverse-dns")]
pub use crate::ReverseDns;
pub use crate::{
    AccessLog, Address, AutoHead, Body, BodyError, BodySender, BoxError, ClientExchange, ClientTimeouts, ConnInfo,
    Connect, ConnectError, Connected, Disconnected, Ended, Entry, Error, ErrorKind, Exchange, Fault, HttpService,
    Inbox, Informed, ListenerState, LogFormat, Logger, MaybeTls, NotUpgraded, OnDisconnect, Overflow, Phase, Phases,
    PoolLimits, PoolState, Record, Report, RequestError, Resolve, Resolving, ServerHandle, ServiceFn, Statistics,
    Streaming, Target, Timings, UriError, Within, connect_with, service_fn, tunnel,
};
#[cfg(feature = "rustls")]
pub use crate::{Tls, TlsError, TlsErrorKind, TlsInfo, rustls};
pub use http::{Request, Response, Uri};
pub use http_proto::{
    BodyLength, Config, Event, FieldBlock, Fields, Flow, HalfClose, HopByHop, Limits, MethodKind, Pipeline,
    ReasonPhrase, RecvError, RequestHead, ResponseHead, SendError, State, Timeouts, Version,
};

/// The two ends of a connection, as the first parameter of [`Connection`](crate::Connection).
pub mod role {
    pub use http_proto::{Client, Server};
}
