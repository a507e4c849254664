//! The server under attack: this very executable, started again.

use crate::runtimes::{Runtime, Settings};
use crate::wire;
use http::{Request, Response};
use http_driver::{Body, BoxError};
use http_proto::Config;
use std::env;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tests::raw::Raw;
use tests::scenario::{App, Handle, app};

/// Holds runtime and level, and the deadlines of the server as `name=milliseconds`; nobody else runs the test below.
const SETTINGS: &str = "SERVER_UNDER_ATTACK";
const LONGEST: Duration = Duration::from_secs(30);
/// More than attackers keep waiting at once.
const WORKERS: usize = 300;
/// KiB that a worker touches of its stack.
const STACK: usize = 8;
pub(crate) const PIECE: usize = 64 * 1024;
pub(crate) const LARGE: usize = 4 * 1024;

/// On which level the server is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// `Connection`, and its events.
    Wire,
    /// `serve`, and a service.
    Service,
}

/// What the server is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Make(pub(crate) Runtime, pub(crate) Level);

const MAKES: [Make; 8] = {
    use {Level::*, Runtime::*};
    [
        Make(Tokio, Wire),
        Make(Tokio, Service),
        Make(Smol, Wire),
        Make(Smol, Service),
        Make(AsyncStd, Wire),
        Make(AsyncStd, Service),
        Make(Threads, Wire),
        Make(Threads, Service),
    ]
};

impl Make {
    /// Why it does not stand an attack that others stand, and is not meant to.
    fn excuse(self, attack: &str) -> Option<&'static str> {
        match (self, attack) {
            (Make(Runtime::Threads, Level::Wire), "idle_connections_cost_little_and_are_closed_without_a_word") => {
                Some("each connection holds a thread here; the server with a service parks them")
            }
            _ => None,
        }
    }

    /// Runs an attack on it.
    pub(crate) fn stands(self, name: &str, attack: fn(Make)) {
        match self.excuse(name) {
            Some(reason) => println!("not attacked: {reason}"),
            None => attack(self),
        }
    }
}

/// Makes tests of attacks, one on every make.
macro_rules! under_attack {
    ($($name:ident,)+) => {
        under_attack! { tokio_wire: Tokio, Wire => $($name,)+ }
        under_attack! { tokio_service: Tokio, Service => $($name,)+ }
        under_attack! { smol_wire: Smol, Wire => $($name,)+ }
        under_attack! { smol_service: Smol, Service => $($name,)+ }
        under_attack! { async_std_wire: AsyncStd, Wire => $($name,)+ }
        under_attack! { async_std_service: AsyncStd, Service => $($name,)+ }
        under_attack! { threads_wire: Threads, Wire => $($name,)+ }
        under_attack! { threads_service: Threads, Service => $($name,)+ }
    };
    ($module:ident: $runtime:ident, $level:ident => $($name:ident,)+) => {
        mod $module {
            use crate::server::{Level, Make};
            use crate::runtimes::Runtime;
            $(
                #[test]
                fn $name() {
                    Make(Runtime::$runtime, Level::$level).stands(stringify!($name), super::$name);
                }
            )+
        }
    };
}
pub(crate) use under_attack;

/// A server in a process of its own, which ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    make: Make,
}

/// What the server counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    /// Connections, that of the question among them.
    pub(crate) connections: usize,
    /// Handlers at work, that of the question among them.
    pub(crate) handlers: usize,
    /// Requests that handlers got.
    pub(crate) requests: u64,
    /// Octets made for `/endless`.
    pub(crate) made: u64,
    /// Octets read from connections that are over.
    pub(crate) read: u64,
}

impl Server {
    /// A server with these deadlines, of `head`, `body`, `write`, `idle`, `drain` and `linger`, in milliseconds.
    pub(crate) fn start(make: Make, deadlines: &[(&str, u64)]) -> Self {
        let deadlines = deadlines.iter().map(|(name, millis)| format!(" {name}={millis}"));
        let settings = format!("{make:?}:") + &deadlines.collect::<String>();
        let mut process = Command::new(env::current_exe().expect("this test has a file"))
            .args(["server::process", "--exact", "--ignored", "--nocapture"])
            .env(SETTINGS, settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let told = BufReader::new(process.stdout.take().expect("a pipe"));
        let port = told.lines().find_map(|line| {
            let line = line.expect("text");
            line.split_once("listening on ").map(|(_, address)| address.parse().expect("an address"))
        });
        Server { process, address: port.expect("the server says where it is"), make }
    }

    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(self.address)
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut client = self.connect();
        client.send("GET /counts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = client.answer();
        let mut numbers = answer.text().split(' ').map(|number| number.parse::<u64>().expect("a number"));
        let mut next = || numbers.next().expect("a number");
        Counts { connections: next() as usize, handlers: next() as usize, requests: next(), made: next(), read: next() }
    }

    /// Waits until the counts are as they should be.
    pub(crate) fn until(&self, so: impl Fn(&Counts) -> bool) -> Counts {
        let begun = Instant::now();
        for asked in 0.. {
            let mut counts = self.counts();
            // The last question counts, as that of `counts` does.
            counts.requests -= asked;
            if so(&counts) {
                return counts;
            }
            assert!(begun.elapsed() < LONGEST, "{counts:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        unreachable!("there is a deadline")
    }

    /// KiB of memory that the process has now, those included that its workers have yet to touch of their stacks.
    pub(crate) fn memory(&self) -> usize {
        let stacks = match self.make {
            Make(Runtime::Threads, Level::Service) => WORKERS * STACK,
            Make(..) => 0,
        };
        self.status("VmRSS:") + stacks
    }

    /// KiB of memory that the process has had at most.
    pub(crate) fn most_memory(&self) -> usize {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of it");
        line.trim().strip_suffix(" kB").and_then(|number| number.trim().parse().ok()).expect("a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input ends it; if not, it is ended.
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "the process that the others attack"]
fn process() {
    let Ok(settings) = env::var(SETTINGS) else { return };
    let (name, deadlines) = settings.split_once(':').expect("a make");
    let make = MAKES.into_iter().find(|make| format!("{make:?}") == name).expect("a make");
    // Until the attacker is gone.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let main = listen(make, config(deadlines));
    match make.0 {
        Runtime::Tokio => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(main);
        }
        Runtime::Smol => smol::block_on(main),
        Runtime::AsyncStd => async_std::task::block_on(main),
        Runtime::Threads => http_std::block_on(main),
    }
}

async fn listen(Make(runtime, level): Make, config: Config) {
    let shared = Arc::<Shared>::default();
    if level == Level::Wire {
        return wire::listen(runtime, config, shared, tell).await.expect("a listener");
    }
    let (service, closed) = (Arc::clone(&shared), Arc::clone(&shared));
    let server = runtime.start(
        app(move |request| answer(request, Arc::clone(&service))),
        Settings { config, in_flight: 1, workers: WORKERS },
        move |connection, _| _ = closed.read.fetch_add(connection.statistics().read, SeqCst),
    );
    tell(server.local_addr().tcp().expect("a TCP address"));
    shared.server.set(server).expect("the only one");
    std::future::pending().await
}

fn tell(address: SocketAddr) {
    println!("listening on {address}");
    std::io::stdout().flush().expect("a pipe");
}

fn config(deadlines: &str) -> Config {
    let mut config = Config::server();
    for (name, millis) in deadlines.split_whitespace().filter_map(|deadline| deadline.split_once('=')) {
        let timeouts = &mut config.timeouts;
        let deadline = match name {
            "head" => &mut timeouts.head,
            "body" => &mut timeouts.body,
            "write" => &mut timeouts.write,
            "idle" => &mut timeouts.idle,
            "drain" => &mut timeouts.drain,
            "linger" => &mut timeouts.linger,
            _ => panic!("no deadline: {name}"),
        };
        *deadline = Duration::from_millis(millis.parse().expect("a number"));
    }
    config
}

#[derive(Default)]
pub(crate) struct Shared {
    /// Counts its connections itself.
    server: OnceLock<Handle<App>>,
    /// Connections without one.
    pub(crate) open: AtomicUsize,
    handlers: AtomicUsize,
    requests: AtomicU64,
    pub(crate) made: AtomicU64,
    pub(crate) read: AtomicU64,
}

/// As `/counts` says it.
impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = self.server.get().map_or(self.open.load(SeqCst), |server| server.connections().len());
        let [requests, made, read] = [&self.requests, &self.made, &self.read].map(|number| number.load(SeqCst));
        write!(f, "{connections} {} {requests} {made} {read}", self.handlers.load(SeqCst))
    }
}

/// A handler that is at work.
pub(crate) struct Working<'a>(&'a Shared);

impl<'a> Working<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        shared.requests.fetch_add(1, SeqCst);
        shared.handlers.fetch_add(1, SeqCst);
        Working(shared)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.handlers.fetch_sub(1, SeqCst);
    }
}

async fn answer(request: Request<Body>, shared: Arc<Shared>) -> Result<Response<Body>, BoxError> {
    let _working = Working::new(&shared);
    let path = request.uri().path().to_owned();
    let (route, argument) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let mut response = Response::new(Body::empty());
    *response.body_mut() = match route {
        "hello" => "Hello, World!".into(),
        "number" => argument.to_owned().into(),
        "large" => vec![b'.'; LARGE].into(),
        "count" => count(request.into_body()).await?.to_string().into(),
        "refuse" => {
            *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
            "refused".into()
        }
        "never" => std::future::pending().await,
        "endless" => {
            let made = Arc::clone(&shared);
            Body::stream(futures_util::stream::repeat_with(move || {
                made.made.fetch_add(PIECE as u64, SeqCst);
                Ok::<_, BoxError>(vec![b'.'; PIECE])
            }))
        }
        "counts" => shared.to_string().into(),
        _ => return Err("no such route".into()),
    };
    Ok(response)
}

async fn count(mut body: Body) -> Result<usize, BoxError> {
    let mut count = 0;
    while let Some(piece) = body.chunk().await {
        count += piece?.len();
    }
    Ok(count)
}
