//! Heads: a request line or status line, then field lines up to the empty one. Fills a table of spans and resumes
//! anywhere. The error is the one at the lowest offset, whatever the split; a limit wins at equal offset.

use super::section::{FieldRules, FieldTable};
use super::start_line::StartLine;
use super::target::check_target;
use super::{
    CR, Facts, Fault, Fields, LF, MethodKind, Request, Response, SP, Version, fault, request_facts, response_facts,
    scan, slice, usual,
};
use crate::config::Limits;
use crate::error::RecvErrorKind as Kind;
use alloc::vec::Vec;

/// `HTTP/1.` as it stands in front of the minor version.
const PREFIX: &[u8; 7] = b"HTTP/1.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Method,
    Target,
    Version,
    Status,
    Reason,
    LineLf,
    Fields,
}

/// The resumable parser of one head, and the table that describes it. Reused: after the first heads it allocates
/// nothing.
#[derive(Debug)]
pub struct HeadParser {
    response: bool,
    /// A head was begun through the public methods and is not complete.
    begun: bool,
    phase: Phase,
    /// The position up to which the start line has been scanned.
    at: u32,
    line: StartLine,
    facts: Facts,
    fields: FieldTable,
    /// The head with its folded lines unfolded, if there were any.
    unfolded: Vec<u8>,
}

/// A start line and a section, in their block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParsedHead<'b> {
    pub(crate) fields: Fields<'b>,
    pub(crate) line: &'b StartLine,
    pub(crate) facts: &'b Facts,
}

impl Default for HeadParser {
    fn default() -> Self {
        Self::new()
    }
}

impl HeadParser {
    /// A parser at the first octet of a head.
    pub const fn new() -> Self {
        HeadParser {
            response: false,
            begun: false,
            phase: Phase::Method,
            at: 0,
            line: StartLine::NONE,
            facts: Facts::NONE,
            fields: FieldTable::new(),
            unfolded: Vec::new(),
        }
    }

    /// Parses a request head on its own, without a connection: `block` begins with its first octet, and has grown if
    /// the call before returned `None`. Returns the head and its length once it is complete; the next call then begins
    /// another one, as it does after an error.
    ///
    /// # Errors
    /// What a server's connection would refuse, apart from empty lines in front, which are no part of a head.
    #[inline]
    pub fn parse_request<'b>(
        &'b mut self,
        block: &'b [u8],
        limits: &Limits,
    ) -> Result<Option<(Request<'b>, usize)>, Fault> {
        if !self.begun {
            self.begin_request();
        }
        self.begun = false;
        let Some(length) = self.parse(block, limits, false)? else {
            self.begun = true;
            return Ok(None);
        };
        self.judge_request(block).map_err(|kind| Fault::new(kind, length - 1))?;
        Ok(Some((Request::new(self.parsed(slice(block, 0, length))), length)))
    }

    /// Parses a response head on its own, as the answer to a request of this method; otherwise as
    /// [`HeadParser::parse_request`].
    ///
    /// # Errors
    /// What a client's connection would refuse.
    pub fn parse_response<'b>(
        &'b mut self,
        request: MethodKind,
        block: &'b [u8],
        limits: &Limits,
    ) -> Result<Option<(Response<'b>, usize)>, Fault> {
        if !self.begun {
            self.begin_response();
        }
        self.begun = false;
        let Some(length) = self.parse(block, limits, true)? else {
            self.begun = true;
            return Ok(None);
        };
        self.judge_response(request, block).map_err(|kind| Fault::new(kind, length - 1))?;
        Ok(Some((Response::new(self.parsed(slice(block, 0, length))), length)))
    }

    /// Begins a request head.
    #[inline(always)]
    pub(crate) fn begin_request(&mut self) {
        self.response = false;
        self.begin(Phase::Method);
    }

    /// Begins a response head.
    pub(crate) fn begin_response(&mut self) {
        self.response = true;
        self.begin(Phase::Version);
    }

    #[inline(always)]
    fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        self.at = 0;
    }

    /// Begins a trailer section.
    pub(crate) fn begin_trailers(&mut self) {
        self.begin(Phase::Fields);
        self.fields.begin(0);
    }

    pub(crate) fn fields(&self) -> &FieldTable {
        &self.fields
    }

    /// Decides over the request head that lies at the front of `block`.
    #[inline(always)]
    pub(crate) fn judge_request(&mut self, block: &[u8]) -> Result<(StartLine, Facts), Kind> {
        self.facts = request_facts(self.line.method, self.line.version, block, &self.fields)?;
        Ok((self.line, self.facts))
    }

    /// Decides over the response head that lies at the front of `block`, knowing which request it answers.
    #[inline(always)]
    pub(crate) fn judge_response(&mut self, request: MethodKind, block: &[u8]) -> Result<Facts, Kind> {
        let StartLine { status, version, .. } = self.line;
        self.facts = response_facts(request, status, version, self.text(block), &self.fields)?;
        Ok(self.facts)
    }

    pub(crate) fn line(&self) -> StartLine {
        self.line
    }

    pub(crate) fn facts(&self) -> Facts {
        self.facts
    }

    /// The memory that the tables hold is given back.
    pub(crate) fn release(&mut self) {
        self.fields.shrink();
        self.unfolded = Vec::new();
    }

    /// The octets to read the parsed section from: `block`, or its unfolded copy.
    pub(crate) fn text<'b>(&'b self, block: &'b [u8]) -> &'b [u8] {
        if self.fields.is_folded() { &self.unfolded } else { block }
    }

    pub(crate) fn parsed<'b>(&'b self, block: &'b [u8]) -> ParsedHead<'b> {
        ParsedHead { fields: self.section(block), line: &self.line, facts: &self.facts }
    }

    pub(crate) fn section<'b>(&'b self, block: &'b [u8]) -> Fields<'b> {
        Fields::new(self.text(block), self.fields.spans())
    }

    /// Parses on in `block`, which begins with the head's first octet and may have grown since the last call. Returns
    /// the length of the head once it is complete.
    #[inline(always)]
    pub(crate) fn parse(&mut self, block: &[u8], limits: &Limits, unfold: bool) -> Result<Option<usize>, Fault> {
        let max = usize::from(limits.head);
        let window = block.get(..max).unwrap_or(block);
        let rules = FieldRules::of_head(limits, unfold);
        let complete = self.start_line(window, limits)? && self.fields.parse(window, &rules)?;
        self.complete(complete, window, block.len() > max, Fault::new(Kind::HeadTooLong, max))
    }

    /// Parses on where a head was cut before. True if all that is new fits and more must come; else that is for
    /// [`HeadParser::parse`] to find again.
    #[inline(always)]
    pub(crate) fn resume(&mut self, block: &[u8], limits: &Limits) -> bool {
        if block.len() > limits.head.into() {
            return false;
        }
        let lengthens = self.phase == Phase::Fields && self.fields.lengthen(block, limits.field_line);
        lengthens || self.resume_parsing(block, limits)
    }

    #[inline(never)]
    fn resume_parsing(&mut self, block: &[u8], limits: &Limits) -> bool {
        let rules = FieldRules::of_head(limits, self.response);
        let started = self.start_line(block, limits);
        started.and_then(|started| if started { self.fields.parse(block, &rules) } else { Ok(false) }) == Ok(false)
    }

    /// [`HeadParser::parse`] for a trailer section.
    pub(crate) fn parse_trailers(
        &mut self,
        block: &[u8],
        limits: &Limits,
        unfold: bool,
    ) -> Result<Option<usize>, Fault> {
        let max = usize::from(limits.trailers);
        let rules = FieldRules::of_trailers(limits, unfold);
        let window = block.get(..max).unwrap_or(block);
        let complete = self.fields.parse(window, &rules)?;
        self.complete(complete, window, block.len() > max, Fault::new(Kind::TrailersTooLong, max))
    }

    #[inline(always)]
    fn complete(&mut self, complete: bool, window: &[u8], cut: bool, fault: Fault) -> Result<Option<usize>, Fault> {
        if !complete {
            return if cut { Err(fault) } else { Ok(None) };
        }
        let end = self.fields.position();
        if self.fields.is_folded() {
            self.fields.write_unfolded(slice(window, 0, end), &mut self.unfolded);
        }
        Ok(Some(end))
    }

    /// Parses the start line; `Ok(true)` when it is behind us.
    #[inline(always)]
    fn start_line(&mut self, block: &[u8], limits: &Limits) -> Result<bool, Fault> {
        if self.phase == Phase::Fields {
            return Ok(true);
        }
        let usual = match self.at {
            0 if self.response => usual::status_line(block),
            0 => usual::request_line(block, limits),
            _ => None,
        };
        let Some((line, next)) = usual else { return self.unusual_start_line(block, limits) };
        self.line = line;
        self.fields.begin(next);
        self.phase = Phase::Fields;
        Ok(true)
    }

    /// The same for any start line, octet by octet. Its parts follow each other; a call that resumes enters where the
    /// last one left off.
    #[inline(never)]
    fn unusual_start_line(&mut self, block: &[u8], limits: &Limits) -> Result<bool, Fault> {
        if self.phase == Phase::Method {
            let (at, end) = scan::token_end(block, self.at);
            let limit = u32::from(limits.method);
            match end {
                Some(c) if at > limit || (at == limit && c != SP) => return Err(fault(Kind::MethodTooLong, limit)),
                Some(SP) if at > 0 => {}
                Some(LF) => return Err(fault(Kind::BareLf, at)),
                Some(_) => return Err(fault(Kind::InvalidMethod, at)),
                None if at > limit => return Err(fault(Kind::MethodTooLong, limit)),
                None => {
                    self.at = at;
                    return Ok(false);
                }
            }
            self.line.first_end = at as u16;
            self.line.method = MethodKind::of(slice(block, 0, at as usize));
            self.at = at + 1;
            self.phase = Phase::Target;
        }
        if self.phase == Phase::Target {
            let (at, end) = scan::target_end(block, self.at);
            let start = u32::from(self.line.first_end) + 1;
            let limit = start + u32::from(limits.target);
            match end {
                Some(c) if at > limit || (at == limit && c != SP) => return Err(fault(Kind::TargetTooLong, limit)),
                Some(SP) if at > start => {}
                Some(LF) => return Err(fault(Kind::BareLf, at)),
                Some(_) => return Err(fault(Kind::InvalidTarget, at)),
                None if at > limit => return Err(fault(Kind::TargetTooLong, limit)),
                None => {
                    self.at = at;
                    return Ok(false);
                }
            }
            self.line.second_end = at as u16;
            self.at = at + 1;
            self.phase = Phase::Version;
        }
        if self.phase == Phase::Version {
            let rest = block.get(self.at as usize..).unwrap_or_default();
            let end = if self.response { SP } else { CR };
            match rest.first_chunk::<9>() {
                Some([prefix @ .., minor, c]) if prefix == PREFIX && minor.is_ascii_digit() && *c == end => {
                    self.line.version = Version::from_minor(minor - b'0');
                }
                Some(_) | None => return self.bad_version(block, rest).map_or(Ok(false), Err),
            }
            self.at += 9;
            self.phase = if self.response { Phase::Status } else { Phase::LineLf };
        }
        if self.phase == Phase::Status {
            let rest = block.get(self.at as usize..).unwrap_or_default();
            let digits = rest.iter().take(3).take_while(|c| c.is_ascii_digit()).count();
            match rest.get(digits) {
                None => return Ok(false),
                Some(&SP) if digits == 3 => {}
                Some(_) => return Err(fault(Kind::InvalidStatusLine, self.at + digits as u32)),
            }
            self.line.status = rest.iter().take(3).fold(0, |n, &c| n * 10 + u16::from(c - b'0'));
            self.line.first_end = self.at as u16 + 3;
            self.at += 4;
            self.phase = Phase::Reason;
        }
        if self.phase == Phase::Reason {
            let end;
            (self.at, end) = scan::value_end(block, self.at);
            match end {
                None => return Ok(false),
                Some(CR) => {}
                Some(LF) => return Err(fault(Kind::BareLf, self.at)),
                Some(_) => return Err(fault(Kind::InvalidStatusLine, self.at)),
            }
            self.line.second_end = self.at as u16;
            self.at += 1;
            self.phase = Phase::LineLf;
        }
        // What is left is `Phase::LineLf`.
        match block.get(self.at as usize) {
            None => return Ok(false),
            Some(&LF) => {}
            Some(_) => return Err(fault(Kind::BareCr, self.at)),
        }
        if !self.response {
            let target = slice(block, usize::from(self.line.first_end) + 1, self.line.second_end.into());
            self.line.form = check_target(self.line.method, target).map_err(|kind| fault(kind, self.at))?;
        }
        self.at += 1;
        self.fields.begin(self.at);
        self.phase = Phase::Fields;
        Ok(true)
    }

    /// The fault in what stands for the version, `None` if it is only incomplete.
    #[cold]
    fn bad_version(&self, block: &[u8], rest: &[u8]) -> Option<Fault> {
        let response = self.response;
        let invalid = if response { Kind::InvalidStatusLine } else { Kind::InvalidVersion };
        let kind_of = |index: usize, c: u8| match (index, c) {
            (5, b'0'..=b'9') if slice(block, 0, self.at as usize) == b"PRI * " && c == b'2' => Kind::Http2Preface,
            (5, b'0'..=b'9') => Kind::UnsupportedVersion,
            (8, LF) if !response => Kind::BareLf,
            _ => invalid,
        };
        let valid = |index: usize, c: u8| match index {
            7 => c.is_ascii_digit(),
            8 => c == if response { SP } else { CR },
            _ => PREFIX.get(index) == Some(&c),
        };
        let wrong = rest.iter().take(9).enumerate().find(|&(index, &c)| !valid(index, c));
        wrong.map(|(index, &c)| fault(kind_of(index, c), self.at + index as u32))
    }
}
