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
        let mut at = 0;
        // Whole line ends and size lines, as they nearly always come; what is cut or wrong goes octet by octet.
        if self.state == State::DataCr && input.first_chunk() == Some(b"\r\n") {
            at = 2;
            self.begin_line();
        }
        if self.state == State::Size {
            at = self.size(input, at)?;
        }
        if self.state == State::SizeLf && input.get(at) == Some(&LF) {
            at += 1;
            self.state = State::Data;
        }
        if self.state == State::Data && at < input.len() {
            return Ok(self.data(input, at));
        }
        self.decode_octets(input, at, limits)
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
    fn decode_octets(&mut self, input: &[u8], mut at: usize, limits: &Limits) -> Result<(usize, ChunkItem), Fault> {
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
            let digit = hex(c);
            if digit > 15 {
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
            }
            if digits == MAX_DIGITS {
                return Err(Fault::new(Kind::ChunkSizeOverflow, at));
            }
            digits += 1;
            size = size << 4 | u64::from(digit);
            at += 1;
        }
        (self.digits, self.left) = (digits, size);
        Ok(at)
    }

    fn line_end(&self) -> State {
        if self.left == 0 { State::LastLf } else { State::SizeLf }
    }

    /// The state behind one octet of an extension.
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

/// The value of a hexadecimal digit; above 15 for any other octet.
#[inline(always)]
fn hex(c: u8) -> u8 {
    // Branches, not a table: where the next chunk lies depends on this value, and must not wait for another load.
    match c {
        b'0'..=b'9' => c - b'0',
        b'a'..=b'f' => c - b'a' + 10,
        b'A'..=b'F' => c - b'A' + 10,
        _ => u8::MAX,
    }
}
