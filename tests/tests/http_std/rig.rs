//! Plain threads as a rig of the scenarios: services of futures on workers, tasks as threads of their own.

use http::{Request, Response};
use http_driver::{Address, ConnInfo, ConnectError, Dial, Opened, Report, Runtime, Timer, Transport};
use http_proto::Instant;
use http_std::{Listener, Socket, Tcp, Unix};
use socket2::SockRef;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use tests::scenario::{Build, Handle, Handler, Rig, Sockets, Wired};
use tower_service::Service;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Std;

/// A service of a scenario as one for threads.
#[derive(Debug, Clone)]
pub(crate) struct OnThreads<S>(S);

impl<S: Handler> Service<Request<http_std::Body>> for OnThreads<S> {
    type Response = Response<S::Content>;
    type Error = S::Fault;
    type Future = S::Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Fault>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<http_std::Body>) -> S::Answer {
        let exchange = request.extensions().get::<http_std::Exchange>().expect("every request has one").inner().clone();
        let mut request = request.map(http_driver::Body::new);
        request.extensions_mut().insert(exchange);
        self.0.call(request)
    }
}

/// A server on threads that runs services of scenarios.
pub(crate) struct Server<L, S>(http_std::Server<L, OnThreads<S>>);

impl<L: Listener, S: Handler> Build<S> for Server<L, S> {
    tests::hand_on_settings!(this => this.0, server => Server(server));

    fn max_in_flight(self, requests: usize) -> Self {
        unimplemented!("{requests} at a time: see the excuses")
    }

    fn spawn(self) -> Handle<S> {
        Handle::mapped(self.0.spawn().unwrap().into_inner(), OnThreads)
    }
}

impl<L: Listener, S: Handler> IntoFuture for Server<L, S> {
    type Output = Report;
    type IntoFuture = Ready<Report>;

    fn into_future(self) -> Ready<Report> {
        ready(self.0.run().unwrap())
    }
}

/// Tasks as threads. It opens no connections: the client of the crate is another matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threads;

#[derive(Debug, Default)]
pub(crate) struct NoTimer;

impl Timer for NoTimer {
    fn now(&self) -> Instant {
        unimplemented!()
    }

    fn reset(&mut self, _: Instant) {
        unimplemented!()
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        unimplemented!()
    }
}

impl Runtime for Threads {
    type Timer = NoTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        thread::spawn(|| block_on(task));
    }
}

impl Dial for Threads {
    type Io = Accepted;

    fn tcp(
        &self,
        _: SocketAddr,
        _: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Accepted>>> + Send + 'static {
        ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn unix(&self, _: &Path) -> impl Future<Output = io::Result<Opened<Accepted>>> + Send + 'static {
        ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn lookup(&self, _: &str, _: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

/// A listener to be looked at alone.
pub(crate) struct Alone(Tcp);

/// A connection that is looked at, and carries nothing.
pub(crate) struct Accepted(Socket);

impl http_driver::Listener for Alone {
    type Io = Accepted;

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<Opened<Accepted>>> {
        self.0.get_ref().set_nonblocking(false)?;
        let Opened { io, local, peer, .. } = self.0.accept()?;
        Poll::Ready(Ok(Opened { io: Accepted(io), local, peer }))
    }

    fn local_addr(&self) -> Address {
        self.0.local_addr()
    }
}

impl Transport for Accepted {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        unimplemented!()
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        unimplemented!()
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unimplemented!()
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

    async fn connect(self, _: String) -> Result<Wired<Threads>, ConnectError> {
        unimplemented!("see the excuses")
    }

    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Alone> {
        sockets.bind(address).map(Alone)
    }

    fn socket(io: &Accepted) -> SockRef<'_> {
        match &io.0 {
            Socket::Tcp(socket) => SockRef::from(&**socket),
            other => panic!("{other:?}"),
        }
    }

    fn excuse(self, module: &str, name: &str) -> Option<&'static str> {
        match (module, name) {
            ("dialing" | "requests" | "troubles", _) => Some("it is about the client"),
            ("upgrades", _) => Some("it takes the connection as a task does; `upgrade` does so as threads do"),
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

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}
