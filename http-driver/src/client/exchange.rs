//! [`ClientExchange`]: what is known of an exchange beyond its answer. It is among the extensions of every response.

use crate::exchange::BoxTransport;
use crate::info::ConnInfo;
use crate::upgraded::Upgraded;
use crate::watched::lock;
use http_proto::Instant;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request and its answer, as far as that goes beyond the types of the `http` crate. Cheap to clone.
#[derive(Clone)]
pub struct ClientExchange(Arc<Shared>);

struct Shared {
    connection: Arc<ConnInfo>,
    number: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    stations: Stations,
    upgraded: Option<Upgraded<BoxTransport>>,
}

/// What there is to be known of an exchange, on the clock of its connection. Each of them notes it and few ask for it, so
/// [`Phases`] are made when somebody does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stations {
    /// How it got to its connection.
    found: Phases,
    /// When it began there.
    begun: Instant,
    pub(super) sent: Option<Instant>,
    pub(super) first_octet: Option<Instant>,
    pub(super) head: Option<Instant>,
    pub(super) done: Option<Instant>,
}

impl Stations {
    fn new(found: Phases, begun: Instant) -> Self {
        Stations { found, begun, sent: None, first_octet: None, head: None, done: None }
    }

    fn phases(&self) -> Phases {
        let since = |at: Instant| self.found.ready + at.saturating_since(self.begun);
        Phases {
            sent: self.sent.map(since),
            first_octet: self.first_octet.map(since),
            head: self.head.map(since),
            done: self.done.map(since),
            ..self.found
        }
    }
}

/// When an exchange passed its stations, counted from the call that began it. What has not happened, or not yet, is
/// `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Phases {
    /// How long resolving the name took, if there was a name and no connection.
    pub resolve: Option<Duration>,
    /// How long connecting took, if there was no connection. With a tunnel, having it made is part of that.
    pub connect: Option<Duration>,
    /// How long the handshake of TLS took, if there was one.
    pub tls: Option<Duration>,
    /// A connection was there.
    pub ready: Duration,
    /// The last octet of the request was written.
    pub sent: Option<Duration>,
    /// The first octet of the answer was read.
    pub first_octet: Option<Duration>,
    /// The head of the answer was complete.
    pub head: Option<Duration>,
    /// The answer was complete.
    pub done: Option<Duration>,
}

impl ClientExchange {
    /// The exchange of this number on a connection, where it begins now, `found` having told how it got there.
    pub(super) fn new(connection: Arc<ConnInfo>, number: u64, found: Phases, now: Instant) -> Self {
        let inner = Mutex::new(Inner { stations: Stations::new(found, now), upgraded: None });
        ClientExchange(Arc::new(Shared { connection, number, inner }))
    }

    /// As new, for the next exchange of the same connection; in the same memory if nobody else has a hand on this one.
    pub(super) fn renew(&mut self, number: u64, found: Phases, now: Instant) {
        match Arc::get_mut(&mut self.0) {
            Some(shared) => {
                shared.number = number;
                let inner = shared.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
                (inner.stations, inner.upgraded) = (Stations::new(found, now), None);
            }
            None => *self = ClientExchange::new(Arc::clone(&self.0.connection), number, found, now),
        }
    }

    /// The connection that carried it.
    pub fn connection(&self) -> &Arc<ConnInfo> {
        &self.0.connection
    }

    /// The number of the request on its connection, from 1: above that, the connection was used before.
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// When it passed its stations, as far as it has come.
    pub fn phases(&self) -> Phases {
        lock(&self.0.inner).stations.phases()
    }

    /// The connection as a stream of octets, if the answer was 101 (Switching Protocols), or a 2xx to CONNECT; once.
    pub fn take_upgraded(&self) -> Option<Upgraded<BoxTransport>> {
        lock(&self.0.inner).upgraded.take()
    }

    /// Notes what has happened.
    pub(super) fn note(&self, change: impl FnOnce(&mut Stations)) {
        change(&mut lock(&self.0.inner).stations);
    }

    pub(super) fn set_upgraded(&self, upgraded: Upgraded<BoxTransport>) {
        lock(&self.0.inner).upgraded = Some(upgraded);
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExchange")
            .field("connection", &self.0.connection.id())
            .field("number", &self.0.number)
            .field("phases", &self.phases())
            .finish_non_exhaustive()
    }
}
