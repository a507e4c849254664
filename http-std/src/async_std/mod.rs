//! Servers and clients on async-std, by the names of `http-tokio` and `http-smol`.
//!
//! **async-std is discontinued.** Its authors say so, and name smol in its place; RUSTSEC-2025-0052 says so, too. This module
//! is for applications that are on it and cannot leave yet: it will get what the other runtimes get for as long as async-std
//! builds, and go with it. The way on is `http-smol`: what is here is there, by the same names and on the same reactor, so
//! that moving the HTTP of an application is one changed `use`.
//!
//! ```no_run
//! use http_std::async_std::{Body, Request, Response, serve, service_fn};
//! use std::convert::Infallible;
//!
//! fn main() -> std::io::Result<()> {
//!     async_std::task::block_on(async {
//!         let listener = async_std::net::TcpListener::bind("127.0.0.1:8080").await?;
//!         let hello = async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("Hello, World!")));
//!         serve(listener, service_fn(hello)).await;
//!         Ok(())
//!     })
//! }
//! ```

mod file;
mod listener;
mod runtime;

pub use file::FileBody;
#[doc(inline)]
pub use http_driver::async_io::{Sleep, Socket, Upgraded};
#[doc(inline)]
pub use http_driver::names::*;
#[cfg(unix)]
pub use listener::Unix;
pub use listener::{IntoListener, ListenOptions, Tcp};
pub use runtime::AsyncStd;

use async_std::io::{Read, Write};
use async_std::net::TcpStream;
use http_driver::{Services, Serving};
use std::sync::Arc;

/// async-std's sockets, and whatever else reads and writes like them, as a transport: see
/// [`http_driver::async_io::Stream`].
pub type Stream<S = TcpStream> = http_driver::async_io::Stream<S, AsyncStd>;

/// One end of a connection on the wire: see [`http_driver::Connection`].
pub type Connection<R, S = TcpStream> = http_driver::Connection<R, Stream<S>, Sleep>;

/// A client's connection on the wire, as [`connect`] opens it.
pub type ClientConnection = http_driver::Connection<role::Client, MaybeTls<Stream<Socket>>, Sleep>;

/// Sends requests over connections that it keeps: see [`http_driver::Client`].
///
/// ```no_run
/// use http_std::async_std::{Body, BoxError, Client};
///
/// # async fn run() -> Result<(), BoxError> {
/// let mut response = Client::new().get("http://example.com/").send().await?;
/// let content = response.body_mut().collect(Body::LIMIT).await?;
/// println!("{}: {} octets", response.status(), content.len());
/// # Ok(())
/// # }
/// ```
pub type Client = http_driver::Client<Dialer>;

/// A client that is being set up: see [`http_driver::ClientBuilder`].
pub type ClientBuilder = http_driver::ClientBuilder<Dialer>;

/// A request that is being put together: see [`http_driver::RequestBuilder`].
pub type RequestBuilder = http_driver::RequestBuilder<Dialer>;

/// Opens connections to hosts: see [`http_driver::Dialer`].
pub type Dialer = http_driver::Dialer<AsyncStd>;

/// Opens a connection to where a URI leads, for who wants the wire itself. Only scheme, host and port of the URI count.
/// [`connect_with`] takes settings.
///
/// # Errors
/// See [`ConnectError`].
///
/// # Cancel safety
/// If the future is dropped, whatever has been opened is closed.
pub async fn connect(uri: impl TryInto<Uri>) -> Result<ClientConnection, ConnectError> {
    connect_with(uri, &Dialer::default(), Arc::new(Config::client())).await
}

/// A server that has not begun: see [`http_driver::Server`].
pub type Server<L, S> = http_driver::Server<AsyncStd, L, S>;

/// Serves HTTP on a listener; every connection gets a clone of `service`. Await it, or [`Server::spawn`] it.
pub fn serve<L, S>(listener: L, service: S) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: HttpService + Clone + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    Server::new(AsyncStd, listener.into_listener(), Services::new(service))
}

/// Serves HTTP on a listener; every connection gets a service of its own.
pub fn serve_with<L, S>(listener: L, factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: HttpService + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    Server::new(AsyncStd, listener.into_listener(), Services::from_factory(factory))
}

/// Serves HTTP on one stream, whatever it is, until it is over.
pub fn serve_stream<I, S>(stream: I, service: S) -> Serving<S, Stream<I>, Sleep>
where
    I: Read + Write + Unpin + Send + 'static,
    S: HttpService + Clone + Send + 'static,
{
    let services = Arc::new(Services::new(service));
    Serving::new(Stream::new(stream), Sleep::default(), Address::Unknown, Address::Unknown, services, Arc::default())
}
