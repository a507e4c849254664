//! Heads: start line, field section, and the checks that need a whole head (RFC 9112 sections 2 to 6).

use super::grammar;
use super::line::{self, Fault, Parsed, Stop};
use super::{Bounds, Outstanding, Role, Start};

/// Fields in order: name as received, value without the blanks around it.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// How long the body is (RFC 9112 section 6.3). This is the only place where it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No body.
    None,
    /// So many octets.
    Length(u64),
    /// The chunked coding.
    Chunked,
    /// Everything until the connection is closed.
    UntilClose,
    /// No body, and what follows the head is another protocol.
    Tunnel,
}

/// A whole head that was found valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The start line.
    pub start: Start,
    /// The header fields.
    pub fields: Fields,
    /// How long the body is.
    pub framing: Framing,
}

impl Head {
    /// The minor version.
    pub fn minor(&self) -> u8 {
        match self.start {
            Start::Request { minor, .. } | Start::Response { minor, .. } => minor,
        }
    }
}

/// A request's head. Host and framing are judged at its last octet, in this order.
pub fn request_head(input: &[u8], pos: usize, bounds: &Bounds) -> Parsed<Head> {
    let unlimited = request_line(input, pos, bounds).and_then(|(start, behind)| {
        let (fields, end) = header_section(input, behind, bounds, Role::Server)?;
        Ok(((start, fields), end))
    });
    let ((start, fields), end) = line::within(unlimited, input, pos, bounds.head, 431)?;
    let judge = |status: u16| Stop::Bad(Fault::grammar(end - 1, status));

    let Start::Request { method, minor, .. } = &start else { unreachable!() };
    host(*minor, &fields).map_err(judge)?;
    let framing = request_framing(method, *minor, &fields).map_err(judge)?;
    Ok((Head { start, fields, framing }, end))
}

/// A response's head. Whether a 101 is welcome, and framing, are judged at its last octet.
pub fn response_head(input: &[u8], pos: usize, asked: &Outstanding, bounds: &Bounds) -> Parsed<Head> {
    let unlimited = status_line(input, pos).and_then(|(start, behind)| {
        let (fields, end) = header_section(input, behind, bounds, Role::Client)?;
        Ok(((start, fields), end))
    });
    let ((start, fields), end) = line::within(unlimited, input, pos, bounds.head, 0)?;

    let Start::Response { status, minor, .. } = start else { unreachable!() };
    match response_framing(asked, status, minor, &fields) {
        Some(framing) => Ok((Head { start, fields, framing }, end)),
        None => Err(Stop::Bad(Fault::grammar(end - 1, 0))),
    }
}

/// request-line CRLF (RFC 9112 section 3). The form of the target is judged at the LF.
fn request_line(input: &[u8], pos: usize, bounds: &Bounds) -> Parsed<Start> {
    let line = line::line(input, pos);
    let endings = line::request_line_endings();
    let bad = line::first_bad(line.octets, grammar::is_request_line, &endings)
        .map(|at| Fault::grammar(pos + at, request_line_status(line.octets, at)));

    let method_length = run_without_space(line.octets);
    let long_method = (method_length > bounds.method).then(|| Fault::element(pos + bounds.method, 501));
    let target_begin = method_length + 1;
    let target_length = line.octets.get(target_begin..).map_or(0, run_without_space);
    let long_target = (target_length > bounds.target).then(|| Fault::element(pos + target_begin + bounds.target, 414));

    if let Some(fault) = [bad, long_method, long_target].into_iter().flatten().min() {
        return Err(Stop::Bad(fault));
    }
    if !line.complete {
        return Err(Stop::More);
    }
    let end = pos + line.octets.len();
    let target = &line.octets[target_begin..target_begin + target_length];
    let method = &line.octets[..method_length];
    if !grammar::is_target_for(method, target) {
        return Err(Stop::Bad(Fault::grammar(end - 1, 400)));
    }
    let minor = line.octets[line.octets.len() - 3] - b'0';
    Ok((Start::Request { method: method.to_vec(), target: target.to_vec(), minor }, end))
}

/// How many octets there are in front of the first SP.
fn run_without_space(octets: &[u8]) -> usize {
    octets.iter().take_while(|&&octet| octet != b' ').count()
}

/// 505 if the octet at `bad` is a major version other than 1, otherwise 400.
fn request_line_status(octets: &[u8], bad: usize) -> u16 {
    let parts: Vec<&[u8]> = octets[..bad].split(|&octet| octet == b' ').collect();
    let at_major = parts.len() == 3 && parts[2] == b"HTTP/";
    if at_major && octets[bad].is_ascii_digit() { 505 } else { 400 }
}

/// status-line CRLF (RFC 9112 section 4).
fn status_line(input: &[u8], pos: usize) -> Parsed<Start> {
    let line = line::line(input, pos);
    let endings = line::status_line_endings();
    if let Some(at) = line::first_bad(line.octets, grammar::is_status_line, &endings) {
        return Err(Stop::Bad(Fault::grammar(pos + at, 0)));
    }
    if !line.complete {
        return Err(Stop::More);
    }
    let content = line::without_crlf(line.octets);
    let digit = |at: usize| u16::from(content[at] - b'0');
    let start = Start::Response {
        status: digit(9) * 100 + digit(10) * 10 + digit(11),
        reason: content[13..].to_vec(),
        minor: content[7] - b'0',
    };
    Ok((start, pos + line.octets.len()))
}

fn header_section(input: &[u8], pos: usize, bounds: &Bounds, role: Role) -> Parsed<Fields> {
    field_section(input, pos, bounds.fields, bounds.field_line, role)
}

/// *( field-line CRLF ) CRLF: what follows a start line (RFC 9112 section 5), and a trailer section (section 7.1.2).
pub fn field_section(input: &[u8], mut pos: usize, most: usize, longest: usize, role: Role) -> Parsed<Fields> {
    let mut fields = Vec::new();
    loop {
        match input.get(pos) {
            None => return Err(Stop::More),
            Some(b'\r') => return Ok((fields, line::crlf(input, pos, role)?)),
            // A blank begins no field; it is an obs-fold that the role refuses, or has nothing to continue.
            Some(&first) if fields.len() == most && !grammar::is_blank(first) => {
                return Err(Stop::Bad(Fault::element(pos, role.status(431))));
            }
            Some(_) => {}
        }
        let (field, end) = field_line(input, pos, longest, role)?;
        fields.push(field);
        pos = end;
    }
}

/// field-line CRLF (RFC 9112 section 5). A client's may be folded.
fn field_line(input: &[u8], pos: usize, longest: usize, role: Role) -> Parsed<(Vec<u8>, Vec<u8>)> {
    let (line, is_line): (_, fn(&[u8]) -> bool) = match role {
        Role::Server => (line::line(input, pos), grammar::is_field_line),
        Role::Client => (line::folded_line(input, pos), grammar::is_folded_field_line),
    };
    let bad = line::first_bad(line.octets, is_line, &line::FIELD_LINE_ENDINGS)
        .map(|at| Fault::grammar(pos + at, role.status(400)));
    let long = line::over_limit(line.octets, longest).map(|at| Fault::element(pos + at, role.status(431)));
    if let Some(fault) = [bad, long].into_iter().flatten().min() {
        return Err(Stop::Bad(fault));
    }
    if !line.complete {
        return Err(Stop::More);
    }
    let content = line::without_crlf(line.octets);
    let colon = content.iter().position(|&octet| octet == b':').unwrap_or_else(|| unreachable!());
    // RFC 9112 section 5.2: an obs-fold, with the blanks at both sides of its CRLF, becomes spaces, as many octets as it had.
    let pieces = grammar::split_crlf(&content[colon + 1..]);
    let last = pieces.len() - 1;
    let spaced = |(number, piece): (usize, &&[u8])| {
        let mut piece = piece.to_vec();
        let blank = |octet: &&mut u8| matches!(**octet, b' ' | b'\t');
        if number > 0 {
            piece.iter_mut().take_while(blank).for_each(|octet| *octet = b' ');
        }
        if number < last {
            piece.iter_mut().rev().take_while(blank).for_each(|octet| *octet = b' ');
        }
        piece
    };
    let unfolded = pieces.iter().enumerate().map(spaced).collect::<Vec<_>>().join(&b"  "[..]);
    Ok(((content[..colon].to_vec(), grammar::trim(&unfolded).to_vec()), pos + line.octets.len()))
}

/// The values of all fields of a name, which is compared without regard to ASCII case (RFC 9110 section 5.1).
fn values<'a>(fields: &'a Fields, name: &[u8]) -> Vec<&'a [u8]> {
    fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name)).map(|field| &field.1[..]).collect()
}

/// Whether Connection lists an option (RFC 9110 section 7.6.1).
fn has_option(fields: &Fields, option: &[u8]) -> bool {
    values(fields, b"Connection")
        .into_iter()
        .flat_map(grammar::split_tokens)
        .any(|element| element.eq_ignore_ascii_case(option))
}

/// Whether the connection persists as far as version and Connection say (RFC 9112 section 9.3).
pub fn persists(minor: u8, fields: &Fields) -> bool {
    !has_option(fields, b"close") && (minor >= 1 || has_option(fields, b"keep-alive"))
}

/// Whether a request offers an upgrade (RFC 9110 section 7.8).
pub fn offers_upgrade(minor: u8, fields: &Fields) -> bool {
    minor >= 1
        && has_option(fields, b"upgrade")
        && values(fields, b"Upgrade").into_iter().any(|value| !grammar::split_tokens(value).is_empty())
}

/// Host (RFC 9112 section 3.2): one in HTTP/1.1, at most one in HTTP/1.0, and valid.
fn host(minor: u8, fields: &Fields) -> Result<(), u16> {
    match values(fields, b"Host")[..] {
        [] if minor == 0 => Ok(()),
        [value] if grammar::is_host_value(value) => Ok(()),
        _ => Err(400),
    }
}

/// The framing of a request, case by case; the error is a status.
fn request_framing(method: &[u8], minor: u8, fields: &Fields) -> Result<Framing, u16> {
    let codings = values(fields, b"Transfer-Encoding");
    let lengths = values(fields, b"Content-Length");
    if method == b"CONNECT" {
        return if codings.is_empty() && lengths.is_empty() { Ok(Framing::Tunnel) } else { Err(400) };
    }
    if !codings.is_empty() {
        if minor == 0 || !lengths.is_empty() {
            return Err(400);
        }
        return match transfer_coding(&codings) {
            TransferCoding::Invalid | TransferCoding::NotChunked => Err(400),
            TransferCoding::OthersThenChunked => Err(501),
            TransferCoding::Chunked => Ok(Framing::Chunked),
        };
    }
    match lengths[..] {
        [] => Ok(Framing::None),
        [value] => grammar::decimal_number(value).map(Framing::Length).ok_or(400),
        _ => Err(400),
    }
}

/// The framing of a response, case by case; None is an error.
fn response_framing(asked: &Outstanding, status: u16, minor: u8, fields: &Fields) -> Option<Framing> {
    match status {
        101 => return asked.upgrade.then_some(Framing::Tunnel),
        100..=199 => return Some(Framing::None),
        204 | 304 => return Some(Framing::None),
        _ if asked.method == b"HEAD" => return Some(Framing::None),
        200..=299 if asked.method == b"CONNECT" => return Some(Framing::Tunnel),
        _ => {}
    }
    let codings = values(fields, b"Transfer-Encoding");
    let lengths = values(fields, b"Content-Length");
    if !codings.is_empty() {
        if minor == 0 || !lengths.is_empty() {
            return None;
        }
        return match transfer_coding(&codings) {
            TransferCoding::Invalid => None,
            TransferCoding::NotChunked => Some(Framing::UntilClose),
            TransferCoding::OthersThenChunked | TransferCoding::Chunked => Some(Framing::Chunked),
        };
    }
    match lengths[..] {
        [] => Some(Framing::UntilClose),
        [value] => grammar::decimal_number(value).map(Framing::Length),
        _ => None,
    }
}

/// What all Transfer-Encoding lines of a message say together.
enum TransferCoding {
    /// No list of codings, chunked more than once, or chunked with parameters.
    Invalid,
    /// The last coding is not chunked, or there is none.
    NotChunked,
    /// Chunked behind other codings.
    OthersThenChunked,
    /// Chunked alone.
    Chunked,
}

/// Transfer-Encoding = #transfer-coding (RFC 9112 section 6.1), where
/// transfer-coding = token *( OWS ";" OWS transfer-parameter ) (RFC 9110 section 10.1.4). Each line is a list by itself.
fn transfer_coding(values: &[&[u8]]) -> TransferCoding {
    let mut chunked = Vec::new();
    for coding in values.iter().flat_map(|value| grammar::split_list(value)) {
        let parts = grammar::split_outside_quotes(coding, b';');
        let (name, parameters) = (grammar::trim(parts[0]), &parts[1..]);
        let valid = grammar::is_token(name) && parameters.iter().all(|part| grammar::is_parameter(grammar::trim(part)));
        let is_chunked = name.eq_ignore_ascii_case(b"chunked");
        if !valid || (is_chunked && !parameters.is_empty()) {
            return TransferCoding::Invalid;
        }
        chunked.push(is_chunked);
    }
    if chunked.iter().filter(|&&is_chunked| is_chunked).count() > 1 {
        return TransferCoding::Invalid;
    }
    match chunked[..] {
        [true] => TransferCoding::Chunked,
        [.., true] => TransferCoding::OthersThenChunked,
        _ => TransferCoding::NotChunked,
    }
}
