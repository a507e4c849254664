//! [`Exchange`]: the handler's hand on its exchange beyond the request itself. It is among the extensions of every
//! request that a server hands to a service.

use crate::waiting::block_on;
use crate::{ConnInfo, Upgraded};
use http::{HeaderMap, StatusCode};
use http_driver::NotUpgraded;
use http_driver::parts::lock;
use http_proto::Request;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};

/// One request and its answer, as far as that goes beyond the types of the `http` crate: interim responses, the client's
/// going away, another protocol. Cheap to clone; everything can be called from any thread, and does nothing once the
/// exchange is over.
///
/// ```
/// use http_std::{Body, Exchange, Request, Response, handler_fn};
///
/// let long = handler_fn(|request: Request<Body>| {
///     let exchange = request.extensions().get::<Exchange>();
///     for _step in 0..1000 {
///         if exchange.is_some_and(Exchange::is_gone) {
///             break;
///         }
///     }
///     Response::new(Body::from("done"))
/// });
/// ```
#[derive(Clone)]
pub struct Exchange {
    inner: http_driver::Exchange,
    connection: Weak<dyn Attend>,
    upgraded: Arc<Slot>,
}

/// Looks after a connection: does what was asked for, and notices what has become of the client.
pub(crate) trait Attend: Send + Sync {
    fn attend(&self);
}

/// Where the connection goes when it speaks another protocol.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    inner: Mutex<Settled>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum Settled {
    #[default]
    Open,
    /// The same, and somebody waits.
    Awaited,
    Upgraded(Box<Upgraded>),
    /// Answered in HTTP, or taken.
    Over,
}

impl Slot {
    /// The exchange is over; the first call counts.
    pub(crate) fn settle(&self, upgraded: Option<Upgraded>) {
        let mut inner = lock(&self.inner);
        let awaited = match &*inner {
            Settled::Open => false,
            Settled::Awaited => true,
            Settled::Upgraded(_) | Settled::Over => return,
        };
        *inner = upgraded.map_or(Settled::Over, |upgraded| Settled::Upgraded(Box::new(upgraded)));
        drop(inner);
        // To notify nobody is a call of the system, too.
        if awaited {
            self.changed.notify_all();
        }
    }
}

impl Exchange {
    pub(crate) fn new(inner: http_driver::Exchange, connection: Weak<dyn Attend>) -> Self {
        Exchange { inner, connection, upgraded: Arc::default() }
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.upgraded
    }

    /// The same for futures: what waits is async. Another protocol is to be had from this one alone.
    pub fn inner(&self) -> &http_driver::Exchange {
        &self.inner
    }

    /// The connection.
    pub fn connection(&self) -> &Arc<ConnInfo> {
        self.inner.connection()
    }

    /// A name of the request that no other request of the server has: the one that logs know it by.
    pub fn id(&self) -> String {
        self.inner.id()
    }

    /// The number of the request on its connection, from 1.
    pub fn number(&self) -> u64 {
        self.inner.number()
    }

    /// The head exactly as received: case, order, reason. `None` unless the server was told to keep heads.
    pub fn original_head(&self) -> Option<Request<'_>> {
        self.inner.original_head()
    }

    /// Sends an interim response before the answer (RFC 9110 section 15.2), such as 103 (Early Hints). What cannot be sent,
    /// to an HTTP/1.0 client or behind the answer, is left out.
    pub fn inform(&self, status: StatusCode, headers: HeaderMap) {
        self.inner.inform(status, headers);
        self.attend();
    }

    /// Sends 100 (Continue) now, rather than when the content is first asked for.
    pub fn proceed(&self) {
        self.inner.proceed();
        self.attend();
    }

    /// Resets the connection, whatever has been sent.
    pub fn abort(&self) {
        self.inner.abort();
        self.attend();
    }

    /// Whether the client is gone: what is answered cannot arrive. It looks at the socket.
    pub fn is_gone(&self) -> bool {
        self.attend();
        self.inner.is_gone()
    }

    /// Waits until the client is gone, for ever if the exchange ends otherwise. It learns of that while somebody reads
    /// the content, while a future is awaited for the answer, and when somebody asks [`Exchange::is_gone`].
    pub fn gone(&self) {
        block_on(self.inner.gone());
    }

    /// Whether the client has closed its sending side. It may still read the answer. It looks at the socket.
    pub fn is_half_closed(&self) -> bool {
        self.attend();
        self.inner.is_half_closed()
    }

    /// The connection as a stream of octets, when this request has been answered with 101 (Switching Protocols) and the
    /// protocol in Upgrade; or, to CONNECT, with a 2xx. Take it before answering, and wait for it in another thread.
    pub fn upgrade(&self) -> Upgrade {
        Upgrade(Arc::clone(&self.upgraded))
    }

    fn attend(&self) {
        if let Some(connection) = self.connection.upgrade() {
            connection.attend();
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The connection of an exchange, once it speaks another protocol.
#[derive(Debug)]
pub struct Upgrade(Arc<Slot>);

impl Upgrade {
    /// Waits for it.
    ///
    /// # Errors
    /// The exchange was answered in HTTP, or its connection is gone.
    pub fn wait(self) -> Result<Upgraded, NotUpgraded> {
        let mut inner = lock(&self.0.inner);
        loop {
            match std::mem::replace(&mut *inner, Settled::Over) {
                Settled::Upgraded(upgraded) => return Ok(*upgraded),
                Settled::Over => return Err(NotUpgraded),
                Settled::Open | Settled::Awaited => *inner = Settled::Awaited,
            }
            inner = self.0.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
