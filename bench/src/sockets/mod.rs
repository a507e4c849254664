//! The suites of whole programs on real sockets, each candidate a fresh process on a core of its own, with what it talks
//! to on another core. What is asked for is the same for all: see [`content`].

mod blocking;
mod bodies;
mod clients;
mod content;
mod idle;
mod load;
mod meter;
mod origin;
mod part;
mod process;
mod proxies;
mod requests;
mod rounds;
mod servers;
mod table;
mod tail;

use crate::args::{Args, Suite};
use crate::report::Row;
use origin::Origin;
use part::{Part, Play};
use rounds::Case;
use std::io;
use std::time::Duration;

/// What the windows of all suites have in common.
#[derive(Clone, Copy)]
struct Setup {
    candidate_core: usize,
    /// Of what the candidate talks to, which is in this process.
    other_core: usize,
    window: Duration,
}

/// Who takes part in a suite, by name.
struct Field {
    subjects: Vec<&'static str>,
    peers: Vec<&'static str>,
}

/// The rows of a suite, which are printed, too.
pub(crate) fn run(suite: Suite, args: &Args) -> Result<Vec<Row>, String> {
    let (candidate_core, other_core) = process::cores().map_err(|error| format!("the cores are unknown: {error}"))?;
    process::pin(other_core).map_err(|error| format!("this process cannot be bound to a core: {error}"))?;
    if candidate_core == other_core {
        eprintln!("there is only one core, which all share: the figures mean little");
    }
    let setup = Setup { candidate_core, other_core, window: args.window };
    let mut cases = cases(suite, setup).map_err(|error| format!("nothing to talk to: {error}"))?;
    cases.retain(|case| case.name.contains(&args.filter));
    if cases.is_empty() {
        return Err(format!("no case has {:?} in its name", args.filter));
    }
    let Field { mut subjects, peers } = field(suite);
    subjects.retain(|&subject| args.subject.as_deref().is_none_or(|only| only == subject));
    if subjects.is_empty() {
        return Err("this suite has no such subject".to_owned());
    }
    let mut outcome = rounds::Outcome::default();
    for case in &cases {
        outcome.append(rounds::run(case, &subjects, &peers, args.rounds)?);
    }
    print!("{}", table::table(&outcome));
    let suite = match suite {
        Suite::Server => "server",
        Suite::Idle => "idle",
        Suite::Body => "body",
        Suite::Client => "client",
        Suite::Proxy => "proxy",
    };
    Ok(outcome.comparisons.into_iter().map(|comparison| comparison.row(suite)).collect())
}

fn cases(suite: Suite, setup: Setup) -> io::Result<Vec<Case>> {
    Ok(match suite {
        Suite::Server => vec![requests::case("one at a time", setup, 1), requests::case("pipelined 16", setup, 16)],
        Suite::Idle => vec![idle::case("10000 idle", setup, 10_000)],
        Suite::Body => vec![
            bodies::case("down", setup, bodies::Way::Down),
            bodies::case("down chunked", setup, bodies::Way::DownChunked),
            bodies::case("up", setup, bodies::Way::Up),
        ],
        Suite::Client => {
            let origin = Origin::start()?;
            vec![
                clients::case("one at a time", setup, &origin, 64, 1),
                clients::case("a single loop", setup, &origin, 1, 1),
                clients::case("pipelined 16", setup, &origin, 64, 16),
            ]
        }
        Suite::Proxy => vec![proxies::case("one at a time", setup, &Origin::start()?)],
    })
}

fn field(suite: Suite) -> Field {
    let servers = |all: &[servers::Server]| {
        let fits = |server: &&servers::Server| suite == Suite::Server || server.bodies.is_some();
        all.iter().filter(fits).map(|server| server.name).collect()
    };
    let clients = |all: &[clients::Client]| all.iter().map(|client| client.name).collect();
    let proxies = |all: &[proxies::Proxy]| all.iter().map(|proxy| proxy.name).collect();
    let (subjects, peers) = match suite {
        Suite::Server | Suite::Idle | Suite::Body => (servers(servers::OURS), servers(servers::PEERS)),
        Suite::Client => (clients(clients::OURS), clients(clients::PEERS)),
        Suite::Proxy => (proxies(proxies::OURS), proxies(proxies::PEERS)),
    };
    Field { subjects, peers }
}

/// What a process of a candidate does. Does not return while it goes well.
pub(crate) fn play(args: &[String]) -> Result<(), String> {
    let Play { candidate, core, part } = &Play::parse(args)?;
    let unknown = || format!("there is no such candidate as {candidate}");
    process::settle(*core).map_err(|error| error.to_string())?;
    let played = match part {
        Part::Requests => process::serve(servers::find(candidate).ok_or_else(unknown)?.requests),
        Part::Bodies => process::serve(servers::find(candidate).and_then(|server| server.bodies).ok_or_else(unknown)?),
        Part::Client(drive) => clients::drive(clients::find(candidate).ok_or_else(unknown)?, *drive),
        Part::Proxy(origin) => proxies::serve(proxies::find(candidate).ok_or_else(unknown)?, *origin),
    };
    played.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::sync::mpsc;
    use std::thread;
    use tokio::net::TcpListener;

    /// A server in a thread, which goes on until the tests are over.
    fn start<F: Future<Output = ()>>(run: impl FnOnce(TcpListener) -> F + Send + 'static) -> SocketAddr {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            process::run(run, |address| {
                tell.send(address).expect("the test waits for it");
                Ok(())
            })
        });
        told.recv_timeout(Duration::from_secs(10)).expect("the server tells its address")
    }

    fn servers() -> impl Iterator<Item = &'static servers::Server> {
        servers::OURS.iter().chain(servers::PEERS)
    }

    fn answers(name: &str, address: SocketAddr, depth: usize) {
        let mut load = load::Load::connect(address, depth).expect(name);
        let answers = load.run(Duration::from_millis(50)).expect(name);
        assert!(answers > 0, "{name}");
    }

    #[test]
    fn every_server_answers_requests() {
        for server in servers() {
            let address = start(server.requests);
            answers(server.name, address, 1);
            answers(server.name, address, 16);
        }
    }

    #[test]
    fn every_server_serves_bodies() {
        for server in servers() {
            let Some(run) = server.bodies else { continue };
            let address = start(run);
            for way in [bodies::Way::Down, bodies::Way::DownChunked, bodies::Way::Up] {
                let mut client = bodies::Client::connect(address).expect(server.name);
                for _ in 0..2 {
                    client.transfer(way).unwrap_or_else(|error| panic!("{}, {way:?}: {error}", server.name));
                }
            }
        }
    }

    #[test]
    fn every_server_keeps_connections() {
        for server in servers() {
            let held = idle::hold(start(server.requests), 20).expect(server.name);
            assert_eq!(held.len(), 20);
        }
    }

    #[test]
    fn every_client_sends_requests() {
        for client in clients::OURS.iter().chain(clients::PEERS) {
            for (loops, depth) in [(1, 1), (20, 1), (4, 16)] {
                clients::tests::answered(client, loops, depth);
            }
        }
    }

    #[test]
    fn every_proxy_passes_requests_on() {
        for proxy in proxies::OURS.iter().chain(proxies::PEERS) {
            let origin = Origin::start().expect("an origin");
            let address = origin.address();
            answers(proxy.name, start(move |listener| (proxy.run)(listener, address)), 1);
            assert!(origin.answered() > 0, "{}", proxy.name);
        }
    }
}
