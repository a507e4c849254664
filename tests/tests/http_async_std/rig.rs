//! async-std as a rig of the scenarios.

use async_std::io::{ReadExt, WriteExt};
use async_std::task::{block_on, spawn};
use http_driver::{ConnInfo, ConnectError, Listener};
use http_std::async_std::{Server, Tcp, Unix, connect, serve, serve_stream, serve_with};
use smol::io::split;
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use tests::scenario::{Handler, Rig, Sockets, Wired};

/// The one runtime that async-std is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsyncStd;

impl Rig for AsyncStd {
    type Runtime = http_std::async_std::AsyncStd;
    type Tcp = Tcp;
    type Server<S: Handler> = Server<Tcp, S>;
    type UnixServer<S: Handler> = Server<Unix, S>;

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        block_on(main);
    }

    fn runtime(self) -> http_std::async_std::AsyncStd {
        http_std::async_std::AsyncStd
    }

    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> Server<Tcp, S> {
        serve(async_std::net::TcpListener::from(listener), service)
    }

    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Server<Tcp, S> {
        serve_with(async_std::net::TcpListener::from(listener), factory)
    }

    fn serve_unix<S: Handler>(self, listener: UnixListener, service: S) -> Server<Unix, S> {
        serve(async_std::os::unix::net::UnixListener::from(listener), service)
    }

    async fn serve_in_memory<S: Handler>(self, service: S, input: Vec<u8>, room: usize) -> Vec<u8> {
        let (ours, theirs) = crate::duplex::duplex(room);
        let serving = spawn(serve_stream(theirs, service));
        let (mut reader, mut writer) = split(ours);
        let writing = spawn(async move {
            writer.write_all(&input).await.unwrap();
            smol::io::AsyncWriteExt::close(&mut writer).await.unwrap();
        });
        let mut output = Vec::new();
        reader.read_to_end(&mut output).await.unwrap();
        writing.await;
        serving.await;
        output
    }

    async fn connect(self, uri: String) -> Result<Wired<http_std::async_std::AsyncStd>, ConnectError> {
        connect(uri).await
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Tcp> {
        sockets.bind(address)
    }

    fn socket(io: &<Tcp as Listener>::Io) -> SockRef<'_> {
        SockRef::from(io.get_ref())
    }
}
