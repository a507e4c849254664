//! Level 1 from a URI; and tunnels.

use crate::waiting::block_on;
use crate::{BlockingTransport, Connection, Dialer, MaybeTls, Socket, Stream, role};
use http::Uri;
use http_driver::{Connect, ConnectError, Target, Transport, UriError};
use http_proto::Config;
use std::io;
use std::sync::Arc;

/// A client's connection on the wire, as [`connect`] opens it.
pub type ClientConnection = Connection<role::Client, MaybeTls<Stream<Socket>>>;

/// Opens a connection to where a URI leads, for who wants the wire itself. Only scheme, host and port of the URI count.
/// [`connect_with`] takes settings.
///
/// ```no_run
/// use http_std::{BodyLength, BoxError, Event, Inbox, RequestHead, connect};
///
/// # fn run() -> Result<(), BoxError> {
/// let mut http = connect("http://example.com/")?;
/// http.start(&RequestHead::get("example.com", "/"), BodyLength::Empty)?;
/// let mut inbox = Inbox::new();
/// loop {
///     match http.next_event(&mut inbox)? {
///         Event::HeadersComplete(response) => println!("{}", response.status()),
///         Event::Payload(octets) => println!("{} octets", octets.len()),
///         Event::MessageComplete(_) | Event::Closed => break,
///         _ => {}
///     }
/// }
/// http.close(&mut inbox)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`ConnectError`].
pub fn connect(uri: impl TryInto<Uri>) -> Result<ClientConnection, ConnectError> {
    connect_with(uri, &Dialer::default(), Arc::new(Config::client()))
}

/// Opens a connection to where a URI leads, for who wants the wire itself. Only scheme, host and port of the URI count;
/// what to ask for is said by the head of each request.
///
/// # Errors
/// See [`ConnectError`].
pub fn connect_with<C>(
    uri: impl TryInto<Uri>,
    connector: &C,
    config: Arc<Config>,
) -> Result<Connection<role::Client, C::Io>, ConnectError>
where
    C: Connect<Io: BlockingTransport>,
{
    let uri = uri.try_into().map_err(|_| UriError::Malformed)?;
    let connected = block_on(connector.connect(&Target::of(&uri)?))?;
    Ok(Connection::client(connected.socket.io, config))
}

/// Copies octets between two connections, both ways at once, until both directions have ended; returns how many went from
/// the first to the second, and back. This thread does all of it. See [`http_driver::tunnel`].
///
/// ```
/// # use http_std::{BoxError, ClientExchange, Exchange, tunnel};
/// # fn f(ours: &Exchange, theirs: &ClientExchange) {
/// // Both have answered 101 (Switching Protocols), or 2xx to CONNECT.
/// let (here, there) = (ours.upgrade(), theirs.take_upgraded());
/// std::thread::spawn(move || Ok::<_, BoxError>(tunnel(here.wait()?, there.ok_or("no upgrade")?)?));
/// # }
/// ```
///
/// # Errors
/// What has broken one of them off.
pub fn tunnel<A: Transport, B: Transport>(first: A, second: B) -> io::Result<(u64, u64)> {
    block_on(http_driver::tunnel(first, second))
}
