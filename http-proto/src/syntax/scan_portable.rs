//! The block tests of `scan` without intrinsics: for long runs a fold that compilers turn into vector compares, then
//! `u64` words to locate the stop.

use super::{Stop, swar};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

/// The first stop of 32 octets at or after `from`; in most blocks there is none.
#[inline(always)]
fn first_of_32(block: &[u8; 32], from: u32, is_stop: impl Fn(u8) -> bool, stops: impl Fn(u64) -> u64) -> u32 {
    if !block.iter().fold(false, |found, &c| found | is_stop(c)) {
        return 32;
    }
    swar::first(block, from, stops)
}

impl Stop<16> for TokenStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::token_stops)
    }
}

impl Stop<32> for ValueStop {
    #[inline(always)]
    fn first(self, block: &[u8; 32], from: u32) -> u32 {
        // One up: DEL becomes -128, obs-text stays negative or becomes 0, so one signed compare finds all of them.
        first_of_32(block, from, |c| (c.wrapping_add(1) as i8) <= 0x20, swar::value_stops)
    }
}

impl Stop<32> for TargetStop {
    #[inline(always)]
    fn first(self, block: &[u8; 32], from: u32) -> u32 {
        first_of_32(block, from, |c| ((c.wrapping_add(1) as i8) <= 0x21) | (c == b'#'), swar::target_stops)
    }
}

/// A bit for each octet outside `0x20..=0x7e`; perhaps also for one right behind such an octet.
#[inline(always)]
pub(super) fn value_stops<const N: usize>(block: &[u8; N]) -> u64 {
    block
        .as_chunks()
        .0
        .iter()
        .rev()
        .fold(0, |stops, word| stops << 8 | swar::bits(swar::rough_value_stops(u64::from_le_bytes(*word))))
}
