//! [`Client`]: from a request to a connection that carries it, and back with the answer.
//!
//! Data flows one way: `request` makes the request, `shared` finds a connection in the `pool`, whose keeper is `places`, or
//! opens one, `flight` carries the exchange, `answer` is its content, with which the connection finds its way back.

mod answer;
mod builder;
mod call;
mod carrier;
mod connect;
mod dial;
mod error;
mod exchange;
mod execute;
mod extensions;
mod flight;
mod lane;
mod lanes;
mod lease;
mod news;
mod pipelining;
mod places;
mod pool;
mod race;
mod reaper;
mod request;
mod resolve;
mod shared;
mod target;
mod timeouts;
mod tunnel;
mod turns;
mod waiter;
mod waiting;
mod within;

pub use builder::ClientBuilder;
pub use connect::{Connect, ConnectError, Connected, connect_with};
pub use dial::{Dial, Dialer};
pub use error::{Phase, RequestError};
pub use exchange::{ClientExchange, Phases};
pub use extensions::{Informed, Within};
pub use places::PoolState;
pub use pool::{Checkout, Evicted, Grant, Pool, PoolLimits};
pub use request::RequestBuilder;
pub use resolve::{Resolve, Resolving};
pub use target::{Target, UriError};
pub use timeouts::ClientTimeouts;
#[cfg(feature = "rustls")]
pub(crate) use within::within;

use http::{Method, Uri};
use shared::Shared;
use std::fmt;
use std::sync::Arc;

/// A client: sends requests over connections that it keeps and uses again. Cheap to clone; clones share everything.
///
/// An exchange runs when its future is polled, and then when the content of its answer is: nothing stands between them
/// and the socket. Only a request whose content is still being sent when the answer has begun gets a task. Dropping the
/// future, or the answer before its end, gives the exchange up.
///
/// Redirects, cookies, compression are for layers around it: it is a [`tower_service::Service`].
pub struct Client<C: Connect>(Arc<Shared<C>>);

impl<C: Connect> Clone for Client<C> {
    fn clone(&self) -> Self {
        Client(Arc::clone(&self.0))
    }
}

impl<C: Connect + Default> Default for Client<C> {
    fn default() -> Self {
        Client::new()
    }
}

impl<C: Connect + Default> Client<C> {
    /// A client with all defaults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client with settings.
    pub fn builder() -> ClientBuilder<C> {
        ClientBuilder::new(C::default())
    }
}

impl<C: Connect> Client<C> {
    /// Begins a GET request.
    pub fn get<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::GET, uri)
    }

    /// Begins a HEAD request.
    pub fn head<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::HEAD, uri)
    }

    /// Begins a POST request.
    pub fn post<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::POST, uri)
    }

    /// Begins a PUT request.
    pub fn put<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::PUT, uri)
    }

    /// Begins a PATCH request.
    pub fn patch<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::PATCH, uri)
    }

    /// Begins a DELETE request.
    pub fn delete<U: TryInto<Uri>>(&self, uri: U) -> RequestBuilder<C> {
        self.request(Method::DELETE, uri)
    }

    /// Begins a request. That the URI is invalid is said when it is sent.
    pub fn request<U: TryInto<Uri>>(&self, method: Method, uri: U) -> RequestBuilder<C> {
        RequestBuilder::new(self.clone(), method, uri)
    }

    /// How many connections there are.
    pub fn connections(&self) -> PoolState {
        self.0.places.state()
    }
}

impl<C: Connect> fmt::Debug for Client<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("connections", &self.connections()).finish_non_exhaustive()
    }
}
