//! IMF-fixdate (RFC 9110 section 5.6.7), and the value of Date, formatted at most once a second on every thread.

use std::cell::Cell;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first second of the year 10000, which has no IMF-fixdate.
const END: u64 = 253_402_300_800;

thread_local! {
    static LAST: Cell<(u64, [u8; 29])> = const { Cell::new((u64::MAX, [0; 29])) };
}

/// The present time as the value of Date; `None` if the clock shows none that can be written.
pub fn now() -> Option<[u8; 29]> {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (last, text) = LAST.get();
    if last == second {
        return Some(text);
    }
    let text = at(second)?;
    LAST.set((second, text));
    Some(text)
}

/// The time so many seconds after 1970 began; `None` if it cannot be written.
pub(crate) fn at(second: u64) -> Option<[u8; 29]> {
    let date = (second < END).then(|| httpdate::HttpDate::from(UNIX_EPOCH + Duration::from_secs(second)))?;
    let mut text = [0; 29];
    write!(&mut text[..], "{date}").ok()?;
    Some(text)
}
