//! [`Client`]: that of http-driver, for threads. Whoever asks runs the exchange himself, and waits for it; what there is of
//! a pool, of retries and of deadlines is there.

mod builder;
mod connect;
mod request;

pub use builder::ClientBuilder;
pub use connect::{ClientConnection, connect, connect_with, tunnel};
pub use request::RequestBuilder;

use crate::waiting::{block_on, poll_here};
use crate::{Body, Dialer};
use http::{Method, Request, Response, Uri};
use http_driver::{BoxError, Connect, PoolState, RequestError};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

/// Sends requests over connections that it keeps and uses again. Cheap to clone; clones share everything, whatever threads
/// they are on.
///
/// An exchange runs on the thread that waits for its answer, and then on the one that reads the content: nothing stands
/// between them and the socket. Only a request whose content is still being sent when the answer has begun gets a thread of
/// its own, and so do connections that are [pipelined](ClientBuilder::pipelining); one more watches over connections that
/// are idle, and another looks a name up. Dropping an answer before its end gives the exchange up.
///
/// ```no_run
/// use http_std::{Body, BoxError, Client};
///
/// # fn run() -> Result<(), BoxError> {
/// let mut response = Client::new().get("http://example.com/").send()?;
/// let content = response.body_mut().collect(Body::LIMIT)?;
/// println!("{}: {} octets", response.status(), content.len());
/// # Ok(())
/// # }
/// ```
///
/// Redirects, cookies, compression are for layers around it: it is a [`Service`]. Its future waits as the methods do where
/// it is polled by an executor of another make; in a service of this crate, and in [`block_on`], it is one among others.
pub struct Client<C: Connect = Dialer>(http_driver::Client<C>);

impl<C: Connect> Clone for Client<C> {
    fn clone(&self) -> Self {
        Client(self.0.clone())
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

impl Client {
    /// A client with all defaults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client with settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(Dialer::default())
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
        RequestBuilder::new(self.0.request(method, uri))
    }

    /// Sends a request, and waits for the head of its answer; the content follows as the answer's body. See
    /// [`http_driver::Client::execute`] for what becomes of the request's parts, and when it is sent once more.
    ///
    /// Its content is taken on this thread meanwhile. Of a [`Body::reader`], and whatever else makes its content when
    /// asked, a piece is read while nothing else is done: an answer that comes early is seen when it has been. Who sends
    /// by a [`Body::channel`] from another thread is told at once.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn execute(&self, request: Request<Body>) -> Result<Response<Body>, RequestError> {
        let answered = block_on(self.0.execute(request.map(Body::into_driven)));
        answered.map(|response| response.map(Body::driven))
    }

    /// How many connections there are.
    pub fn connections(&self) -> PoolState {
        self.0.connections()
    }
}

impl<C: Connect> fmt::Debug for Client<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C, B> Service<Request<B>> for Client<C>
where
    C: Connect,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = RequestError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, RequestError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RequestError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let client = self.0.clone();
        let request = request.map(|body| Body::new(body).into_driven());
        let mut answered = Box::pin(async move { client.execute(request).await });
        Box::pin(std::future::poll_fn(move |cx| {
            poll_here(cx, |cx| answered.as_mut().poll(cx)).map_ok(|response| response.map(Body::driven))
        }))
    }
}
