//! Every bound and deadline of the core, its default and its reason. What is not here is not adjustable.

use core::time::Duration;

/// How a connection behaves. Made once, shared by all connections of an endpoint through an `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Bounds on what the peer sends.
    pub limits: Limits,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// How many exchanges may overlap.
    pub pipeline: Pipeline,
    /// What the end of a client's input means to a server. Default: [`HalfClose::Finish`].
    pub half_close: HalfClose,
    /// Client: take a server for HTTP/1.1 before its first answer, so that content of unknown length can be sent
    /// chunked. Default: true, as no HTTP/1.0 server in use today is likely to be sent such content.
    pub assume_http11: bool,
}

impl Config {
    /// The defaults of a server.
    pub const fn server() -> Self {
        Config {
            limits: Limits::server(),
            timeouts: Timeouts::server(),
            pipeline: Pipeline { depth: 16, safe_only: true },
            half_close: HalfClose::Finish,
            assume_http11: true,
        }
    }

    /// The defaults of a client.
    pub const fn client() -> Self {
        Config {
            limits: Limits::client(),
            timeouts: Timeouts::client(),
            pipeline: Pipeline { depth: 1, safe_only: true },
            half_close: HalfClose::Finish,
            assume_http11: true,
        }
    }
}

/// Bounds on what is received. A bound fires at the first octet (or field) beyond it, however the input is split.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of a method. Server: 64. RFC 9112 section 3 asks for 501 beyond what a server knows.
    pub method: u16,
    /// Octets of a request target. Server: 16 KiB, twice what RFC 9112 section 3 wants supported.
    pub target: u16,
    /// Octets of one field line without its line end. Server: 32 KiB, client: 64 KiB less one (large cookies).
    pub field_line: u16,
    /// Octets of a whole head, start line to empty line. 64 KiB less one, which is also the most that the span table
    /// can address.
    pub head: u16,
    /// Field lines of a head. Server: 100, client: 256.
    pub fields: u16,
    /// Empty lines in front of a message: 10. RFC 9112 section 2.2 asks for at least one.
    pub empty_lines: u8,
    /// Octets of chunk extensions on one chunk line: 4 KiB.
    pub chunk_extension_line: u16,
    /// Octets of chunk extensions in one message: 16 KiB. RFC 9112 section 7.1.1 asks for such a bound.
    pub chunk_extensions: u32,
    /// Octets of a trailer section with its empty line: 16 KiB.
    pub trailers: u16,
    /// Field lines of a trailer section. Server: 32, client: 64.
    pub trailer_fields: u16,
    /// Client: interim responses to one request: 16.
    pub interim: u8,
    /// Octets of a body that nobody reads, swallowed so that the connection can go on. Server: 256 KiB, client: 64 KiB.
    pub drain: u64,
    /// Server: octets swallowed after the last answer, so that no reset destroys it: 256 KiB.
    pub linger: u64,
}

impl Limits {
    /// The defaults of a server.
    pub const fn server() -> Self {
        Limits {
            method: 64,
            target: 16 * 1024,
            field_line: 32 * 1024,
            head: u16::MAX,
            fields: 100,
            empty_lines: 10,
            chunk_extension_line: 4 * 1024,
            chunk_extensions: 16 * 1024,
            trailers: 16 * 1024,
            trailer_fields: 32,
            interim: 16,
            drain: 256 * 1024,
            linger: 256 * 1024,
        }
    }

    /// The defaults of a client.
    pub const fn client() -> Self {
        Limits { field_line: u16::MAX, fields: 256, trailer_fields: 64, drain: 64 * 1024, ..Limits::server() }
    }
}

/// Deadlines, each owned by the core and on by default. [`Duration::MAX`] switches one off.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the first octet of a head to its last; never re-armed. Server: 30 s, client: 60 s.
    pub head: Duration,
    /// From one octet of a body to the next, while the caller waits for it. Server: 30 s, client: 60 s.
    pub body: Duration,
    /// From one octet written to the next, while there is something to write. Server: 30 s, client: 60 s.
    pub write: Duration,
    /// Without an exchange. Server: 75 s. Client: 90 s, as its pool has it.
    pub idle: Duration,
    /// Client: how long 100 (Continue) is awaited before the content is sent all the same: 1 s (RFC 9110 10.1.1 wants
    /// no indefinite wait).
    pub expect_continue: Duration,
    /// The whole time that draining an unread body may take: 2 s.
    pub drain: Duration,
    /// Server: the whole time from the half-close to the close: 2 s.
    pub linger: Duration,
}

impl Timeouts {
    /// The defaults of a server.
    pub const fn server() -> Self {
        Timeouts {
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            write: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            expect_continue: Duration::from_secs(1),
            drain: Duration::from_secs(2),
            linger: Duration::from_secs(2),
        }
    }

    /// The defaults of a client.
    pub const fn client() -> Self {
        Timeouts {
            head: Duration::from_secs(60),
            body: Duration::from_secs(60),
            write: Duration::from_secs(60),
            idle: Duration::from_secs(90),
            ..Timeouts::server()
        }
    }
}

/// How many exchanges may overlap on one connection (RFC 9112 section 9.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pipeline {
    /// Exchanges outstanding at once. Server: 16, client: 1. Zero counts as one.
    pub depth: u16,
    /// Overlap only GET, HEAD and OPTIONS without content. Default: true.
    pub safe_only: bool,
}

/// What a server does when its client has closed its sending side (RFC 9112 section 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HalfClose {
    /// A complete request still gets its answer: a half-close is not a loss of interest.
    Finish,
    /// Outstanding exchanges are given up.
    Cancel,
}
