//! [`Secure`]: any rig, with TLS on all connections that are accepted.

use super::{Handler, Rig, Sockets, Wired};
use http_driver::{ConnInfo, ConnectError, Listener};
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

/// A rig whose servers speak TLS, and their clients with them.
#[derive(Debug, Clone, Copy)]
pub struct Secure<R>(pub R);

impl<R: Rig> Rig for Secure<R> {
    type Runtime = R::Runtime;
    type Tcp = R::Tcp;
    type Server<S: Handler> = R::Server<S>;
    type UnixServer<S: Handler> = R::UnixServer<S>;

    fn is_secure(self) -> bool {
        true
    }

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        self.0.run(main);
    }

    fn runtime(self) -> R::Runtime {
        self.0.runtime()
    }

    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> R::Server<S> {
        self.0.serve(listener, service)
    }

    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> R::Server<S> {
        self.0.serve_with(listener, factory)
    }

    fn serve_unix<S: Handler>(self, listener: UnixListener, service: S) -> R::UnixServer<S> {
        self.0.serve_unix(listener, service)
    }

    fn serve_in_memory<S: Handler>(
        self,
        service: S,
        input: Vec<u8>,
        room: usize,
    ) -> impl Future<Output = Vec<u8>> + Send + 'static {
        self.0.serve_in_memory(service, input, room)
    }

    fn connect(self, uri: String) -> impl Future<Output = Result<Wired<R::Runtime>, ConnectError>> + Send + 'static {
        self.0.connect(uri)
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<R::Tcp> {
        self.0.listen(address, sockets)
    }

    fn socket(io: &<R::Tcp as Listener>::Io) -> SockRef<'_> {
        R::socket(io)
    }

    fn excuse(self, module: &str, name: &str) -> Option<&'static str> {
        self.0.excuse(module, name)
    }
}
