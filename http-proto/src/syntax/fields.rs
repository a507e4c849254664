//! Field lines: the parser that fills a table of spans, and [`Fields`], the view of that table. Header and trailer
//! sections share it. Resumes at (line start, scan position); knows no start line and no connection.

use super::{CR, Fault, HTAB, LF, SP, is_blank, scan, slice};
use crate::error::RecvErrorKind as Kind;
use alloc::vec::Vec;
use core::fmt;

/// Where one field lies in its block: offsets of the name and of the value without the blanks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpan {
    name: u16,
    name_end: u16,
    value: u16,
    value_end: u16,
}

impl FieldSpan {
    #[inline(always)]
    fn name(self, block: &[u8]) -> &[u8] {
        slice(block, self.name.into(), self.name_end.into())
    }

    #[inline(always)]
    fn value(self, block: &[u8]) -> &[u8] {
        slice(block, self.value.into(), self.value_end.into())
    }
}

/// The field lines of one section, in their order and with their case as received. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Fields<'b> {
    block: &'b [u8],
    spans: &'b [FieldSpan],
}

impl<'b> Fields<'b> {
    pub(crate) const EMPTY: Fields<'static> = Fields { block: &[], spans: &[] };

    pub(crate) fn new(block: &'b [u8], spans: &'b [FieldSpan]) -> Self {
        Fields { block, spans }
    }

    pub(crate) fn spans(self) -> &'b [FieldSpan] {
        self.spans
    }

    /// The number of field lines.
    pub fn len(self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.spans.is_empty()
    }

    /// Names and values in the order received. A name keeps its case; a value has no blanks around it.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'b str, &'b [u8])> + DoubleEndedIterator {
        self.spans.iter().map(move |span| (ascii(span.name(self.block)), span.value(self.block)))
    }

    /// The value of the first field of that name; case does not matter (RFC 9110 section 5.1).
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        self.get_all(name).next()
    }

    /// The values of all fields of that name, in order (RFC 9110 section 5.2).
    pub fn get_all<'n>(self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n> {
        self.spans
            .iter()
            .filter(move |span| span.name(self.block).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |span| span.value(self.block))
    }

    /// The values of all fields of that name as one, joined by `, ` (RFC 9110 section 5.3); `None` if there is none.
    pub fn combined(self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.get_all(name);
        let mut combined = values.next()?.to_vec();
        for value in values {
            combined.extend_from_slice(b", ");
            combined.extend_from_slice(value);
        }
        Some(combined)
    }

    /// Whether a comma-separated list of tokens in the fields of that name holds `token`; case does not matter.
    pub fn lists(self, name: &str, token: &str) -> bool {
        self.get_all(name).flat_map(super::list).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The fields that an intermediary passes on (RFC 9110 section 7.6.1): without Connection, whatever Connection
    /// names, the fields that are hop-by-hop by definition, and those that the connection to the next hop writes anew
    /// (Host, Content-Length, Expect). Framing was decided before, so `Connection: content-length` takes nothing from
    /// it.
    pub fn end_to_end(self) -> impl Iterator<Item = (&'b str, &'b [u8])> {
        const LEFT_OUT: [&str; 9] = [
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "expect",
            "host",
        ];
        self.iter().filter(move |(name, _)| {
            !LEFT_OUT.iter().any(|left_out| left_out.eq_ignore_ascii_case(name)) && !self.lists("connection", name)
        })
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.escape_ascii()))).finish()
    }
}

impl PartialEq for Fields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields<'_> {}

/// Octets that the grammar has limited to US-ASCII, as text.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

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
    #[inline(always)]
    fn of(name: &[u8]) -> Option<Known> {
        let (candidate, known) = match name.len() {
            4 => (&b"host"[..], Known::Host),
            6 => (&b"expect"[..], Known::Expect),
            7 => (&b"upgrade"[..], Known::Upgrade),
            10 => (&b"connection"[..], Known::Connection),
            14 => (&b"content-length"[..], Known::ContentLength),
            17 => (&b"transfer-encoding"[..], Known::TransferEncoding),
            _ => return None,
        };
        name.eq_ignore_ascii_case(candidate).then_some(known)
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
    pub(crate) max_line: usize,
    pub(crate) max_fields: usize,
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

/// Where the parser stands; copied into registers while it runs.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: usize,
    line: usize,
    name_end: usize,
    value: usize,
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
    pub(crate) fn begin(&mut self, at: usize) {
        self.spans.clear();
        self.seen = [Seen::default(); KNOWN];
        self.cursor = Cursor { at, line: at, ..START };
        self.folded = false;
    }

    /// The position up to which the block has been scanned; one past the section when it is complete.
    pub(crate) fn position(&self) -> usize {
        self.cursor.at
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
        let mut cursor = self.cursor;
        let outcome = self.run(&mut cursor, block, rules);
        self.cursor = cursor;
        let in_line = matches!(cursor.phase, Phase::Name | Phase::Blank | Phase::Value);
        let limit = cursor.line + rules.max_line;
        // The CR behind a line of just that length ends it, so a colon is all that it lacks.
        let beyond = |fault: &Fault| fault.at > limit || (fault.at == limit && fault.kind != Kind::MissingColon);
        match outcome {
            Err(fault) if in_line && beyond(&fault) => Err(Fault::new(Kind::FieldTooLong, limit.max(cursor.line))),
            Ok(false) if in_line && cursor.at > limit => Err(Fault::new(Kind::FieldTooLong, limit)),
            outcome => outcome,
        }
    }

    #[inline(always)]
    fn run(&mut self, cursor: &mut Cursor, block: &[u8], rules: &FieldRules) -> Result<bool, Fault> {
        loop {
            match cursor.phase {
                Phase::Line => {
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if c == CR {
                        cursor.at += 1;
                        cursor.phase = Phase::SectionLf;
                    } else if is_blank(c) {
                        self.unfold(cursor, rules)?;
                    } else if self.spans.len() >= rules.max_fields {
                        return Err(Fault::new(rules.too_many, cursor.at));
                    } else {
                        cursor.line = cursor.at;
                        cursor.phase = Phase::Name;
                    }
                }
                Phase::Name => {
                    cursor.at = scan::token_end(block, cursor.at);
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if c != b':' || cursor.at == cursor.line {
                        return Err(Fault::new(name_fault(c, cursor.at == cursor.line), cursor.at));
                    }
                    cursor.name_end = cursor.at;
                    cursor.at += 1;
                    cursor.phase = Phase::Blank;
                }
                Phase::Blank => {
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if is_blank(c) {
                        cursor.at += 1;
                    } else {
                        cursor.value = cursor.at;
                        cursor.phase = Phase::Value;
                    }
                }
                Phase::Value => {
                    cursor.at = scan::value_end(block, cursor.at);
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if c != CR {
                        let kind = if c == LF { Kind::BareLf } else { Kind::InvalidFieldValue };
                        return Err(Fault::new(kind, cursor.at));
                    }
                    if cursor.at - cursor.line > rules.max_line {
                        return Err(Fault::new(Kind::FieldTooLong, cursor.line + rules.max_line));
                    }
                    cursor.at += 1;
                    cursor.phase = Phase::LineLf;
                }
                Phase::LineLf => {
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if c != LF {
                        return Err(Fault::new(Kind::BareCr, cursor.at));
                    }
                    self.finish_line(cursor, block);
                    cursor.at += 1;
                    cursor.phase = Phase::Line;
                }
                Phase::SectionLf => {
                    let Some(&c) = block.get(cursor.at) else { return Ok(false) };
                    if c != LF {
                        return Err(Fault::new(Kind::BareCr, cursor.at));
                    }
                    cursor.at += 1;
                    return Ok(true);
                }
            }
        }
    }

    /// Enters the field whose line ends before the LF at the cursor.
    #[inline(always)]
    fn finish_line(&mut self, cursor: &Cursor, block: &[u8]) {
        let mut end = cursor.at - 1;
        while end > cursor.value && block.get(end - 1).is_some_and(|&c| is_blank(c)) {
            end -= 1;
        }
        // A head is at most 64 KiB less one, so no offset is cut here.
        let span = FieldSpan {
            name: cursor.line as u16,
            name_end: cursor.name_end as u16,
            value: cursor.value as u16,
            value_end: end as u16,
        };
        if let Some(known) = Known::of(span.name(block)) {
            self.note(known);
        }
        self.spans.push(span);
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an enum of KNOWN variants indexes an array of KNOWN")]
    fn note(&mut self, known: Known) {
        let seen = &mut self.seen[known as usize];
        if seen.count == 0 {
            seen.first = self.spans.len() as u16;
        }
        seen.count += 1;
    }

    /// A line that begins with a blank: the last field goes on (RFC 9112 section 5.2), if there is one.
    #[cold]
    fn unfold(&mut self, cursor: &mut Cursor, rules: &FieldRules) -> Result<(), Fault> {
        let Some(last) = self.spans.last() else {
            return Err(Fault::new(Kind::LeadingBlank, cursor.at));
        };
        if !rules.unfold {
            return Err(Fault::new(Kind::ObsFold, cursor.at));
        }
        if cursor.at - usize::from(last.name) >= rules.max_line {
            return Err(Fault::new(Kind::FieldTooLong, cursor.at));
        }
        (cursor.line, cursor.name_end, cursor.value) = (last.name.into(), last.name_end.into(), last.value.into());
        cursor.phase = Phase::Value;
        self.folded = true;
        self.forget_last();
        Ok(())
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

    /// The values of the fields of a known name.
    #[inline(always)]
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
