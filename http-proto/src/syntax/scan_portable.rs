//! The block tests of `scan` without intrinsics: for long runs a fold that compilers turn into vector compares, then
//! `u64` words to locate the stop.

use super::{Stop, swar, value_end};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct NameStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

/// The first stop of 16 octets at or after `from`; in most blocks there is none.
#[inline(always)]
fn first_of_16(block: &[u8; 16], from: u32, is_stop: impl Fn(u8) -> bool, stops: impl Fn(u64) -> u64) -> u32 {
    if !block.iter().fold(false, |found, &c| found | is_stop(c)) {
        return 16;
    }
    swar::first(block, from, stops)
}

impl Stop<16> for TokenStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::token_stops)
    }
}

impl Stop<16> for NameStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        swar::first(block, from, swar::name_stops)
    }
}

impl Stop<16> for ValueStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        // One up: DEL becomes -128, obs-text stays negative or becomes 0, so one signed compare finds all of them.
        first_of_16(block, from, |c| (c.wrapping_add(1) as i8) <= 0x20, swar::value_stops)
    }
}

impl Stop<16> for TargetStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        first_of_16(block, from, |c| ((c.wrapping_add(1) as i8) <= 0x21) | (c == b'#'), swar::target_stops)
    }
}

/// Finds what may end field values, one after the other. Without a cheap bitmap each is a search of its own.
pub(crate) struct ValueStops;

impl ValueStops {
    /// For values at or after a position.
    #[inline(always)]
    pub(crate) fn new(_: &[u8], _: u32) -> Self {
        ValueStops
    }

    /// The first position at or after `from` of an octet that may end a value; the length if there is none.
    #[inline(always)]
    pub(crate) fn next(&mut self, block: &[u8], from: u32) -> u32 {
        value_end(block, from).0
    }
}
