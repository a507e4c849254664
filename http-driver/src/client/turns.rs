//! [`Turns`]: who waits for one of several places, in the order in which they came. As many are woken as there are places:
//! if everybody were, a thousand who wait would be woken a thousand times.

use std::collections::BTreeMap;
use std::task::{Context, Waker};

#[derive(Debug, Default)]
pub(super) struct Turns {
    waiting: BTreeMap<u64, Waker>,
    given: u64,
}

impl Turns {
    /// Wakes the task of `cx` in its turn; whoever has no number yet comes behind everybody.
    pub(super) fn wait(&mut self, number: &mut Option<u64>, cx: &Context<'_>) {
        let number = *number.get_or_insert_with(|| {
            self.given += 1;
            self.given
        });
        self.waiting.insert(number, cx.waker().clone());
    }

    /// Waits no longer.
    pub(super) fn leave(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Those whose turn it is with so many places, to be woken. Who finds the place taken waits in the old turn.
    pub(super) fn next(&mut self, places: usize) -> Vec<Waker> {
        (0..places).map_while(|_| self.waiting.pop_first()).map(|(_, waker)| waker).collect()
    }
}
