//! The chunked transfer coding (RFC 9112 section 7.1), decoded octet by octet from wherever the input was cut.
//!
//! ```text
//! chunk      = 1*HEXDIG [ chunk-ext ] CRLF chunk-data CRLF
//! chunk-ext  = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
//! ```
//! Ends with the line of the last chunk; the trailer section behind it is for the parser of field lines.

use super::{CR, Fault, HTAB, LF, SP, scan};
use crate::config::Limits;
use crate::error::RecvErrorKind as Kind;

/// The most digits of a chunk size, leading zeros included: what a `u64` holds.
const MAX_DIGITS: u8 = 16;

/// A resumable decoder of one message's chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkDecoder {
    state: State,
    digits: u8,
    /// Octets of extensions on this line, then in this message.
    line_extension: u16,
    extensions: u32,
    /// The size read so far, then what is left of the data.
    left: u64,
}

/// What a [`ChunkDecoder`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkItem {
    /// Nothing more in this input.
    NeedInput,
    /// So many octets of data, the last of those that were consumed.
    Data(usize),
    /// The line of the last chunk; the trailer section follows.
    LastChunk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The digits of a size.
    Size,
    Extension(Extension),
    SizeLf,
    Data,
    DataCr,
    DataLf,
    LastLf,
    Done,
}

/// Within the extensions of a chunk line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    /// Blanks that must lead to `;`.
    BeforeSemicolon,
    /// Blanks in front of a name.
    BeforeName,
    Name,
    /// Blanks behind a name, which must lead to `=` or `;`.
    AfterName,
    /// Blanks in front of a value.
    BeforeValue,
    Value,
    Quoted,
    QuotedPair,
    AfterQuoted,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkDecoder {
    /// A decoder at the first octet of the first chunk-size line.
    pub const fn new() -> Self {
        ChunkDecoder { state: State::Size, digits: 0, line_extension: 0, extensions: 0, left: 0 }
    }

    /// Decodes up to the next item. Returns how many octets of `input` were consumed and what was found; call again
    /// with the octets behind them, until [`ChunkItem::LastChunk`].
    ///
    /// # Errors
    /// The position of a fault counts from the start of `input`.
    #[inline(always)]
    pub fn decode(&mut self, input: &[u8], limits: &Limits) -> Result<(usize, ChunkItem), Fault> {
        // A chunk that is there whole, as most are, leaves the decoder where it was: at the line end behind data.
        if self.state == State::DataCr
            && let Some((end, size)) = whole_chunk(input)
        {
            return Ok((end, ChunkItem::Data(size)));
        }
        // Taken apart, so that what is found above stays in registers.
        match self.decode_octets(input, limits)? {
            (consumed, ChunkItem::NeedInput) => Ok((consumed, ChunkItem::NeedInput)),
            (consumed, ChunkItem::Data(length)) => Ok((consumed, ChunkItem::Data(length))),
            (consumed, ChunkItem::LastChunk) => Ok((consumed, ChunkItem::LastChunk)),
        }
    }

    /// As much data as there is, which is at least one octet.
    #[inline(always)]
    fn data(&mut self, input: &[u8], at: usize) -> (usize, ChunkItem) {
        let available = input.len() - at;
        // A branch, not a minimum: where the next chunk lies then waits for the size alone.
        if self.left > available as u64 {
            self.left -= available as u64;
            return (input.len(), ChunkItem::Data(available));
        }
        // No more than what is available, which is a usize.
        let length = self.left as usize;
        self.state = State::DataCr;
        (at + length, ChunkItem::Data(length))
    }

    #[inline(never)]
    fn decode_octets(&mut self, input: &[u8], limits: &Limits) -> Result<(usize, ChunkItem), Fault> {
        let mut at = 0;
        loop {
            let Some(&c) = input.get(at) else { return Ok((at, ChunkItem::NeedInput)) };
            match self.state {
                State::Extension(extension) => {
                    self.state = self.extension(extension, c, limits).map_err(|kind| Fault::new(kind, at))?;
                }
                State::DataCr if c == CR => self.state = State::DataLf,
                State::DataLf if c == LF => self.begin_line(),
                State::SizeLf if c == LF => self.state = State::Data,
                State::LastLf if c == LF => {
                    self.state = State::Done;
                    return Ok((at + 1, ChunkItem::LastChunk));
                }
                State::DataCr | State::DataLf | State::SizeLf | State::LastLf => {
                    return Err(Fault::new(Kind::InvalidChunkEnd, at));
                }
                State::Done => return Ok((at, ChunkItem::LastChunk)),
                State::Size => {
                    at = self.size(input, at)?;
                    continue;
                }
                State::Data => return Ok(self.data(input, at)),
            }
            at += 1;
        }
    }

    #[inline(always)]
    fn begin_line(&mut self) {
        (self.state, self.digits, self.line_extension, self.left) = (State::Size, 0, 0, 0);
    }

    /// Digits up to the octet that ends them.
    #[inline(always)]
    fn size(&mut self, input: &[u8], mut at: usize) -> Result<usize, Fault> {
        let (mut digits, mut size) = (self.digits, self.left);
        while let Some(&c) = input.get(at) {
            let Some(zero) = zero(c) else {
                if digits == 0 || !matches!(c, CR | SP | HTAB | b';') {
                    return Err(Fault::new(Kind::InvalidChunkSize, at));
                }
                self.left = size;
                if c != CR {
                    self.state = State::Extension(Extension::BeforeSemicolon);
                    return Ok(at);
                }
                self.state = self.line_end();
                return Ok(at + 1);
            };
            if digits == MAX_DIGITS {
                return Err(Fault::new(Kind::ChunkSizeOverflow, at));
            }
            digits += 1;
            size = size << 4 | u64::from(c - zero);
            at += 1;
        }
        (self.digits, self.left) = (digits, size);
        Ok(at)
    }

    fn line_end(&self) -> State {
        if self.left == 0 { State::LastLf } else { State::SizeLf }
    }

    /// The state behind one octet of an extension.
    #[cold]
    fn extension(&mut self, extension: Extension, c: u8, limits: &Limits) -> Result<State, Kind> {
        use Extension::{
            AfterName, AfterQuoted, BeforeName, BeforeSemicolon, BeforeValue, Name, Quoted, QuotedPair, Value,
        };
        if c == CR && matches!(extension, Name | Value | AfterQuoted) {
            return Ok(self.line_end());
        }
        if self.line_extension >= limits.chunk_extension_line || self.extensions >= limits.chunk_extensions {
            return Err(Kind::ChunkExtensionTooLong);
        }
        self.line_extension += 1;
        self.extensions += 1;
        let blank = matches!(c, SP | HTAB);
        let token = scan::in_class(c, scan::TOKEN);
        let next = match extension {
            BeforeSemicolon if blank => BeforeSemicolon,
            BeforeSemicolon | AfterName | Name | Value | AfterQuoted if c == b';' => BeforeName,
            BeforeName if blank => BeforeName,
            BeforeName | Name if token => Name,
            Name | AfterName if blank => AfterName,
            Name | AfterName if c == b'=' => BeforeValue,
            BeforeValue if blank => BeforeValue,
            BeforeValue if c == b'"' => Quoted,
            BeforeValue | Value if token => Value,
            Value | AfterQuoted if blank => BeforeSemicolon,
            Quoted if c == b'"' => AfterQuoted,
            Quoted if c == b'\\' => QuotedPair,
            Quoted | QuotedPair if scan::in_class(c, scan::VALUE) => Quoted,
            BeforeSemicolon | BeforeName | Name | AfterName | BeforeValue | Value | Quoted | QuotedPair
            | AfterQuoted => return Err(Kind::InvalidChunkExtension),
        };
        Ok(State::Extension(next))
    }
}

/// Where a chunk ends and how long its data are, if `input` is a line end, a size line of one to four digits and nothing
/// else, and all of the data. `None` says nothing: there may be less, an extension, the last chunk, or a fault.
#[inline(always)]
fn whole_chunk(input: &[u8]) -> Option<(usize, usize)> {
    let octets: &[u8; 8] = input.first_chunk()?;
    if !octets.starts_with(b"\r\n") {
        return None;
    }
    // The codes of the digits, and what they would be if all digits were 0. Where the next chunk lies is what the
    // processor waits for: it depends on `codes`, which are read; `zeros` and `start` stem from branches, foretold.
    let (mut codes, mut zeros) = (0, 0);
    for (at, &c) in octets.iter().enumerate().skip(2).take(4) {
        codes = (codes << 4) + usize::from(c);
        zeros = (zeros << 4) + usize::from(zero(c)?);
        if octets.get(at + 1..at + 3) == Some(b"\r\n") {
            // At most 8, all of which are there.
            let start = at + 3;
            let size = codes - zeros;
            return (size > 0 && size <= input.len() - start).then_some((codes - (zeros - start), size));
        }
    }
    None
}

/// The code that a hexadecimal digit counts from; `None` for any other octet.
#[inline(always)]
fn zero(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(b'0'),
        b'a'..=b'f' => Some(b'a' - 10),
        b'A'..=b'F' => Some(b'A' - 10),
        _ => None,
    }
}
