//! The block tests of `scan` without intrinsics: a fold that compilers turn into vector compares, then a `u64` to
//! locate the stop.

use super::{Stop, swar};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

#[inline(always)]
fn in_halves(block: &[u8; 16], stops: impl Fn(u64) -> u64) -> usize {
    let [low, high] = halves(block);
    let low = stops(low);
    if low != 0 { swar::first(low) } else { 8 + swar::first(stops(high)) }
}

#[inline(always)]
fn halves(block: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*block);
    [both as u64, (both >> 64) as u64]
}

#[inline(always)]
fn any(block: &[u8; 16], stops: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |found, &c| found | stops(c))
}

impl Stop for ValueStop {
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        if !any(block, |c| (c.wrapping_add(1) as i8) <= 0x20) {
            return 16;
        }
        in_halves(block, swar::value_stops)
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::value_stops(u64::from_le_bytes(*block)))
    }
}

impl Stop for TargetStop {
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        if !any(block, |c| ((c.wrapping_add(1) as i8) <= 0x21) | (c == b'#')) {
            return 16;
        }
        in_halves(block, swar::target_stops)
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::target_stops(u64::from_le_bytes(*block)))
    }
}

impl Stop for TokenStop {
    // Names are short: the stop is nearly always in the block, and testing first would only cost.
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        in_halves(block, swar::token_stops)
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::token_stops(u64::from_le_bytes(*block)))
    }
}
