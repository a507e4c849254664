//! Suite `client`: loops that send a request whenever the answer to the one before has been read to its end.

mod hyper;
mod ours;

use super::Setup;
use super::blocking::wrong;
use super::content::HELLO;
use super::meter::Meter;
use super::origin::Origin;
use super::part::{Drive, Part};
use super::process::{self, Process};
use super::requests::WARM_UP;
use super::rounds::{Case, Metric, Window};
use ::hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue, USER_AGENT};
use http_tokio::{BoxError, Uri};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::thread;
use tokio::task::JoinSet;

/// A client that can be measured.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    run: fn(Drive) -> Driving,
}

/// Ends when something is wrong.
type Driving = Pin<Box<dyn Future<Output = Result<(), BoxError>>>>;

pub(crate) const OURS: &[Client] = &[
    Client { name: "http-tokio L1", run: |drive| Box::pin(ours::wire(drive)) },
    Client { name: "http-tokio L2", run: |drive| Box::pin(ours::client(drive)) },
];

/// They do not pipeline.
pub(crate) const PEERS: &[Client] = &[
    Client { name: "hyper", run: |drive| Box::pin(hyper::wire(drive)) },
    Client { name: "hyper-util", run: |drive| Box::pin(hyper::client(drive)) },
];

pub(crate) fn find(name: &str) -> Option<&'static Client> {
    OURS.iter().chain(PEERS).find(|client| client.name == name)
}

pub(crate) fn case(name: &'static str, setup: Setup, origin: &Origin, loops: usize, depth: usize) -> Case {
    let origin = origin.clone();
    let drive = Drive { origin: origin.address(), loops, depth };
    let measure = move |name: &str| window(name, setup, &origin, drive);
    Case { name, metrics: &[Metric::Requests, Metric::UserCpu], measure: Box::new(measure) }
}

fn window(name: &str, setup: Setup, origin: &Origin, drive: Drive) -> io::Result<Window> {
    let mut client = Process::start(name, Part::Client(drive), setup)?;
    thread::sleep(WARM_UP);
    let meter = Meter::start(client.id(), setup)?;
    let before = origin.answered();
    thread::sleep(setup.window);
    let requests = (origin.answered() - before) as f64;
    let usage = meter.stop()?;
    if !client.is_running()? || requests == 0.0 {
        return Err(wrong("the client has come to an end"));
    }
    let values = vec![requests / usage.elapsed, usage.user * 1e6 / requests];
    // A single loop waits for its answers, whatever the origin can do.
    let waiting = if drive.loops > 1 { usage.waiting } else { 0.0 };
    Ok(Window { values, others: usage.others, waiting, peak: client.peak()? })
}

/// What the process of a client does.
pub(crate) fn drive(client: &Client, drive: Drive) -> io::Result<()> {
    process::runtime()?.block_on((client.run)(drive)).map_err(io::Error::other)
}

/// The target of the request of 170 octets.
const TARGET: &str = "/api/v1/items/4711?fields=name,price";

/// Its fields but Host.
const FIELDS: [(HeaderName, HeaderValue); 3] = [
    (USER_AGENT, HeaderValue::from_static("inventory-sync/2.4.1-r (linux)")),
    (ACCEPT, HeaderValue::from_static("application/json")),
    (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
];

/// The URI that everyone asks for.
fn uri(origin: SocketAddr) -> Result<Uri, BoxError> {
    Ok(format!("http://{origin}{TARGET}").parse()?)
}

/// Runs so many loops, each in a task of its own, until one of them ends.
async fn run<F>(loops: usize, one: impl Fn() -> F) -> Result<(), BoxError>
where
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..loops {
        tasks.spawn(one());
    }
    tasks.join_next().await.unwrap_or(Ok(Ok(())))?
}

/// Looks at an answer as far as everyone does.
fn check(status: u16, content: &[u8]) -> Result<(), BoxError> {
    if status == 200 && content == HELLO.as_bytes() { Ok(()) } else { Err("another answer".into()) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::Duration;

    /// The answers come, and go on coming.
    pub(crate) fn answered(client: &Client, loops: usize, depth: usize) {
        let name = client.name;
        let origin = Origin::start().expect("an origin");
        let enough = (8 * loops * depth) as u64;
        let watch = async {
            while origin.answered() < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let run = (client.run)(Drive { origin: origin.address(), loops, depth });
        process::runtime().expect("a runtime").block_on(async {
            tokio::select! {
                () = watch => {}
                ended = run => panic!("{name} has come to an end: {ended:?}"),
                () = tokio::time::sleep(Duration::from_secs(20)) => panic!("{name} is stuck"),
            }
        });
    }
}
