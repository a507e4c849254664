//! [`Exchange`]: the handler's hand on its exchange beyond the request itself. It is among the extensions of every
//! request that a server hands to a service.

use crate::Transport;
use crate::info::ConnInfo;
use crate::record::RequestId;
use crate::upgraded::Upgraded;
use crate::watched::Watched;
use http::{HeaderMap, StatusCode};
use http_proto::{OwnedRequest, Request};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::task::{Context, Poll};

/// A transport of any kind.
pub type BoxTransport = Box<dyn Transport + Send>;

/// One request and its answer, as far as that goes beyond the types of the `http` crate: interim responses, the client's
/// going away, another protocol. Cheap to clone; everything can be called from any task, and does nothing once the
/// exchange is over.
///
/// ```
/// # use http::{HeaderMap, Request, Response, StatusCode};
/// # use http_driver::{Body, Exchange};
/// # use std::convert::Infallible;
/// async fn page(request: Request<Body>) -> Result<Response<Body>, Infallible> {
///     if let Some(exchange) = request.extensions().get::<Exchange>() {
///         let hints = HeaderMap::from_iter([(http::header::LINK, "</style.css>; rel=preload".parse().unwrap())]);
///         exchange.inform(StatusCode::EARLY_HINTS, hints);
///     }
///     Ok(Response::new(Body::from("<!doctype html>")))
/// }
/// ```
#[derive(Clone)]
pub struct Exchange(Arc<Shared>);

struct Shared {
    connection: Arc<ConnInfo>,
    number: u64,
    /// The head as received, if that was asked for.
    head: Option<OwnedRequest>,
    /// There is something in `asked` that the connection has not taken.
    asks: AtomicBool,
    inner: Watched<Inner>,
}

#[derive(Default)]
struct Inner {
    asked: Asked,
    /// The client has closed its sending side.
    half_closed: bool,
    /// The client is gone, or the connection was given up.
    gone: bool,
    /// Nothing more will happen.
    over: bool,
    upgraded: Option<Upgraded<BoxTransport>>,
}

/// What a handler asks of its connection.
#[derive(Debug, Default)]
pub struct Asked {
    /// Interim responses.
    pub interim: Vec<(StatusCode, HeaderMap)>,
    /// 100 (Continue).
    pub proceed: bool,
    /// A reset.
    pub abort: bool,
}

impl Exchange {
    /// The exchange of the request with this number on its connection.
    pub fn new(connection: Arc<ConnInfo>, number: u64) -> Self {
        let (asks, inner) = (AtomicBool::new(false), Watched::default());
        Exchange(Arc::new(Shared { connection, number, head: None, asks, inner }))
    }

    /// As new, for another exchange of any connection; in the same memory if nobody else has a hand on this one.
    pub fn renew(&mut self, connection: &Arc<ConnInfo>, number: u64) {
        match Arc::get_mut(&mut self.0) {
            Some(shared) => {
                if !Arc::ptr_eq(&shared.connection, connection) {
                    shared.connection = Arc::clone(connection);
                }
                (shared.number, shared.head) = (number, None);
                *shared.asks.get_mut() = false;
                *shared.inner.get_mut() = Inner::default();
            }
            None => *self = Exchange::new(Arc::clone(connection), number),
        }
    }

    /// Keeps the head as received. Only before anybody else has a hand on the exchange.
    pub fn keep_head(&mut self, head: &Request<'_>) {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.head = Some(head.to_owned());
        }
    }

    /// The connection.
    pub fn connection(&self) -> &Arc<ConnInfo> {
        &self.0.connection
    }

    /// A name of the request that no other request of the server has: the one that logs know it by.
    pub fn id(&self) -> String {
        RequestId { connection: self.0.connection.id(), number: self.0.number }.to_string()
    }

    /// The number of the request on its connection, from 1.
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// The head exactly as received: case, order, reason. `None` unless the server was told to keep heads.
    pub fn original_head(&self) -> Option<Request<'_>> {
        self.0.head.as_ref().and_then(OwnedRequest::view)
    }

    /// Sends an interim response before the answer (RFC 9110 section 15.2), such as 103 (Early Hints), when it is this
    /// exchange's turn. What cannot be sent, to an HTTP/1.0 client or behind the answer, is left out.
    pub fn inform(&self, status: StatusCode, headers: HeaderMap) {
        self.ask(|asked| asked.interim.push((status, headers)));
    }

    /// Sends 100 (Continue) now, rather than when the content is first asked for.
    pub fn proceed(&self) {
        self.ask(|asked| asked.proceed = true);
    }

    /// Resets the connection, whatever has been sent.
    pub fn abort(&self) {
        self.ask(|asked| asked.abort = true);
    }

    /// Whether the client is gone: what is answered cannot arrive.
    pub fn is_gone(&self) -> bool {
        self.0.inner.with(|inner| inner.gone)
    }

    /// Waits until the client is gone. By default the handler is dropped then; this is for tasks of its own, and for
    /// servers that let handlers finish. Pending for ever if the exchange ends otherwise.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn gone(&self) {
        poll_fn(|cx| self.0.inner.poll(cx, |inner| inner.gone.then_some(()))).await;
    }

    /// Whether the client has closed its sending side. It may still read the answer.
    pub fn is_half_closed(&self) -> bool {
        self.0.inner.with(|inner| inner.half_closed)
    }

    /// The connection as a stream of octets, when this request has been answered with 101 (Switching Protocols) and the
    /// protocol in Upgrade; or, to CONNECT, with a 2xx. Take it before answering, and await it in another task.
    pub fn upgrade(&self) -> Upgrade {
        Upgrade(self.clone())
    }

    fn ask(&self, ask: impl FnOnce(&mut Asked)) {
        let is_open = self.0.inner.with(|inner| {
            if !inner.over {
                ask(&mut inner.asked);
            }
            !inner.over
        });
        if is_open {
            self.0.asks.store(true, Release);
            self.0.connection.wake();
        }
    }

    /// What the handler has asked for since the last time.
    pub fn take_asked(&self) -> Option<Asked> {
        let asks = self.0.asks.load(Acquire) && self.0.asks.swap(false, Acquire);
        asks.then(|| self.0.inner.with(|inner| std::mem::take(&mut inner.asked)))
    }

    /// The client has closed its sending side.
    pub fn set_half_closed(&self) {
        self.0.inner.with(|inner| inner.half_closed = true);
    }

    /// The client is gone.
    pub fn set_gone(&self) {
        self.0.inner.change(|inner| inner.gone = true);
    }

    /// The exchange is over. Without another owner of it nobody can notice.
    pub fn set_over(&self) {
        if Arc::strong_count(&self.0) > 1 {
            self.0.inner.change(|inner| inner.over = true);
        }
    }

    pub(crate) fn set_upgraded(&self, upgraded: Upgraded<BoxTransport>) {
        // With nobody left to take it, it is dropped with the exchange.
        self.0.inner.change(|inner| {
            inner.upgraded = Some(upgraded);
            inner.over = true;
        });
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("connection", &self.0.connection.id())
            .field("number", &self.0.number)
            .finish_non_exhaustive()
    }
}

/// The connection of an exchange, once it speaks another protocol.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Upgrade(Exchange);

/// The exchange was answered in HTTP, or its connection is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUpgraded;

impl fmt::Display for NotUpgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was not upgraded")
    }
}

impl std::error::Error for NotUpgraded {}

impl Future for Upgrade {
    type Output = Result<Upgraded<BoxTransport>, NotUpgraded>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.0.inner.poll(cx, |inner| match inner.upgraded.take() {
            Some(upgraded) => Some(Ok(upgraded)),
            None => inner.over.then_some(Err(NotUpgraded)),
        })
    }
}
