//! Start lines as nearly every message has them, read in one go. Accepts or leaves alone: what is not usual need not be
//! wrong, and [`HeadParser`](super::HeadParser) looks at it octet by octet. Knows no fault.

use super::start_line::StartLine;
use super::{CR, LF, MethodKind, SP, octets, scan, slice};
use crate::config::Limits;

/// The request line at the front of `block`, and where the next line begins: a known method, a path, HTTP/1.1.
#[inline(always)]
pub(super) fn request_line(block: &[u8], limits: &Limits) -> Option<(StartLine, u32)> {
    // Most methods are this one, and comparing is quicker than searching.
    let (method, first_end) = if block.starts_with(b"GET ") {
        (MethodKind::Get, 3)
    } else {
        let (end, _) = scan::token_end(block, 0);
        (MethodKind::of(slice(block, 0, end as usize)), end)
    };
    let target = first_end + 1;
    let (second_end, _) = scan::target_end(block, target);
    let usual = octets(block, first_end) == Some(b" /")
        && octets(block, second_end) == Some(b" HTTP/1.1\r\n")
        && !matches!(method, MethodKind::Connect | MethodKind::Other)
        && first_end <= limits.method.into()
        && second_end - target <= limits.target.into();
    let line = StartLine { method, first_end: first_end as u16, second_end: second_end as u16, ..StartLine::NONE };
    usual.then_some((line, second_end + 11))
}

/// The status line at the front of `block`, and where the next line begins: HTTP/1.1.
#[inline(always)]
pub(super) fn status_line(block: &[u8]) -> Option<(StartLine, u32)> {
    let [version @ .., a, b, c, SP] = block.first_chunk::<13>()? else { return None };
    let digits = [a, b, c].map(|c| c.wrapping_sub(b'0'));
    let (second_end, _) = scan::value_end(block, 13);
    let usual = version == b"HTTP/1.1 "
        && digits.iter().all(|&digit| digit < 10)
        && octets(block, second_end) == Some(&[CR, LF]);
    let status = digits.iter().fold(0, |status, &digit| status * 10 + u16::from(digit));
    let line = StartLine { status, first_end: 12, second_end: second_end as u16, ..StartLine::NONE };
    usual.then_some((line, second_end + 2))
}
