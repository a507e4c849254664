//! Where connections come from: TCP and Unix sockets.

use crate::Smol;
use async_io::Async;
use async_net::TcpListener;
#[cfg(unix)]
use async_net::unix::UnixListener;
use http_driver::Listener;
use std::net;
#[cfg(unix)]
use std::os::unix::net as unix;
use std::sync::Arc;

/// What [`crate::serve`] accepts connections from: the listeners of smol, also as `Async` of those of std, and [`Tcp`].
/// Another [`Listener`] goes to [`crate::Server::new`].
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
        Arc::<Async<net::TcpListener>>::from(self).into()
    }
}

impl IntoListener for Async<net::TcpListener> {
    type Listener = Tcp;

    fn into_listener(self) -> Tcp {
        Arc::new(self).into()
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Arc::<Async<unix::UnixListener>>::from(self).into()
    }
}

#[cfg(unix)]
impl IntoListener for Async<unix::UnixListener> {
    type Listener = Unix;

    fn into_listener(self) -> Unix {
        Arc::new(self).into()
    }
}

/// How a TCP listener is opened, and its connections are set up: see [`http_driver::ListenOptions`].
///
/// ```no_run
/// # fn run() -> std::io::Result<()> {
/// let listener = http_smol::ListenOptions::new().backlog(4096).bind("127.0.0.1:8080".parse().unwrap())?;
/// # Ok(())
/// # }
/// ```
pub type ListenOptions = http_driver::ListenOptions<Tcp>;

/// A TCP listener.
pub type Tcp = http_driver::async_io::Tcp<Smol>;

/// A listener on a Unix socket.
#[cfg(unix)]
pub type Unix = http_driver::async_io::Unix<Smol>;
