//! The reference: a naive, whole-buffer HTTP/1 parser, written down from the ABNF of RFC 9112, RFC 9110 and RFC 3986.
//!
//! It is an oracle for another parser, so it is slow on purpose and keeps no state between calls: give it all octets
//! that have arrived and it says what they mean. It reads top-down:
//!
//! * this file: the types, and the two loops over the messages of a connection (server's view, client's view);
//! * [`head`]: start line and field section, and the checks of a whole head (Host, framing);
//! * [`body`]: Content-Length, chunked and close-delimited content;
//! * [`mod@line`]: where a line ends, and at which octet a line stops being the beginning of anything valid;
//! * [`grammar`]: `is_token`, `is_quoted_string`, ...: questions about whole slices, one function a rule.
//!
//! It is as strict as the parser under test means to be; there is no switch.

pub mod body;
pub mod grammar;
pub mod head;
pub mod line;

use head::Framing;
use line::{Fault, Parsed, Stop};

/// A message that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The start line.
    pub start: Start,
    /// Header fields in order: name as received, value without the blanks around it.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The content, with the chunked coding undone.
    pub body: Vec<u8>,
    /// Trailer fields in order.
    pub trailers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether the connection persists after this message (RFC 9112 section 9.3).
    pub keep_alive: bool,
    /// Whether another protocol is asked for or begins.
    pub upgrade: Option<Upgrade>,
    /// A 1xx response other than the 101 that switches: the final one is still to come.
    pub interim: bool,
}

/// The start line (RFC 9112 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// request-line
    Request {
        /// method
        method: Vec<u8>,
        /// request-target
        target: Vec<u8>,
        /// the minor version
        minor: u8,
    },
    /// status-line
    Response {
        /// status-code
        status: u16,
        /// reason-phrase, perhaps empty
        reason: Vec<u8>,
        /// the minor version
        minor: u8,
    },
}

/// How a message leads away from HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// A CONNECT request, or the 2xx that answers it.
    Connect,
    /// A request that offers other protocols.
    Offered,
    /// The 101 that switches.
    Switched,
}

/// A request that the client has sent and that has no final response yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outstanding {
    /// Its method.
    pub method: Vec<u8>,
    /// Whether it offered an upgrade.
    pub upgrade: bool,
}

/// Where the reading of a connection stands after the last listed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// More may come, or the peer ended the connection between two messages.
    Open,
    /// The last message ends the connection; what lies behind `consumed` is not parsed.
    Close {
        /// Offset of the first octet that is not parsed.
        consumed: usize,
    },
    /// Another protocol begins at `consumed`.
    Upgrade {
        /// Offset of the first octet of the other protocol.
        consumed: usize,
    },
    /// What follows the last message is no HTTP/1.
    Error {
        /// 400, 414, 431, 501 or 505 for a server, 0 for a client.
        status: u16,
        /// Offset of the octet that makes it certain; behind the last one if that is the end of the input.
        at: usize,
        /// Offset of the first octet behind the last listed message.
        behind: usize,
    },
}

/// What an input means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Every message that is complete, in order.
    pub messages: Vec<Message>,
    /// What comes after them.
    pub ending: Ending,
}

/// The bounds: each is the greatest value that is still accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Octets of a method.
    pub method: usize,
    /// Octets of a request-target.
    pub target: usize,
    /// Octets of one field line, without its CRLF.
    pub field_line: usize,
    /// Octets of a head, from its start line through its empty line.
    pub head: usize,
    /// Fields of a head.
    pub fields: usize,
    /// Empty lines before a message.
    pub empty_lines: usize,
    /// Octets of the extensions of one chunk line.
    pub ext_line: usize,
    /// Octets of the extensions of all chunk lines of a message.
    pub ext_message: usize,
    /// Octets of a trailer section through its empty line.
    pub trailer_octets: usize,
    /// Fields of a trailer section.
    pub trailer_fields: usize,
    /// Interim responses of one exchange.
    pub interim: usize,
}

impl Bounds {
    /// The defaults of a server.
    pub fn server() -> Bounds {
        Bounds {
            method: 64,
            target: 16 * 1024,
            field_line: 32 * 1024,
            head: 64 * 1024 - 1,
            fields: 100,
            empty_lines: 10,
            ext_line: 4 * 1024,
            ext_message: 16 * 1024,
            trailer_octets: 16 * 1024,
            trailer_fields: 32,
            interim: usize::MAX, // a server receives none
        }
    }

    /// The defaults of a client.
    pub fn client() -> Bounds {
        Bounds {
            method: usize::MAX, // a client receives none
            target: usize::MAX, // a client receives none
            field_line: 64 * 1024 - 1,
            head: 64 * 1024 - 1,
            fields: 256,
            empty_lines: 10,
            ext_line: 4 * 1024,
            ext_message: 16 * 1024,
            trailer_octets: 16 * 1024,
            trailer_fields: 64,
            interim: 16,
        }
    }
}

/// The two sides of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The receiver of requests.
    Server,
    /// The receiver of responses.
    Client,
}

impl Role {
    /// The status an error carries: a client answers nothing, so it has none.
    fn status(self, status: u16) -> u16 {
        match self {
            Role::Server => status,
            Role::Client => 0,
        }
    }
}

/// Reads a server's input. Every complete request is taken to be answered with an empty 200: that accepts the tunnel
/// a CONNECT asks for, and declines an offered upgrade.
pub fn requests(input: &[u8], eof: bool, bounds: &Bounds) -> Outcome {
    let mut messages = Vec::new();
    let mut pos = 0;
    let ending = loop {
        match request(input, pos, bounds) {
            Ok((message, end)) => {
                pos = end;
                let (upgrade, keep_alive) = (message.upgrade, message.keep_alive);
                messages.push(message);
                if upgrade == Some(Upgrade::Connect) {
                    break Ending::Upgrade { consumed: pos };
                }
                if !keep_alive {
                    break Ending::Close { consumed: pos };
                }
            }
            Err(Stop::Idle) => break Ending::Open,
            Err(Stop::More) if eof => break Ending::Error { status: 400, at: input.len(), behind: pos },
            Err(Stop::More) => break Ending::Open,
            Err(Stop::Bad(fault)) => break Ending::Error { status: fault.status, at: fault.at, behind: pos },
        }
    };
    Outcome { messages, ending }
}

/// One request: empty lines (RFC 9112 section 2.2), head, body.
fn request(input: &[u8], pos: usize, bounds: &Bounds) -> Parsed<Message> {
    let pos = line::skip_empty_lines(input, pos, bounds.empty_lines, Role::Server)?;
    let (head, pos) = head::request_head(input, pos, bounds)?;
    let keep_alive = head::persists(head.minor(), &head.fields);
    let upgrade = if head.framing == Framing::Tunnel {
        Some(Upgrade::Connect)
    } else if head::offers_upgrade(head.minor(), &head.fields) {
        Some(Upgrade::Offered)
    } else {
        None
    };
    let (content, pos) = body::body(input, pos, head.framing, true, bounds, Role::Server)?;
    let message = Message {
        start: head.start,
        fields: head.fields,
        body: content.body,
        trailers: content.trailers,
        keep_alive,
        upgrade,
        interim: false,
    };
    Ok((message, pos))
}

/// Reads a client's input: the responses to the `outstanding` requests, the oldest first.
pub fn responses(input: &[u8], eof: bool, outstanding: &[Outstanding], bounds: &Bounds) -> Outcome {
    let mut messages = Vec::new();
    let mut pos = 0;
    for asked in outstanding {
        let mut interims = 0;
        loop {
            match response(input, pos, eof, asked, interims, bounds) {
                Ok((message, end)) => {
                    pos = end;
                    let (upgrade, interim, persists) = (message.upgrade, message.interim, message.keep_alive);
                    messages.push(message);
                    if upgrade.is_some() {
                        return Outcome { messages, ending: Ending::Upgrade { consumed: pos } };
                    }
                    if interim {
                        interims += 1;
                        continue;
                    }
                    if !persists {
                        return Outcome { messages, ending: Ending::Close { consumed: pos } };
                    }
                    break;
                }
                Err(Stop::Idle | Stop::More) if !eof => return Outcome { messages, ending: Ending::Open },
                Err(Stop::Idle | Stop::More) => {
                    return Outcome { messages, ending: Ending::Error { status: 0, at: input.len(), behind: pos } };
                }
                Err(Stop::Bad(fault)) => {
                    return Outcome { messages, ending: Ending::Error { status: 0, at: fault.at, behind: pos } };
                }
            }
        }
    }
    // Nothing is outstanding: only empty lines may come (RFC 9112 section 9.2).
    let ending = match line::skip_empty_lines(input, pos, bounds.empty_lines, Role::Client) {
        Err(Stop::Idle | Stop::More) => Ending::Open,
        Ok(at) => Ending::Error { status: 0, at, behind: pos },
        Err(Stop::Bad(fault)) => Ending::Error { status: 0, at: fault.at, behind: pos },
    };
    Outcome { messages, ending }
}

/// One response to `asked`: empty lines, head, body. `interims` have come for this exchange already.
fn response(
    input: &[u8],
    pos: usize,
    eof: bool,
    asked: &Outstanding,
    interims: usize,
    bounds: &Bounds,
) -> Parsed<Message> {
    let pos = line::skip_empty_lines(input, pos, bounds.empty_lines, Role::Client)?;
    let (head, pos) = head::response_head(input, pos, asked, bounds)?;
    let Start::Response { status, minor, .. } = head.start else { unreachable!() };
    let upgrade = match (head.framing, status) {
        (Framing::Tunnel, 101) => Some(Upgrade::Switched),
        (Framing::Tunnel, _) => Some(Upgrade::Connect),
        _ => None,
    };
    let interim = (100..=199).contains(&status) && upgrade.is_none();
    if interim && interims >= bounds.interim {
        return Err(Stop::Bad(Fault::grammar(pos - 1, 0)));
    }
    // What an interim response says of the connection is left to the final one (RFC 9112 section 9.6).
    let keep_alive =
        interim || (head::persists(minor, &head.fields) && upgrade.is_none() && head.framing != Framing::UntilClose);
    let (content, pos) = body::body(input, pos, head.framing, eof, bounds, Role::Client)?;
    let message = Message {
        start: head.start,
        fields: head.fields,
        body: content.body,
        trailers: content.trailers,
        keep_alive,
        upgrade,
        interim,
    };
    Ok((message, pos))
}
