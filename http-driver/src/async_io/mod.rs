//! Feature `async-io`: sockets and clocks of the reactor `async-io`, for the runtimes that are built on it. Which that is,
//! how it spawns and what it calls its sockets is said by [`Sockets`].

mod dial;
mod file;
mod listener;
mod sleep;
mod socket;
mod stream;
mod upgraded;
mod watch;

pub use file::into_std;
pub use listener::Tcp;
#[cfg(unix)]
pub use listener::Unix;
pub use sleep::Sleep;
pub use socket::Socket;
pub use stream::Stream;
pub use upgraded::Upgraded;

use crate::Runtime;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::AsFd as AsSocket;
#[cfg(windows)]
use std::os::windows::io::AsSocket;

/// A runtime on this reactor. It opens connections as any other ([`crate::Dial`]).
///
/// The traits of futures-io know neither resets nor half-closes. So a [`Stream`] looks for the socket in what it is made
/// of: an `Async` of async-io, or one of these.
pub trait Sockets: Runtime {
    /// Its TCP sockets.
    type Tcp: AsSocket + 'static;
    /// Its Unix sockets.
    #[cfg(unix)]
    type Unix: AsSocket + 'static;

    /// Asks the system for the addresses of a host, without blocking the thread. Dropped, nobody waits for it.
    ///
    /// # Errors
    /// The system's.
    fn lookup(host: String, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;
}
