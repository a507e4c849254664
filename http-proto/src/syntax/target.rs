//! Request targets (RFC 9112 section 3.2), hosts and ports (RFC 3986 section 3.2.2). Pure functions of octets.

use super::{MethodKind, scan, slice};
use crate::error::RecvErrorKind as Kind;
use core::net::Ipv6Addr;

/// The form of a request target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetForm {
    /// An absolute path with an optional query: `/where?q=now`.
    Origin,
    /// A whole URI, as sent to a proxy: `http://example.com/where`.
    Absolute,
    /// Host and port, with CONNECT only: `example.com:443`.
    Authority,
    /// `*`, with OPTIONS only: the server as a whole.
    Asterisk,
}

/// The form that `target` has with this method. Paths and queries may hold any visible US-ASCII octet but `#`, as
/// browsers send them; authorities are held to the grammar.
#[inline(always)]
pub(crate) fn check_target(method: MethodKind, target: &[u8]) -> Result<TargetForm, Kind> {
    match target {
        [b'/', ..] if method != MethodKind::Connect => Ok(TargetForm::Origin),
        _ => check_other_form(method, target),
    }
}

fn check_other_form(method: MethodKind, target: &[u8]) -> Result<TargetForm, Kind> {
    if method == MethodKind::Connect {
        let (host, port) = split_port(target).ok_or(Kind::InvalidTargetForm)?;
        let valid = is_uri_host(host) && port.is_some_and(is_tcp_port);
        return if valid { Ok(TargetForm::Authority) } else { Err(Kind::InvalidTargetForm) };
    }
    if target == b"*" {
        return if method == MethodKind::Options { Ok(TargetForm::Asterisk) } else { Err(Kind::InvalidTargetForm) };
    }
    if !has_scheme(target) {
        return Err(Kind::InvalidTargetForm);
    }
    match authority_of(target) {
        Some(authority) if !authority.is_empty() && is_host(authority) => Ok(TargetForm::Absolute),
        // `host:80` has a scheme by the grammar, but was surely meant as an authority.
        None if !slice_after_colon(target).starts_with(b"/") => Err(Kind::InvalidTargetForm),
        _ => Err(Kind::InvalidAuthority),
    }
}

fn has_scheme(target: &[u8]) -> bool {
    let scheme = target.split(|&c| c == b':').next().unwrap_or_default();
    scheme.len() < target.len()
        && scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|&c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
}

fn slice_after_colon(target: &[u8]) -> &[u8] {
    let colon = memchr::memchr(b':', target).unwrap_or(target.len());
    slice(target, colon + 1, target.len())
}

/// What stands between `scheme://` and the path or query of an absolute target.
pub(crate) fn authority_of(target: &[u8]) -> Option<&[u8]> {
    let behind = slice_after_colon(target).strip_prefix(b"//")?;
    let end = behind.iter().position(|&c| matches!(c, b'/' | b'?')).unwrap_or(behind.len());
    Some(slice(behind, 0, end))
}

/// Whether `value` is what Host may hold: nothing, or `uri-host [":" port]` (RFC 9110 section 7.2).
pub fn is_host(value: &[u8]) -> bool {
    match value {
        [] => true,
        _ if value.len() > u16::MAX.into() => false,
        [b'[' | b':', ..] => {
            split_port(value).is_some_and(|(host, port)| is_uri_host(host) && port.is_none_or(is_port))
        }
        _ => match after_reg_name(value) {
            Some([]) => true,
            Some([b':', port @ ..]) => is_port(port),
            Some(_) | None => false,
        },
    }
}

fn is_port(port: &[u8]) -> bool {
    port.iter().all(u8::is_ascii_digit)
}

/// Host and port; `None` where neither a bracket closes nor a port follows it.
fn split_port(authority: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_end = match authority {
        [b'[', ..] => memchr::memchr(b']', authority)? + 1,
        _ => memchr::memchr(b':', authority).unwrap_or(authority.len()),
    };
    let host = slice(authority, 0, host_end);
    match slice(authority, host_end, authority.len()) {
        [] => Some((host, None)),
        [b':', port @ ..] => Some((host, Some(port))),
        _ => None,
    }
}

fn is_tcp_port(port: &[u8]) -> bool {
    !port.is_empty()
        && port.iter().all(u8::is_ascii_digit)
        && port.iter().try_fold(0u16, |n, &c| n.checked_mul(10)?.checked_add(u16::from(c - b'0'))).is_some()
}

/// uri-host, but not empty (RFC 9110 section 4.2.1).
fn is_uri_host(host: &[u8]) -> bool {
    match host {
        [] => false,
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        _ => is_reg_name(host),
    }
}

fn is_ip_literal(literal: &[u8]) -> bool {
    if let [b'v' | b'V', future @ ..] = literal {
        let dot = memchr::memchr(b'.', future).unwrap_or(0);
        let address = slice(future, dot + 1, future.len());
        return dot > 0
            && slice(future, 0, dot).iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(|&c| scan::in_class(c, scan::REG_NAME) || c == b':');
    }
    core::str::from_utf8(literal).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn is_reg_name(name: &[u8]) -> bool {
    after_reg_name(name).is_some_and(<[u8]>::is_empty)
}

/// What is behind the reg-name at the front; `None` if it has a `%` without two hexadecimal digits.
fn after_reg_name(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        rest = match slice(rest, scan::reg_name_end(rest, 0).0 as usize, rest.len()) {
            [b'%', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => behind,
            [b'%', ..] => return None,
            behind => return Some(behind),
        };
    }
}

/// Whether every octet may stand in a request target.
pub(super) fn is_target_text(target: &[u8]) -> bool {
    !target.is_empty() && scan::is_run(target, scan::target_end)
}
