//! A header or trailer section: the parser of field lines, which fills a table of spans. Resumes at (line start, scan
//! position); knows no start line and no connection.

use super::fields::FieldSpan;
use super::known::{Known, Noted};
use super::scan::ValueStops;
use super::{CR, Fault, HTAB, LF, SP, fault, is_blank, octets, scan, slice};
use crate::config::Limits;
use crate::error::RecvErrorKind as Kind;
use alloc::vec::Vec;

/// So many new octets are worth looking at in blocks.
const MANY: usize = 16;

/// What a section is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldRules {
    pub(crate) max_line: u16,
    pub(crate) max_fields: u16,
    /// A client unfolds (RFC 9112 section 5.2), a server refuses.
    pub(crate) unfold: bool,
    pub(crate) too_many: Kind,
}

impl FieldRules {
    #[inline(always)]
    pub(crate) fn of_head(limits: &Limits, unfold: bool) -> Self {
        FieldRules { max_line: limits.field_line, max_fields: limits.fields, unfold, too_many: Kind::TooManyFields }
    }

    pub(crate) fn of_trailers(limits: &Limits, unfold: bool) -> Self {
        FieldRules {
            max_line: limits.field_line,
            max_fields: limits.trailer_fields,
            unfold,
            too_many: Kind::TooManyTrailers,
        }
    }
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
    /// Behind the section.
    Done,
}

impl Phase {
    /// The class of the octets that change nothing but a position; none of them is in no class.
    #[inline(always)]
    fn run(self) -> u8 {
        match self {
            Phase::Name => scan::TOKEN,
            Phase::Value => scan::VALUE,
            Phase::Line | Phase::Blank | Phase::LineLf | Phase::SectionLf | Phase::Done => 0,
        }
    }
}

#[inline(always)]
fn octet(block: &[u8], at: u32) -> Option<u8> {
    block.get(at as usize).copied()
}

/// Whether a value ends here as nearly all do: with an octet that is no blank, and a line end behind it.
#[inline(always)]
fn is_usual_end(block: &[u8], end: u32) -> bool {
    matches!(octets::<3>(block, end - 1), Some([last, line_end @ ..]) if *last > SP && line_end == b"\r\n")
}

fn trimmed_end(block: &[u8], start: u32, end: u32) -> u32 {
    let value = slice(block, start as usize, end as usize);
    start + value.trim_ascii_end().len() as u32
}

/// How the parsing of a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// With its line end, or in a way that is for another to judge: the cursor is where to go on.
    Ended,
    /// With the empty line that ends the section.
    SectionEnded,
    /// With the input.
    Cut,
}

/// Where the parser stands. Written only where usual lines end, so that nothing but registers changes from one to the
/// next.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: u32,
    line: u32,
    name_end: u32,
    value: u32,
    phase: Phase,
}

impl Cursor {
    /// Before a line.
    #[inline(always)]
    const fn line(at: u32) -> Self {
        Cursor { at, line: at, name_end: 0, value: 0, phase: Phase::Line }
    }
}

/// The resumable parser of a section and the table that it fills. Reused, so that a message costs no allocation.
#[derive(Debug)]
pub(crate) struct FieldTable {
    spans: Vec<FieldSpan>,
    noted: Noted,
    cursor: Cursor,
    folded: bool,
}

impl FieldTable {
    pub(crate) const fn new() -> Self {
        FieldTable { spans: Vec::new(), noted: Noted::NONE, cursor: Cursor::line(0), folded: false }
    }

    /// Begins a section whose first line starts at `at`.
    #[inline(always)]
    pub(crate) fn begin(&mut self, at: u32) {
        self.spans.clear();
        self.noted = Noted::NONE;
        self.cursor = Cursor::line(at);
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

    /// Parses on; `Ok(true)` when the empty line that ends the section has been seen. What it has found, end or fault,
    /// it finds again when it is called again.
    #[inline(always)]
    pub(crate) fn parse(&mut self, block: &[u8], rules: &FieldRules) -> Result<bool, Fault> {
        let mut outcome = Ok(Line::Ended);
        while outcome == Ok(Line::Ended) {
            // Few octets are sooner looked at one by one.
            let many = block.len() >= self.position() + MANY;
            outcome = match if many { self.usual_lines(block, rules) } else { Line::Ended } {
                Line::Ended => self.line(block, rules),
                done @ (Line::SectionEnded | Line::Cut) => Ok(done),
            };
        }
        self.judge(outcome, rules)
    }

    /// Enters the lines from the cursor on as long as they are whole and in every way usual. Judges nothing: what is not
    /// usual need not be wrong, and [`FieldTable::line`] looks at it again.
    #[inline(never)]
    fn usual_lines(&mut self, block: &[u8], rules: &FieldRules) -> Line {
        let Cursor { at, mut line, name_end, value, phase } = self.cursor;
        let from = match phase {
            Phase::Line | Phase::Value => at,
            // The few octets of a name that were there before are sooner read again.
            Phase::Name if (at - line) as usize <= MANY => line,
            Phase::Name | Phase::Blank | Phase::LineLf | Phase::SectionLf | Phase::Done => return Line::Ended,
        };
        // No line among these octets can be too long.
        let near = slice(block, 0, block.len().min(line as usize + usize::from(rules.max_line)));
        let mut stops = ValueStops::new(near, from);
        if phase == Phase::Value {
            // What is left of the value in which the input was cut before.
            let end = stops.next(near, at);
            if end as usize == block.len() {
                self.cursor.at = end;
                return Line::Cut;
            }
            if end <= value || !is_usual_end(near, end) {
                return Line::Ended;
            }
            self.enter(near, [line, name_end, value, end]);
            line = end + 2;
        }
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
            if !is_usual_end(near, end) {
                if end as usize == block.len() {
                    self.cursor = Cursor { at: end, line, name_end, value, phase: Phase::Value };
                    return Line::Cut;
                }
                break;
            }
            self.enter(near, [line, name_end, value, end]);
            line = end + 2;
        }
        if octets(near, line) == Some(b"\r\n") {
            self.cursor = Cursor { phase: Phase::Done, ..Cursor::line(line + 2) };
            return Line::SectionEnded;
        }
        if line > self.cursor.line {
            self.cursor = Cursor::line(line);
        }
        Line::Ended
    }

    /// Steps over the octet of `block` that is new, if it only lengthens the name or value in which it was cut
    /// before; else does nothing, and says so.
    #[inline(always)]
    pub(crate) fn lengthen(&mut self, block: &[u8], max_line: u16) -> bool {
        let Cursor { at, line, phase, .. } = self.cursor;
        let end = at as usize + 1;
        let lengthens = block.len() == end
            && block.last().is_some_and(|&c| scan::in_class(c, phase.run()))
            && end - line as usize <= max_line.into();
        if lengthens {
            self.cursor.at = end as u32;
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
    fn line(&mut self, block: &[u8], rules: &FieldRules) -> Result<Line, Kind> {
        let Cursor { mut at, mut line, mut name_end, mut value, mut phase } = self.cursor;
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
        if phase == Phase::Done {
            return Ok(Line::SectionEnded);
        }
        if phase == Phase::SectionLf {
            match octet(block, at) {
                None => leave!(SectionLf, Ok(Line::Cut)),
                Some(LF) => {
                    at += 1;
                    leave!(Done, Ok(Line::SectionEnded))
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
        self.cursor = Cursor::line(at + 1);
        Ok(Line::Ended)
    }

    /// Enters a field: where its name and its value begin and end.
    #[inline(always)]
    fn enter(&mut self, block: &[u8], [line, name_end, value, end]: [u32; 4]) {
        if Known::may_be(name_end - line, octet(block, line).unwrap_or(0)) {
            self.noted.note(slice(block, line as usize, name_end as usize), self.spans.len());
        }
        // A head is at most 64 KiB less one, so no offset is cut here.
        self.spans.push(FieldSpan {
            name: line as u16,
            name_end: name_end as u16,
            value: value as u16,
            value_end: end as u16,
        });
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
        self.noted.forget(self.spans.len());
    }

    /// Copies the section to `side` with every fold turned into spaces, the blanks that belong to it included, so that the
    /// spans hold for it, and moves the beginning of folded values behind the blanks that now stand there. Where they end
    /// there was none when they were entered, and no line end.
    #[cold]
    pub(crate) fn write_unfolded(&mut self, block: &[u8], side: &mut Vec<u8>) {
        side.clear();
        side.extend_from_slice(block);
        for at in 2..block.len() {
            if let Some([CR, LF, c]) = block.get(at - 2..=at)
                && is_blank(*c)
            {
                let (front, behind) = block.split_at(at);
                let front = front.get(..at - 2).unwrap_or_default();
                let before = front.iter().rev().take_while(|&&c| is_blank(c)).count();
                let after = behind.iter().take_while(|&&c| is_blank(c)).count();
                side.get_mut(at - 2 - before..at + after).unwrap_or_default().fill(SP);
            }
        }
        for span in &mut self.spans {
            while span.value < span.value_end && side.get(usize::from(span.value)).is_some_and(|&c| is_blank(c)) {
                span.value += 1;
            }
        }
    }

    /// The value of the only field of a known name; `None` if there are none or several.
    #[inline(always)]
    pub(super) fn only<'t>(&self, block: &'t [u8], known: Known) -> Option<&'t [u8]> {
        let seen = self.noted.seen(known);
        let span = self.spans.get(usize::from(seen.first)).filter(|_| seen.count == 1);
        span.map(|span| span.value(block))
    }

    /// Whether there is only one field of a known name, and `check` likes its value, told by where it begins and ends in
    /// the block: what looks at blocks of octets need not care what lies behind it.
    #[inline(always)]
    pub(super) fn only_is(&self, block: &[u8], known: Known, check: impl Fn(&[u8], u32, u32) -> bool) -> bool {
        let seen = self.noted.seen(known);
        let span = self.spans.get(usize::from(seen.first)).filter(|_| seen.count == 1);
        span.is_some_and(|span| check(block, span.value.into(), span.value_end.into()))
    }

    /// The values of the fields of a known name.
    pub(super) fn known<'t>(&'t self, block: &'t [u8], known: Known) -> impl Iterator<Item = &'t [u8]> {
        let seen = self.noted.seen(known);
        let first = self.spans.get(usize::from(seen.first)).filter(|_| seen.count > 0);
        let later = if seen.count > 1 { self.spans.get(usize::from(seen.first) + 1..).unwrap_or(&[]) } else { &[] };
        let later = later.iter().filter(move |span| Known::of(span.name(block)) == Some(known));
        first.into_iter().chain(later).map(move |span| span.value(block))
    }

    /// Whether there is a field of that name.
    #[inline(always)]
    pub(super) fn has(&self, known: Known) -> bool {
        self.noted.seen(known).count > 0
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
