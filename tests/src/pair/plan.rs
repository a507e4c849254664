//! What the two applications are going to do, and over what kind of link: data, made from octets.

use super::link::{Cut, Shape};
use super::source::Source;
use http_proto::{BodyLength, HalfClose};
use std::time::Duration;

/// A whole run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
    /// From client to server.
    pub up: Shape,
    /// From server to client.
    pub down: Shape,
    /// Exchanges that may overlap, of server and client.
    pub depth: (u16, u16),
    /// Whether only safe requests may.
    pub safe_only: bool,
    /// What a half-close means to the server.
    pub half_close: HalfClose,
    /// Small bounds for draining and lingering.
    pub impatient: bool,
    /// Which storages the two ends use.
    pub storages: u8,
    /// Keep payload with `retain`.
    pub retain: bool,
    /// Take what is sent with `pop_owned`.
    pub pop_owned: bool,
    /// The server begins a graceful shutdown when so many requests have come.
    pub server_shutdown: Option<usize>,
    /// The client says that it is done, instead of leaving the connection idle.
    pub client_shutdown: bool,
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What the client does.
    pub request: Request,
    /// What the server does.
    pub answer: Answer,
}

/// What the client does.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// HTTP/1.0.
    pub old: bool,
    /// Announce the close.
    pub close: bool,
    /// Ask for 100 (Continue).
    pub expect: bool,
    /// Offer another protocol.
    pub upgrade: bool,
    /// The content.
    pub body: Body,
    /// Abort behind so many pieces of it.
    pub abort: Option<usize>,
    /// What goes through the tunnel, if one is made.
    pub tunnel: Vec<Piece>,
}

/// What the server does.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Do not wait for the request's end.
    pub early: bool,
    /// Discard what is left of the request.
    pub discard: bool,
    /// Think for so long.
    pub delay: Duration,
    /// Interim responses.
    pub interim: Vec<u16>,
    /// What to do if content is held back.
    pub expectation: Expectation,
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub reason: Option<&'static [u8]>,
    /// Close behind it.
    pub close: bool,
    /// Take up the offer, or make the tunnel.
    pub accept: bool,
    /// The content.
    pub body: Body,
    /// Wait so long between two pieces of it.
    pub pause: Duration,
    /// Abort behind so many pieces of it.
    pub abort: Option<usize>,
    /// What goes through the tunnel.
    pub tunnel: Vec<Piece>,
}

/// What a server does about content that is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// 100 (Continue).
    Proceed,
    /// The final answer.
    Refuse,
    /// Nothing; the client loses patience.
    Ignore,
}

/// Content.
#[derive(Debug, Clone)]
pub struct Body {
    /// As it is announced.
    pub length: BodyLength,
    /// As it is sent.
    pub pieces: Vec<Piece>,
    /// A trailer at its end.
    pub trailer: bool,
}

/// A piece of content.
#[derive(Debug, Clone)]
pub struct Piece {
    /// With which call it is sent.
    pub how: How,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// The three ways of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `send`
    Copied,
    /// `send_owned`
    Owned,
    /// `send_external`
    External,
}

impl Plan {
    /// The plan that some octets describe. No octets: nothing is done.
    pub fn decode(octets: &[u8]) -> Self {
        let source = &mut Source::new(octets);
        let flags = source.octet();
        let (up, down) = (shape(source), shape(source));
        let mut plan = Plan {
            exchanges: Vec::new(),
            up,
            down,
            depth: (1 + u16::from(flags & 3), 1 + u16::from(flags >> 2 & 3)),
            safe_only: flags & 16 == 0,
            half_close: if flags & 32 == 0 { HalfClose::Finish } else { HalfClose::Cancel },
            impatient: flags & 64 != 0,
            pop_owned: flags & 128 != 0,
            storages: source.octet() % 3,
            retain: source.one_in(2),
            server_shutdown: source.one_in(6).then(|| source.below(4)),
            client_shutdown: !source.one_in(2),
        };
        while !source.is_empty() && plan.exchanges.len() < 12 {
            plan.exchanges.push(Exchange { request: request(source), answer: answer(source) });
        }
        plan
    }

    /// Whether nothing in it breaks anything off: then nothing may be broken.
    pub fn is_calm(&self) -> bool {
        let quick = |pause: Duration| pause < Duration::from_secs(30);
        self.up.cut.is_none()
            && self.down.cut.is_none()
            && !self.impatient
            && self.half_close == HalfClose::Finish
            && self.exchanges.iter().all(|exchange| {
                exchange.request.abort.is_none()
                    && exchange.answer.abort.is_none()
                    && quick(exchange.answer.delay + exchange.answer.pause * exchange.answer.body.pieces.len() as u32)
            })
    }
}

impl Body {
    /// All octets.
    pub fn octets(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.octets.iter().copied()).collect()
    }

    fn empty() -> Self {
        Body { length: BodyLength::Empty, pieces: Vec::new(), trailer: false }
    }
}

fn shape(source: &mut Source<'_>) -> Shape {
    let kind = source.octet();
    let budgets = match kind & 3 {
        0 => vec![usize::MAX],
        1 => vec![1 + usize::from(kind >> 4)],
        2 => (0..4).map(|_| 1 + source.below(40)).collect(),
        3 => vec![1],
        _ => unreachable!("two bits"),
    };
    let capacity = if kind & 4 == 0 { usize::MAX } else { 64 };
    let cut = match kind & 0x38 {
        0x08 => Some(Cut::Fin),
        0x10 => Some(Cut::Reset),
        _ => None,
    };
    let cut = cut.map(|cut| (1 + u64::from(source.octet()) * (1 + u64::from(kind >> 6)), cut));
    Shape { budgets, capacity, cut }
}

fn request(source: &mut Source<'_>) -> Request {
    let method =
        source.one_of(&["GET", "POST", "HEAD", "PUT", "GET", "OPTIONS", "DELETE", "CONNECT", "QUERY", "TRACE"]);
    let flags = source.octet();
    let old = flags & 0x0f == 0x0f;
    let with_body = match method {
        "CONNECT" | "TRACE" => false,
        "POST" | "PUT" => true,
        _ => flags & 0x30 == 0x30,
    };
    let mut body = if with_body { body(source) } else { Body::empty() };
    if old && matches!(body.length, BodyLength::Unknown | BodyLength::Streaming) {
        body.length = BodyLength::Exact(body.octets().len() as u64);
    }
    let content = !matches!(body.length, BodyLength::Empty | BodyLength::Exact(0));
    let upgrade = !old && method != "CONNECT" && flags & 0xc0 == 0xc0;
    let tunnel = if upgrade || method == "CONNECT" { pieces(source) } else { Vec::new() };
    let more = source.octet();
    Request {
        method,
        old,
        close: more & 0x0f == 0x0f,
        expect: content && !old && more & 0x10 != 0,
        upgrade,
        abort: (more & 0xe0 == 0xe0).then(|| source.below(3)),
        body,
        tunnel,
    }
}

fn answer(source: &mut Source<'_>) -> Answer {
    let flags = source.octet();
    let status = source.one_of(&[200, 404, 200, 204, 304, 205, 500, 206, 999]);
    let accept = flags & 1 == 0;
    let mut body = if flags & 2 == 0 { Body::empty() } else { body(source) };
    if matches!(status, 204 | 205) {
        body = Body::empty();
    }
    let times = source.octet();
    let seconds = |choice: u8| match choice {
        0x08 => Duration::from_secs(1),
        0x09 => Duration::from_secs(20),
        0x0a => Duration::from_secs(200),
        _ => Duration::ZERO,
    };
    Answer {
        early: flags & 0x0c == 0x0c,
        discard: flags & 0x30 == 0x30,
        delay: seconds(times & 15),
        interim: if flags & 0xc0 == 0xc0 { vec![103, 102] } else { Vec::new() },
        expectation: source.one_of(&[Expectation::Proceed, Expectation::Refuse, Expectation::Ignore]),
        status,
        reason: source.one_of(&[None, Some(b"".as_slice()), Some(b"Not \xe4 usual".as_slice())]),
        close: source.one_in(6),
        accept,
        tunnel: if accept { pieces(source) } else { Vec::new() },
        body,
        pause: seconds(times >> 4),
        abort: source.one_in(16).then(|| source.below(3)),
    }
}

fn body(source: &mut Source<'_>) -> Body {
    let pieces = pieces(source);
    let octets = pieces.iter().map(|piece| piece.octets.len() as u64).sum();
    let kind = source.octet();
    let length = match kind & 3 {
        0 => BodyLength::Exact(octets),
        1 | 2 => BodyLength::Unknown,
        3 => BodyLength::Streaming,
        _ => unreachable!("two bits"),
    };
    Body { length, pieces, trailer: kind & 4 != 0 }
}

fn pieces(source: &mut Source<'_>) -> Vec<Piece> {
    let count = source.below(4);
    let mut next = 0u8;
    let mut piece = |source: &mut Source<'_>| {
        let how = source.one_of(&[How::Copied, How::Owned, How::External]);
        let octets = (0..source.size()).map(|_| {
            next = (next + 1) % 26;
            b'a' + next
        });
        Piece { how, octets: octets.collect() }
    };
    (0..count).map(|_| piece(source)).collect()
}
