//! Heads: a request line or status line, then field lines up to the empty one. Fills a table of spans and resumes
//! anywhere. The error is the one at the lowest offset, whatever the split; a limit wins at equal offset.

use super::fields::{FieldRules, FieldTable};
use super::target::check_target;
use super::{
    CR, Fault, Fields, LF, MethodKind, Request, Response, SP, TargetForm, Version, request_facts, response_facts, scan,
    slice,
};
use crate::config::Limits;
use crate::error::RecvErrorKind as Kind;
use alloc::vec::Vec;

/// `HTTP/1.` as it stands in front of the minor version.
const PREFIX: &[u8; 7] = b"HTTP/1.";

/// What a head is held to; worked out of [`Limits`] once a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadRules {
    method: usize,
    target: usize,
    head: usize,
    fields: FieldRules,
}

impl HeadRules {
    pub(crate) const fn new(limits: &Limits, unfold: bool) -> Self {
        HeadRules {
            method: limits.method as usize,
            target: limits.target as usize,
            head: limits.head as usize,
            fields: FieldRules {
                max_line: limits.field_line as usize,
                max_fields: limits.fields as usize,
                unfold,
                too_many: Kind::TooManyFields,
            },
        }
    }
}

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
    at: usize,
    /// Request: the end of the method. Response: of the status.
    first_end: usize,
    /// Request: the end of the target. Response: of the reason.
    second_end: usize,
    minor: u8,
    status: u16,
    method: MethodKind,
    form: TargetForm,
    fields: FieldTable,
    /// The head with its folded lines unfolded, if there were any.
    unfolded: Vec<u8>,
}

/// A start line and a section, as spans of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParsedHead<'b> {
    pub(crate) block: &'b [u8],
    pub(crate) fields: Fields<'b>,
    pub(crate) first_end: usize,
    pub(crate) second_end: usize,
    pub(crate) version: Version,
    pub(crate) status: u16,
    pub(crate) method: MethodKind,
    pub(crate) form: TargetForm,
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
            first_end: 0,
            second_end: 0,
            minor: 0,
            status: 0,
            method: MethodKind::Other,
            form: TargetForm::Origin,
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
        let Some(length) = self.parse(block, &HeadRules::new(limits, false))? else {
            self.begun = true;
            return Ok(None);
        };
        let facts = request_facts(self.method, self.version(), block, &self.fields)
            .map_err(|kind| Fault::new(kind, length - 1))?;
        Ok(Some((Request::new(self.parsed(slice(block, 0, length)), facts), length)))
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
        let Some(length) = self.parse(block, &HeadRules::new(limits, true))? else {
            self.begun = true;
            return Ok(None);
        };
        let text = if self.fields.is_folded() { &self.unfolded } else { block };
        let facts = response_facts(request, self.status, self.version(), text, &self.fields)
            .map_err(|kind| Fault::new(kind, length - 1))?;
        Ok(Some((Response::new(self.parsed(slice(block, 0, length)), facts), length)))
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
        self.fields.begin(0);
    }

    /// Begins a trailer section.
    pub(crate) fn begin_trailers(&mut self) {
        self.begin(Phase::Fields);
    }

    pub(crate) fn fields(&self) -> &FieldTable {
        &self.fields
    }

    pub(crate) fn method(&self) -> MethodKind {
        self.method
    }

    pub(crate) fn version(&self) -> Version {
        Version::from_minor(self.minor)
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
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
        let block = self.text(block);
        ParsedHead {
            block,
            fields: Fields::new(block, self.fields.spans()),
            first_end: self.first_end,
            second_end: self.second_end,
            version: self.version(),
            status: self.status,
            method: self.method,
            form: self.form,
        }
    }

    pub(crate) fn section<'b>(&'b self, block: &'b [u8]) -> Fields<'b> {
        Fields::new(self.text(block), self.fields.spans())
    }

    /// Parses on in `block`, which begins with the head's first octet and may have grown since the last call. Returns
    /// the length of the head once it is complete.
    #[inline(always)]
    pub(crate) fn parse(&mut self, block: &[u8], rules: &HeadRules) -> Result<Option<usize>, Fault> {
        let window = block.get(..rules.head).unwrap_or(block);
        let complete = self.start_line(window, rules)? && self.fields.parse(window, &rules.fields)?;
        self.complete(complete, window, block.len() > rules.head, Fault::new(Kind::HeadTooLong, rules.head))
    }

    /// The same for a trailer section.
    pub(crate) fn parse_trailers(
        &mut self,
        block: &[u8],
        limits: &Limits,
        unfold: bool,
    ) -> Result<Option<usize>, Fault> {
        let max = usize::from(limits.trailers);
        let rules = FieldRules {
            max_line: limits.field_line.into(),
            max_fields: limits.trailer_fields.into(),
            unfold,
            too_many: Kind::TooManyTrailers,
        };
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
    fn start_line(&mut self, block: &[u8], rules: &HeadRules) -> Result<bool, Fault> {
        loop {
            match self.phase {
                Phase::Fields => return Ok(true),
                Phase::Method => {
                    let at = scan::token_end(block, self.at);
                    let end = block.get(at);
                    if at > rules.method || (at == rules.method && end.is_some_and(|&c| c != SP)) {
                        return Err(Fault::new(Kind::MethodTooLong, rules.method));
                    }
                    self.at = at;
                    match end {
                        None => return Ok(false),
                        Some(&SP) if at > 0 => {}
                        Some(&LF) => return Err(Fault::new(Kind::BareLf, at)),
                        Some(_) => return Err(Fault::new(Kind::InvalidMethod, at)),
                    }
                    self.first_end = at;
                    self.method = MethodKind::of(slice(block, 0, at));
                    self.at = at + 1;
                    self.phase = Phase::Target;
                }
                Phase::Target => {
                    let at = scan::target_end(block, self.at);
                    let end = block.get(at);
                    let limit = self.first_end + 1 + rules.target;
                    if at > limit || (at == limit && end.is_some_and(|&c| c != SP)) {
                        return Err(Fault::new(Kind::TargetTooLong, limit));
                    }
                    self.at = at;
                    match end {
                        None => return Ok(false),
                        Some(&SP) if at > self.first_end + 1 => {}
                        Some(&LF) => return Err(Fault::new(Kind::BareLf, at)),
                        Some(_) => return Err(Fault::new(Kind::InvalidTarget, at)),
                    }
                    self.second_end = at;
                    self.at = at + 1;
                    self.phase = Phase::Version;
                }
                Phase::Version => {
                    let response = self.response;
                    let rest = block.get(self.at..).unwrap_or_default();
                    match rest.first_chunk::<9>() {
                        Some([prefix @ .., minor, end])
                            if prefix == PREFIX && minor.is_ascii_digit() && *end == if response { SP } else { CR } =>
                        {
                            self.minor = minor - b'0';
                        }
                        Some(_) | None => return self.bad_version(block, rest).map_or(Ok(false), Err),
                    }
                    self.at += 9;
                    self.phase = if response { Phase::Status } else { Phase::LineLf };
                }
                Phase::Status => {
                    let rest = block.get(self.at..).unwrap_or_default();
                    let digits = rest.iter().take(3).take_while(|c| c.is_ascii_digit()).count();
                    match rest.get(digits) {
                        None => return Ok(false),
                        Some(&SP) if digits == 3 => {}
                        Some(_) => return Err(Fault::new(Kind::InvalidStatusLine, self.at + digits)),
                    }
                    self.status = rest.iter().take(3).fold(0, |n, &c| n * 10 + u16::from(c - b'0'));
                    self.at += 4;
                    self.first_end = self.at - 1;
                    self.phase = Phase::Reason;
                }
                Phase::Reason => {
                    self.at = scan::value_end(block, self.at);
                    match block.get(self.at) {
                        None => return Ok(false),
                        Some(&CR) => {}
                        Some(&LF) => return Err(Fault::new(Kind::BareLf, self.at)),
                        Some(_) => return Err(Fault::new(Kind::InvalidStatusLine, self.at)),
                    }
                    self.second_end = self.at;
                    self.at += 1;
                    self.phase = Phase::LineLf;
                }
                Phase::LineLf => {
                    match block.get(self.at) {
                        None => return Ok(false),
                        Some(&LF) => {}
                        Some(_) => return Err(Fault::new(Kind::BareCr, self.at)),
                    }
                    if !self.response {
                        let target = slice(block, self.first_end + 1, self.second_end);
                        self.form = check_target(self.method, target).map_err(|kind| Fault::new(kind, self.at))?;
                    }
                    self.at += 1;
                    self.fields.begin(self.at);
                    self.phase = Phase::Fields;
                }
            }
        }
    }

    /// The fault in what stands for the version, `None` if it is only incomplete.
    #[cold]
    fn bad_version(&self, block: &[u8], rest: &[u8]) -> Option<Fault> {
        let response = self.response;
        let invalid = if response { Kind::InvalidStatusLine } else { Kind::InvalidVersion };
        let kind_of = |index: usize, c: u8| match (index, c) {
            (5, b'0'..=b'9') if slice(block, 0, self.at) == b"PRI * " && c == b'2' => Kind::Http2Preface,
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
        wrong.map(|(index, &c)| Fault::new(kind_of(index, c), self.at + index))
    }
}
