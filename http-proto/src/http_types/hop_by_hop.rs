//! [`HopByHop`]: what concerns one connection alone, taken out of the fields of a message that is to be forwarded.

use super::outgoing::number;
use crate::syntax::{HOP_BY_HOP, list, trim};
use alloc::vec::Vec;
use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};

/// What the fields of a received message said about the connection that it came on, which whoever forwards the message
/// does not repeat (RFC 9110 section 7.6.1). [`Fields::end_to_end`](crate::Fields::end_to_end) does the same for heads as
/// they were received.
///
/// ```
/// use http_proto::HopByHop;
///
/// let request = http::Request::get("/").header("accept", "text/html").header("x-hop", "1");
/// let request = request.header("connection", "x-hop, upgrade").header("upgrade", "websocket");
/// let mut request = request.body(()).unwrap();
/// let hop = HopByHop::take(request.headers_mut());
/// assert_eq!(request.headers().keys().collect::<Vec<_>>(), ["accept"]);
/// assert_eq!(hop.upgrade().collect::<Vec<_>>(), ["websocket"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HopByHop {
    named: Vec<HeaderName>,
    upgrade: Vec<HeaderValue>,
    accepts_trailers: bool,
    is_coded: bool,
}

impl HopByHop {
    /// Takes Connection, all that Connection names, and what is hop-by-hop by definition out of `fields`: Keep-Alive,
    /// Proxy-Connection, TE, Transfer-Encoding and Upgrade.
    ///
    /// Host, Expect and Content-Length stay even where they are named: the connection to the next hop writes them anew. A
    /// Content-Length that is no length, or stood beside Transfer-Encoding, goes (section 8.6; RFC 9112 section 6.3).
    pub fn take(fields: &mut HeaderMap) -> Self {
        let connection = remove(fields, header::CONNECTION);
        let named: Vec<_> = elements(&connection).filter_map(|option| HeaderName::from_bytes(option).ok()).collect();
        let codings = remove(fields, header::TRANSFER_ENCODING);
        let te = remove(fields, header::TE);
        let mut upgrade = remove(fields, header::UPGRADE);
        if !named.contains(&header::UPGRADE) {
            upgrade.clear();
        }
        if !codings.is_empty() || !is_length(fields) {
            fields.remove(header::CONTENT_LENGTH);
        }
        let hop = HopByHop {
            named,
            upgrade,
            accepts_trailers: elements(&te).any(|element| element.eq_ignore_ascii_case(b"trailers")),
            is_coded: elements(&codings).any(|coding| !coding.eq_ignore_ascii_case(b"chunked")),
        };
        hop.strip(fields);
        hop
    }

    /// Takes the same out of the trailer section of the message.
    pub fn strip(&self, trailers: &mut HeaderMap) {
        for name in HOP_BY_HOP {
            trailers.remove(name);
        }
        let kept = [header::HOST, header::EXPECT, header::CONTENT_LENGTH];
        for name in self.named.iter().filter(|name| !kept.contains(name)) {
            trailers.remove(name);
        }
    }

    /// The protocols of Upgrade, if Connection lists it (RFC 9110 section 7.8). They are to be ignored in HTTP/1.0, and what
    /// they make of the connection goes past whoever forwards it: let through what is known.
    pub fn upgrade(&self) -> impl Iterator<Item = &str> {
        elements(&self.upgrade).filter_map(|protocol| core::str::from_utf8(protocol).ok())
    }

    /// Whether the client takes trailers (RFC 9110 section 6.5.1): `TE: trailers` may be sent on its behalf.
    pub fn accepts_trailers(&self) -> bool {
        self.accepts_trailers
    }

    /// Whether the content is in transfer codings other than chunked, which nobody takes off here: it cannot be forwarded.
    pub fn is_coded(&self) -> bool {
        self.is_coded
    }
}

fn remove(fields: &mut HeaderMap, name: HeaderName) -> Vec<HeaderValue> {
    match fields.entry(name) {
        Entry::Occupied(entry) => entry.remove_entry_mult().1.collect(),
        Entry::Vacant(_) => Vec::new(),
    }
}

fn elements(values: &[HeaderValue]) -> impl Iterator<Item = &[u8]> {
    values.iter().flat_map(|value| list(value.as_bytes()))
}

/// Whether Content-Length gives one length.
fn is_length(fields: &HeaderMap) -> bool {
    let mut lengths = fields.get_all(header::CONTENT_LENGTH).iter().map(|value| number(trim(value.as_bytes())));
    let first = lengths.next().flatten();
    first.is_some() && lengths.all(|length| length == first)
}
