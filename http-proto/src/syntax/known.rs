//! The field names that decide about framing and the connection, told from all others, and where they stand in a
//! section. Knows no values.

use super::is_name;

/// The names that decide about framing and the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Host,
    Expect,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
}

const KNOWN: usize = 6;

impl Known {
    /// Whether a known name has this length and first letter: tells nearly all others apart.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a number below 32 indexes a table of 32")]
    pub(super) fn may_be(length: u32, first: u8) -> bool {
        const LETTERS: [u8; 32] = {
            let mut letters = [0; 32];
            (letters[4], letters[6], letters[7], letters[10], letters[14], letters[17]) =
                (b'h', b'e', b'u', b'c', b'c', b't');
            letters
        };
        LETTERS[length as usize % 32] == first | 0x20
    }

    #[inline(always)]
    pub(super) fn of(name: &[u8]) -> Option<Known> {
        match name.len() {
            4 => is_name(name, b"host").then_some(Known::Host),
            6 => is_name(name, b"expect").then_some(Known::Expect),
            7 => is_name(name, b"upgrade").then_some(Known::Upgrade),
            10 => is_name(name, b"connection").then_some(Known::Connection),
            14 => is_name(name, b"content-length").then_some(Known::ContentLength),
            17 => is_name(name, b"transfer-encoding").then_some(Known::TransferEncoding),
            _ => None,
        }
    }
}

/// Where the fields of a known name are: the first, and how many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) first: u16,
    pub(super) count: u16,
}

/// What a section has of each known name.
#[derive(Debug)]
pub(super) struct Noted {
    seen: [Seen; KNOWN],
}

impl Noted {
    pub(super) const NONE: Self = Noted { seen: [Seen { first: 0, count: 0 }; KNOWN] };

    /// Notes the field of that index, if its name is a known one.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an enum of KNOWN variants indexes an array of KNOWN")]
    pub(super) fn note(&mut self, name: &[u8], index: usize) {
        let Some(known) = Known::of(name) else { return };
        let seen = &mut self.seen[known as usize];
        if seen.count == 0 {
            seen.first = index as u16;
        }
        seen.count += 1;
    }

    /// Forgets the field of that index, the last one.
    pub(super) fn forget(&mut self, index: usize) {
        for seen in &mut self.seen {
            // Only a first occurrence can be told by its index; a repeated one is counted once too often, and twice is
            // all that matters.
            if seen.count == 1 && usize::from(seen.first) == index {
                seen.count = 0;
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an enum of KNOWN variants indexes an array of KNOWN")]
    pub(super) fn seen(&self, known: Known) -> Seen {
        self.seen[known as usize]
    }
}
