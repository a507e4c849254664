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
mod socket;
mod table;
mod tail;
mod tls;

use crate::args::{Args, Suite};
use crate::report::Row;
use origin::Origin;
use part::{Part, Play};
use rounds::Case;
use socket::Channel;
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

/// Who is compared with each other, by name.
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
    let mut fields = fields(suite);
    for field in &mut fields {
        field.subjects.retain(|&subject| args.subject.as_deref().is_none_or(|only| only == subject));
    }
    fields.retain(|field| !field.subjects.is_empty());
    if fields.is_empty() {
        return Err("this suite has no such subject".to_owned());
    }
    let mut outcome = rounds::Outcome::default();
    for case in &cases {
        for Field { subjects, peers } in &fields {
            outcome.append(rounds::run(case, subjects, peers, args.rounds)?);
        }
    }
    print!("{}", table::table(&outcome));
    let suite = match suite {
        Suite::Server => "server",
        Suite::Idle => "idle",
        Suite::Body => "body",
        Suite::Tls => "tls",
        Suite::Client => "client",
        Suite::Proxy => "proxy",
    };
    Ok(outcome.comparisons.into_iter().map(|comparison| comparison.row(suite)).collect())
}

fn cases(suite: Suite, setup: Setup) -> io::Result<Vec<Case>> {
    Ok(match suite {
        Suite::Server => vec![
            requests::case("one at a time", setup, Channel::Clear, 1),
            requests::case("pipelined 16", setup, Channel::Clear, 16),
        ],
        Suite::Idle => vec![idle::case("10000 idle", setup, 10_000)],
        Suite::Body => vec![
            bodies::case("down", setup, bodies::Way::Down),
            bodies::case("down chunked", setup, bodies::Way::DownChunked),
            bodies::case("up", setup, bodies::Way::Up),
        ],
        Suite::Tls => vec![
            requests::case("one at a time", setup, Channel::Tls, 1),
            requests::case("pipelined 16", setup, Channel::Tls, 16),
            idle::tls_case("10000 idle", setup, 10_000),
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

fn fields(suite: Suite) -> Vec<Field> {
    let servers = |all: &[servers::Server]| {
        let fits = |server: &&servers::Server| match suite {
            Suite::Idle => server.idles,
            Suite::Body => server.bodies.is_some(),
            Suite::Server | Suite::Tls | Suite::Client | Suite::Proxy => true,
        };
        all.iter().filter(fits).map(|server| server.name).collect()
    };
    let group = |group: &servers::Group| Field { subjects: servers(group.subjects), peers: servers(group.peers) };
    let clients = |all: &[clients::Client]| all.iter().map(|client| client.name).collect();
    let proxies = |all: &[proxies::Proxy]| all.iter().map(|proxy| proxy.name).collect();
    match suite {
        Suite::Server | Suite::Idle | Suite::Body => servers::GROUPS.iter().map(group).collect(),
        Suite::Tls => vec![group(&servers::TLS)],
        Suite::Client => vec![Field { subjects: clients(clients::OURS), peers: clients(clients::PEERS) }],
        Suite::Proxy => vec![Field { subjects: proxies(proxies::OURS), peers: proxies(proxies::PEERS) }],
    }
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
    use servers::Server;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::mpsc;
    use std::thread;

    /// A server in a thread, which goes on until the tests are over.
    fn start(run: impl FnOnce(TcpListener) -> io::Result<()> + Send + 'static) -> SocketAddr {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || process::run(run, |address| tell.send(address).map_err(io::Error::other)));
        told.recv_timeout(Duration::from_secs(10)).expect("the server tells its address")
    }

    /// The servers of some groups, and what HTTP is spoken over there.
    fn servers() -> impl Iterator<Item = (&'static Server, Channel)> {
        let with = |channel| {
            move |group: &'static servers::Group| {
                group.subjects.iter().chain(group.peers).map(move |server| (server, channel))
            }
        };
        servers::GROUPS
            .iter()
            .flat_map(with(Channel::Clear))
            .chain([&servers::TLS].into_iter().flat_map(with(Channel::Tls)))
    }

    fn answers(name: &str, address: SocketAddr, channel: Channel, depth: usize) {
        let mut load = load::Load::connect(address, channel, depth).expect(name);
        let answers = load.run(Duration::from_millis(50)).expect(name);
        assert!(answers > 0, "{name}");
    }

    #[test]
    fn every_server_answers_requests() {
        for (server, channel) in servers() {
            let address = start(server.requests);
            answers(server.name, address, channel, 1);
            answers(server.name, address, channel, 16);
        }
    }

    #[test]
    fn every_server_serves_bodies() {
        for (server, _) in servers() {
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
        for (server, channel) in servers().chain([(&servers::RUSTLS_ALONE, Channel::Tls)]) {
            let held = idle::hold(start(server.requests), channel, 20).expect(server.name);
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
            answers(proxy.name, start(move |listener| (proxy.run)(listener, address)), Channel::Clear, 1);
            assert!(origin.answered() > 0, "{}", proxy.name);
        }
    }
}
