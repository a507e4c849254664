//! Grammar rules as questions about whole slices, one function a rule. Nothing here knows about lines or input.

use std::net::Ipv6Addr;

/// SP / HTAB, the octets of OWS, RWS and BWS (RFC 9110 section 5.6.3).
pub fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// The slice without the SP and HTAB at its beginning.
pub fn trim_start(mut slice: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = slice
        && is_blank(*first)
    {
        slice = rest;
    }
    slice
}

/// The slice without the SP and HTAB at its end.
pub fn trim_end(mut slice: &[u8]) -> &[u8] {
    while let [rest @ .., last] = slice
        && is_blank(*last)
    {
        slice = rest;
    }
    slice
}

/// The slice without the SP and HTAB around it.
pub fn trim(slice: &[u8]) -> &[u8] {
    trim_start(trim_end(slice))
}

/// tchar (RFC 9110 section 5.6.2).
pub fn is_tchar(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// token = 1*tchar (RFC 9110 section 5.6.2).
pub fn is_token(slice: &[u8]) -> bool {
    !slice.is_empty() && slice.iter().all(|&octet| is_tchar(octet))
}

/// HTAB / SP / VCHAR / obs-text: what a field value (RFC 9110 section 5.5), a reason-phrase (RFC 9112 section 4) and a
/// quoted-pair (RFC 9110 section 5.6.4) may hold.
pub fn is_text(octet: u8) -> bool {
    octet == b'\t' || (0x20..=0x7e).contains(&octet) || octet >= 0x80
}

/// qdtext (RFC 9110 section 5.6.4): text but DQUOTE and backslash.
pub fn is_qdtext(octet: u8) -> bool {
    is_text(octet) && octet != b'"' && octet != b'\\'
}

/// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE (RFC 9110 section 5.6.4).
pub fn is_quoted_string(slice: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = slice else { return false };
    let mut at = 0;
    while at < inner.len() {
        if inner[at] == b'\\' {
            match inner.get(at + 1) {
                Some(&escaped) if is_text(escaped) => at += 2,
                _ => return false,
            }
        } else if is_qdtext(inner[at]) {
            at += 1;
        } else {
            return false;
        }
    }
    true
}

/// The pieces of a slice between separators, where a separator inside a quoted-string is none. In a slice with misplaced
/// or unclosed quotes some piece keeps a stray DQUOTE and no rule will accept it.
pub fn split_outside_quotes(slice: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut quoted = false;
    let mut at = 0;
    while at < slice.len() {
        match slice[at] {
            b'\\' if quoted => at += 1, // a quoted-pair: the next octet is no delimiter
            b'"' => quoted = !quoted,
            octet if octet == separator && !quoted => {
                pieces.push(&slice[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    pieces.push(&slice[begin..]);
    pieces
}

/// The elements of `#element`, without empty ones (RFC 9110 section 5.6.1.2).
pub fn split_list(value: &[u8]) -> Vec<&[u8]> {
    split_outside_quotes(value, b',').into_iter().map(trim).filter(|element| !element.is_empty()).collect()
}

/// The elements of a list of tokens, where DQUOTE means nothing: Connection, Upgrade (RFC 9110 sections 7.6.1, 7.8).
pub fn split_tokens(value: &[u8]) -> Vec<&[u8]> {
    value.split(|&octet| octet == b',').map(trim).filter(|element| !element.is_empty()).collect()
}

/// token BWS "=" BWS ( token / quoted-string ): transfer-parameter (RFC 9110 section 10.1.4), and a chunk-ext with its
/// value (RFC 9112 section 7.1.1).
pub fn is_parameter(slice: &[u8]) -> bool {
    let Some(equals) = slice.iter().position(|&octet| octet == b'=') else { return false };
    let (name, value) = (trim_end(&slice[..equals]), trim_start(&slice[equals + 1..]));
    is_token(name) && (is_token(value) || is_quoted_string(value))
}

/// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) (RFC 9112 section 7.1.1). There is BWS in
/// front of a ";" and behind it, none at the end.
pub fn is_chunk_ext(slice: &[u8]) -> bool {
    if slice.is_empty() {
        return true;
    }
    let pieces = split_outside_quotes(slice, b';');
    let last = pieces.len() - 1;
    let in_front_of_first = pieces[0];
    last > 0
        && trim(in_front_of_first).is_empty()
        && pieces.iter().enumerate().skip(1).all(|(index, piece)| {
            let extension = trim_start(piece);
            let extension = if index < last { trim_end(extension) } else { extension };
            is_token(extension) || is_parameter(extension)
        })
}

/// 1*HEXDIG, of which this project takes 16: as many as a u64 holds (RFC 9112 section 7.1).
pub fn is_chunk_size(slice: &[u8]) -> bool {
    (1..=16).contains(&slice.len()) && slice.iter().all(u8::is_ascii_hexdigit)
}

/// The number that a chunk-size means.
pub fn hex_number(digits: &[u8]) -> Option<u64> {
    number(digits, 16)
}

/// The number of 1*DIGIT, a Content-Length (RFC 9110 section 8.6); None for anything else, and above u64.
pub fn decimal_number(digits: &[u8]) -> Option<u64> {
    number(digits, 10)
}

fn number(digits: &[u8], radix: u64) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for &octet in digits {
        let digit = match octet {
            b'0'..=b'9' => octet - b'0',
            b'a'..=b'f' => octet - b'a' + 10,
            b'A'..=b'F' => octet - b'A' + 10,
            _ => return None,
        };
        if u64::from(digit) >= radix {
            return None;
        }
        number = number.checked_mul(radix)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// *DIGIT, the port of RFC 3986 section 3.2.3: it may be empty.
pub fn is_port(slice: &[u8]) -> bool {
    slice.iter().all(u8::is_ascii_digit)
}

/// unreserved (RFC 3986 section 2.3).
pub fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

/// sub-delims (RFC 3986 section 2.2).
pub fn is_sub_delim(octet: u8) -> bool {
    b"!$&'()*+,;=".contains(&octet)
}

/// reg-name = *( unreserved / pct-encoded / sub-delims ) (RFC 3986 section 3.2.2). An IPv4address is one as well.
pub fn is_reg_name(slice: &[u8]) -> bool {
    let mut rest = slice;
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => behind,
            _ if is_unreserved(*first) || is_sub_delim(*first) => behind,
            _ => return false,
        };
    }
    true
}

/// IPv6address (RFC 3986 section 3.2.2).
pub fn is_ipv6(slice: &[u8]) -> bool {
    std::str::from_utf8(slice).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) (RFC 3986 section 3.2.2).
pub fn is_ip_future(slice: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = slice else { return false };
    let Some(dot) = rest.iter().position(|&octet| octet == b'.') else { return false };
    let (version, address) = (&rest[..dot], &rest[dot + 1..]);
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(|&octet| is_unreserved(octet) || is_sub_delim(octet) || octet == b':')
}

/// uri-host that is not empty: IP-literal or reg-name (RFC 9110 section 4.1, RFC 3986 section 3.2.2).
pub fn is_host(slice: &[u8]) -> bool {
    match slice {
        [] => false,
        [b'[', address @ .., b']'] => is_ipv6(address) || is_ip_future(address),
        _ => is_reg_name(slice),
    }
}

/// Host and port of an authority without userinfo: split at the colon behind the host, which is the first one outside
/// of brackets. None as the port: there is no colon.
pub fn split_port(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    let behind_literal = authority.iter().position(|&octet| octet == b']').unwrap_or(0);
    match authority[behind_literal..].iter().position(|&octet| octet == b':') {
        Some(colon) => (&authority[..behind_literal + colon], Some(&authority[behind_literal + colon + 1..])),
        None => (authority, None),
    }
}

/// uri-host [ ":" port ] with a host that is not empty (RFC 9110 section 7.2).
pub fn is_host_and_port(slice: &[u8]) -> bool {
    let (host, port) = split_port(slice);
    is_host(host) && port.is_none_or(is_port)
}

/// A Host value (RFC 9110 section 7.2): it may be empty.
pub fn is_host_value(slice: &[u8]) -> bool {
    slice.is_empty() || is_host_and_port(slice)
}

/// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) (RFC 3986 section 3.1).
pub fn is_scheme(slice: &[u8]) -> bool {
    slice.first().is_some_and(u8::is_ascii_alphabetic)
        && slice.iter().all(|&octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// What every request-target consists of here: visible ASCII without "#".
pub fn is_target_octet(octet: u8) -> bool {
    (0x21..=0x7e).contains(&octet) && octet != b'#'
}

/// origin-form (RFC 9112 section 3.2.1), of octets that have been checked.
pub fn is_origin_form(target: &[u8]) -> bool {
    target.starts_with(b"/")
}

/// absolute-form (RFC 9112 section 3.2.2): scheme "://" host [ ":" port ], then nothing, a path or a query.
pub fn is_absolute_form(target: &[u8]) -> bool {
    let Some(colon) = target.iter().position(|&octet| octet == b':') else { return false };
    let Some(rest) = target[colon..].strip_prefix(b"://") else { return false };
    let authority_end = rest.iter().position(|&octet| octet == b'/' || octet == b'?').unwrap_or(rest.len());
    is_scheme(&target[..colon]) && is_host_and_port(&rest[..authority_end])
}

/// authority-form = uri-host ":" port, with a port from 0 to 65535 (RFC 9112 section 3.2.3).
pub fn is_authority_form(target: &[u8]) -> bool {
    let (host, port) = split_port(target);
    is_host(host) && port.and_then(decimal_number).is_some_and(|port| port <= 65535)
}

/// The form of the request-target against the method (RFC 9112 section 3.2).
pub fn is_target_for(method: &[u8], target: &[u8]) -> bool {
    match method {
        b"CONNECT" => is_authority_form(target),
        b"OPTIONS" if target == b"*" => true,
        _ => is_origin_form(target) || is_absolute_form(target),
    }
}

/// "HTTP/1." DIGIT (RFC 9112 section 2.3), the major version this parser speaks.
pub fn is_version(slice: &[u8]) -> bool {
    slice.len() == 8 && slice.starts_with(b"HTTP/1.") && slice[7].is_ascii_digit()
}

/// request-line = method SP request-target SP HTTP-version, without CRLF (RFC 9112 section 3). The form of the target
/// is another question, see [`is_target_for`].
pub fn is_request_line(line: &[u8]) -> bool {
    let parts: Vec<&[u8]> = line.split(|&octet| octet == b' ').collect();
    let [method, target, version] = parts[..] else { return false };
    is_token(method) && !target.is_empty() && target.iter().all(|&octet| is_target_octet(octet)) && is_version(version)
}

/// status-line = HTTP-version SP status-code SP [ reason-phrase ], without CRLF (RFC 9112 section 4).
pub fn is_status_line(line: &[u8]) -> bool {
    line.len() >= 13
        && is_version(&line[..8])
        && line[8] == b' '
        && line[9..12].iter().all(u8::is_ascii_digit)
        && line[12] == b' '
        && line[13..].iter().all(|&octet| is_text(octet))
}

/// field-line = field-name ":" OWS field-value OWS, without CRLF (RFC 9112 section 5).
pub fn is_field_line(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&octet| octet == b':') else { return false };
    is_token(&line[..colon]) && line[colon + 1..].iter().all(|&octet| is_text(octet))
}

/// A field line with any number of obs-folds, without the final CRLF (RFC 9112 section 5.2).
pub fn is_folded_field_line(line: &[u8]) -> bool {
    let mut pieces = split_crlf(line).into_iter();
    pieces.next().is_some_and(is_field_line)
        && pieces.all(|piece| {
            piece.first().is_some_and(|&first| is_blank(first)) && piece.iter().all(|&octet| is_text(octet))
        })
}

/// The pieces of a slice between CRLFs.
pub fn split_crlf(slice: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = slice;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        pieces.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    pieces.push(rest);
    pieces
}

/// chunk-size [ chunk-ext ], without CRLF (RFC 9112 section 7.1).
pub fn is_chunk_line(line: &[u8]) -> bool {
    let digits = count_hex_digits(line);
    is_chunk_size(&line[..digits]) && is_chunk_ext(&line[digits..])
}

/// How many HEXDIG a chunk line begins with.
pub fn count_hex_digits(line: &[u8]) -> usize {
    line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count()
}
