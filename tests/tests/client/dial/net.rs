//! [`Net`]: a runtime whose sockets and names are as a test wants them, in virtual time.

use http_driver::{
    Address, Connect, ConnectError, Connected, Dial, Dialer, MaybeTls, Opened, Resolve, Resolving, Runtime, Target,
    Timer,
};
use http_proto::Instant;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::memory::{Clock, Shape, Ticker, Wire, World, wire};

pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// An address of either family, at port 80.
pub(super) fn v4(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 80))
}

pub(super) fn v6(last: u16) -> SocketAddr {
    SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80))
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    Opens(Duration),
    Fails(Duration, ErrorKind),
    Never,
}

/// What the system answers to a question for a name, and after how long.
type Answer = (Duration, Result<Vec<SocketAddr>, ErrorKind>);

/// The network of a world.
#[derive(Clone)]
pub(super) struct Net(Arc<Inner>);

struct Inner {
    clock: Clock,
    began: Instant,
    ways: Mutex<HashMap<String, Way>>,
    names: Mutex<Option<Answer>>,
    log: Mutex<Vec<String>>,
}

impl Net {
    pub(super) fn new(world: &World) -> Self {
        let clock = world.clock.clone();
        let began = clock.now();
        let (ways, names, log) =
            (Mutex::default(), Mutex::new(Some((Duration::ZERO, Ok(Vec::new())))), Mutex::default());
        Net(Arc::new(Inner { clock, began, ways, names, log }))
    }

    /// What becomes of attempts to reach `to`. Otherwise there is never an answer.
    pub(super) fn way(&self, to: impl ToString, way: Way) {
        self.0.ways.lock().unwrap().insert(to.to_string(), way);
    }

    /// The addresses of every name.
    pub(super) fn names(&self, addresses: impl Into<Vec<SocketAddr>>) {
        self.answer(ms(0), Ok(addresses.into()));
    }

    /// The answer to questions for names.
    pub(super) fn answer(&self, after: Duration, answer: Result<Vec<SocketAddr>, ErrorKind>) {
        *self.0.names.lock().unwrap() = Some((after, answer));
    }

    /// From now on questions for names are never answered.
    pub(super) fn no_answer(&self) {
        *self.0.names.lock().unwrap() = None;
    }

    /// What has happened, each with its milliseconds.
    pub(super) fn log(&self) -> Vec<String> {
        self.0.log.lock().unwrap().clone()
    }

    fn note(&self, what: &str) {
        let since = self.0.clock.now().saturating_since(self.0.began);
        self.0.log.lock().unwrap().push(format!("{} {what}", since.as_millis()));
    }

    /// An attempt, logged when it begins and when it is given up.
    fn attempt(&self, to: &str, peer: Address) -> impl Future<Output = io::Result<Opened<Wire>>> + use<> {
        let way = self.0.ways.lock().unwrap().get(to).copied().unwrap_or(Way::Never);
        let pending = Pending { net: self.clone(), what: to.to_owned(), done: false };
        self.note(to);
        async move {
            match way {
                Way::Opens(after) => pending.finish(after).await,
                Way::Fails(after, kind) => {
                    pending.finish(after).await;
                    return Err(io::Error::new(kind, peer.to_string()));
                }
                Way::Never => std::future::pending().await,
            }
            Ok(Opened { io: wire(Shape::default()).0, local: Address::Unknown, peer })
        }
    }
}

/// Something that may be given up.
struct Pending {
    net: Net,
    what: String,
    done: bool,
}

impl Pending {
    async fn finish(mut self, after: Duration) {
        let mut timer = Ticker::default();
        timer.reset(timer.now().saturating_add(after));
        poll_fn(|cx| timer.poll(cx)).await;
        self.done = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.done {
            self.net.note(&format!("gave up {}", self.what));
        }
    }
}

impl Runtime for Net {
    type Timer = Ticker;

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {
        panic!("connecting needs no tasks");
    }
}

impl Dial for Net {
    type Io = Wire;

    fn tcp(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Wire>>> + Send + 'static {
        let label = from.map_or(to.to_string(), |from| format!("{to} from {from}"));
        self.attempt(&label, to.into())
    }

    fn unix(&self, path: &Path) -> impl Future<Output = io::Result<Opened<Wire>>> + Send + 'static {
        let peer = Address::Unix(Some(path.into()));
        self.attempt(&peer.to_string(), peer)
    }

    fn lookup(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        let what = format!("{host} {port}?");
        self.note(&what);
        let pending = Pending { net: self.clone(), what, done: false };
        let answer = self.0.names.lock().unwrap().clone();
        async move {
            match answer {
                Some((after, answer)) => {
                    pending.finish(after).await;
                    answer.map_err(io::Error::from)
                }
                None => std::future::pending().await,
            }
        }
    }
}

type Ended = Result<Connected<MaybeTls<Wire>>, ConnectError>;

/// What came of it, once it is over.
pub(super) struct Outcome(Arc<Mutex<Option<Ended>>>);

/// A world with a network, and something that dials.
pub(super) struct Site {
    pub(super) world: World,
    pub(super) net: Net,
}

impl Site {
    pub(super) fn new() -> Self {
        let world = World::new();
        let net = Net::new(&world);
        Site { world, net }
    }

    pub(super) fn dialer(&self) -> Dialer<Net> {
        Dialer::new(self.net.clone())
    }

    /// Begins to connect.
    pub(super) fn connect(&mut self, dialer: &Dialer<Net>, uri: &str) -> Outcome {
        let outcome = Arc::new(Mutex::new(None));
        let connecting = dialer.connect(&target(uri));
        let keep = Arc::clone(&outcome);
        self.world.spawn(async move { *keep.lock().unwrap() = Some(connecting.await) });
        self.world.turn();
        Outcome(outcome)
    }

    /// Begins to connect to a name, with the defaults.
    pub(super) fn begin(&mut self) -> Outcome {
        let dialer = self.dialer();
        self.connect(&dialer, "http://name/")
    }
}

pub(super) fn target(uri: &str) -> Target {
    Target::of(&uri.parse().unwrap()).unwrap()
}

impl Outcome {
    /// The other end, and how long resolving and connecting took, in milliseconds.
    pub(super) fn opened(&self) -> (String, Option<u128>, u128) {
        let outcome = self.0.lock().unwrap().take().expect("it is over");
        let connected = outcome.expect("there is a connection");
        let resolve = connected.resolve.map(|took| took.as_millis());
        (connected.socket.peer.to_string(), resolve, connected.connect.as_millis())
    }

    pub(super) fn error(&self) -> ConnectError {
        self.0.lock().unwrap().take().expect("it is over").map(drop).expect_err("there is no connection")
    }

    pub(super) fn is_pending(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }
}

/// A resolver of a type of its own.
pub(super) struct Fixed(pub(super) Vec<SocketAddr>);

impl Resolve for Fixed {
    fn resolve(&self, _: &str, _: u16) -> Resolving {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
