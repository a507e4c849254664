//! [`Lines`]: where the connections of a client in a world lead: to the test, which plays the servers.

use super::clock::Ticker;
use super::pipe::{Peer, Shape, Wire, wire};
use super::world::{Spawner, World};
use http::{Request, Response};
use http_driver::{
    Address, Body, Client, ClientBuilder, Connect, ConnectError, Connected, Opened, RequestError, Target, Timer,
};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Opens connections to the test.
#[derive(Clone)]
pub struct Lines {
    spawner: Spawner,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    shape: Shape,
    /// Octets that the peers' ends hold.
    capacity: Option<usize>,
    /// Those that the test has not taken.
    peers: VecDeque<Peer>,
    opened: usize,
    /// Where they were to lead.
    targets: Vec<String>,
    /// How long resolving takes, and connecting.
    resolve: Option<Duration>,
    connect: Duration,
    /// Nobody answers, or connecting fails.
    stalled: bool,
    refused: bool,
}

impl Lines {
    /// From a world.
    pub fn new(world: &World) -> Self {
        Lines { spawner: world.spawner(), inner: Arc::default() }
    }

    /// A client whose connections lead here.
    pub fn client(&self, set: impl FnOnce(ClientBuilder<Lines>) -> ClientBuilder<Lines>) -> Client<Lines> {
        set(ClientBuilder::new(self.clone())).build()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock().unwrap())
    }

    /// The server's end of the connection opened next.
    pub fn peer(&self) -> Peer {
        self.with(|inner| inner.peers.pop_front()).expect("a connection has been opened")
    }

    /// Connections opened so far.
    pub fn opened(&self) -> usize {
        self.with(|inner| inner.opened)
    }

    /// Where connections were to lead since this was last asked.
    pub fn targets(&self) -> Vec<String> {
        self.with(|inner| std::mem::take(&mut inner.targets))
    }

    /// How long resolving takes, if there is a name, and connecting behind that; from now on.
    pub fn delay(&self, resolve: Option<Duration>, connect: Duration) {
        self.with(|inner| (inner.resolve, inner.connect) = (resolve, connect));
    }

    /// The shape of wires from now on.
    pub fn shape(&self, shape: Shape) {
        self.with(|inner| inner.shape = shape);
    }

    /// Octets that servers take before they read, from now on.
    pub fn limit(&self, capacity: usize) {
        self.with(|inner| inner.capacity = Some(capacity));
    }

    /// Whether connecting never comes to an end, from now on.
    pub fn stall(&self, stalled: bool) {
        self.with(|inner| inner.stalled = stalled);
    }

    /// Whether connecting is refused, from now on.
    pub fn refuse(&self, refused: bool) {
        self.with(|inner| inner.refused = refused);
    }
}

impl Connect for Lines {
    type Runtime = Spawner;
    type Io = Wire;

    fn runtime(&self) -> &Spawner {
        &self.spawner
    }

    fn connect(&self, to: &Target) -> impl Future<Output = Result<Connected<Wire>, ConnectError>> + Send + 'static {
        let lines = self.clone();
        let (resolve, connect) = lines.with(|inner| {
            inner.targets.push(to.to_string());
            (inner.resolve, inner.connect)
        });
        async move {
            sleep(resolve.unwrap_or_default().saturating_add(connect)).await;
            if lines.with(|inner| inner.stalled) {
                std::future::pending::<()>().await;
            }
            lines.with(|inner| {
                if inner.refused {
                    return Err(ConnectError::Connect(ErrorKind::ConnectionRefused.into()));
                }
                let (io, peer) = wire(inner.shape.clone());
                if let Some(capacity) = inner.capacity {
                    peer.limit(capacity);
                }
                inner.peers.push_back(peer);
                inner.opened += 1;
                let socket = Opened { io, local: Address::Unknown, peer: Address::Unknown };
                let mut connected = Connected::new(socket);
                (connected.resolve, connected.connect) = (resolve, connect);
                Ok(connected)
            })
        }
    }
}

async fn sleep(time: Duration) {
    if !time.is_zero() {
        let mut timer = Ticker::default();
        timer.reset(timer.now().saturating_add(time));
        poll_fn(|cx| timer.poll(cx)).await;
    }
}

/// What becomes of a request.
pub type Outcome = Result<Response<Body>, RequestError>;

/// A future in a world, whose output the test takes.
pub struct Task<T>(Arc<Mutex<Option<T>>>);

impl<T: Send + 'static> Task<T> {
    /// Runs a future to its end.
    pub fn new(world: &World, future: impl Future<Output = T> + Send + 'static) -> Self {
        let output = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&output);
        world.spawn(async move {
            let done = future.await;
            *slot.lock().unwrap() = Some(done);
        });
        Task(output)
    }

    /// Its output, if it has come to its end; once.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap().take()
    }

    /// Its output.
    pub fn done(&self) -> T {
        self.take().expect("it has come to its end")
    }
}

/// Sends a request in a world.
pub fn send(world: &World, client: &Client<Lines>, request: Request<Body>) -> Task<Outcome> {
    let client = client.clone();
    Task::new(world, async move { client.execute(request).await })
}
