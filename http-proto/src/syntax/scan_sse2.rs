//! The block tests of `scan` with SSE2, which every x86-64 has, through safe wrappers of the intrinsics.

use super::{Stop, octets};
use safe_arch::{
    add_i8_m128i, bitandnot_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i,
    m128i, move_mask_i8_m128i, set_splat_i8_m128i,
};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct NameStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

#[inline(always)]
fn splat(c: u8) -> m128i {
    set_splat_i8_m128i(c as i8)
}

/// The lanes in a range of `length` octets from `start` on: moved so that it begins at the lowest `i8`, one signed
/// compare tells.
#[inline(always)]
fn in_range(octets: m128i, start: u8, length: u8) -> m128i {
    let moved = add_i8_m128i(octets, splat(0x80u8.wrapping_sub(start)));
    cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(length)), moved)
}

/// A bit for each octet that is not in the class, of which `lanes` tells for 16 octets.
#[inline(always)]
fn outside<const N: usize>(block: &[u8; N], lanes: impl Fn(m128i) -> m128i) -> u64 {
    block.as_chunks().0.iter().rev().fold(0, |outside, part| {
        let inside = move_mask_i8_m128i(lanes(load_unaligned_m128i(part)));
        outside << 16 | u64::from(inside as u32 ^ 0xffff)
    })
}

/// The first of 16 octets at or after `from` that is not in the class.
#[inline(always)]
fn first_of_16(block: &[u8; 16], from: u32, lanes: impl Fn(m128i) -> m128i) -> u32 {
    ((outside(block, lanes) as u32 | 0x1_0000) >> from).trailing_zeros() + from
}

/// The same of 32 octets.
#[inline(always)]
fn first_of_32(block: &[u8; 32], from: u32, lanes: impl Fn(m128i) -> m128i) -> u32 {
    (outside(block, lanes) as u32 >> from).trailing_zeros().min(32 - from) + from
}

/// The lanes in `0x20..=0x7e`.
#[inline(always)]
fn value_lanes(octets: m128i) -> m128i {
    in_range(octets, b' ', 0x5f)
}

impl Stop<16> for TokenStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        first_of_16(block, from, |octets| {
            let letter = in_range(bitor_m128i(octets, splat(0x20)), b'a', 26);
            let digit = in_range(octets, b'0', 10);
            bitor_m128i(bitor_m128i(letter, digit), in_range(octets, b'-', 2))
        })
    }
}

impl Stop<16> for NameStop {
    #[inline(always)]
    fn first(self, block: &[u8; 16], from: u32) -> u32 {
        first_of_16(block, from, |octets| {
            let letter = in_range(bitor_m128i(octets, splat(0x20)), b'a', 26);
            bitor_m128i(letter, cmp_eq_mask_i8_m128i(octets, splat(b'-')))
        })
    }
}

impl Stop<32> for ValueStop {
    #[inline(always)]
    fn first(self, block: &[u8; 32], from: u32) -> u32 {
        first_of_32(block, from, value_lanes)
    }
}

impl Stop<32> for TargetStop {
    #[inline(always)]
    fn first(self, block: &[u8; 32], from: u32) -> u32 {
        first_of_32(block, from, |octets| {
            let hash = cmp_eq_mask_i8_m128i(octets, splat(b'#'));
            bitandnot_m128i(hash, in_range(octets, b'!', 0x5e))
        })
    }
}

/// A bit for each octet outside `0x20..=0x7e`.
#[inline(always)]
fn value_stops(block: &[u8; 64]) -> u64 {
    outside(block, value_lanes)
}

/// Finds what may end field values, one after the other. Keeps the stops among 64 octets as a bitmap, made without
/// regard to where lines begin, so that finding the end of one line does not wait for that of the line before.
pub(crate) struct ValueStops {
    base: u32,
    stops: u64,
}

impl ValueStops {
    /// For values at or after `from`.
    #[inline(always)]
    pub(crate) fn new(block: &[u8], from: u32) -> Self {
        let stops = stops_of_64(block, from).unwrap_or_else(|| stops_of_short(block, from));
        ValueStops { base: from, stops }
    }

    /// The first position at or after `from`, which never decreases, of an octet outside `0x20..=0x7e`; the length or
    /// more if there is none.
    #[inline(always)]
    pub(crate) fn next(&mut self, block: &[u8], mut from: u32) -> u32 {
        loop {
            let stops = self.stops.checked_shr(from - self.base).unwrap_or(0);
            if stops != 0 {
                return from + stops.trailing_zeros();
            }
            self.base += 64;
            from = from.max(self.base);
            let Some(stops) = stops_of_64(block, self.base) else { return block.len() as u32 };
            self.stops = stops;
        }
    }
}

/// The stops among the 64 octets of `block` from `base` on; `None` behind its end, or if it has less than 64 octets.
#[inline(always)]
fn stops_of_64(block: &[u8], base: u32) -> Option<u64> {
    if let Some(octets) = octets(block, base) {
        return Some(value_stops(octets));
    }
    // The last octets are looked at from where 64 are left.
    let last = block.last_chunk()?;
    let seen = base as usize + 64 - block.len();
    (seen < 64).then(|| value_stops(last) >> seen)
}

/// The stops of a block of less than 64 octets from `base` on, and behind its end.
#[inline(never)]
fn stops_of_short(block: &[u8], base: u32) -> u64 {
    let mut octets = [0; 64];
    octets.iter_mut().zip(block).for_each(|(to, from)| *to = *from);
    value_stops(&octets).checked_shr(base).unwrap_or(0)
}
