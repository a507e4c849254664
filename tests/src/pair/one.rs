//! One end by itself, for tests that are written out: octets in, events as short text, octets out.

use super::inbox::Inbox;
use http_proto::{
    Chunk, Client, Config, Connection, Event, Fields, Interest, RecvBuf, Request, Response, Role, SendBuf, Server, Step,
};
use std::sync::Arc;

/// One end.
#[derive(Debug)]
pub struct One<R: Role, S = Vec<u8>> {
    /// The connection.
    pub connection: Connection<R>,
    /// Its input.
    pub input: RecvBuf<S>,
    /// Its output.
    pub out: SendBuf,
}

/// A head as text: what is in front of its fields.
pub trait HeadText {
    /// The start line, shortened, and the fields.
    fn text(&self) -> (String, Fields<'_>);
}

impl HeadText for Request<'_> {
    fn text(&self) -> (String, Fields<'_>) {
        (format!("{} {} {}", self.method(), self.target(), self.version()), self.fields())
    }
}

impl HeadText for Response<'_> {
    fn text(&self) -> (String, Fields<'_>) {
        (format!("{} {} {}", self.version(), self.status(), self.reason().escape_ascii()), self.fields())
    }
}

impl One<Server> {
    /// A server with the defaults.
    pub fn server() -> Self {
        One::server_with(Config::server())
    }

    /// A server with this configuration.
    pub fn server_with(config: Config) -> Self {
        One::new(Connection::server(Arc::new(config)))
    }
}

impl One<Client> {
    /// A client with the defaults.
    pub fn client() -> Self {
        One::client_with(Config::client())
    }

    /// A client with this configuration.
    pub fn client_with(config: Config) -> Self {
        One::new(Connection::client(Arc::new(config)))
    }
}

impl<R: Role, S: for<'a> Inbox<'a>> One<R, S>
where
    for<'b> R::Head<'b>: HeadText,
{
    /// An end of this connection.
    pub fn new(connection: Connection<R>) -> Self {
        One { connection, input: RecvBuf::new(), out: SendBuf::new() }
    }

    /// Puts octets in and returns what is found, as [`One::events`] does.
    pub fn hear(&mut self, octets: impl AsRef<[u8]>) -> Vec<String> {
        S::give(&mut self.input, octets.as_ref());
        self.events()
    }

    /// Every event as text, adjacent payloads joined, and then why there is none: `NeedInput`, `Paused`, `Closed` or
    /// the error.
    pub fn events(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            match self.connection.step(&mut self.input) {
                Ok(Step::Event) => {
                    note(&mut found, &self.connection.event(&self.input), false);
                    continue;
                }
                Ok(step) => found.push(format!("{step:?}")),
                Err(error) => found.push(format!("{:?} at {}", error.kind(), error.offset())),
            }
            return found;
        }
    }

    /// Writes everything, and says what.
    pub fn written(&mut self) -> String {
        String::from_utf8_lossy(&written(&mut self.out)).into_owned()
    }

    /// What the end wants.
    pub fn interest(&self) -> Interest {
        self.connection.interest(&self.out)
    }
}

/// Writes everything, and says what; an external octet is an `x`.
pub fn written(out: &mut SendBuf) -> Vec<u8> {
    let mut written = Vec::new();
    while let Some(chunk) = out.front() {
        let count = match chunk {
            Chunk::Octets(octets) => {
                written.extend_from_slice(octets);
                octets.len() as u64
            }
            Chunk::External(count) => {
                written.extend(std::iter::repeat_n(b'x', count as usize));
                count
            }
        };
        out.advance(count);
    }
    written
}

/// Adds an event as text: `H start line`, with all fields if asked for, `P content`, `M trailers`, `T tail`.
pub fn note<H: HeadText>(found: &mut Vec<String>, event: &Event<'_, H>, all_fields: bool) {
    let list = |fields: Fields<'_>| -> String {
        fields.iter().map(|(name, value)| format!(" {name}={}", value.escape_ascii())).collect()
    };
    match event {
        Event::HeadersComplete(head) => {
            let (line, fields) = head.text();
            found.push(format!("H {line}{}", if all_fields { list(fields) } else { String::new() }));
        }
        Event::Payload(octets) => {
            let text = octets.escape_ascii().to_string();
            match found.last_mut().filter(|last| last.starts_with("P ")) {
                Some(last) => last.push_str(&text),
                None => found.push(format!("P {text}")),
            }
        }
        Event::MessageComplete(trailers) => found.push(format!("M{}", list(*trailers))),
        Event::UpgradeTail(tail) => found.push(format!("T {}", tail.escape_ascii())),
        Event::NeedInput | Event::Paused | Event::Closed => unreachable!("an event"),
    }
}
