//! [`AccessLog`]: a line for every exchange. Here are the writer and its lock; the formats are beside it, and know no
//! writer.

mod common;
mod json;
mod stamp;

use crate::record::{Entry, Logger};
use crate::watched::lock;
use std::fmt;
use std::io::{ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// Octets that the line of a usual request fits in.
const LINE: usize = 512;

/// How the lines of an [`AccessLog`] look. No value that a client sends can break a line, or forge another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// Apache's Common Log Format, `%h %l %u %t "%r" %>s %b`, with the time in UTC. As there, quotes and backslashes of
    /// the client are escaped by a backslash, everything but visible US-ASCII and the space as `\xhh`, and what is not
    /// known is `-`; `%l` and `%u` never are.
    ///
    /// ```text
    /// 192.0.2.7 - - [10/Oct/2000:13:55:36 +0000] "GET /logo.gif HTTP/1.0" 200 2326
    /// ```
    Common,
    /// Apache's Combined Log Format: the common one and `"%{Referer}i" "%{User-agent}i"`.
    Combined,
    /// An object of JSON a line; its members are always the same, and what is not known is `null`.
    ///
    /// ```text
    /// {"id":"2a-1","connection":42,"time":"2000-10-10T13:55:36.000000000Z","remote":"192.0.2.7","remote_port":50312,
    /// "remote_name":null,"method":"GET","target":"/logo.gif","version":"HTTP/1.0","status":200,"content":2326,
    /// "complete":true,"duration_ns":181500,"referer":null,"user_agent":"curl/8.5.0"}
    /// ```
    ///
    /// `content` are the octets of content sent, `duration_ns` nanoseconds. Octets that are not UTF-8 are replaced.
    Json,
}

/// Writes a line for every exchange.
///
/// The writer gets whole lines, from one thread at a time. What it does not take is lost, and the server does not mind.
/// While it is slow, connections wait for it; for more than a file or a pipe, take a writer that hands lines over to a
/// thread. It is never flushed.
///
/// ```
/// use http_driver::{AccessLog, LogFormat};
/// let log = AccessLog::new(LogFormat::Combined, std::io::stdout());
/// ```
pub struct AccessLog<W> {
    format: LogFormat,
    output: Mutex<Output<W>>,
}

struct Output<W> {
    writer: W,
    /// The last line was taken in part only.
    torn: bool,
}

impl<W: Write + Send> AccessLog<W> {
    /// Writes lines of this format.
    pub fn new(format: LogFormat, writer: W) -> Self {
        AccessLog { format, output: Mutex::new(Output { writer, torn: false }) }
    }
}

impl<W: Write + Send> Logger for AccessLog<W> {
    fn log(&self, entry: Entry) {
        // What is left of a torn line must not become the beginning of this one.
        let mut line = Vec::with_capacity(LINE);
        line.push(b'\n');
        match self.format {
            LogFormat::Common => common::common(&mut line, &entry),
            LogFormat::Combined => common::combined(&mut line, &entry),
            LogFormat::Json => json::object(&mut line, &entry),
        }
        line.push(b'\n');
        lock(&self.output).write(&line);
    }
}

impl<W: Write> Output<W> {
    /// Writes a line, with the end of one before it for the case that it is wanted.
    fn write(&mut self, line: &[u8]) {
        let line = if self.torn { line } else { line.get(1..).unwrap_or_default() };
        let mut rest = line;
        while !rest.is_empty() {
            // A panic would take the connection along.
            match catch_unwind(AssertUnwindSafe(|| self.writer.write(rest))) {
                Ok(Ok(count @ 1..)) => rest = rest.get(count..).unwrap_or_default(),
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(Ok(0) | Err(_)) | Err(_) => break,
            }
        }
        if let Some(last) = line.len().checked_sub(rest.len() + 1).and_then(|last| line.get(last)) {
            self.torn = *last != b'\n';
        }
    }
}

impl<W> fmt::Debug for AccessLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").field("format", &self.format).finish_non_exhaustive()
    }
}

/// The lower-case hexadecimal digits of an octet.
fn hex(octet: u8) -> [u8; 2] {
    [octet >> 4, octet & 15].map(|digit| digit + if digit < 10 { b'0' } else { b'a' - 10 })
}

/// Appends a number or another thing that is visible US-ASCII.
fn put(line: &mut Vec<u8>, value: impl fmt::Display) {
    // Writing to memory does not fail.
    let _ = write!(line, "{value}");
}
