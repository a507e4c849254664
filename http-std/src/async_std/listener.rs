//! Where connections come from: TCP and Unix sockets.

use super::AsyncStd;
use async_std::net::TcpListener;
#[cfg(unix)]
use async_std::os::unix::net::UnixListener;
use http_driver::{FromStd, Listener};

/// Why a listener of async-std can be taken over: it was one of std before, and comes from the same reactor.
const KNOWN: &str = "a listener is known to be good";

/// What [`super::serve`] accepts connections from: the listeners of async-std, and [`Tcp`]. Another [`Listener`] goes to
/// [`super::Server::new`].
pub trait IntoListener {
    /// As the server uses it.
    type Listener: Listener;

    /// As the server uses it.
    fn into_listener(self) -> Self::Listener;
}

impl IntoListener for Tcp {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        self
    }
}

impl IntoListener for TcpListener {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        self.try_into().and_then(|listener| Tcp::from_std(listener, true)).expect(KNOWN)
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        self.try_into().and_then(Unix::from_std).expect(KNOWN)
    }
}

/// How a TCP listener is opened, and its connections are set up: see [`http_driver::ListenOptions`].
pub type ListenOptions = http_driver::ListenOptions<Tcp>;

/// A TCP listener.
pub type Tcp = http_driver::async_io::Tcp<AsyncStd>;

/// A listener on a Unix socket.
#[cfg(unix)]
pub type Unix = http_driver::async_io::Unix<AsyncStd>;
