//! The framing decisions: one pure function per direction and role, each a table of RFC 9112 section 6.3 with the
//! strict reading of every choice. Nothing else decides where a message ends.

use super::known::Known;
use super::options::Codings;
use super::section::FieldTable;
use super::{MethodKind, Version, is_host, is_name, list, scan};
use crate::error::{RecvErrorKind as Kind, SendError};

/// Where the content of a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is none, whatever the fields say.
    None,
    /// After that many octets.
    Length(u64),
    /// With the last chunk and its trailer section.
    Chunked,
    /// With the clean end of the input.
    UntilClose,
    /// HTTP ends with this head; what follows belongs to another protocol.
    Tunnel,
}

/// What Expect asks for (RFC 9110 section 10.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// Nothing.
    None,
    /// `100-continue`.
    Continue,
    /// Something else: 417 is the answer by default.
    Unknown,
}

/// What a head says about its message and its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
    pub(crate) expectation: Expectation,
    /// A request: an upgrade is offered. A response: it names a protocol.
    pub(crate) upgrade: bool,
}

impl Facts {
    pub(crate) const NONE: Self =
        Facts { framing: Framing::None, keep_alive: true, expectation: Expectation::None, upgrade: false };
}

/// Decides over a request head; the checks of the whole head in their order: Host, framing, Expect.
#[inline(always)]
pub(crate) fn request_facts(
    method: MethodKind,
    version: Version,
    block: &[u8],
    fields: &FieldTable,
) -> Result<Facts, Kind> {
    check_host(version, block, fields)?;
    let framing = request_framing(method, version, block, fields)?;
    let options = ConnectionOptions::read(block, fields);
    let is_http11 = version.is_http11();
    Ok(Facts {
        framing,
        keep_alive: options.keep_alive(version),
        // RFC 9110 sections 10.1.1 and 7.8: both are ignored in HTTP/1.0.
        expectation: if is_http11 && fields.has(Known::Expect) {
            expectation(block, fields)
        } else {
            Expectation::None
        },
        upgrade: is_http11 && options.upgrade && method != MethodKind::Connect && names_protocol(block, fields),
    })
}

#[inline(always)]
fn check_host(version: Version, block: &[u8], fields: &FieldTable) -> Result<(), Kind> {
    // Nearly every Host is a plain name or address; one that ends where the value ends, or is empty like it, is valid.
    if fields.only_is(block, Known::Host, scan::is_usual_host) {
        return Ok(());
    }
    match fields.only(block, Known::Host) {
        Some(host) if is_host(host) => Ok(()),
        Some(_) => Err(Kind::InvalidHost),
        None if fields.has(Known::Host) => Err(Kind::RepeatedHost),
        None if version.is_http11() => Err(Kind::MissingHost),
        None => Ok(()),
    }
}

#[inline(always)]
fn request_framing(method: MethodKind, version: Version, block: &[u8], fields: &FieldTable) -> Result<Framing, Kind> {
    let coded = fields.has(Known::TransferEncoding);
    let counted = fields.has(Known::ContentLength);
    if method == MethodKind::Connect && (coded || counted) {
        return Err(Kind::FramedConnect);
    }
    if !coded {
        let length = if counted { content_length(block, fields)? } else { None };
        return Ok(Framing::Length(length.unwrap_or(0)));
    }
    if !version.is_http11() {
        return Err(Kind::TransferEncodingInHttp10);
    }
    if counted {
        return Err(Kind::LengthWithTransferEncoding);
    }
    let codings = codings(block, fields)?;
    if !codings.last_is_chunked {
        Err(Kind::ChunkedNotFinal)
    } else if codings.others {
        Err(Kind::UnknownTransferCoding)
    } else {
        Ok(Framing::Chunked)
    }
}

/// Decides over a response head, knowing the request that it answers (RFC 9112 section 6.3, rules 1 and 2).
#[inline(always)]
pub(crate) fn response_facts(
    request: MethodKind,
    status: u16,
    version: Version,
    block: &[u8],
    fields: &FieldTable,
) -> Result<Facts, Kind> {
    let framing = response_framing(request, status, version, block, fields)?;
    let options = ConnectionOptions::read(block, fields);
    let keep_alive = match framing {
        Framing::None | Framing::Length(_) | Framing::Chunked => options.keep_alive(version),
        Framing::UntilClose | Framing::Tunnel => false,
    };
    Ok(Facts { framing, keep_alive, expectation: Expectation::None, upgrade: names_protocol(block, fields) })
}

#[inline(always)]
fn response_framing(
    request: MethodKind,
    status: u16,
    version: Version,
    block: &[u8],
    fields: &FieldTable,
) -> Result<Framing, Kind> {
    if status == 101 {
        return Ok(Framing::Tunnel);
    }
    if request == MethodKind::Head || matches!(status, 100..200 | 204 | 304) {
        return Ok(Framing::None);
    }
    if request == MethodKind::Connect && makes_tunnel(status) {
        return Ok(Framing::Tunnel);
    }
    if !fields.has(Known::TransferEncoding) {
        let length = content_length(block, fields)?;
        return Ok(length.map_or(Framing::UntilClose, Framing::Length));
    }
    if !version.is_http11() {
        return Err(Kind::TransferEncodingInHttp10);
    }
    if fields.has(Known::ContentLength) {
        return Err(Kind::LengthWithTransferEncoding);
    }
    let codings = codings(block, fields)?;
    Ok(if codings.last_is_chunked { Framing::Chunked } else { Framing::UntilClose })
}

/// Whether this answer to CONNECT makes a tunnel: any 2xx (RFC 9110 section 9.3.6) but 204, whose rule comes first in
/// RFC 9112 section 6.3.
pub(crate) fn makes_tunnel(status: u16) -> bool {
    matches!(status, 200..=203 | 205..300)
}

fn codings(block: &[u8], fields: &FieldTable) -> Result<Codings, Kind> {
    let mut codings = Codings::default();
    fields.known(block, Known::TransferEncoding).for_each(|value| codings.add(value));
    if codings.invalid {
        Err(Kind::InvalidTransferEncoding)
    } else if codings.chunked > 1 {
        Err(Kind::RepeatedChunked)
    } else {
        Ok(codings)
    }
}

#[inline(always)]
fn content_length(block: &[u8], fields: &FieldTable) -> Result<Option<u64>, Kind> {
    let Some(value) = fields.only(block, Known::ContentLength) else {
        return if fields.has(Known::ContentLength) { Err(Kind::RepeatedContentLength) } else { Ok(None) };
    };
    let mut length = if value.is_empty() { Err(Kind::InvalidContentLength) } else { Ok(0u64) };
    for c in value {
        if !c.is_ascii_digit() {
            let is_list = value.contains(&b',');
            return Err(if is_list { Kind::RepeatedContentLength } else { Kind::InvalidContentLength });
        }
        let digit = u64::from(c - b'0');
        length = length
            .and_then(|n| n.checked_mul(10).and_then(|n| n.checked_add(digit)).ok_or(Kind::ContentLengthOverflow));
    }
    length.map(Some)
}

fn expectation(block: &[u8], fields: &FieldTable) -> Expectation {
    let mut found = Expectation::None;
    for element in fields.known(block, Known::Expect).flat_map(list) {
        if !element.eq_ignore_ascii_case(b"100-continue") {
            return Expectation::Unknown;
        }
        found = Expectation::Continue;
    }
    found
}

#[inline(always)]
fn names_protocol(block: &[u8], fields: &FieldTable) -> bool {
    fields.has(Known::Upgrade) && fields.known(block, Known::Upgrade).flat_map(list).next().is_some()
}

/// The connection options that mean something here (RFC 9112 section 9.3, RFC 9110 section 7.8).
#[derive(Debug, Clone, Copy, Default)]
struct ConnectionOptions {
    close: bool,
    keep_alive: bool,
    upgrade: bool,
}

impl ConnectionOptions {
    #[inline(always)]
    fn read(block: &[u8], fields: &FieldTable) -> Self {
        if fields.has(Known::Connection) { Self::listed(block, fields) } else { Self::default() }
    }

    /// The same where there is a Connection field. Apart, for its flags are made in memory.
    #[inline(never)]
    fn listed(block: &[u8], fields: &FieldTable) -> Self {
        let mut options = ConnectionOptions::default();
        // Nearly always there is a single one.
        if fields.only(block, Known::Connection).is_some_and(|one| options.add(one)) {
            return options;
        }
        for option in fields.known(block, Known::Connection).flat_map(list) {
            options.add(option);
        }
        options
    }

    /// Adds an option, and says whether it is one of these.
    fn add(&mut self, option: &[u8]) -> bool {
        let (flag, found) = match option.len() {
            5 => (&mut self.close, is_name(option, b"close")),
            7 => (&mut self.upgrade, is_name(option, b"upgrade")),
            10 => (&mut self.keep_alive, is_name(option, b"keep-alive")),
            _ => return false,
        };
        *flag |= found;
        found
    }

    fn keep_alive(self, version: Version) -> bool {
        !self.close && (version.is_http11() || self.keep_alive)
    }
}

/// How much content a message of ours will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyLength {
    /// None: the call that sends the head ends the message too, and no `finish` follows.
    Empty,
    /// So many octets, held exactly.
    Exact(u64),
    /// Not known before the end.
    Unknown,
    /// Not known, and intentionally long-lived: the idle deadline backs off until it ends.
    Streaming,
}

/// How a message of ours is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutFraming {
    /// What the Content-Length field says, if there is one.
    pub(crate) content_length: Option<u64>,
    pub(crate) body: Framing,
}

impl OutFraming {
    const NOTHING: Self = OutFraming { content_length: None, body: Framing::None };
}

/// How a final response is framed. Interim responses, 101 and 2xx to CONNECT have no framing at all.
#[inline(always)]
pub(crate) fn sent_response_framing(
    status: u16,
    request: MethodKind,
    to_http11: bool,
    body: BodyLength,
) -> Result<OutFraming, SendError> {
    let length = match body {
        BodyLength::Empty => Some(0),
        BodyLength::Exact(n) => Some(n),
        BodyLength::Unknown | BodyLength::Streaming => None,
    };
    match status {
        204 | 205 if body != BodyLength::Empty => Err(SendError::BodyNotAllowed),
        204 => Ok(OutFraming::NOTHING),
        // Empty says nothing about the length that a 200 would have had.
        304 if body == BodyLength::Empty => Ok(OutFraming::NOTHING),
        304 => Ok(OutFraming { content_length: length, body: Framing::None }),
        _ if request == MethodKind::Head => Ok(OutFraming { content_length: length, body: Framing::None }),
        _ => Ok(match length {
            Some(n) => OutFraming { content_length: Some(n), body: Framing::Length(n) },
            None if to_http11 => OutFraming { content_length: None, body: Framing::Chunked },
            None => OutFraming { content_length: None, body: Framing::UntilClose },
        }),
    }
}

/// How a request is framed.
pub(crate) fn sent_request_framing(
    method: MethodKind,
    body: BodyLength,
    peer_is_http11: bool,
    expects_continue: bool,
) -> Result<OutFraming, SendError> {
    let may_have_content = !matches!(method, MethodKind::Trace | MethodKind::Connect);
    match body {
        BodyLength::Empty if expects_continue => Err(SendError::BodyNotAllowed),
        // RFC 9110 section 8.6: these methods anticipate content, so its absence is said.
        BodyLength::Empty if method.anticipates_content() => {
            Ok(OutFraming { content_length: Some(0), body: Framing::Length(0) })
        }
        BodyLength::Empty => Ok(OutFraming::NOTHING),
        BodyLength::Exact(_) | BodyLength::Unknown | BodyLength::Streaming if !may_have_content => {
            Err(SendError::BodyNotAllowed)
        }
        BodyLength::Exact(0) if expects_continue => Err(SendError::BodyNotAllowed),
        BodyLength::Exact(n) => Ok(OutFraming { content_length: Some(n), body: Framing::Length(n) }),
        BodyLength::Unknown | BodyLength::Streaming if !peer_is_http11 => Err(SendError::UnknownLength),
        BodyLength::Unknown | BodyLength::Streaming => Ok(OutFraming { content_length: None, body: Framing::Chunked }),
    }
}
