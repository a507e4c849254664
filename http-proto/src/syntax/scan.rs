//! Finds the first octet that ends a run: of a token, a field value, a target.
//!
//! The three searches share one loop. Blocks of 16 octets are tested at once against a class that is *narrower* than
//! the grammar's (cheap to test, and nearly always enough); an octet outside it is looked up in the table of the real
//! class and either ends the run or is stepped over. Knows octets, nothing about lines or heads.

use super::octets;

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
#[path = "scan_sse2.rs"]
mod block;
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
#[path = "scan_portable.rs"]
mod block;

pub(super) const TOKEN: u8 = 1;
pub(super) const VALUE: u8 = 2;
pub(super) const TARGET: u8 = 4;
pub(super) const REG_NAME: u8 = 8;

/// The classes of every octet: tchar (RFC 9110 5.6.2), field-vchar with SP and HTAB (5.5), what a request target may
/// hold (visible US-ASCII without `#`), and what a reg-name consists of apart from `%` (RFC 3986 3.2.2).
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
        if c.is_ascii_alphanumeric() || is_reg_name_symbol(c) {
            table[octet] |= REG_NAME;
        }
        octet += 1;
    }
    table
}

const fn is_tchar_symbol(c: u8) -> bool {
    matches!(c, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// The unreserved octets and sub-delims that are neither letter nor digit.
const fn is_reg_name_symbol(c: u8) -> bool {
    matches!(c, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a u8 indexes a table of 256")]
pub(super) fn in_class(c: u8, class: u8) -> bool {
    CLASS[c as usize] & class != 0
}

/// Whether `bytes` is a token: one or more tchar.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && is_run(bytes, token_end)
}

/// Whether every octet may stand in a field value: VCHAR, obs-text, SP or HTAB.
pub fn is_field_value(bytes: &[u8]) -> bool {
    is_run(bytes, value_end)
}

/// Whether all of `bytes` is one run. Nothing as long as a position can count is ever part of a head.
#[inline(always)]
pub(super) fn is_run(bytes: &[u8], run_end: impl Fn(&[u8], u32) -> RunEnd) -> bool {
    bytes.len() < u32::MAX as usize / 2 && run_end(bytes, 0).1.is_none()
}

/// Where a run ends, and the octet that ends it; `None` at the end of the block.
type RunEnd = (u32, Option<u8>);

/// The first position at or after `from` that is not a tchar. Like the others for blocks of less than 4 GiB; a head is
/// much smaller.
#[inline(always)]
pub(super) fn token_end(block: &[u8], from: u32) -> RunEnd {
    run_end(block, from, TOKEN, b':', block::TokenStop)
}

/// The same where 16 octets of nearly all names are letters and `-`, and the colon is near.
#[inline(always)]
pub(super) fn usual_name_end(block: &[u8], from: u32) -> u32 {
    let mut at = from;
    while let Some(octets) = octets(block, at) {
        let clean = block::NameStop.first(octets, 0);
        at += clean;
        match octets.get(clean as usize) {
            Some(b':') => return at,
            Some(_) => break,
            None => {}
        }
    }
    unusual_name_end(block, at)
}

#[inline(never)]
fn unusual_name_end(block: &[u8], from: u32) -> u32 {
    token_end(block, from).0
}

/// The first position at or after `from` that may not stand in a field value.
#[inline(always)]
pub(super) fn value_end(block: &[u8], from: u32) -> RunEnd {
    run_end(block, from, VALUE, b'\r', block::ValueStop)
}

/// The first position at or after `from` that may not stand in a request target.
#[inline(always)]
pub(super) fn target_end(block: &[u8], from: u32) -> RunEnd {
    run_end(block, from, TARGET, b' ', block::TargetStop)
}

/// The first position at or after `from` that may not stand in a reg-name, `%` among them.
#[inline(always)]
pub(super) fn reg_name_end(block: &[u8], from: u32) -> RunEnd {
    run_end(block, from, REG_NAME, b'\r', block::TokenStop)
}

/// Tests blocks of `N` octets against a narrow class: 16 where runs are short or a block costs much, else 32.
pub(super) trait Stop<const N: usize>: Copy {
    /// The first octet at or after `from` that is outside the class; `N` if none is. Where an octet in front of `from` is
    /// outside too, it may be one inside, which costs time and no more.
    fn first(self, block: &[u8; N], from: u32) -> u32;
}

/// Whether what lies between these positions are letters, digits, `-` and `.`, as in nearly every host, and maybe a port;
/// and 16 octets can be looked at wherever it is necessary.
#[inline(always)]
pub(super) fn is_usual_host(block: &[u8], from: u32, end: u32) -> bool {
    let mut at = from;
    while at < end {
        let Some(octets) = octets(block, at) else { return false };
        let clean = block::TokenStop.first(octets, 0);
        at += clean;
        if clean < 16 {
            return at >= end || (at > from && is_port(block.get(at as usize..end as usize)));
        }
    }
    true
}

fn is_port(behind: Option<&[u8]>) -> bool {
    matches!(behind, Some([b':', port @ ..]) if port.iter().all(u8::is_ascii_digit))
}

/// `usual` is the octet that nearly always ends the run; it is in no class.
#[inline(always)]
fn run_end<const N: usize>(block: &[u8], from: u32, class: u8, usual: u8, stop: impl Stop<N>) -> RunEnd {
    let mut at = from;
    loop {
        let Some(octets) = octets(block, at) else { return tail_end(block, at, class, stop) };
        let clean = stop.first(octets, 0);
        // A branch, not arithmetic: what follows need not wait for the count of a block without a stop. Where there is
        // one, it lies within the block, which spares looking at the length again.
        let Some(&c) = octets.get(clean as usize) else {
            at += N as u32;
            continue;
        };
        at += clean;
        if c == usual {
            return (at, Some(usual));
        }
        if !in_class(c, class) {
            return (at, Some(c));
        }
        at += 1;
    }
}

/// Within the last octets of the block: looks at its last `N`, from the right one on.
#[inline(never)]
fn tail_end<const N: usize>(block: &[u8], from: u32, class: u8, stop: impl Stop<N>) -> RunEnd {
    let length = block.len() as u32;
    let mut at = from;
    while at < length {
        // Few octets, as in input that comes in drops, are sooner looked up than tested at once.
        if let Some(last) = block.last_chunk()
            && length - at > 4
        {
            let start = length - N as u32;
            at = start + stop.first(last, at - start);
        }
        match block.get(at as usize) {
            Some(&c) if in_class(c, class) => at += 1,
            stopped => return (at, stopped.copied()),
        }
    }
    (at, None)
}

pub(super) use block::ValueStops;

/// Eight octets at once in a `u64`: bit 7 of a lane marks a stop. The first mark is exact; behind it a carry between the
/// lanes may have made others.
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
mod swar {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    const LOW7: u64 = !HIGH;

    const fn all(c: u8) -> u64 {
        ONES * c as u64
    }

    /// The first octet at or after `from` whose lane is marked; `N` if none is.
    #[inline(always)]
    pub(crate) fn first<const N: usize>(block: &[u8; N], from: u32, stops: impl Fn(u64) -> u64) -> u32 {
        let mut at = 0;
        for word in block.as_chunks().0 {
            let before = u64::MAX.checked_shl(8 * from.saturating_sub(at)).unwrap_or(0);
            let found = stops(u64::from_le_bytes(*word)) & before;
            if found != 0 {
                return at + found.trailing_zeros() / 8;
            }
            at += 8;
        }
        at
    }

    /// Outside `0x20..=0x7e`.
    #[inline(always)]
    pub(crate) fn value_stops(x: u64) -> u64 {
        (x.wrapping_sub(all(b' ')) | x.wrapping_add(ONES) | x) & HIGH
    }

    /// Outside `0x21..=0x7e`, or `#`.
    #[inline(always)]
    pub(crate) fn target_stops(x: u64) -> u64 {
        let hash = (x ^ all(b'#')).wrapping_sub(ONES);
        (x.wrapping_sub(all(b'!')) | x.wrapping_add(ONES) | x | hash) & HIGH
    }

    /// Outside letters and `-`.
    #[inline(always)]
    pub(crate) fn name_stops(x: u64) -> u64 {
        let low = x & LOW7;
        let folded = low | all(0x20);
        let letter = (folded + all(0x80 - b'a')) & !(folded + all(0x80 - b'z' - 1));
        // Exact in every lane, as letters are: what is inside must not be marked by a carry.
        let no_dash = (low ^ all(b'-')) + LOW7;
        ((!letter & no_dash) | x) & HIGH
    }

    /// Outside letters, digits, `-` and `.`.
    #[inline(always)]
    pub(crate) fn token_stops(x: u64) -> u64 {
        let low = x & LOW7;
        let folded = low | all(0x20);
        let letter = (folded + all(0x80 - b'a')) & !(folded + all(0x80 - b'z' - 1));
        let digit = (low + all(0x80 - b'0')) & !(low + all(0x80 - b'9' - 1));
        let dash_or_dot = (low + all(0x80 - b'-')) & !(low + all(0x80 - b'.' - 1));
        (!(letter | digit | dash_or_dot) | x) & HIGH
    }
}
