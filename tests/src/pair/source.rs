//! Octets as a source of choices. An exhausted source chooses the first, so that less input means a simpler run.

/// Choices, taken from the front of some octets.
#[derive(Debug)]
pub struct Source<'a> {
    octets: &'a [u8],
}

impl<'a> Source<'a> {
    /// The choices that these octets make.
    pub fn new(octets: &'a [u8]) -> Self {
        Source { octets }
    }

    /// Whether every further choice is the first.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The next octet.
    pub fn octet(&mut self) -> u8 {
        match self.octets.split_first() {
            Some((&first, rest)) => {
                self.octets = rest;
                first
            }
            None => 0,
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.octet()) % bound.max(1)
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Yes with a chance of one in `n`; never from an exhausted source.
    pub fn one_in(&mut self, n: usize) -> bool {
        !self.is_empty() && self.below(n) == n - 1
    }

    /// A size: mostly small, sometimes some thousands.
    pub fn size(&mut self) -> usize {
        let low = usize::from(self.octet());
        match low {
            0..240 => low % 40,
            240..=255 => (low - 239) * (1 + usize::from(self.octet())),
            _ => unreachable!("an octet"),
        }
    }

    /// The next octets themselves, at most so many.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.octets.split_at(count.min(self.octets.len()));
        self.octets = rest;
        taken
    }
}
