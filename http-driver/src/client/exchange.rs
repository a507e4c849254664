//! [`ClientExchange`]: what is known of an exchange beyond its answer. It is among the extensions of every response.

use crate::exchange::BoxTransport;
use crate::info::ConnInfo;
use crate::upgraded::Upgraded;
use crate::watched::lock;
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
    phases: Phases,
    upgraded: Option<Upgraded<BoxTransport>>,
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
    pub(super) fn new(connection: Arc<ConnInfo>, number: u64) -> Self {
        let inner = Mutex::new(Inner { phases: Phases::default(), upgraded: None });
        ClientExchange(Arc::new(Shared { connection, number, inner }))
    }

    /// As new, for the next exchange of the same connection; in the same memory if nobody else has a hand on this one.
    pub(super) fn renew(&mut self, number: u64) {
        match Arc::get_mut(&mut self.0) {
            Some(shared) => {
                shared.number = number;
                let inner = shared.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
                (inner.phases, inner.upgraded) = (Phases::default(), None);
            }
            None => *self = ClientExchange::new(Arc::clone(&self.0.connection), number),
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
        lock(&self.0.inner).phases
    }

    /// The connection as a stream of octets, if the answer was 101 (Switching Protocols), or a 2xx to CONNECT; once.
    pub fn take_upgraded(&self) -> Option<Upgraded<BoxTransport>> {
        lock(&self.0.inner).upgraded.take()
    }

    /// An answer that is complete stays so: its request may still be on the way.
    pub(super) fn set_phases(&self, phases: Phases) {
        let known = &mut lock(&self.0.inner).phases;
        *known = Phases { done: known.done, ..phases };
    }

    /// Notes more of them.
    pub(super) fn note(&self, change: impl FnOnce(&mut Phases)) {
        change(&mut lock(&self.0.inner).phases);
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
