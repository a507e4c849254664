//! One direction of a transport: octets in order, a bounded number under way, an end that is orderly or not.

use http_proto::End;
use std::collections::VecDeque;

/// How a link breaks in the middle, though neither end asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The receiver sees an orderly end, the sender a broken pipe: a middlebox, or a crashed process.
    Fin,
    /// Both see a reset.
    Reset,
}

/// What a link is like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// How many octets are moved at a time; the list begins again when it ends. Zeros count as one.
    pub budgets: Vec<usize>,
    /// How many octets may be under way.
    pub capacity: usize,
    /// Behind so many octets the link breaks.
    pub cut: Option<(u64, Cut)>,
}

/// One direction.
#[derive(Debug)]
pub struct Link {
    shape: Shape,
    turn: usize,
    under_way: VecDeque<u8>,
    accepted: u64,
    end: Option<End>,
    /// Writing fails from now on.
    broken: bool,
}

impl Link {
    /// An empty link.
    pub fn new(shape: Shape) -> Self {
        Link { shape, turn: 0, under_way: VecDeque::new(), accepted: 0, end: None, broken: false }
    }

    /// How many octets the next move may carry.
    pub fn budget(&mut self) -> usize {
        let budget = self.shape.budgets.get(self.turn).copied().unwrap_or(usize::MAX);
        self.turn = (self.turn + 1) % self.shape.budgets.len().max(1);
        budget.max(1)
    }

    /// How many octets can be written now.
    pub fn room(&self) -> usize {
        self.shape.capacity.saturating_sub(self.under_way.len())
    }

    /// Whether writing fails.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes octets, not more than there is room for.
    pub fn write(&mut self, octets: &[u8]) {
        for &octet in octets {
            if self.broken || self.end.is_some() {
                return;
            }
            self.under_way.push_back(octet);
            self.accepted += 1;
            match self.shape.cut {
                Some((at, Cut::Fin)) if at == self.accepted => {
                    self.finish();
                    self.broken = true;
                }
                Some((at, Cut::Reset)) if at == self.accepted => self.reset(),
                Some(_) | None => {}
            }
        }
    }

    /// The writer sends nothing more.
    pub fn finish(&mut self) {
        self.end.get_or_insert(End::Clean);
    }

    /// A reset in this direction: what is under way is lost, as it is with TCP.
    pub fn reset(&mut self) {
        self.under_way.clear();
        self.end = Some(End::Aborted);
        self.broken = true;
    }

    /// The reader is gone.
    pub fn close_reader(&mut self) {
        self.broken = true;
    }

    /// Octets that nobody has read.
    pub fn unread(&self) -> usize {
        self.under_way.len()
    }

    /// Reads at most so many octets.
    pub fn read(&mut self, most: usize) -> Vec<u8> {
        let count = most.min(self.under_way.len());
        self.under_way.drain(..count).collect()
    }

    /// The end, once all octets before it have been read; a reset at once.
    pub fn end(&self) -> Option<End> {
        self.end.filter(|&end| end == End::Aborted || self.under_way.is_empty())
    }
}
