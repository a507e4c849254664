//! [`AsyncStd`]: the runtime that servers and clients run on.

use super::Sleep;
use async_std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use async_std::os::unix::net::UnixStream;
use http_driver::Runtime;
use http_driver::async_io::Sockets;
use std::io;
use std::net::SocketAddr;

/// The one runtime that async-std is.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    type Timer = Sleep;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }
}

impl Sockets for AsyncStd {
    type Tcp = TcpStream;
    #[cfg(unix)]
    type Unix = UnixStream;

    async fn lookup(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host.as_str(), port).to_socket_addrs().await?.collect())
    }
}
