//! The block tests of `scan` with SSE2, which every x86-64 has, through safe wrappers of the intrinsics.

use super::{Stop, VALUE, in_class};
use safe_arch::{
    add_i8_m128i, bitandnot_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i,
    m128i, move_mask_i8_m128i, set_splat_i8_m128i,
};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
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

/// The first octet at or after `from` that is not in the class, of which `lanes` tells for 16 octets.
#[inline(always)]
fn first_of_16(block: &[u8; 16], from: u32, lanes: impl Fn(m128i) -> m128i) -> u32 {
    let inside = move_mask_i8_m128i(lanes(load_unaligned_m128i(block))) as u32;
    ((inside ^ 0x1_ffff) >> from).trailing_zeros() + from
}

/// The same for 32 octets.
#[inline(always)]
fn first_of_32(block: &[u8; 32], from: u32, lanes: impl Fn(m128i) -> m128i) -> u32 {
    let [low, high] = match block.as_chunks().0 {
        [low, high] => [low, high].map(|half| move_mask_i8_m128i(lanes(load_unaligned_m128i(half))) as u32),
        _ => [0; 2],
    };
    (!(low | high << 16) >> from).trailing_zeros().min(32 - from) + from
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
pub(super) fn value_stops<const N: usize>(block: &[u8; N]) -> u64 {
    block.as_chunks().0.iter().rev().fold(0, |stops, part| {
        let inside = move_mask_i8_m128i(value_lanes(load_unaligned_m128i(part)));
        stops << 16 | u64::from(inside as u32 ^ 0xffff)
    })
}

/// Finds the ends of field values one after the other. Keeps the stops among 64 octets as a bitmap, made without regard
/// to where lines begin, so that finding the end of one line does not wait for that of the line before.
pub(crate) struct Values {
    base: u32,
    stops: u64,
}

impl Values {
    /// For values at or after `from`.
    #[inline(always)]
    pub(crate) fn new(block: &[u8], from: u32) -> Self {
        Values { base: from, stops: stops_of_64(block, from) }
    }

    /// The first position at or after `from`, which never decreases, that may not stand in a field value, or the length.
    /// There is none between `from` and `_value`.
    #[inline(always)]
    pub(crate) fn end(&mut self, block: &[u8], from: u32, _value: u32) -> u32 {
        let mut from = from;
        loop {
            let offset = from - self.base;
            let stops = if offset < 64 { self.stops >> offset } else { 0 };
            if stops == 0 {
                self.base += 64;
                from = from.max(self.base);
                if self.base as usize >= block.len() {
                    return block.len() as u32;
                }
                self.stops = stops_of_64(block, self.base);
                continue;
            }
            let at = from + stops.trailing_zeros();
            match block.get(at as usize) {
                Some(&c) if c != b'\r' && in_class(c, VALUE) => from = at + 1,
                _ => return at,
            }
        }
    }
}

/// The stops among the 64 octets of `block` from `base` on; none behind its end.
#[inline(always)]
fn stops_of_64(block: &[u8], base: u32) -> u64 {
    let octets = block.get(base as usize..base as usize + 64).and_then(|octets| octets.try_into().ok());
    octets.map_or_else(|| stops_of_last(block, base), value_stops::<64>)
}

/// The same where fewer than 64 octets are left: 16 at a time, the last of them once more from where they are whole.
#[inline(never)]
fn stops_of_last(block: &[u8], base: u32) -> u64 {
    let left = block.get(base as usize..).unwrap_or_default();
    let (parts, rest) = left.as_chunks::<16>();
    let mut stops = 0;
    let mut at = 0;
    for part in parts {
        stops |= value_stops(part) << at;
        at += 16;
    }
    match block.last_chunk::<16>() {
        _ if rest.is_empty() => {}
        Some(last) => stops |= value_stops(last) >> (16 - rest.len()) << at,
        None => {
            for (index, &c) in rest.iter().enumerate() {
                stops |= u64::from(!in_class(c, VALUE)) << (at + index);
            }
        }
    }
    stops
}
