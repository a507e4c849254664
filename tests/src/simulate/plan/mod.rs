//! What the applications at both ends are going to do: data, made from a seed.

mod content;
mod request;

pub use content::{Content, Ending, Speech};
pub use request::{Handler, Kind, Reader, Request, Talk};

use super::attack::Attack;
use super::net::Weather;
use super::rng::Rng;
use std::time::Duration;

/// An end that blocks: a connection of `http_std`, where the others are of `http_driver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// None.
    Nobody,
    /// The client.
    Client,
    /// The server.
    Server,
}

/// How both ends are set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who blocks.
    pub blocks: Blocks,
    /// Servers that the client speaks to.
    pub origins: usize,
    /// Handlers of one connection at a time.
    pub in_flight: usize,
    /// The servers' handlers go on for a while when their client is gone.
    pub finish: bool,
    /// The time that a handler may take.
    pub handler_timeout: Option<Duration>,
    /// Connections of the client, to all targets and to one.
    pub connections: (usize, usize),
    /// Idle connections that it keeps for a target.
    pub idle: usize,
    /// Requests on one connection.
    pub requests: u64,
    /// Its depth of pipelining.
    pub pipelining: u16,
    /// The client waits for an hour where others wait for some minutes.
    pub patient: bool,
    /// The deadlines of both ends are a tenth of the usual ones.
    pub hasty: bool,
}

/// Deadlines in force.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Waiting for a connection.
    pub wait: Duration,
    /// The client: waiting for an answer.
    pub answer: Duration,
    /// The client: from an octet of content to the next.
    pub body: Duration,
    /// The server: without an exchange.
    pub idle: Duration,
    /// The longest of either end while an exchange goes on.
    pub longest: Duration,
    /// The scale of all others.
    pub scale: u32,
}

impl Settings {
    fn random(rng: &mut Rng, quiet: bool) -> Self {
        let most = |rng: &mut Rng| if rng.once_in(2) { usize::MAX } else { 1 + rng.below(4) };
        let blocks = rng.pick(&[Blocks::Nobody, Blocks::Nobody, Blocks::Nobody, Blocks::Client, Blocks::Server]);
        // One thread serves one connection after the other.
        let single = blocks == Blocks::Server;
        Settings {
            blocks,
            origins: if rng.once_in(3) && !single { 1 + rng.below(3) } else { 1 },
            in_flight: 1 + rng.below(4),
            finish: rng.once_in(3),
            handler_timeout: (!quiet && rng.once_in(4)).then(|| rng.time(Duration::from_secs(5))),
            connections: if single { (1, 1) } else { (most(rng), most(rng)) },
            idle: if rng.once_in(3) { rng.below(3) } else { 64 },
            requests: if rng.once_in(5) { 1 + rng.below(4) as u64 } else { u64::MAX },
            pipelining: if rng.once_in(3) { 2 + rng.below(6) as u16 } else { 1 },
            patient: rng.once_in(6),
            hasty: !quiet && rng.once_in(5),
        }
    }

    /// The deadlines that follow.
    pub fn deadlines(&self) -> Deadlines {
        let scale = if self.hasty { 10 } else { 1 };
        let seconds = |seconds| Duration::from_secs(seconds) / scale;
        let patience = |usual| if self.patient { Duration::from_secs(3600) } else { seconds(usual) };
        Deadlines {
            // Far more than all handlers and readers together take.
            wait: Duration::from_secs(36_000),
            answer: patience(300),
            body: patience(60),
            idle: seconds(75),
            longest: patience(300),
            scale,
        }
    }
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the network is like.
    pub weather: Weather,
    /// How both ends are set up.
    pub settings: Settings,
    /// The requests.
    pub requests: Vec<Request>,
    /// Peers that are up to no good.
    pub attacks: Vec<Attack>,
    /// The servers shut down in good order at this time, with this grace.
    pub shutdown: Option<(Duration, Duration)>,
    /// The service is replaced at this time, by one that does the same.
    pub set_service: Option<Duration>,
}

impl Plan {
    /// The plan of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let quiet = rng.once_in(4);
        let weather = Weather {
            delay: rng.pick(&[Duration::ZERO, Duration::from_millis(1), Duration::from_millis(200)]),
            buffer: rng.pick(&[1, 100, 5_000, 200_000, 200_000, 1_000_000]),
            piece: rng.pick(&[1, 50, 50, 10_000, 10_000, 1_000_000]),
            lazy: rng.pick(&[0, 3, 20]),
            breaks: if quiet { 0 } else { rng.pick(&[0, 1, 2, 5]) },
        };
        let settings = Settings::random(rng, quiet);
        let count = 1 + rng.below(12);
        let mut requests: Vec<_> = (0..count).map(|_| Request::random(rng, quiet, &settings)).collect();
        if weather.is_narrow() {
            requests.iter_mut().for_each(Request::shorten);
        }
        let serves = settings.blocks != Blocks::Server;
        let attacks = if rng.once_in(3) && serves { 1 + rng.below(3) } else { 0 };
        Plan {
            attacks: (0..attacks).map(|_| Attack::random(rng, settings.origins)).collect(),
            shutdown: (!quiet && rng.once_in(5) && serves)
                .then(|| (rng.time(Duration::from_secs(20)), rng.time(Duration::from_secs(20)))),
            set_service: (rng.once_in(5) && serves).then(|| rng.time(Duration::from_secs(20))),
            weather,
            settings,
            requests,
        }
    }

    /// Whether nothing can go wrong: then nothing may.
    ///
    /// A server may close a connection whose request it has not read, when that takes too long; a request that crosses that
    /// is lost. So the weather has to be fast as well.
    pub fn is_quiet(&self) -> bool {
        // Who reads slowly learns late that a connection was closed behind an answer, and the next request that it sends
        // there destroys what it has not read.
        let slow = |request: &Request| matches!(request.reader, Reader::All(pause) if !pause.is_zero());
        let told = self.settings.pipelining == 1
            || !self.requests.iter().any(Request::is_until_close)
            || !self.requests.iter().any(slow);
        let fast = self.weather.delay <= Duration::from_millis(1) && self.weather.buffer.min(self.weather.piece) >= 50;
        self.weather.breaks == 0
            && fast
            && told
            && self.shutdown.is_none()
            && self.settings.handler_timeout.is_none()
            && !self.settings.hasty
            && self.requests.iter().all(Request::is_quiet)
            && match self.settings.blocks {
                Blocks::Nobody => true,
                // It hears nothing while it speaks, and learns late that a connection was closed.
                Blocks::Client => {
                    let reads = |request: &Request| request.handler == Handler::Reads;
                    self.settings.origins == 1 && self.requests.iter().all(reads)
                }
                // A tunnel holds up who comes behind it, and nothing is read while an answer is sent.
                Blocks::Server => {
                    let waits = |request: &Request| request.handler == Handler::Ignores || request.talk().is_some();
                    !self.requests.iter().any(waits)
                }
            }
    }

    /// How long request `index` takes at most, its deadlines being what they are. Where it shares a connection with others,
    /// or has to wait for one, it takes as long as all of them.
    pub fn bound(&self, index: usize) -> Duration {
        let Settings { connections, pipelining, .. } = self.settings;
        let alone = connections == (usize::MAX, usize::MAX) && pipelining == 1;
        // Once more on another connection, where that is allowed.
        let bound = |request: &Request| request.bound(&self.weather, self.settings.deadlines().longest) * 2;
        match self.requests.get(index) {
            Some(request) if alone => bound(request),
            Some(_) | None => self.requests.iter().map(bound).sum(),
        }
    }
}
