//! Heads to be parsed, one after another.

use std::sync::Arc;

/// Header slots of the peer: the table that its documentation shows, made once and never cleared.
pub(crate) const HEADERS: usize = 64;

/// Heads in turn, without end.
#[derive(Clone)]
pub(crate) struct Heads {
    heads: Arc<[&'static [u8]]>,
    next: usize,
}

impl Heads {
    /// The heads live as long as the process, so that a table of headers can be reused for all of them.
    pub(crate) fn new(heads: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Heads { heads: heads.into_iter().map(|head| &*head.leak()).collect(), next: 0 }
    }

    /// Octets of a head, on average.
    pub(crate) fn mean(&self) -> f64 {
        let total: usize = self.heads.iter().map(|head| head.len()).sum();
        total as f64 / self.heads.len() as f64
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> &'static [u8] {
        let head = self.heads[self.next];
        self.next += 1;
        if self.next == self.heads.len() {
            self.next = 0;
        }
        head
    }
}
