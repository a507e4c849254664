//! Finds the first octet that ends a run: of a token, a field value, a target.
//!
//! The three searches share one loop. Blocks of 16 octets are tested at once against a class that is *narrower* than
//! the grammar's (cheap to test, and nearly always enough); an octet outside it is looked up in the table of the real
//! class and either ends the run or is stepped over. Knows octets, nothing about lines or heads.

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
#[path = "scan_sse2.rs"]
mod block;
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
#[path = "scan_portable.rs"]
mod block;

pub(super) const TOKEN: u8 = 1;
pub(super) const VALUE: u8 = 2;
pub(super) const TARGET: u8 = 4;

/// The classes of every octet: tchar (RFC 9110 5.6.2), field-vchar with SP and HTAB (5.5), and what a request target
/// may hold: visible US-ASCII without `#`.
pub(super) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0usize;
    while octet < 256 {
        let c = octet as u8;
        if c.is_ascii_alphanumeric() || is_tchar_symbol(c) {
            table[octet] |= TOKEN;
        }
        if c == b'\t' || (c >= b' ' && c != 0x7f) {
            table[octet] |= VALUE;
        }
        if c > b' ' && c < 0x7f && c != b'#' {
            table[octet] |= TARGET;
        }
        octet += 1;
    }
    table
}

const fn is_tchar_symbol(c: u8) -> bool {
    matches!(c, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a u8 indexes a table of 256")]
pub(super) fn in_class(c: u8, class: u8) -> bool {
    CLASS[c as usize] & class != 0
}

/// Whether `bytes` is a token: one or more tchar.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_end(bytes, 0) == bytes.len()
}

/// Whether every octet may stand in a field value: VCHAR, obs-text, SP or HTAB.
pub fn is_field_value(bytes: &[u8]) -> bool {
    value_end(bytes, 0) == bytes.len()
}

/// The first position at or after `from` that is not a tchar, or the length.
#[inline(always)]
pub(super) fn token_end(bytes: &[u8], from: usize) -> usize {
    run_end(bytes, from, TOKEN, block::TokenStop)
}

/// The first position at or after `from` that may not stand in a field value, or the length.
#[inline(always)]
pub(super) fn value_end(bytes: &[u8], from: usize) -> usize {
    run_end(bytes, from, VALUE, block::ValueStop)
}

/// The first position at or after `from` that may not stand in a request target, or the length.
#[inline(always)]
pub(super) fn target_end(bytes: &[u8], from: usize) -> usize {
    run_end(bytes, from, TARGET, block::TargetStop)
}

/// Tests blocks of 16 octets, and at the end of the input 8.
pub(super) trait Stop: Copy {
    /// The first octet of the block that is outside the narrow class; 16 if none is.
    fn in_16(self, block: &[u8; 16]) -> usize;
    /// The same for 8 octets in little-endian order; 8 if none is.
    fn in_8(self, block: &[u8; 8]) -> usize;
}

#[inline(always)]
fn run_end(bytes: &[u8], from: usize, class: u8, stop: impl Stop) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let clean = stop.in_16(block);
        at += clean;
        if clean < 16 {
            match bytes.get(at) {
                Some(&c) if in_class(c, class) => at += 1,
                _ => return at,
            }
        }
    }
    run_end_short(bytes, at, class, stop)
}

/// The last 15 octets of the input.
#[inline(always)]
fn run_end_short(bytes: &[u8], from: usize, class: u8, stop: impl Stop) -> usize {
    let mut at = from;
    if let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        at += stop.in_8(block);
    }
    while let Some(&c) = bytes.get(at) {
        if !in_class(c, class) {
            break;
        }
        at += 1;
    }
    at
}

/// Eight octets at once in a `u64`: exact, without carries between the lanes. Bit 7 of a lane marks a stop.
pub(super) mod swar {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    const LOW7: u64 = !HIGH;

    const fn all(c: u8) -> u64 {
        ONES * c as u64
    }

    #[inline(always)]
    pub(crate) fn first(stops: u64) -> usize {
        (stops.trailing_zeros() / 8) as usize
    }

    /// Outside `0x20..=0x7e`.
    #[inline(always)]
    pub(crate) fn value_stops(x: u64) -> u64 {
        let low = x & LOW7;
        (!(low + all(0x80 - 0x20)) | (low + ONES) | x) & HIGH
    }

    /// Outside `0x21..=0x7e`, or `#`.
    #[inline(always)]
    pub(crate) fn target_stops(x: u64) -> u64 {
        let low = x & LOW7;
        let hash = !((low ^ all(b'#')) + LOW7);
        (!(low + all(0x80 - 0x21)) | (low + ONES) | x | hash) & HIGH
    }

    /// Outside letters, digits and `-`.
    #[inline(always)]
    pub(crate) fn token_stops(x: u64) -> u64 {
        let low = x & LOW7;
        let folded = low | all(0x20);
        let letter = (folded + all(0x80 - b'a')) & !(folded + all(0x80 - b'z' - 1));
        let digit = (low + all(0x80 - b'0')) & !(low + all(0x80 - b'9' - 1));
        let dash = !((low ^ all(b'-')) + LOW7);
        (!(letter | digit | dash) | x) & HIGH
    }
}
