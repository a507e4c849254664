//! Field names as data: announced in Trailer, or mapped to the names of another environment.

use super::{FieldBlock, is_token};
use crate::error::SendError;
use alloc::string::String;

impl FieldBlock {
    /// The Trailer field that announces trailer fields of these names (RFC 9110 section 6.6.2).
    ///
    /// # Errors
    /// [`SendError::InvalidFieldName`] if a name is not a token, or there is none; [`SendError::ForbiddenTrailer`] or
    /// [`SendError::FramingField`] if one may not be a trailer.
    pub fn trailer(names: &[&str]) -> Result<Self, SendError> {
        if names.is_empty() || !names.iter().all(|name| is_token(name.as_bytes())) {
            return Err(SendError::InvalidFieldName);
        }
        for name in names {
            FieldBlock::from_fields([(*name, &b""[..])])?.check_trailers(true)?;
        }
        FieldBlock::from_fields([("Trailer", names.join(", ").as_bytes())])
    }
}

/// The name of a field as CGI and its relatives have it: `HTTP_` and the name in capitals, `-` as `_` (RFC 3875 section
/// 4.1.18). `None` for a name with any other octet than letters, digits and `-`: `Content_Length` would become the same
/// as `Content-Length`, and whoever checked the one would act on the other (RFC 9110 section 17.10).
pub fn env_name(name: &str) -> Option<String> {
    let unambiguous = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    let mapped = |c: char| if c == '-' { '_' } else { c.to_ascii_uppercase() };
    unambiguous.then(|| "HTTP_".chars().chain(name.chars().map(mapped)).collect())
}
