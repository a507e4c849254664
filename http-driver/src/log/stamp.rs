//! Points in time as logs write them. The calendar is `httpdate`'s; here its fields are put into another order.

use crate::date;
use std::time::{SystemTime, UNIX_EPOCH};

const MONTHS: [[u8; 3]; 12] =
    [*b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov", *b"Dec"];
/// What is written for a time that has no date: the clock is wrong anyway.
const EPOCH: [u8; 29] = *b"Thu, 01 Jan 1970 00:00:00 GMT";

/// A time in UTC, in digits.
pub(super) struct Stamp {
    day: [u8; 2],
    month: [u8; 3],
    year: [u8; 4],
    /// Hours, minutes and seconds, with colons.
    time: [u8; 8],
    nanos: u32,
}

impl Stamp {
    pub(super) fn new(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (date, nanos) = date::at(since.as_secs()).map_or((EPOCH, 0), |date| (date, since.subsec_nanos()));
        let [_, _, _, _, _, d1, d2, _, m1, m2, m3, _, y1, y2, y3, y4, _, time @ .., _, _, _, _] = date;
        Stamp { day: [d1, d2], month: [m1, m2, m3], year: [y1, y2, y3, y4], time, nanos }
    }

    /// Appends it as `10/Oct/2000:13:55:36 +0000`.
    pub(super) fn common(&self, line: &mut Vec<u8>) {
        let Stamp { day, month, year, time, nanos: _ } = self;
        for part in [&day[..], b"/", month, b"/", year, b":", time, b" +0000"] {
            line.extend_from_slice(part);
        }
    }

    /// Appends it as `2000-10-10T13:55:36.000000000Z` (RFC 3339).
    pub(super) fn rfc3339(&self, line: &mut Vec<u8>) {
        let Stamp { day, month, year, time, nanos } = self;
        let month = 1 + MONTHS.iter().position(|other| other == month).unwrap_or_default();
        line.extend_from_slice(year);
        super::put(line, format_args!("-{month:02}-"));
        for part in [&day[..], b"T", time] {
            line.extend_from_slice(part);
        }
        super::put(line, format_args!(".{nanos:09}Z"));
    }
}
