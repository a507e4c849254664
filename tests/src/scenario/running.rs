//! Starting a server on a rig, in a thread of its own; and waiting for what its handle promises.

use super::routes::{self, Probe};
#[cfg(feature = "tls")]
use super::wired::keys;
use super::{Build, Client, DEADLINE, Handle, Handler, Permits, Rig};
use http::{Request, Response};
use http_driver::{Body, BoxError, Runtime};
use http_proto::Config;
use std::net::{SocketAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};
use tower_service::Service;

/// A server that runs until this is dropped.
pub struct Running<S> {
    pub handle: Handle<S>,
    pub address: SocketAddr,
    secure: bool,
    stop: Arc<Permits>,
    thread: Option<JoinHandle<()>>,
}

impl<S> Running<S> {
    /// The URI of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.secure { "https" } else { "http" }, self.address)
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        #[cfg(feature = "tls")]
        if self.secure {
            return Client::connect_secured(self.address);
        }
        assert!(!self.secure, "without the feature there is no TLS");
        Client::connect(self.address)
    }
}

impl<S: Send + 'static> Running<S> {
    /// Shuts it down; returns how many connections were cut off.
    pub fn shutdown(&self, grace: Duration) -> usize {
        block_on(self.handle.shutdown(grace)).cut_off
    }
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.stop.add(1);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the runtime has panicked");
        }
    }
}

/// A listener on loopback, at a port of the system's choice.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Runs `main` on the rig, in a thread of its own.
pub fn on_thread<R: Rig, F: Future<Output = ()> + Send + 'static>(
    rig: R,
    main: impl FnOnce() -> F + Send + 'static,
) -> JoinHandle<()> {
    // The closure is called on the runtime.
    thread::Builder::new().name("server".into()).spawn(move || rig.run(async move { main().await })).unwrap()
}

/// Starts a server with what `set` sets.
pub fn start<R, S>(rig: R, service: S, set: impl FnOnce(R::Server<S>) -> R::Server<S> + Send + 'static) -> Running<S>
where
    R: Rig,
    S: Handler,
{
    start_with(rig, move |listener| set(rig.serve(listener, service)))
}

/// Starts the server that `make` makes on the runtime.
pub fn start_with<R, S>(rig: R, make: impl FnOnce(TcpListener) -> R::Server<S> + Send + 'static) -> Running<S>
where
    R: Rig,
    S: Handler,
{
    let (listener, address) = listener();
    let (send, receive) = mpsc::channel();
    let stop = Arc::new(Permits::default());
    let stopped = Arc::clone(&stop);
    let thread = on_thread(rig, move || {
        let server = make(listener);
        #[cfg(feature = "tls")]
        let server = if rig.is_secure() { server.tls(Arc::clone(&keys().server)) } else { server };
        send.send(server.spawn()).unwrap();
        async move { stopped.taken().await }
    });
    let handle = receive.recv_timeout(DEADLINE).expect("the server starts");
    Running { handle, address, secure: rig.is_secure(), stop, thread: Some(thread) }
}

/// Starts a server of this application with nothing but defaults.
pub fn serve<R: Rig>(rig: R, app: App) -> Running<App> {
    start(rig, app, |server| server)
}

/// Starts a server with the routes of `routes.rs`; also returns what they have seen.
pub fn start_routes<R: Rig>(rig: R, adjust: impl FnOnce(&mut Config)) -> (Running<App>, Arc<Probe>) {
    let mut config = Config::server();
    adjust(&mut config);
    start_routes_with(rig, |server| server.config(Arc::new(config)))
}

/// The same with what `set` sets.
pub fn start_routes_with<R: Rig>(
    rig: R,
    set: impl FnOnce(R::Server<App>) -> R::Server<App> + Send + 'static,
) -> (Running<App>, Arc<Probe>) {
    let probe = Arc::<Probe>::default();
    let app = routes::app(Arc::clone(&probe), spawner(rig));
    (start(rig, app, set), probe)
}

/// The whole answer of a handler.
pub fn text(content: impl Into<Body>) -> Result<Response<Body>, BoxError> {
    Ok(Response::new(content.into()))
}

pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs tasks, for handlers. They are on the runtime when they ask for it.
pub type Spawner = Arc<dyn Fn(Task) + Send + Sync>;

pub fn spawner<R: Rig>(rig: R) -> Spawner {
    Arc::new(move |task| rig.runtime().spawn(task))
}

/// A service whose type can be written.
#[derive(Clone)]
pub struct App(Arc<dyn Fn(Request<Body>) -> Answering + Send + Sync>);

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// An application of a function.
pub fn app<F, A>(function: F) -> App
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response<Body>, BoxError>> + Send + 'static,
{
    App(Arc::new(move |request| Box::pin(function(request))))
}

impl Service<Request<Body>> for App {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        (self.0)(request)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future of the server's handle; the test fails if it is not done in time.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let until = Instant::now() + DEADLINE;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = until.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "the deadline of the test");
        thread::park_timeout(left);
    }
}

/// Waits until this holds; the test fails if it does not come to that in time.
#[track_caller]
pub fn within(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "the deadline of the test");
        thread::sleep(Duration::from_millis(2));
    }
}
