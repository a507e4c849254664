//! smol as a rig of the scenarios.

use http_driver::{ConnInfo, ConnectError, Server};
use http_smol::{Stream, Tcp, Unix, connect, serve, serve_stream, serve_with};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, Executor, channel};
use socket2::SockRef;
use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread;
use tests::scenario::{Handler, Rig, Sockets, Wired};

/// smol in one of its flavours.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Smol {
    /// The crate's own executor, which runs for ever.
    OwnThread,
    OneThread,
    TwoThreads,
}

thread_local! {
    /// The executor that this thread runs.
    static RUNNING: RefCell<Option<Arc<Executor<'static>>>> = const { RefCell::new(None) };
}

impl Rig for Smol {
    type Runtime = http_smol::Smol;
    type Tcp = Tcp;
    type Server<S: Handler> = Server<http_smol::Smol, Tcp, S>;
    type UnixServer<S: Handler> = Server<http_smol::Smol, Unix, S>;

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        let more_threads = match self {
            Smol::OwnThread => return smol::block_on(main),
            Smol::OneThread => 0,
            Smol::TwoThreads => 1,
        };
        let executor = Arc::new(Executor::new());
        let (running, stopped) = channel::bounded::<()>(1);
        thread::scope(|scope| {
            for _ in 0..more_threads {
                scope.spawn(|| {
                    RUNNING.set(Some(Arc::clone(&executor)));
                    let _ = smol::block_on(executor.run(stopped.recv()));
                    RUNNING.set(None);
                });
            }
            RUNNING.set(Some(Arc::clone(&executor)));
            smol::block_on(executor.run(main));
            RUNNING.set(None);
            drop(running);
        });
    }

    fn runtime(self) -> http_smol::Smol {
        match self {
            Smol::OwnThread => http_smol::Smol::default(),
            Smol::OneThread | Smol::TwoThreads => {
                RUNNING.with_borrow(|executor| http_smol::Smol::on(executor.as_ref().expect("a thread of the rig")))
            }
        }
    }

    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> Server<http_smol::Smol, Tcp, S> {
        match self {
            Smol::OwnThread => serve(smol_listener(listener), service),
            Smol::OneThread | Smol::TwoThreads => self.runtime().serve(smol_listener(listener), service),
        }
    }

    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Server<http_smol::Smol, Tcp, S> {
        match self {
            Smol::OwnThread => serve_with(smol_listener(listener), factory),
            Smol::OneThread | Smol::TwoThreads => self.runtime().serve_with(smol_listener(listener), factory),
        }
    }

    fn serve_unix<S: Handler>(self, listener: UnixListener, service: S) -> Server<http_smol::Smol, Unix, S> {
        self.runtime().serve(smol::net::unix::UnixListener::try_from(listener).unwrap(), service)
    }

    async fn serve_in_memory<S: Handler>(self, service: S, input: Vec<u8>, room: usize) -> Vec<u8> {
        let (ours, theirs) = crate::duplex::duplex(room);
        let serving = smol::spawn(serve_stream(theirs, service));
        let (mut reader, mut writer) = smol::io::split(ours);
        let writing = smol::spawn(async move {
            writer.write_all(&input).await.unwrap();
            writer.close().await.unwrap();
        });
        let mut output = Vec::new();
        reader.read_to_end(&mut output).await.unwrap();
        writing.await;
        serving.await;
        output
    }

    async fn connect(self, uri: String) -> Result<Wired<http_smol::Smol>, ConnectError> {
        connect(uri).await
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Tcp> {
        sockets.bind(address)
    }

    fn socket(io: &Stream<Async<TcpStream>>) -> SockRef<'_> {
        SockRef::from(io.get_ref())
    }
}

fn smol_listener(listener: TcpListener) -> smol::net::TcpListener {
    smol::net::TcpListener::try_from(listener).unwrap()
}
