//! A request and its answer: what the client does, what the handler does.

use super::Settings;
use super::content::{Content, Ending, Speech};
use crate::simulate::net::Weather;
use crate::simulate::rng::Rng;
use std::time::Duration;

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
    /// It keeps the content, and does not come back for longer than anybody waits.
    Hangs,
}

/// What the client does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// It reads everything, with this pause before every piece.
    All(Duration),
    /// It reads so many pieces and drops the rest.
    Some(usize),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An answer.
    Plain,
    /// An answer, or to go on with another protocol.
    Upgrade(Option<Talk>),
    /// A tunnel; with [`Talk::through`] it leads to somebody behind the server.
    Connect(Option<Talk>),
}

/// What the two ends say to each other if that was accepted.
#[derive(Debug, Clone)]
pub struct Talk {
    /// The client.
    pub client: Speech,
    /// The server, or whoever is behind it.
    pub server: Speech,
    /// The server passes octets on, over a further connection.
    pub through: bool,
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it is made.
    pub at: Duration,
    /// The server that it is for.
    pub origin: usize,
    /// What is asked for.
    pub kind: Kind,
    /// The method.
    pub method: &'static str,
    /// The client speaks HTTP/1.0.
    pub old: bool,
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
        !matches!(self.method, "POST" | "CONNECT")
    }

    /// What both ends say behind HTTP, if it comes to that.
    pub fn talk(&self) -> Option<&Talk> {
        match &self.kind {
            Kind::Plain => None,
            Kind::Upgrade(talk) | Kind::Connect(talk) => talk.as_ref(),
        }
    }

    /// The status of the answer, if the handler gives one.
    pub fn status(&self) -> u16 {
        match &self.kind {
            Kind::Plain | Kind::Upgrade(None) | Kind::Connect(Some(_)) => 200,
            Kind::Upgrade(Some(_)) => 101,
            Kind::Connect(None) => 403,
        }
    }

    /// Whether the answer ends with the connection, so that a part of it cannot be told from the whole.
    pub fn is_until_close(&self) -> bool {
        self.old && (self.handler == Handler::Early || !self.answer.is_announced())
    }

    /// Whether nothing is planned that goes wrong.
    pub(super) fn is_quiet(&self) -> bool {
        let handler = matches!(self.handler, Handler::Reads | Handler::Ignores | Handler::Early);
        let whole = self.content.fails.is_none() && self.answer.fails.is_none();
        let reads = matches!(self.reader, Reader::All(_));
        // Who goes away or breaks off takes with it what it has not read.
        let stays = |speech: &Speech| speech.ending == Ending::Fin;
        let talk = self.talk().is_none_or(|talk| stays(&talk.client) && stays(&talk.server));
        // Content that nobody reads is in the way for as long as the answer takes: what is more than the server swallows
        // costs its client the answer, as does waiting longer than it may to write the rest.
        let (drain, write) = (256 * 1024, Duration::from_secs(30));
        let taken = self.handler != Handler::Ignores
            || (self.content.length() <= drain && self.thinks + self.answer.time() < write);
        // Nor does anybody wait for an answer longer than he may.
        let soon = self.thinks < Duration::from_secs(60);
        handler && whole && reads && talk && taken && soon && self.whole.is_none() && self.cancel.is_none()
    }

    pub(super) fn random(rng: &mut Rng, quiet: bool, settings: &Settings) -> Self {
        use Handler::*;
        let mut method = rng.pick(&["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]);
        let talk = |rng: &mut Rng, through| {
            let accepted = !rng.once_in(3);
            let through = through && rng.once_in(2);
            let (client, server) = (Speech::random(rng, quiet), Speech::random(rng, quiet));
            accepted.then_some(Talk { client, server, through })
        };
        let kind = match rng.below(12) {
            0 => Kind::Upgrade(talk(rng, false)),
            1 => Kind::Connect(talk(rng, true)),
            _ => Kind::Plain,
        };
        if let Kind::Connect(_) = kind {
            method = "CONNECT";
        }
        let mut content = match method {
            "POST" | "PUT" => Content::random(rng, quiet),
            _ => Content { whole: true, ..Content::default() },
        };
        let handler = match quiet {
            true => rng.pick(&[Reads, Reads, Ignores, Early]),
            false => rng.pick(&[
                Reads, Reads, Reads, Reads, Ignores, Ignores, Early, Early, ReadsPart, ReadsPart, Fails, Panics,
                Aborts, Hangs,
            ]),
        };
        let mut answer = Content::random(rng, quiet);
        if settings.patient && rng.once_in(4) {
            // Silent for longer than any deadline but those of the patient.
            answer = Content { pause: rng.time(Duration::from_secs(300)), whole: false, streaming: true, ..answer };
        }
        let old = matches!(kind, Kind::Plain) && rng.once_in(12);
        if old && !content.is_announced() {
            content = Content { announced: true, trailers: false, fails: None, ..content };
        }
        let expect = content.length() > 0 && !old && rng.once_in(4);
        let reader = match !quiet && rng.once_in(8) {
            true => Reader::Some(rng.below(3)),
            false if rng.once_in(3) => Reader::All(rng.time(Duration::from_secs(1))),
            false => Reader::All(Duration::ZERO),
        };
        let thinks = match rng.below(12) {
            0 if !quiet => rng.time(Duration::from_secs(500)),
            0..6 => Duration::ZERO,
            _ => rng.time(Duration::from_secs(10)),
        };
        Request {
            at: rng.time(Duration::from_secs(30)),
            origin: rng.below(settings.origins),
            kind,
            method,
            old,
            content,
            expect,
            whole: (!quiet && rng.once_in(6)).then(|| rng.time(Duration::from_secs(20))),
            cancel: (!quiet && rng.once_in(8)).then(|| rng.time(Duration::from_secs(5))),
            handler,
            thinks,
            hints: if rng.once_in(6) { 1 + rng.below(3) } else { 0 },
            answer,
            reader,
        }
    }

    pub(super) fn shorten(&mut self) {
        self.content.shorten();
        self.answer.shorten();
        if let Kind::Upgrade(Some(talk)) | Kind::Connect(Some(talk)) = &mut self.kind {
            talk.client.shorten();
            talk.server.shorten();
        }
    }

    /// How long its exchange takes at most on a connection of its own, where `longest` is the longest deadline of either
    /// end: the time that everybody takes, the time on the way, one stall, and one deadline that passes in each phase.
    pub(super) fn bound(&self, weather: &Weather, longest: Duration) -> Duration {
        let octets = self.content.length() + self.answer.length();
        let reading = match self.reader {
            Reader::All(pause) => pause.saturating_mul(self.answer.length() as u32 + 2),
            Reader::Some(_) => Duration::ZERO,
        };
        let talk = self.talk().map_or(Duration::ZERO, |talk| {
            let octets = talk.client.length() + talk.server.length();
            talk.client.time() + talk.server.time() + weather.transfer(octets) * 2 + Weather::STALL
        });
        // Heads, chunk lines and trailers have less than so many octets.
        let under_way = weather.transfer(octets + 4000);
        let own = self.content.time() + self.thinks.min(longest) + self.answer.time() + reading;
        own + under_way + talk + Weather::STALL + longest * (4 + self.hints as u32)
    }
}
