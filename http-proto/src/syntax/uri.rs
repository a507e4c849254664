//! From a URI to the target and Host of a request, and from a request received to the target that is passed on. Pure
//! text; nothing here writes a message or has heard of a connection.

use super::target::is_target_text;
use super::{Request, TargetForm, is_host};
use alloc::borrow::Cow;
use alloc::format;

/// An `http` or `https` URI, taken apart into what a request for it needs (RFC 9112 section 3.2, RFC 9110 section 7.2).
/// Userinfo and fragment are left out of everything: they are never sent (RFC 9110 section 4.2.4).
///
/// ```
/// use http_proto::{RequestHead, syntax::TargetUri};
///
/// let uri = TargetUri::parse("http://user@example.com:81?q=1#top").unwrap();
/// let target = uri.origin_target("GET").unwrap();
/// let head = RequestHead::new("GET", &target).host(uri.authority());
/// assert_eq!((head.target, head.host), ("/?q=1", Some("example.com:81")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetUri<'a> {
    /// The whole without its fragment.
    whole: &'a str,
    scheme: &'a str,
    authority: &'a str,
    /// Path and query, as they stand; perhaps nothing.
    path: &'a str,
}

impl<'a> TargetUri<'a> {
    /// Takes a URI apart. `None` if its scheme is not `http` or `https`, its host is empty (RFC 9110 section 4.2.1) or
    /// malformed, or path and query hold an octet that a target may not have; nothing is repaired.
    pub fn parse(uri: &'a str) -> Option<Self> {
        let whole = uri.split('#').next().unwrap_or(uri);
        let (scheme, rest) = whole.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let valid =
            !host.is_empty() && is_host(host.as_bytes()) && (path.is_empty() || is_target_text(path.as_bytes()));
        valid.then_some(TargetUri { whole, scheme, authority: host, path })
    }

    /// The scheme, with its case.
    pub fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.scheme.len() == 5
    }

    /// Host, and port where there is one: what the Host field holds.
    pub fn authority(&self) -> &'a str {
        self.authority
    }

    /// The host without the port, an IPv6 address in its brackets.
    pub fn host(&self) -> &'a str {
        self.split().0
    }

    /// The port, or the default one of the scheme; `None` if it is above 65535.
    pub fn port(&self) -> Option<u16> {
        match self.split().1 {
            "" if self.is_secure() => Some(443),
            "" => Some(80),
            // Only digits: there is no sign that `parse` could take.
            digits => digits.parse().ok(),
        }
    }

    /// The target for the origin server: path and query, an empty path as `/` (RFC 9112 section 3.2.1); `*` for OPTIONS
    /// without both (section 3.2.4); host and port for CONNECT (section 3.2.3), `None` if that has no valid port.
    pub fn origin_target(&self, method: &str) -> Option<Cow<'a, str>> {
        match (method, self.path) {
            ("CONNECT", _) => self.tunnel_target(),
            ("OPTIONS", "") => Some(Cow::Borrowed("*")),
            (_, "") => Some(Cow::Borrowed("/")),
            (_, query) if query.starts_with('?') => Some(Cow::Owned(format!("/{query}"))),
            (_, path) => Some(Cow::Borrowed(path)),
        }
    }

    /// The target for a proxy: the URI (RFC 9112 section 3.2.2), host and port for CONNECT as in
    /// [`TargetUri::origin_target`].
    pub fn proxy_target(&self, method: &str) -> Option<Cow<'a, str>> {
        if method == "CONNECT" {
            return self.tunnel_target();
        }
        let unchanged = self.whole.len() == self.scheme.len() + 3 + self.authority.len() + self.path.len();
        Some(if unchanged {
            Cow::Borrowed(self.whole)
        } else {
            Cow::Owned(format!("{}://{}{}", self.scheme, self.authority, self.path))
        })
    }

    fn tunnel_target(&self) -> Option<Cow<'a, str>> {
        let (host, port) = (self.host(), self.port()?);
        Some(match self.split().1 {
            "" => Cow::Owned(format!("{host}:{port}")),
            _ => Cow::Borrowed(self.authority),
        })
    }

    /// Host, and the digits of the port.
    fn split(&self) -> (&'a str, &'a str) {
        let port = self.authority.rfind(':').filter(|&colon| {
            let behind = self.authority.get(colon + 1..).unwrap_or_default();
            behind.bytes().all(|c| c.is_ascii_digit())
        });
        match port {
            // The colons of an address lie within its brackets, which end with no digit.
            Some(colon) => {
                (self.authority.get(..colon).unwrap_or_default(), self.authority.get(colon + 1..).unwrap_or_default())
            }
            None => (self.authority, ""),
        }
    }
}

impl<'b> Request<'b> {
    /// The scheme of an absolute target, with its case; `None` of any other, whose scheme is that of the connection. An
    /// origin server refuses `https` on a connection that is not secured, with 421 or 400 (RFC 9110 section 7.4).
    pub fn scheme(&self) -> Option<&'b str> {
        match self.target_form() {
            TargetForm::Absolute => self.target().split(':').next(),
            TargetForm::Origin | TargetForm::Authority | TargetForm::Asterisk => None,
        }
    }

    /// The target with which a proxy passes this request on to the origin server, along with [`Request::authority`] as
    /// Host, whatever Host was received (RFC 9112 section 3.2.2): an absolute target becomes path and query, or `*` for
    /// OPTIONS without both (section 3.2.4); any other stays as it is.
    pub fn origin_target(&self) -> Cow<'b, str> {
        let absolute = match self.target_form() {
            TargetForm::Absolute => TargetUri::parse(self.target()),
            TargetForm::Origin | TargetForm::Authority | TargetForm::Asterisk => None,
        };
        absolute.and_then(|uri| uri.origin_target(self.method())).unwrap_or(Cow::Borrowed(self.target()))
    }
}
