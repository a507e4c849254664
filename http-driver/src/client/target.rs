//! [`Target`]: where a request goes, taken out of its URI; and what can be wrong with that.

use http::Uri;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::sync::Arc;

/// Where connections lead: the origin of RFC 9110 section 4.3.1. Requests for the same target share connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    secure: bool,
    /// In lower case, an IPv6 address without its brackets.
    host: Arc<str>,
    port: u16,
}

/// Why a URI names no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// It is no URI.
    Malformed,
    /// It has no scheme: nothing says how to connect.
    NoScheme,
    /// Its scheme is not `http` or `https`.
    UnknownScheme,
    /// It has no host (RFC 9110 section 4.2.1).
    NoHost,
    /// Its host is no host.
    InvalidHost,
    /// Its port is not one of 1 to 65535.
    InvalidPort,
    /// It holds a user's name or password, which must not be sent (RFC 9110 section 4.2.4).
    UserInfo,
}

impl Target {
    /// The target of an absolute URI.
    ///
    /// # Errors
    /// See [`UriError`].
    pub fn of(uri: &Uri) -> Result<Self, UriError> {
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err(UriError::UnknownScheme),
            None => return Err(UriError::NoScheme),
        };
        Self::of_authority(uri, if secure { 443 } else { 80 }, secure)
    }

    /// The target of CONNECT: host and port, no scheme (RFC 9110 section 9.3.6). It is spoken to in the clear.
    ///
    /// # Errors
    /// See [`UriError`].
    pub fn of_tunnel(uri: &Uri) -> Result<Self, UriError> {
        match uri.scheme() {
            Some(_) => Self::of(uri),
            None => Self::of_authority(uri, 0, false),
        }
    }

    fn of_authority(uri: &Uri, default: u16, secure: bool) -> Result<Self, UriError> {
        let authority = uri.authority().ok_or(UriError::NoHost)?.as_str();
        // Octet by octet, here and below: names are short, and every request has one.
        if authority.bytes().any(|c| c == b'@') {
            return Err(UriError::UserInfo);
        }
        // The colons of an IPv6 address lie within its brackets.
        let colon = authority.bytes().rposition(|c| matches!(c, b':' | b']')).unwrap_or(authority.len());
        let (host, port) = authority.split_at(colon);
        let (host, port) = port.strip_prefix(':').map_or((authority, ""), |port| (host, port));
        let port = match port {
            "" => default,
            digits if digits.bytes().all(|c| c.is_ascii_digit()) => digits.parse().unwrap_or(0),
            _ => 0,
        };
        if host.is_empty() {
            return Err(UriError::NoHost);
        }
        if !http_proto::syntax::is_host(host.as_bytes()) {
            return Err(UriError::InvalidHost);
        }
        if port == 0 {
            return Err(UriError::InvalidPort);
        }
        // RFC 3986 section 3.2.2: without its brackets an address of a form that nobody knows would be taken for a name.
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) if address.parse::<Ipv6Addr>().is_err() => return Err(UriError::InvalidHost),
            Some(address) => address,
            None => host,
        };
        let is_lower = !host.bytes().any(|c| c.is_ascii_uppercase());
        let host = if is_lower { host.into() } else { host.to_ascii_lowercase().into() };
        Ok(Target { secure, host, port })
    }

    /// The host: a name in lower case, or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they stand in a URI, and in the target of CONNECT.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Whether TLS is to be spoken.
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

impl Hash for Target {
    /// In two pieces, not in the five of its parts: every request looks its target up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.host.as_bytes());
        state.write_u32(u32::from(self.port) << 1 | u32::from(self.secure));
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UriError::Malformed => "not a URI",
            UriError::NoScheme => "no scheme: http:// or https:// is missing",
            UriError::UnknownScheme => "the scheme is neither http nor https",
            UriError::NoHost => "no host",
            UriError::InvalidHost => "the host is invalid",
            UriError::InvalidPort => "the port is not one of 1 to 65535",
            UriError::UserInfo => "a user's name or password in the URI is never sent",
        })
    }
}

impl std::error::Error for UriError {}
