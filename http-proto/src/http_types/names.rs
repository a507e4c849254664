//! The name of a received field as a `HeaderName`. Names that many heads have are told by comparing words: looking them
//! up takes the `http` crate longer than parsing their lines takes this one.

use crate::error::SendError;
use crate::syntax::is_name;
use http::header::{self, HeaderName};

/// The name in these octets.
#[inline]
pub(super) fn header_name(octets: &[u8]) -> Result<HeaderName, SendError> {
    match usual(octets) {
        Some(name) => Ok(name),
        // The grammar of received names is narrower than what this takes.
        None => HeaderName::from_bytes(octets).map_err(|_| SendError::InvalidFieldName),
    }
}

#[inline]
fn usual(octets: &[u8]) -> Option<HeaderName> {
    macro_rules! among {
        ($($lower:literal => $name:ident),+) => {
            $(if is_name(octets, $lower) { Some(header::$name) } else)+ { None }
        };
    }
    match octets.len() {
        4 => among!(b"host" => HOST, b"date" => DATE, b"etag" => ETAG, b"vary" => VARY),
        6 => among!(b"accept" => ACCEPT, b"cookie" => COOKIE, b"server" => SERVER, b"origin" => ORIGIN),
        7 => among!(b"referer" => REFERER),
        10 => among!(b"user-agent" => USER_AGENT, b"connection" => CONNECTION, b"set-cookie" => SET_COOKIE),
        12 => among!(b"content-type" => CONTENT_TYPE),
        13 => among!(
            b"cache-control" => CACHE_CONTROL,
            b"authorization" => AUTHORIZATION,
            b"if-none-match" => IF_NONE_MATCH,
            b"last-modified" => LAST_MODIFIED,
            b"accept-ranges" => ACCEPT_RANGES
        ),
        14 => among!(b"content-length" => CONTENT_LENGTH),
        15 => among!(b"accept-encoding" => ACCEPT_ENCODING, b"accept-language" => ACCEPT_LANGUAGE),
        16 => among!(b"content-encoding" => CONTENT_ENCODING),
        17 => among!(b"transfer-encoding" => TRANSFER_ENCODING, b"if-modified-since" => IF_MODIFIED_SINCE),
        _ => None,
    }
}
