//! The block tests of `scan` with SSE2, which every x86-64 has, through safe wrappers of the intrinsics.

use super::Stop;
use safe_arch::{
    add_i8_m128i, bitand_m128i, bitandnot_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i,
    load_unaligned_m128i, m128i, move_mask_i8_m128i, set_splat_i8_m128i,
};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

#[inline(always)]
fn load(block: &[u8; 16]) -> m128i {
    load_unaligned_m128i(block)
}

#[inline(always)]
fn splat(c: u8) -> m128i {
    set_splat_i8_m128i(c as i8)
}

/// The first lane at or after `from` that is not set; 16 if all are.
#[inline(always)]
fn first_clear(lanes: m128i, from: u32) -> u32 {
    ((move_mask_i8_m128i(lanes) as u32 ^ 0x1_ffff) >> from).trailing_zeros() + from
}

#[inline(always)]
fn halves(block: &[u8; 32]) -> [&[u8; 16]; 2] {
    match block.as_chunks::<16>().0 {
        [first, second] => [first, second],
        _ => [&[0; 16]; 2],
    }
}

#[inline(always)]
fn all_set(lanes: m128i) -> bool {
    move_mask_i8_m128i(lanes) == 0xffff
}

/// The lanes in `0x20..=0x7e`. One up, DEL becomes -128 and obs-text stays negative or becomes 0, so that one signed
/// compare tells all of them apart.
#[inline(always)]
fn value_lanes(block: &[u8; 16]) -> m128i {
    cmp_gt_mask_i8_m128i(add_i8_m128i(load(block), splat(1)), splat(0x20))
}

/// The lanes in `0x21..=0x7e` but `#`.
#[inline(always)]
fn target_lanes(block: &[u8; 16]) -> m128i {
    let octets = load(block);
    let visible = cmp_gt_mask_i8_m128i(add_i8_m128i(octets, splat(1)), splat(0x21));
    bitandnot_m128i(cmp_eq_mask_i8_m128i(octets, splat(b'#')), visible)
}

impl Stop for ValueStop {
    const LONG: bool = true;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        let [first, second] = halves(block);
        all_set(bitand_m128i(value_lanes(first), value_lanes(second)))
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        first_clear(value_lanes(block), from)
    }
}

impl Stop for TargetStop {
    const LONG: bool = true;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        let [first, second] = halves(block);
        all_set(bitand_m128i(target_lanes(first), target_lanes(second)))
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        first_clear(target_lanes(block), from)
    }
}

impl Stop for TokenStop {
    const LONG: bool = false;

    #[inline(always)]
    fn none_in_32(self, block: &[u8; 32]) -> bool {
        let [first, second] = halves(block);
        self.in_16(first, 0) + self.in_16(second, 0) == 32
    }

    #[inline(always)]
    fn in_16(self, block: &[u8; 16], from: u32) -> u32 {
        let octets = load(block);
        // Moved so that the range begins at the lowest i8: one signed compare per range.
        let folded = bitor_m128i(octets, splat(0x20));
        let letter = add_i8_m128i(folded, splat(0x80u8.wrapping_sub(b'a')));
        let letter = cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(26)), letter);
        let digit = add_i8_m128i(octets, splat(0x80u8.wrapping_sub(b'0')));
        let digit = cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(10)), digit);
        let mark = add_i8_m128i(octets, splat(0x80u8.wrapping_sub(b'-')));
        let mark = cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(2)), mark);
        first_clear(bitor_m128i(bitor_m128i(letter, digit), mark), from)
    }
}
