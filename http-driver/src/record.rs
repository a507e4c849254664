//! [`Record`]: what is told of an exchange when it is over, to hooks and to the access log.

use crate::Timings;
use crate::info::ConnInfo;
use http::HeaderValue;
use http_proto::{Instant, Request, Version};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// An exchange that is over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record {
    /// The number of the request on its connection, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The request target as received.
    pub target: String,
    /// The version received.
    pub version: Version,
    /// The value of Referer, as received.
    pub referer: Option<HeaderValue>,
    /// The value of User-Agent, as received.
    pub user_agent: Option<HeaderValue>,
    /// When the head had come.
    pub received: SystemTime,
    /// The status of the answer, if one was begun.
    pub status: Option<u16>,
    /// Octets of content that were sent.
    pub content: u64,
    /// The last octet of the answer has reached the kernel, or the connection went on with another protocol. False: it
    /// was cut off.
    pub complete: bool,
    /// When the exchange passed its stations.
    pub timings: Timings,
    /// When it was over, whether complete or cut off.
    pub over: Option<Instant>,
}

impl Record {
    /// The record of an exchange that begins.
    pub fn new(request: &Request<'_>, number: u64) -> Self {
        let value = |name: &str| HeaderValue::from_bytes(request.fields().get(name)?).ok();
        Record {
            number,
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            version: request.version(),
            referer: value("referer"),
            user_agent: value("user-agent"),
            received: SystemTime::now(),
            status: None,
            content: 0,
            complete: false,
            timings: Timings::default(),
            over: None,
        }
    }

    /// The exchange is over.
    pub fn end(&mut self, timings: Timings, complete: bool, now: Instant) {
        self.timings = timings;
        self.complete = complete;
        self.over = Some(timings.done.unwrap_or(now));
    }

    /// From the first octet of the request to the last one of the answer, or to where it was cut off.
    pub fn duration(&self) -> Option<Duration> {
        Some(self.over?.saturating_since(self.timings.first_octet_in?))
    }

    /// A name of the request that no other request of the server has.
    pub fn id(&self, connection: &ConnInfo) -> String {
        RequestId { connection: connection.id(), number: self.number }.to_string()
    }
}

/// What names a request, in handlers, spans and logs alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId {
    pub(crate) connection: u64,
    pub(crate) number: u64,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.connection, self.number)
    }
}

/// What a [`Logger`] is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The connection of the exchange.
    pub connection: Arc<ConnInfo>,
    /// The exchange.
    pub record: Box<Record>,
    /// The name of the peer's address, if somebody has resolved it.
    pub remote_name: Option<Arc<str>>,
}

impl Entry {
    /// A name of the request that no other request of the server has.
    pub fn id(&self) -> String {
        self.record.id(&self.connection)
    }
}

/// Writes exchanges down. A closure is one, too.
pub trait Logger: Send + Sync {
    /// Writes one down. Called by the connection's task: it should be quick.
    fn log(&self, entry: Entry);
}

impl<L: Logger + ?Sized> Logger for Arc<L> {
    fn log(&self, entry: Entry) {
        (**self).log(entry);
    }
}

impl<F: Fn(Entry) + Send + Sync> Logger for F {
    fn log(&self, entry: Entry) {
        self(entry);
    }
}
