//! tokio as a rig of the scenarios.

use http_driver::{ConnInfo, ConnectError, Server};
use http_tokio::{Stream, Tcp, Unix, connect, serve, serve_stream, serve_with};
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use tests::scenario::{DEADLINE, Handler, Rig, Sockets, Wired};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// tokio in one of its flavours.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tokio {
    CurrentThread,
    MultiThread,
}

impl Rig for Tokio {
    type Runtime = http_tokio::Tokio;
    type Tcp = Tcp;
    type Server<S: Handler> = Server<http_tokio::Tokio, Tcp, S>;
    type UnixServer<S: Handler> = Server<http_tokio::Tokio, Unix, S>;

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        let mut builder = match self {
            Tokio::CurrentThread => Builder::new_current_thread(),
            Tokio::MultiThread => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(main);
        runtime.shutdown_timeout(DEADLINE);
    }

    fn runtime(self) -> http_tokio::Tokio {
        http_tokio::Tokio
    }

    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> Server<http_tokio::Tokio, Tcp, S> {
        serve(tokio_listener(listener), service)
    }

    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Server<http_tokio::Tokio, Tcp, S> {
        serve_with(tokio_listener(listener), factory)
    }

    fn serve_unix<S: Handler>(self, listener: UnixListener, service: S) -> Server<http_tokio::Tokio, Unix, S> {
        listener.set_nonblocking(true).unwrap();
        serve(tokio::net::UnixListener::from_std(listener).unwrap(), service)
    }

    async fn serve_in_memory<S: Handler>(self, service: S, input: Vec<u8>, room: usize) -> Vec<u8> {
        let (ours, theirs) = tokio::io::duplex(room);
        let serving = tokio::spawn(serve_stream(theirs, service));
        let (mut reader, mut writer) = tokio::io::split(ours);
        let writing = tokio::spawn(async move {
            writer.write_all(&input).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut output = Vec::new();
        reader.read_to_end(&mut output).await.unwrap();
        writing.await.unwrap();
        serving.await.unwrap();
        output
    }

    async fn connect(self, uri: String) -> Result<Wired<http_tokio::Tokio>, ConnectError> {
        connect(uri).await
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Tcp> {
        sockets.bind(address)
    }

    fn socket(io: &Stream<TcpStream>) -> SockRef<'_> {
        SockRef::from(io.get_ref())
    }
}

fn tokio_listener(listener: TcpListener) -> tokio::net::TcpListener {
    listener.set_nonblocking(true).unwrap();
    tokio::net::TcpListener::from_std(listener).unwrap()
}
