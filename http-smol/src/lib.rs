//! HTTP/1 servers and clients on smol.
//!
//! [`serve`] runs a tower service on a listener, an unmodified axum `Router` for example: bodies in both directions with
//! backpressure, keep-alive and pipelining, upgrades, all deadlines and bounds of [`Config`], graceful shutdown.
//! [`Client`] sends requests over connections that it keeps, each phase with its deadline; it is a tower service, too. Who
//! wants the wire itself takes a [`Connection`], of a socket that was accepted or with [`connect`]. Everything that HTTP
//! demands is decided by [`http_proto`], how a connection is driven by [`http_driver`]; this crate gives them sockets,
//! time and tasks. The names are those of `http-tokio`.
//!
//! ```no_run
//! use http_smol::{Body, Request, Response, serve, service_fn};
//! use std::convert::Infallible;
//!
//! fn main() -> std::io::Result<()> {
//!     smol::block_on(async {
//!         let listener = smol::net::TcpListener::bind("127.0.0.1:8080").await?;
//!         let hello = async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("Hello, World!")));
//!         serve(listener, service_fn(hello)).await;
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Connections are served by threads of this crate ([`Smol::default`]), or on an executor of one's own ([`Smol::on`]).
#![forbid(unsafe_code)]

#[cfg(feature = "fs")]
mod file;
mod listener;
mod runtime;

#[cfg(feature = "fs")]
pub use file::FileBody;
#[doc(inline)]
pub use http_driver::async_io::{Sleep, Socket, Upgraded};
#[doc(inline)]
pub use http_driver::names::*;
#[cfg(unix)]
pub use listener::Unix;
pub use listener::{IntoListener, ListenOptions, Tcp};
pub use runtime::Smol;

use futures_io::{AsyncRead, AsyncWrite};
use http_driver::{Services, Serving};
use std::sync::Arc;

/// smol's sockets, and whatever else reads and writes like them, as a transport: see [`http_driver::async_io::Stream`].
pub type Stream<S = async_net::TcpStream> = http_driver::async_io::Stream<S, Smol>;

/// One end of a connection on the wire: see [`http_driver::Connection`].
pub type Connection<R, S = async_net::TcpStream> = http_driver::Connection<R, Stream<S>, Sleep>;

/// A client's connection on the wire, as [`connect`] opens it.
pub type ClientConnection = http_driver::Connection<role::Client, MaybeTls<Stream<Socket>>, Sleep>;

/// Sends requests over connections that it keeps: see [`http_driver::Client`].
///
/// ```no_run
/// use http_smol::{Body, BoxError, Client};
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
pub type Dialer = http_driver::Dialer<Smol>;

/// Opens a connection to where a URI leads, for who wants the wire itself. Only scheme, host and port of the URI count.
/// [`connect_with`] takes settings.
///
/// ```no_run
/// use http_smol::{BodyLength, BoxError, Event, Inbox, RequestHead, connect};
///
/// # async fn run() -> Result<(), BoxError> {
/// let mut http = connect("http://example.com/").await?;
/// http.start(&RequestHead::get("example.com", "/"), BodyLength::Empty)?;
/// let mut inbox = Inbox::new();
/// loop {
///     match http.next_event(&mut inbox).await? {
///         Event::HeadersComplete(response) => println!("{}", response.status()),
///         Event::Payload(octets) => println!("{} octets", octets.len()),
///         Event::MessageComplete(_) | Event::Closed => break,
///         _ => {}
///     }
/// }
/// http.close(&mut inbox).await?;
/// # Ok(())
/// # }
/// ```
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
pub type Server<L, S> = http_driver::Server<Smol, L, S>;

/// Serves HTTP on a listener, on [`Smol::default`]; every connection gets a clone of `service`. Await it, or
/// [`Server::spawn`] it.
pub fn serve<L, S>(listener: L, service: S) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: HttpService + Clone + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    Smol::default().serve(listener, service)
}

/// Serves HTTP on a listener, on [`Smol::default`]; every connection gets a service of its own.
pub fn serve_with<L, S>(listener: L, factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static) -> Server<L::Listener, S>
where
    L: IntoListener,
    S: HttpService + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    Smol::default().serve_with(listener, factory)
}

/// Serves HTTP on one stream, whatever it is, until it is over.
pub fn serve_stream<I, S>(stream: I, service: S) -> Serving<S, Stream<I>, Sleep>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: HttpService + Clone + Send + 'static,
{
    let services = Arc::new(Services::new(service));
    Serving::new(Stream::new(stream), Sleep::default(), Address::Unknown, Address::Unknown, services, Arc::default())
}
