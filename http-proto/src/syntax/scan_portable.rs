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
fn any<const N: usize>(block: &[u8; N], stops: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |found, &c| found | stops(c))
}

#[inline(always)]
fn stops_value(c: u8) -> bool {
    (c.wrapping_add(1) as i8) <= 0x20
}

#[inline(always)]
fn stops_target(c: u8) -> bool {
    ((c.wrapping_add(1) as i8) <= 0x21) | (c == b'#')
}

impl Stop for ValueStop {
    const LONG: bool = true;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        !any(block, stops_value)
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::value_stops)
    }
}

impl Stop for TargetStop {
    const LONG: bool = true;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        !any(block, stops_target)
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::target_stops)
    }
}

// Names are short: the stop is nearly always in the first block.
impl Stop for TokenStop {
    const LONG: bool = false;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        !any(block, |c| !c.is_ascii_alphanumeric() && c != b'-' && c != b'.')
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::token_stops)
    }
}
