//! [`Kept`]: memory that serves one exchange after the other: a connection's as long as it has something to do, then its
//! thread's.

use http_driver::parts::{Spare, keep, kept};

#[derive(Default)]
pub(super) struct Kept(Option<Box<Spare>>);

impl Kept {
    pub(super) fn get(&mut self) -> &mut Spare {
        self.0.get_or_insert_with(|| kept().unwrap_or_default())
    }

    /// An idle connection holds none.
    pub(super) fn release(&mut self) {
        if let Some(spare) = self.0.take() {
            keep(spare);
        }
    }
}
