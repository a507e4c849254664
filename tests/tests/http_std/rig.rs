//! Plain threads as a rig of the scenarios: services of futures on workers; the crate's own runtime for everything else.

use crate::on_threads::{OnThreads, Server};
use http_driver::{Address, ConnInfo, ConnectError, Opened};
use http_proto::Config;
use http_std::{Dialer, Listener, Socket, Stream, Tcp, Threads, Unix, block_on};
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::task::{Context, Poll};
use tests::scenario::{Handler, Rig, Sockets, Wired};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Std;

/// A listener to be looked at alone.
pub(crate) struct Alone(Tcp);

impl http_driver::Listener for Alone {
    type Io = Stream<Socket>;

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<Opened<Stream<Socket>>>> {
        self.0.get_ref().set_nonblocking(false)?;
        let Opened { io, local, peer, .. } = self.0.accept()?;
        Poll::Ready(Ok(Opened { io: io.into(), local, peer }))
    }

    fn local_addr(&self) -> Address {
        self.0.local_addr()
    }
}

impl Rig for Std {
    type Runtime = Threads;
    type Tcp = Alone;
    type Server<S: Handler> = Server<Tcp, S>;
    type UnixServer<S: Handler> = Server<Unix, S>;

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        block_on(main);
    }

    fn runtime(self) -> Threads {
        Threads
    }

    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> Server<Tcp, S> {
        Server(http_std::serve(listener, OnThreads(service)))
    }

    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Server<Tcp, S> {
        Server(http_std::serve_with(listener, move |connection| OnThreads(factory(connection))))
    }

    fn serve_unix<S: Handler>(self, listener: UnixListener, service: S) -> Server<Unix, S> {
        Server(http_std::serve(listener, OnThreads(service)))
    }

    async fn serve_in_memory<S: Handler>(self, _: S, _: Vec<u8>, _: usize) -> Vec<u8> {
        unimplemented!("see the excuses")
    }

    async fn connect(self, uri: String) -> Result<Wired<Threads>, ConnectError> {
        // That of the crate waits, and speaks on the same transport.
        http_driver::connect_with(uri, &Dialer::default(), Arc::new(Config::client())).await
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Alone> {
        sockets.bind(address).map(Alone)
    }

    fn socket(io: &Stream<Socket>) -> SockRef<'_> {
        match io.get_ref() {
            Socket::Tcp(socket) => SockRef::from(&**socket),
            other => panic!("{other:?}"),
        }
    }

    fn excuse(self, module: &str, name: &str) -> Option<&'static str> {
        match (module, name) {
            ("upgrades", _) | ("requests", "another_protocol_takes_the_connection_over") => {
                Some("it takes the connection as a task does; `upgrade` and `client` do so as threads do")
            }
            ("sockets", "any_stream_serves") => Some("a server waits for several things at once, with sockets alone"),
            (
                "flight",
                "answers_go_out_in_order_though_handlers_finish_out_of_it"
                | "so_many_handlers_run_and_no_more"
                | "waiting_handlers_hold_up_nobody"
                | "requests_in_flight_are_answered_before_a_refusal"
                | "a_reset_aborts_all_that_is_in_flight"
                | "a_service_is_called_when_it_is_ready",
            ) => Some("requests of one connection are answered one after the other"),
            _ => None,
        }
    }
}
