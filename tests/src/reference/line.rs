//! Lines: where they end, and at which octet they stop being the beginning of anything valid.
//!
//! An error belongs to the first octet from which no valid continuation exists. To find it, a rule is only ever asked
//! about whole lines: a beginning of a line is viable when one of a few fixed endings makes a valid line of it. The
//! endings of each kind of line are chosen so that every viable beginning has one.

use super::Role;
use super::grammar;

/// Why something cannot be read from what has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The input ends here, between two messages.
    Idle,
    /// The input ends within a message and can still be continued.
    More,
    /// It can not be continued.
    Bad(Fault),
}

/// A value and the offset behind it.
pub type Parsed<T> = Result<(T, usize), Stop>;

/// An error at the octet that makes it certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The offset of the octet.
    pub at: usize,
    /// Which of several faults at one octet counts: the least.
    pub rank: Rank,
    /// The status to answer with, 0 for a client.
    pub status: u16,
}

/// The order of faults at one octet: limits before grammar, the limit of the section before that of the element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The limit of a head or trailer section.
    Section,
    /// The limit of a method, target, field line, number of fields, chunk extension.
    Element,
    /// Everything else.
    Grammar,
}

impl Fault {
    /// A fault of grammar or framing.
    pub fn grammar(at: usize, status: u16) -> Fault {
        Fault { at, rank: Rank::Grammar, status }
    }

    /// More octets or fields than an element may have.
    pub fn element(at: usize, status: u16) -> Fault {
        Fault { at, rank: Rank::Element, status }
    }

    /// More octets than a section may have.
    pub fn section(at: usize, status: u16) -> Fault {
        Fault { at, rank: Rank::Section, status }
    }
}

/// The offset behind the empty lines at `pos`, of which there may be `limit` (RFC 9112 section 2.2). The CR of one more
/// is the error.
pub fn skip_empty_lines(input: &[u8], mut pos: usize, limit: usize, role: Role) -> Result<usize, Stop> {
    let mut lines = 0;
    while input.get(pos) == Some(&b'\r') {
        if lines == limit {
            return Err(Stop::Bad(Fault::grammar(pos, role.status(400))));
        }
        pos = crlf(input, pos, role)?;
        lines += 1;
    }
    if pos == input.len() { Err(Stop::Idle) } else { Ok(pos) }
}

/// The offset behind the CRLF that has to be at `pos`.
pub fn crlf(input: &[u8], pos: usize, role: Role) -> Result<usize, Stop> {
    for (at, expected) in [(pos, b'\r'), (pos + 1, b'\n')] {
        match input.get(at) {
            None => return Err(Stop::More),
            Some(&octet) if octet == expected => {}
            Some(_) => return Err(Stop::Bad(Fault::grammar(at, role.status(400)))),
        }
    }
    Ok(pos + 2)
}

/// A piece of input that is meant to be a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The octets, with the LF if it is there.
    pub octets: &'a [u8],
    /// Whether the line is known to end here.
    pub complete: bool,
}

/// The line at `pos`: through the first LF, or all there is.
pub fn line(input: &[u8], pos: usize) -> Line<'_> {
    match input[pos..].iter().position(|&octet| octet == b'\n') {
        Some(lf) => Line { octets: &input[pos..=pos + lf], complete: true },
        None => Line { octets: &input[pos..], complete: false },
    }
}

/// The field line at `pos` with its continuation lines (RFC 9112 section 5.2): through the first LF that no SP or HTAB
/// follows. It is complete when that next octet is there.
pub fn folded_line(input: &[u8], pos: usize) -> Line<'_> {
    let mut end = pos;
    loop {
        let part = line(input, end);
        end += part.octets.len();
        match input.get(end) {
            Some(&next) if grammar::is_blank(next) => {}
            next => return Line { octets: &input[pos..end], complete: part.complete && next.is_some() },
        }
    }
}

/// The line without its CRLF, or without the CR that may become one.
pub fn without_crlf(octets: &[u8]) -> &[u8] {
    octets.strip_suffix(b"\r\n").or(octets.strip_suffix(b"\r")).unwrap_or(octets)
}

/// The index of the first octet with which a line stops being viable: as long as one of `endings` behind it makes a
/// whole line of it, it is. `is_line` judges lines without their CRLF.
pub fn first_bad(octets: &[u8], is_line: fn(&[u8]) -> bool, endings: &[&[u8]]) -> Option<usize> {
    let viable = |length: usize| {
        endings.iter().any(|ending| {
            let whole = [&octets[..length], ending].concat();
            whole.strip_suffix(b"\r\n").is_some_and(is_line)
        })
    };
    if viable(octets.len()) {
        return None;
    }
    // Each beginning of a viable beginning is viable, so halving the distance finds the last viable one.
    let (mut good, mut bad) = (0, octets.len());
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if viable(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}

/// The endings of a request line: every end of one.
pub fn request_line_endings() -> Vec<&'static [u8]> {
    ends_of(b"A / HTTP/1.1\r\n")
}

/// The endings of a status line: every end of one.
pub fn status_line_endings() -> Vec<&'static [u8]> {
    ends_of(b"HTTP/1.1 200 \r\n")
}

/// The endings of a field line, folded or not.
pub const FIELD_LINE_ENDINGS: [&[u8]; 5] = [b"", b"\n", b"\r\n", b":\r\n", b"A:\r\n"];

/// The endings of a chunk line: behind CRLF, CR, anything whole, nothing, BWS that needs a ";", a ";" or "=", an open
/// quoted-string, and a backslash in one.
pub const CHUNK_LINE_ENDINGS: [&[u8]; 8] = [b"", b"\n", b"\r\n", b"0\r\n", b";a\r\n", b"a\r\n", b"\"\r\n", b"a\"\r\n"];

fn ends_of(line: &'static [u8]) -> Vec<&'static [u8]> {
    (0..=line.len()).map(|begin| &line[begin..]).collect()
}

/// The index of the octet that makes it certain that a line has more than `limit` octets before its final CRLF. A CR or
/// LF that ends the line does not count, nor does what follows a CR instead of its LF: that is an error of its own. One
/// that an obs-fold follows does count, as soon as the blank shows it.
pub fn over_limit(octets: &[u8], limit: usize) -> Option<usize> {
    let behind_limit = octets.get(limit..)?;
    match behind_limit {
        [] => None,
        [b'\r', b'\n', _, ..] => Some(limit + 2),
        [b'\r', ..] => None,
        [b'\n', rest @ ..] if limit > 0 && octets[limit - 1] == b'\r' => (!rest.is_empty()).then_some(limit + 1),
        [_, ..] if limit > 0 && octets[limit - 1] == b'\r' => None,
        [_, ..] => Some(limit),
    }
}

/// Adds the limit of a section that begins at `start` to the result of reading it: octet `limit + 1` is an error if it
/// is there and nothing was wrong before it.
pub fn within<T>(result: Parsed<T>, input: &[u8], start: usize, limit: usize, status: u16) -> Parsed<T> {
    let known_end = match &result {
        Ok((_, end)) => *end,
        Err(Stop::Bad(fault)) => fault.at + 1,
        Err(Stop::Idle | Stop::More) => input.len(),
    };
    if known_end - start <= limit {
        return result;
    }
    let over = Fault::section(start + limit, status);
    match result {
        Err(Stop::Bad(fault)) => Err(Stop::Bad(fault.min(over))),
        _ => Err(Stop::Bad(over)),
    }
}
