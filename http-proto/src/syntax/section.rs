//! A header or trailer section: the parser of field lines, which fills a table of spans. Resumes at (line start, scan
//! position); knows no start line and no connection.

use super::fields::FieldSpan;
use super::scan::ValueStops;
use super::{CR, Fault, HTAB, LF, SP, fault, is_blank, is_name, octets, scan, slice};
use crate::error::RecvErrorKind as Kind;
use alloc::vec::Vec;

/// The names that decide about framing and the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Host,
    Expect,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
}

const KNOWN: usize = 6;

impl Known {
    /// Whether a known name has this length and first letter: tells nearly all others apart.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a number below 32 indexes a table of 32")]
    fn may_be(length: u32, first: u8) -> bool {
        const LETTERS: [u8; 32] = {
            let mut letters = [0; 32];
            (letters[4], letters[6], letters[7], letters[10], letters[14], letters[17]) =
                (b'h', b'e', b'u', b'c', b'c', b't');
            letters
        };
        LETTERS[length as usize % 32] == first | 0x20
    }

    #[inline(always)]
    fn of(name: &[u8]) -> Option<Known> {
        match name.len() {
            4 => is_name(name, b"host").then_some(Known::Host),
            6 => is_name(name, b"expect").then_some(Known::Expect),
            7 => is_name(name, b"upgrade").then_some(Known::Upgrade),
            10 => is_name(name, b"connection").then_some(Known::Connection),
            14 => is_name(name, b"content-length").then_some(Known::ContentLength),
            17 => is_name(name, b"transfer-encoding").then_some(Known::TransferEncoding),
            _ => None,
        }
    }
}

/// Where the fields of a known name are: the first, and how many.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    first: u16,
    count: u16,
}

/// What a section is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldRules {
    pub(crate) max_line: u16,
    pub(crate) max_fields: u16,
    /// A client unfolds (RFC 9112 section 5.2), a server refuses.
    pub(crate) unfold: bool,
    pub(crate) too_many: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the first octet of a line.
    Line,
    Name,
    /// Blanks between colon and value.
    Blank,
    Value,
    /// The LF that ends a field line.
    LineLf,
    /// The LF that ends the section.
    SectionLf,
}

#[inline(always)]
fn octet(block: &[u8], at: u32) -> Option<u8> {
    block.get(at as usize).copied()
}

fn trimmed_end(block: &[u8], start: u32, end: u32) -> u32 {
    let value = slice(block, start as usize, end as usize);
    start + value.trim_ascii_end().len() as u32
}

/// How the parsing of a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// With its line end; the next one begins at this position.
    Ended(u32),
    /// With the empty line that ends the section.
    SectionEnded,
    /// With the input.
    Cut,
}

/// Where the parser stands. Written only where it stops, so that nothing but registers changes from line to line.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: u32,
    line: u32,
    name_end: u32,
    value: u32,
    phase: Phase,
}

const START: Cursor = Cursor { at: 0, line: 0, name_end: 0, value: 0, phase: Phase::Line };

/// The resumable parser of a section and the table that it fills. Reused, so that a message costs no allocation.
#[derive(Debug)]
pub(crate) struct FieldTable {
    spans: Vec<FieldSpan>,
    seen: [Seen; KNOWN],
    cursor: Cursor,
    folded: bool,
}

impl FieldTable {
    pub(crate) const fn new() -> Self {
        FieldTable { spans: Vec::new(), seen: [Seen { first: 0, count: 0 }; KNOWN], cursor: START, folded: false }
    }

    /// Begins a section whose first line starts at `at`.
    #[inline(always)]
    pub(crate) fn begin(&mut self, at: u32) {
        self.spans.clear();
        self.seen = [Seen::default(); KNOWN];
        self.cursor = Cursor { at, line: at, ..START };
        self.folded = false;
    }

    /// The position up to which the block has been scanned; one past the section when it is complete.
    pub(crate) fn position(&self) -> usize {
        self.cursor.at as usize
    }

    pub(crate) fn spans(&self) -> &[FieldSpan] {
        &self.spans
    }

    /// Whether a field was folded, so that the block must be unfolded before it is read.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded
    }

    pub(crate) fn shrink(&mut self) {
        self.spans = Vec::new();
    }

    /// Parses on; `Ok(true)` when the empty line that ends the section has been seen.
    #[inline(always)]
    pub(crate) fn parse(&mut self, block: &[u8], rules: &FieldRules) -> Result<bool, Fault> {
        let mut outcome = match self.cursor.phase {
            Phase::Line => Ok(Line::Ended(self.cursor.at)),
            Phase::Name | Phase::Blank | Phase::Value | Phase::LineLf | Phase::SectionLf => {
                self.line(self.cursor, block, rules)
            }
        };
        while let Ok(Line::Ended(at)) = outcome {
            outcome = match self.usual_lines(at, block, rules) {
                Line::Ended(at) => self.line(Cursor { at, ..START }, block, rules),
                done @ (Line::SectionEnded | Line::Cut) => Ok(done),
            };
        }
        self.judge(outcome, rules)
    }

    /// Enters the lines from `at` on as long as they are whole and in every way usual, and returns where the first other
    /// line begins. Judges nothing: what is not usual need not be wrong, and [`FieldTable::line`] looks at it again.
    #[inline(never)]
    fn usual_lines(&mut self, at: u32, block: &[u8], rules: &FieldRules) -> Line {
        // No line among these octets can be too long.
        let near = slice(block, 0, block.len().min(at as usize + usize::from(rules.max_line)));
        let mut line = at;
        let mut stops = ValueStops::new(near, at);
        while let Some(initial) = octet(near, line)
            && initial > b':'
            && self.spans.len() < rules.max_fields.into()
        {
            let name_end = scan::usual_name_end(near, line);
            let value = name_end + 2;
            // From where the line begins, for this must not wait for the name's end: no octet up to the value ends one.
            let end = stops.next(near, line);
            let Some([colon_space @ .., first]) = octets::<3>(near, name_end) else { break };
            if colon_space != b": " || *first <= SP {
                break;
            }
            if end as usize == block.len() {
                self.cursor = Cursor { at: end, line, name_end, value, phase: Phase::Value };
                return Line::Cut;
            }
            let Some([last, line_end @ ..]) = octets::<3>(near, end - 1) else { break };
            if *last <= SP || line_end != b"\r\n" {
                break;
            }
            self.enter(near, [line, name_end, value, end]);
            line = end + 2;
        }
        if octets(near, line) == Some(b"\r\n") {
            self.cursor = Cursor { at: line + 2, ..START };
            return Line::SectionEnded;
        }
        Line::Ended(line)
    }

    /// Steps over the octet of `block` that is new, if it only lengthens the name or value in which it was cut
    /// before; else does nothing, and says so.
    #[inline(always)]
    pub(crate) fn lengthen(&mut self, block: &[u8], max_line: u16) -> bool {
        let class = match self.cursor.phase {
            Phase::Name => scan::TOKEN,
            Phase::Value => scan::VALUE,
            Phase::Line | Phase::Blank | Phase::LineLf | Phase::SectionLf => return false,
        };
        let line = self.cursor.line as usize;
        let lengthens = scan::is_drop(block, self.cursor.at, class) && block.len() - line <= max_line.into();
        if lengthens {
            self.cursor.at = block.len() as u32;
        }
        lengthens
    }

    /// What the end of the last line means, once the limit of its length has had its say.
    #[inline(always)]
    fn judge(&self, outcome: Result<Line, Kind>, rules: &FieldRules) -> Result<bool, Fault> {
        if outcome == Ok(Line::SectionEnded) {
            return Ok(true);
        }
        let Cursor { at, line, phase, .. } = self.cursor;
        let limit = line + u32::from(rules.max_line);
        let in_line = matches!(phase, Phase::Name | Phase::Blank | Phase::Value);
        // The CR behind a line of just that length ends it, so a colon is all that it lacks.
        let at_limit = at == limit && outcome.is_err_and(|kind| kind != Kind::MissingColon);
        if in_line && (at > limit || at_limit) {
            return Err(fault(Kind::FieldTooLong, limit));
        }
        outcome.map_or_else(|kind| Err(fault(kind, at)), |_| Ok(false))
    }

    /// One line, from the phase of the cursor on. Its parts follow each other. Where the input ends or goes wrong, the
    /// cursor is kept, with the position of the octet that is missing or wrong.
    #[inline(never)]
    fn line(&mut self, from: Cursor, block: &[u8], rules: &FieldRules) -> Result<Line, Kind> {
        let Cursor { mut at, mut line, mut name_end, mut value, mut phase } = from;
        macro_rules! leave {
            ($phase:ident, $outcome:expr) => {{
                self.cursor = Cursor { at, line, name_end, value, phase: Phase::$phase };
                return $outcome;
            }};
        }
        if phase == Phase::Line {
            phase = Phase::Name;
            match octet(block, at) {
                None => leave!(Line, Ok(Line::Cut)),
                Some(CR) => {
                    at += 1;
                    phase = Phase::SectionLf;
                }
                Some(SP | HTAB) => match self.unfold(at, rules) {
                    Ok(last) => {
                        (line, name_end, value) = last;
                        phase = Phase::Value;
                    }
                    Err(kind) => leave!(Line, Err(kind)),
                },
                Some(_) if self.spans.len() >= usize::from(rules.max_fields) => leave!(Line, Err(rules.too_many)),
                Some(_) => line = at,
            }
        }
        if phase == Phase::SectionLf {
            match octet(block, at) {
                None => leave!(SectionLf, Ok(Line::Cut)),
                Some(LF) => {
                    at += 1;
                    leave!(SectionLf, Ok(Line::SectionEnded))
                }
                Some(_) => leave!(SectionLf, Err(Kind::BareCr)),
            }
        }
        if phase == Phase::Name {
            let end;
            (at, end) = scan::token_end(block, at);
            match end {
                Some(b':') if at > line => {}
                Some(c) => leave!(Name, Err(name_fault(c, at == line))),
                None => leave!(Name, Ok(Line::Cut)),
            }
            name_end = at;
            at += 1;
            phase = Phase::Blank;
        }
        if phase == Phase::Blank {
            while let Some(SP | HTAB) = octet(block, at) {
                at += 1;
            }
            if at as usize >= block.len() {
                leave!(Blank, Ok(Line::Cut));
            }
            value = at;
            phase = Phase::Value;
        }
        if phase == Phase::Value {
            let end;
            (at, end) = scan::value_end(block, at);
            match end {
                Some(CR) => {}
                Some(LF) => leave!(Value, Err(Kind::BareLf)),
                Some(_) => leave!(Value, Err(Kind::InvalidFieldValue)),
                None => leave!(Value, Ok(Line::Cut)),
            }
            if at - line > u32::from(rules.max_line) {
                leave!(Value, Err(Kind::FieldTooLong));
            }
            at += 1;
        }
        match octet(block, at) {
            None => leave!(LineLf, Ok(Line::Cut)),
            Some(LF) => {}
            Some(_) => leave!(LineLf, Err(Kind::BareCr)),
        }
        let value_end = trimmed_end(block, value, at - 1);
        self.enter(block, [line, name_end, value, value_end]);
        Ok(Line::Ended(at + 1))
    }

    /// Enters a field: where its name and its value begin and end.
    #[inline(always)]
    fn enter(&mut self, block: &[u8], [line, name_end, value, end]: [u32; 4]) {
        if Known::may_be(name_end - line, octet(block, line).unwrap_or(0)) {
            self.note(slice(block, line as usize, name_end as usize));
        }
        // A head is at most 64 KiB less one, so no offset is cut here.
        self.spans.push(FieldSpan {
            name: line as u16,
            name_end: name_end as u16,
            value: value as u16,
            value_end: end as u16,
        });
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an enum of KNOWN variants indexes an array of KNOWN")]
    fn note(&mut self, name: &[u8]) {
        let Some(known) = Known::of(name) else { return };
        let seen = &mut self.seen[known as usize];
        if seen.count == 0 {
            seen.first = self.spans.len() as u16;
        }
        seen.count += 1;
    }

    /// A line that begins with a blank: the last field goes on (RFC 9112 section 5.2), if there is one. Returns where
    /// its line begins, its name ends and its value begins.
    #[cold]
    fn unfold(&mut self, at: u32, rules: &FieldRules) -> Result<(u32, u32, u32), Kind> {
        let last = *self.spans.last().ok_or(Kind::LeadingBlank)?;
        if !rules.unfold {
            return Err(Kind::ObsFold);
        }
        if at - u32::from(last.name) >= u32::from(rules.max_line) {
            return Err(Kind::FieldTooLong);
        }
        self.folded = true;
        self.forget_last();
        Ok((last.name.into(), last.name_end.into(), last.value.into()))
    }

    /// Takes the last field out again, to be entered anew when its continuation has ended.
    fn forget_last(&mut self) {
        self.spans.pop();
        let index = self.spans.len() as u16;
        for seen in &mut self.seen {
            // Only a first occurrence can be told by its index; a repeated one is counted once too often, and twice is
            // all that matters.
            if seen.count == 1 && seen.first == index {
                seen.count = 0;
            }
        }
    }

    /// Copies the section to `side` with every fold turned into blanks, so that the spans hold for it, and moves the
    /// ends of folded values to where they now have no blanks around them.
    #[cold]
    pub(crate) fn write_unfolded(&mut self, block: &[u8], side: &mut Vec<u8>) {
        side.clear();
        side.extend_from_slice(block);
        for at in 2..block.len() {
            if let Some([CR, LF, c]) = block.get(at - 2..=at)
                && is_blank(*c)
                && let Some(line_end) = side.get_mut(at - 2..at)
            {
                line_end.fill(SP);
            }
        }
        for span in &mut self.spans {
            while span.value < span.value_end && side.get(usize::from(span.value)).is_some_and(|&c| is_blank(c)) {
                span.value += 1;
            }
            while span.value < span.value_end && side.get(usize::from(span.value_end) - 1).is_some_and(|&c| is_blank(c))
            {
                span.value_end -= 1;
            }
        }
    }

    /// The value of the only field of a known name; `None` if there are none or several.
    #[inline(always)]
    pub(super) fn only<'t>(&self, block: &'t [u8], known: Known) -> Option<&'t [u8]> {
        let seen = self.seen_of(known);
        let span = self.spans.get(usize::from(seen.first)).filter(|_| seen.count == 1);
        span.map(|span| span.value(block))
    }

    /// Whether there is only one field of a known name, and `check` likes its value, told by where it begins and ends in
    /// the block: what looks at blocks of octets need not care what lies behind it.
    #[inline(always)]
    pub(super) fn only_is(&self, block: &[u8], known: Known, check: impl Fn(&[u8], u32, u32) -> bool) -> bool {
        let seen = self.seen_of(known);
        let span = self.spans.get(usize::from(seen.first)).filter(|_| seen.count == 1);
        span.is_some_and(|span| check(block, span.value.into(), span.value_end.into()))
    }

    /// The values of the fields of a known name.
    pub(super) fn known<'t>(&'t self, block: &'t [u8], known: Known) -> impl Iterator<Item = &'t [u8]> {
        let seen = self.seen_of(known);
        let first = self.spans.get(usize::from(seen.first)).filter(|_| seen.count > 0);
        let later = if seen.count > 1 { self.spans.get(usize::from(seen.first) + 1..).unwrap_or(&[]) } else { &[] };
        let later = later.iter().filter(move |span| Known::of(span.name(block)) == Some(known));
        first.into_iter().chain(later).map(move |span| span.value(block))
    }

    /// Whether there is a field of that name.
    #[inline(always)]
    pub(super) fn has(&self, known: Known) -> bool {
        self.seen_of(known).count > 0
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an enum of KNOWN variants indexes an array of KNOWN")]
    fn seen_of(&self, known: Known) -> Seen {
        self.seen[known as usize]
    }
}

/// What an octet that ends a name, and is no colon, or ends an empty name, means.
#[cold]
fn name_fault(c: u8, empty: bool) -> Kind {
    match c {
        LF => Kind::BareLf,
        SP | HTAB => Kind::BlankBeforeColon,
        CR if !empty => Kind::MissingColon,
        _ => Kind::InvalidFieldName,
    }
}
