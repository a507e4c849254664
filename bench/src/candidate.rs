//! What is measured: a case, and the candidates that do its work.

/// Does the work of a case, a batch at a time.
pub(crate) trait Candidate {
    /// Makes ready what a batch of `messages` needs and what is no part of the measured work, such as connections.
    fn prepare(&mut self, messages: usize);

    /// Does the measured work on as many messages as were prepared.
    ///
    /// # Panics
    /// The work went wrong; a figure for it would mean nothing.
    fn run(&mut self);
}

/// One row of the table, but for the subject: the same work by us and by a peer.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) peer: &'static str,
    /// Octets of input to a message, on average.
    pub(crate) octets: f64,
    /// Messages to a batch. Few enough that what is prepared for them stays in the first-level cache.
    pub(crate) batch: usize,
    pub(crate) ours: Box<dyn Candidate>,
    pub(crate) theirs: Box<dyn Candidate>,
}
