//! The blocking half of the load: connects, and reads as much of an answer as has to be understood.

use super::content::HELLO;
use crate::heads;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A server that lets a client wait for so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The head of an answer, and what came with it.
pub(crate) struct Head {
    pub(crate) text: String,
    pub(crate) behind: Vec<u8>,
}

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads up to the end of a head, which must be that of a 200.
pub(crate) fn read_head(stream: &mut impl Read) -> io::Result<Head> {
    let mut octets = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let end = octets.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let behind = octets.split_off(end + 4);
            let text = String::from_utf8_lossy(&octets).into_owned();
            if !text.starts_with("HTTP/1.1 200 ") {
                return Err(wrong(format!("the server answers {text}")));
            }
            return Ok(Head { text, behind });
        }
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => octets.extend_from_slice(&buffer[..count]),
        }
    }
}

impl Head {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.text.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn content_length(&self) -> io::Result<u64> {
        let length = self.field("content-length").and_then(|value| value.parse().ok());
        length.ok_or_else(|| wrong(format!("an answer of unknown length: {}", self.text)))
    }
}

/// The request of suites `server`, `idle` and `tls`.
pub(crate) fn request() -> Vec<u8> {
    heads::request_170()
}

/// One request, one answer, looked at closely; how many octets the answer has.
pub(crate) fn exchange(stream: &mut (impl Read + Write)) -> io::Result<usize> {
    stream.write_all(&request())?;
    let head = read_head(stream)?;
    let length = head.content_length()?;
    for name in ["content-type", "date"] {
        head.field(name).ok_or_else(|| wrong(format!("an answer without {name}: {}", head.text)))?;
    }
    let mut content = head.behind;
    let missing = (length as usize).checked_sub(content.len()).ok_or_else(|| wrong("more than the answer"))?;
    let begun = content.len();
    content.resize(begun + missing, 0);
    stream.read_exact(&mut content[begun..])?;
    if content != HELLO.as_bytes() {
        return Err(wrong("an answer with other content"));
    }
    Ok(head.text.len() + content.len())
}

pub(crate) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.into())
}
