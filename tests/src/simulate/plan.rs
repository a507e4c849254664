//! What the applications at both ends are going to do: data, made from a seed.

use super::net::Weather;
use super::rng::Rng;
use std::time::Duration;

/// A whole run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the network is like.
    pub weather: Weather,
    /// The requests.
    pub requests: Vec<Request>,
    /// Handlers of one connection at a time.
    pub in_flight: usize,
    /// The server's handlers go on for a while when their client is gone.
    pub finish: bool,
    /// The time that a handler may take.
    pub handler_timeout: Option<Duration>,
    /// Connections of the client, to all targets and to one; both at most.
    pub connections: usize,
    /// Its depth of pipelining.
    pub pipelining: u16,
    /// The server shuts down in good order at this time, with this grace.
    pub shutdown: Option<(Duration, Duration)>,
    /// The service is replaced at this time, by one that does the same.
    pub set_service: Option<Duration>,
}

/// Content: pieces, and the time before each.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The pieces' lengths.
    pub pieces: Vec<usize>,
    /// The time before each.
    pub pause: Duration,
    /// It is handed over as a whole.
    pub whole: bool,
    /// Its length is announced although it comes in pieces.
    pub announced: bool,
    /// It breaks off behind so many pieces.
    pub fails: Option<usize>,
    /// It ends with trailers.
    pub trailers: bool,
}

impl Content {
    /// Its octets.
    pub fn length(&self) -> usize {
        self.pieces.iter().sum()
    }

    fn random(rng: &mut Rng, quiet: bool) -> Self {
        let count = rng.below(6);
        let most = rng.pick(&[10, 1000, 100_000]);
        let pieces: Vec<_> = (0..count).map(|_| 1 + rng.size(most)).collect();
        let whole = rng.once_in(3);
        let pause = if rng.once_in(2) { Duration::ZERO } else { rng.time(Duration::from_secs(2)) };
        let fails = (!quiet && !whole && rng.once_in(12)).then(|| rng.below(count + 1));
        let announced = !whole && rng.once_in(3);
        // Where the length was announced, nobody asks for more than that.
        let fails = fails.filter(|piece| !announced || *piece < count);
        Content { pieces, pause, whole, announced, fails, trailers: !whole && !announced && rng.once_in(3) }
    }
}

/// What a handler does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// It reads the request's content, then answers.
    Reads,
    /// It answers and reads nothing.
    Ignores,
    /// It answers, and its answer's content goes on while it reads.
    Early,
    /// It reads a part, and answers.
    ReadsPart,
    /// It returns an error.
    Fails,
    /// It panics.
    Panics,
    /// It resets the connection.
    Aborts,
}

/// What the client does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// It reads everything, with this pause before every piece.
    All(Duration),
    /// It reads so many pieces and drops the rest.
    Some(usize),
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it is made.
    pub at: Duration,
    /// The method.
    pub method: &'static str,
    /// Its content.
    pub content: Content,
    /// It expects 100 (Continue).
    pub expect: bool,
    /// The time for the whole exchange.
    pub whole: Option<Duration>,
    /// It is given up after this time.
    pub cancel: Option<Duration>,
    /// What the handler does.
    pub handler: Handler,
    /// The time that it thinks.
    pub thinks: Duration,
    /// Interim responses.
    pub hints: usize,
    /// The answer's content.
    pub answer: Content,
    /// What is done with it.
    pub reader: Reader,
}

impl Request {
    /// Whether it may be executed twice (RFC 9110 section 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.method != "POST"
    }

    fn random(rng: &mut Rng, quiet: bool) -> Self {
        use Handler::*;
        let method = rng.pick(&["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]);
        let content = match method {
            "POST" | "PUT" => Content::random(rng, quiet),
            _ => Content { whole: true, ..Content::default() },
        };
        let handler = match quiet {
            true => rng.pick(&[Reads, Reads, Ignores, Early]),
            false => rng.pick(&[
                Reads, Reads, Reads, Reads, Ignores, Ignores, Early, Early, ReadsPart, ReadsPart, Fails, Panics, Aborts,
            ]),
        };
        let expect = content.length() > 0 && rng.once_in(4);
        let reader = match !quiet && rng.once_in(8) {
            true => Reader::Some(rng.below(3)),
            false if rng.once_in(3) => Reader::All(rng.time(Duration::from_secs(1))),
            false => Reader::All(Duration::ZERO),
        };
        Request {
            at: rng.time(Duration::from_secs(30)),
            method,
            content,
            expect,
            whole: (!quiet && rng.once_in(6)).then(|| rng.time(Duration::from_secs(20))),
            cancel: (!quiet && rng.once_in(8)).then(|| rng.time(Duration::from_secs(5))),
            handler,
            thinks: if rng.once_in(2) { Duration::ZERO } else { rng.time(Duration::from_secs(10)) },
            hints: if rng.once_in(6) { 1 + rng.below(3) } else { 0 },
            answer: Content::random(rng, quiet),
            reader,
        }
    }
}

impl Plan {
    /// The plan of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let quiet = rng.once_in(4);
        let weather = Weather {
            delay: rng.pick(&[Duration::ZERO, Duration::from_millis(1), Duration::from_millis(200)]),
            buffer: rng.pick(&[1, 100, 5_000, 200_000, 1_000_000]),
            piece: rng.pick(&[1, 50, 10_000, 1_000_000]),
            lazy: rng.pick(&[0, 3, 20]),
            breaks: if quiet { 0 } else { rng.pick(&[0, 1, 2, 5]) },
        };
        let mut requests: Vec<_> = (0..1 + rng.below(12)).map(|_| Request::random(rng, quiet)).collect();
        if weather.buffer.min(weather.piece) < 100 {
            // Octet by octet, long content takes too many polls to be worth it.
            let shorten = |content: &mut Content| content.pieces.iter_mut().for_each(|piece| *piece %= 300);
            for request in &mut requests {
                shorten(&mut request.content);
                shorten(&mut request.answer);
            }
        }
        Plan {
            weather,
            in_flight: 1 + rng.below(4),
            finish: rng.once_in(3),
            handler_timeout: (!quiet && rng.once_in(4)).then(|| rng.time(Duration::from_secs(5))),
            connections: if rng.once_in(2) { usize::MAX } else { 1 + rng.below(4) },
            pipelining: if rng.once_in(3) { 2 + rng.below(6) as u16 } else { 1 },
            shutdown: (!quiet && rng.once_in(5))
                .then(|| (rng.time(Duration::from_secs(20)), rng.time(Duration::from_secs(20)))),
            set_service: rng.once_in(5).then(|| rng.time(Duration::from_secs(20))),
            requests,
        }
    }

    /// Whether nothing can go wrong: then nothing may.
    ///
    /// A server may close a connection whose request it has not read, when that takes too long; a request that crosses that
    /// is lost. So the weather has to be fast as well.
    pub fn is_quiet(&self) -> bool {
        let fast = self.weather.delay <= Duration::from_millis(1) && self.weather.buffer.min(self.weather.piece) >= 50;
        self.weather.breaks == 0
            && fast
            && self.shutdown.is_none()
            && self.handler_timeout.is_none()
            && self.requests.iter().all(|request| {
                let handler = matches!(request.handler, Handler::Reads | Handler::Ignores | Handler::Early);
                let whole = request.content.fails.is_none() && request.answer.fails.is_none();
                let reads = matches!(request.reader, Reader::All(_));
                handler && whole && reads && request.whole.is_none() && request.cancel.is_none()
            })
    }
}
