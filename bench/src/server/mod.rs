//! Suites `server`, `idle` and `body`: whole servers on real sockets, each a fresh process on a core of its own, with the
//! load on another core. What is served is the same for all: see [`content`].

mod bodies;
mod client;
mod content;
mod idle;
mod load;
mod meter;
mod ours;
mod peers;
mod process;
mod requests;
mod rounds;
mod table;
mod tail;

use crate::args::{Args, Serve, Suite};
use crate::report::Row;
use rounds::Case;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpListener;

/// A server that can be measured.
struct Candidate {
    name: &'static str,
    /// Answers every request with [`content::HELLO`].
    requests: Run,
    /// Serves large content. Without it the candidate is in suite `server` alone.
    bodies: Option<Run>,
}

/// Serves on a listener for ever, on a current-thread runtime.
type Run = fn(TcpListener) -> Pin<Box<dyn Future<Output = ()>>>;

/// What the windows of all suites have in common.
#[derive(Clone, Copy)]
struct Setup {
    server_core: usize,
    load_core: usize,
    window: Duration,
}

/// The rows of a suite, which are printed, too.
pub(crate) fn run(suite: Suite, args: &Args) -> Result<Vec<Row>, String> {
    let (server_core, load_core) = process::cores().map_err(|error| format!("the cores are unknown: {error}"))?;
    process::pin(load_core).map_err(|error| format!("this process cannot be bound to a core: {error}"))?;
    if server_core == load_core {
        eprintln!("there is only one core, which server and load share: the figures mean little");
    }
    let setup = Setup { server_core, load_core, window: args.window };
    let mut cases = cases(suite, setup);
    cases.retain(|case| case.name.contains(&args.filter));
    if cases.is_empty() {
        return Err(format!("no case has {:?} in its name", args.filter));
    }
    let fits = |candidate: &&Candidate| suite == Suite::Server || candidate.bodies.is_some();
    let wanted = |candidate: &&Candidate| args.subject.as_deref().is_none_or(|only| only == candidate.name);
    let subjects: Vec<_> = ours::CANDIDATES.iter().filter(fits).filter(wanted).collect();
    let peers: Vec<_> = peers::CANDIDATES.iter().filter(fits).collect();
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
    };
    Ok(outcome.comparisons.into_iter().map(|comparison| comparison.row(suite)).collect())
}

fn cases(suite: Suite, setup: Setup) -> Vec<Case> {
    match suite {
        Suite::Server => vec![requests::case("one at a time", setup, 1), requests::case("pipelined 16", setup, 16)],
        Suite::Idle => vec![idle::case("10000 idle", setup, 10_000)],
        Suite::Body => vec![
            bodies::case("down", setup, bodies::Way::Down),
            bodies::case("down chunked", setup, bodies::Way::DownChunked),
            bodies::case("up", setup, bodies::Way::Up),
        ],
    }
}

/// What a process of a server does. Does not return while it goes well.
pub(crate) fn serve(serve: &Serve) -> Result<(), String> {
    let candidate =
        ours::CANDIDATES.iter().chain(peers::CANDIDATES).find(|candidate| candidate.name == serve.candidate);
    let candidate = candidate.ok_or_else(|| format!("there is no candidate {}", serve.candidate))?;
    let run = if serve.bodies { candidate.bodies } else { Some(candidate.requests) };
    let run = run.ok_or_else(|| format!("{} serves no bodies", candidate.name))?;
    process::serve(run, serve.core).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::sync::mpsc;
    use std::thread;

    /// A server in a thread, which goes on until the tests are over.
    fn start(run: Run) -> SocketAddr {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            process::run(run, |address| {
                tell.send(address).expect("the test waits for it");
                Ok(())
            })
        });
        told.recv_timeout(Duration::from_secs(10)).expect("the server tells its address")
    }

    fn candidates() -> impl Iterator<Item = &'static Candidate> {
        ours::CANDIDATES.iter().chain(peers::CANDIDATES)
    }

    #[test]
    fn every_candidate_answers_requests() {
        for candidate in candidates() {
            let address = start(candidate.requests);
            for depth in [1, 16] {
                let mut load = load::Load::connect(address, depth).expect(candidate.name);
                let answers = load.run(Duration::from_millis(50)).expect(candidate.name);
                assert!(answers > 0, "{}", candidate.name);
            }
        }
    }

    #[test]
    fn every_candidate_serves_bodies() {
        for candidate in candidates() {
            let Some(run) = candidate.bodies else { continue };
            let address = start(run);
            for way in [bodies::Way::Down, bodies::Way::DownChunked, bodies::Way::Up] {
                let mut client = bodies::Client::connect(address).expect(candidate.name);
                for _ in 0..2 {
                    client.transfer(way).unwrap_or_else(|error| panic!("{}, {way:?}: {error}", candidate.name));
                }
            }
        }
    }

    #[test]
    fn every_candidate_keeps_connections() {
        for candidate in candidates() {
            let held = idle::hold(start(candidate.requests), 20).expect(candidate.name);
            assert_eq!(held.len(), 20);
        }
    }
}
