//! What content there is, and what two ends say to each other behind HTTP.

use crate::simulate::rng::Rng;
use std::time::Duration;

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
    /// It is long-lived by intention.
    pub streaming: bool,
}

impl Content {
    /// Its octets.
    pub fn length(&self) -> usize {
        self.pieces.iter().sum()
    }

    /// Whether its length stands in front of it.
    pub fn is_announced(&self) -> bool {
        self.whole || self.announced
    }

    /// How long making it takes.
    pub fn time(&self) -> Duration {
        self.pause.saturating_mul(self.pieces.len() as u32 + 1)
    }

    pub(super) fn random(rng: &mut Rng, quiet: bool) -> Self {
        let long = rng.once_in(30);
        let count = if long { rng.below(14) } else { rng.below(6) };
        let most = if long { 150_000 } else { rng.pick(&[10, 1000, 100_000]) };
        let pieces: Vec<_> = (0..count).map(|_| 1 + rng.size(most)).collect();
        let whole = rng.once_in(3);
        let pause = if rng.once_in(2) { Duration::ZERO } else { rng.time(Duration::from_secs(2)) };
        let fails = (!quiet && !whole && rng.once_in(12)).then(|| rng.below(count + 1));
        let announced = !whole && rng.once_in(3);
        let trailers = !whole && !announced && rng.once_in(3);
        let mut content = Content { pieces, pause, whole, announced, fails, trailers, streaming: false };
        content.settle();
        content
    }

    /// For a narrow network.
    pub(super) fn shorten(&mut self) {
        self.pieces.iter_mut().for_each(|piece| *piece %= 300);
        self.settle();
    }

    /// Where the length was announced, nobody asks for more than that, and nothing breaks off behind it.
    fn settle(&mut self) {
        let more = |&piece: &usize| self.pieces.iter().skip(piece).any(|&length| length > 0);
        self.fails = self.fails.filter(|piece| !self.announced || more(piece));
    }
}

/// How an end of a tunnel ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It closes its sending side, and listens on.
    Fin,
    /// It goes away.
    Leave,
    /// It breaks off.
    Reset,
}

/// What an end of a tunnel says.
#[derive(Debug, Clone)]
pub struct Speech {
    /// The pieces' lengths.
    pub pieces: Vec<usize>,
    /// The time before each.
    pub pause: Duration,
    /// What it does in the end.
    pub ending: Ending,
}

impl Speech {
    /// Its octets.
    pub fn length(&self) -> usize {
        self.pieces.iter().sum()
    }

    /// How long it takes.
    pub fn time(&self) -> Duration {
        self.pause.saturating_mul(self.pieces.len() as u32)
    }

    pub(super) fn random(rng: &mut Rng, quiet: bool) -> Self {
        let most = rng.pick(&[10, 1000, 50_000]);
        Speech {
            pieces: (0..rng.below(5)).map(|_| 1 + rng.size(most)).collect(),
            pause: if rng.once_in(2) { Duration::ZERO } else { rng.time(Duration::from_secs(100)) },
            ending: match quiet {
                true => Ending::Fin,
                false => rng.pick(&[Ending::Fin, Ending::Fin, Ending::Fin, Ending::Leave, Ending::Reset]),
            },
        }
    }

    pub(super) fn shorten(&mut self) {
        self.pieces.iter_mut().for_each(|piece| *piece %= 300);
    }
}
