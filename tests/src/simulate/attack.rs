//! Peers that are up to no good, among the others: they say what is no HTTP, or too much of it, do not read, or stay for
//! ever. The server has to get rid of them in its own time, and nobody else may notice.

use super::handle::long;
use super::net::{SERVER, Weather};
use super::plan::Ending;
use super::rng::Rng;
use super::stage::Stage;
use super::talk::Voice;
use super::wait::{sleep, timer, within};
use http_driver::Timer;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

/// What one of them does.
#[derive(Debug, Clone)]
pub struct Attack {
    /// When it begins.
    pub at: Duration,
    /// The server that it is for.
    pub origin: usize,
    /// What it says.
    pub script: Script,
    /// Octets at a time, and the time before each.
    pub piece: usize,
    /// See `piece`.
    pub pause: Duration,
    /// It reads what it is told.
    pub listens: bool,
    /// How it ends; `None`: not at all.
    pub ending: Option<Ending>,
}

/// Octets: some, others over and over, and some more.
#[derive(Debug, Clone, Copy)]
pub struct Script(pub &'static str, pub &'static str, pub usize, pub &'static str);

const CHUNKED: &str = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What they say: to be answered, refused, or waited for.
pub const SCRIPTS: &[Script] = &[
    Script("", "", 0, ""),
    Script("G", "", 0, ""),
    Script("SSH-2.0-OpenSSH_9.9\r\n", "", 0, ""),
    Script("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0", 100, ""),
    Script("", "\r\n", 50, ""),
    Script("GET /", "x", 20_000, " HTTP/1.1\r\nHost: h\r\n\r\n"),
    Script("GET /x HTTP/1.1\r\nHost: h\r\n", "A: b\r\n", 200, "\r\n"),
    Script("GET /x HTTP/1.1\r\nHost: h\r\nA: ", "y", 70_000, "\r\n\r\n"),
    Script("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "abc", 1, ""),
    Script("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n", "x", 3000, ""),
    Script("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", "", 0, ""),
    Script("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n", "x", 400_000, ""),
    Script(CHUNKED, "1\r\nx\r\n", 2000, "0\r\n\r\n"),
    Script(CHUNKED, "0", 20, ""),
    Script("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;", "e", 5000, ""),
    Script("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", 100, ""),
    Script("", "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", 100, ""),
    Script("", "GET /long HTTP/1.1\r\nHost: h\r\n\r\n", 4, ""),
    Script("", "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", 3, "GET /x HTTP/1.1\r\nHost : h\r\n\r\n"),
    Script("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", 3, ""),
    Script("GET /x HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "\x16\x03\x01", 9, ""),
    Script("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n", 2, ""),
];

impl Attack {
    /// One of them.
    pub fn random(rng: &mut Rng, origins: usize) -> Self {
        Attack {
            at: rng.time(Duration::from_secs(30)),
            origin: rng.below(origins),
            script: rng.pick(SCRIPTS),
            piece: rng.pick(&[1, 50, 100_000]),
            pause: if rng.once_in(3) { rng.time(Duration::from_secs(1)) } else { Duration::ZERO },
            listens: rng.once_in(2),
            ending: rng.pick(&[None, None, Some(Ending::Fin), Some(Ending::Leave), Some(Ending::Reset)]),
        }
    }

    /// What it says, cut short where octets go one by one.
    fn voice(&self, weather: &Weather) -> Voice {
        let Script(front, piece, times, back) = self.script;
        let mut octets = [front, &piece.repeat(times), back].concat().into_bytes();
        if weather.is_narrow() || self.piece == 1 || !self.pause.is_zero() {
            octets.truncate(1000);
        }
        let pieces = vec![self.piece; octets.len().div_ceil(self.piece)];
        Voice { octets: octets.into(), pieces, pause: self.pause, ending: self.ending, listens: self.listens }
    }
}

/// One of them, from its beginning to its end.
pub async fn attack(number: usize, stage: Arc<Stage>) {
    let attack = &stage.plan.attacks[number];
    let weather = &stage.plan.weather;
    sleep(attack.at).await;
    let Some(mut socket) = stage.doors[attack.origin].open(&stage.net) else { return };
    let cable = socket.cable();
    stage.notes.tell(|| format!("attack {number} on #{cable}: {attack:?}"));
    let voice = attack.voice(weather);
    let speech = attack.pause.saturating_mul(voice.pieces.len() as u32) + weather.transfer(voice.octets.len());
    // A deadline inside of a message, the last answer and what is behind it, and a rest in between; a stall on the way.
    let deadlines = stage.plan.settings.deadlines();
    let patience = deadlines.idle * 2 + Duration::from_secs(100) / deadlines.scale;
    let bound = speech + patience + weather.transfer(4 * long(weather) + 20_000) + Weather::STALL;
    let clock = timer(bound);
    let report = within(bound, voice.speak(&mut socket, |_, _| ())).await;
    stage.notes.tell(|| format!("attack {number} on #{cable}: {report:?}"));
    if attack.ending.is_none() {
        let mut clock = clock;
        poll_fn(|cx| clock.poll(cx)).await;
        stage.notes.check(!stage.net.has(cable, SERVER), || format!("attack {number} still holds its connection"));
    }
}
