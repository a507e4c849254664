//! Suite `body`: large content on one connection, octets a second.

use super::Setup;
use super::blocking::{self, read_head, wrong};
use super::content::{DOWN, DOWN_CHUNKED, LENGTH, OCTETS, UP};
use super::meter::Meter;
use super::part::Part;
use super::process::Process;
use super::rounds::{Case, Metric, Window};
use super::tail::keep_last;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Octets of a read.
const READ: usize = 256 << 10;
/// How a chunked message without trailers ends, the line end of its last piece included.
const END: &[u8; 7] = b"\r\n0\r\n\r\n";

/// Where the content goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Down,
    DownChunked,
    Up,
}

pub(crate) fn case(name: &'static str, setup: Setup, way: Way) -> Case {
    let measure = move |name: &str| window(name, setup, way);
    Case { name, metrics: &[Metric::Throughput], measure: Box::new(measure) }
}

/// Whole messages, as many as begin within the window.
fn window(name: &str, setup: Setup, way: Way) -> io::Result<Window> {
    let (server, address) = Process::serving(name, Part::Bodies, setup)?;
    let mut client = Client::connect(address)?;
    client.transfer(way)?;
    let meter = Meter::start(server.id(), setup)?;
    let end = Instant::now() + setup.window;
    let mut octets = 0;
    while Instant::now() < end {
        client.transfer(way)?;
        octets += LENGTH;
    }
    let usage = meter.stop()?;
    let values = vec![octets as f64 / usage.elapsed];
    Ok(Window { values, others: usage.others, waiting: usage.waiting, peak: server.peak()? })
}

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Client { stream: blocking::connect(address)?, buffer: vec![0; READ] })
    }

    /// Content of [`LENGTH`] octets, there or back.
    pub(crate) fn transfer(&mut self, way: Way) -> io::Result<()> {
        match way {
            Way::Down => self.down(),
            Way::DownChunked => self.down_chunked(),
            Way::Up => self.up(),
        }
    }

    fn down(&mut self) -> io::Result<()> {
        self.ask("GET", DOWN, "")?;
        let head = read_head(&mut self.stream)?;
        if head.content_length()? != LENGTH {
            return Err(wrong(format!("content of another length: {}", head.text)));
        }
        self.read(head.behind.len() as u64, LENGTH)
    }

    fn down_chunked(&mut self) -> io::Result<()> {
        self.ask("GET", DOWN_CHUNKED, "")?;
        let head = read_head(&mut self.stream)?;
        if head.field("transfer-encoding") != Some("chunked") {
            return Err(wrong(format!("an answer that is not chunked: {}", head.text)));
        }
        let mut tail = [0; END.len()];
        keep_last(&mut tail, &head.behind);
        let mut received = head.behind.len() as u64;
        while tail != *END {
            let count = some(self.stream.read(&mut self.buffer)?)?;
            keep_last(&mut tail, &self.buffer[..count]);
            received += count as u64;
        }
        // Content, and chunk lines that are few.
        if received <= LENGTH || received > LENGTH + LENGTH / 64 {
            return Err(wrong(format!("{received} octets for content of {LENGTH}")));
        }
        Ok(())
    }

    fn up(&mut self) -> io::Result<()> {
        self.ask("PUT", UP, &format!("Content-Length: {LENGTH}\r\n"))?;
        let mut left = LENGTH;
        while left > 0 {
            let piece = OCTETS.len().min(left as usize);
            self.stream.write_all(&OCTETS[..piece])?;
            left -= piece as u64;
        }
        let head = read_head(&mut self.stream)?;
        self.read(head.behind.len() as u64, head.content_length()?)
    }

    /// In one write, which a peer that parses nothing needs.
    fn ask(&mut self, method: &str, target: &str, fields: &str) -> io::Result<()> {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        self.stream.write_all(head.as_bytes())
    }

    /// Reads on until `length` octets are there, and no more.
    fn read(&mut self, mut received: u64, length: u64) -> io::Result<()> {
        while received < length {
            received += some(self.stream.read(&mut self.buffer)?)? as u64;
        }
        if received > length { Err(wrong("more octets than content")) } else { Ok(()) }
    }
}

fn some(count: usize) -> io::Result<usize> {
    if count == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(count) }
}
