//! The block tests of `scan` with SSE2, which every x86-64 has, through safe wrappers of the intrinsics.

use super::{Stop, swar};
use safe_arch::{
    add_i8_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, m128i, move_mask_i8_m128i,
    set_splat_i8_m128i,
};

#[derive(Clone, Copy)]
pub(super) struct TokenStop;
#[derive(Clone, Copy)]
pub(super) struct ValueStop;
#[derive(Clone, Copy)]
pub(super) struct TargetStop;

#[inline(always)]
fn load(block: &[u8; 16]) -> m128i {
    m128i::from(u128::from_le_bytes(*block))
}

#[inline(always)]
fn splat(c: u8) -> m128i {
    set_splat_i8_m128i(c as i8)
}

/// The first lane that is not set; 16 if all are.
#[inline(always)]
fn first_clear(lanes: m128i) -> usize {
    (move_mask_i8_m128i(lanes) as u32 ^ 0xffff | 0x1_0000).trailing_zeros() as usize
}

impl Stop for ValueStop {
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        // One up: DEL becomes -128, obs-text stays negative or becomes 0, so one signed compare finds all of them.
        let shifted = add_i8_m128i(load(block), splat(1));
        first_clear(cmp_gt_mask_i8_m128i(shifted, splat(0x20)))
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::value_stops(u64::from_le_bytes(*block)))
    }
}

impl Stop for TargetStop {
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        let octets = load(block);
        let shifted = add_i8_m128i(octets, splat(1));
        let visible = cmp_gt_mask_i8_m128i(shifted, splat(0x21));
        let hash = cmp_eq_mask_i8_m128i(octets, splat(b'#'));
        first_clear(safe_arch::bitandnot_m128i(hash, visible))
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::target_stops(u64::from_le_bytes(*block)))
    }
}

impl Stop for TokenStop {
    #[inline(always)]
    fn in_16(self, block: &[u8; 16]) -> usize {
        let octets = load(block);
        // Moved so that the range begins at the lowest i8: one signed compare per range.
        let folded = bitor_m128i(octets, splat(0x20));
        let letter = add_i8_m128i(folded, splat(0x80u8.wrapping_sub(b'a')));
        let letter = cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(26)), letter);
        let digit = add_i8_m128i(octets, splat(0x80u8.wrapping_sub(b'0')));
        let digit = cmp_gt_mask_i8_m128i(splat(0x80u8.wrapping_add(10)), digit);
        let dash = cmp_eq_mask_i8_m128i(octets, splat(b'-'));
        first_clear(bitor_m128i(bitor_m128i(letter, digit), dash))
    }

    #[inline(always)]
    fn in_8(self, block: &[u8; 8]) -> usize {
        swar::first(swar::token_stops(u64::from_le_bytes(*block)))
    }
}
