//! Elements of the lists that are more than a token: protocols of Upgrade, transfer codings with their parameters.

use super::{is_blank, is_token, list, scan, trim};

/// Whether `bytes` is `protocol = token ["/" token]` (RFC 9110 section 7.8).
pub(crate) fn is_protocol(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |&c| c == b'/');
    parts.all(is_token)
}

/// Whether a list of protocols holds one; compared without regard to case.
pub(crate) fn lists_protocol(value: &[u8], protocol: &[u8]) -> bool {
    list(value).any(|element| element.eq_ignore_ascii_case(protocol))
}

/// What a list of transfer codings says; the fields of several lines are one list.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Codings {
    /// The list is malformed, or chunked has parameters.
    pub(super) invalid: bool,
    pub(super) chunked: u32,
    pub(super) others: bool,
    pub(super) last_is_chunked: bool,
}

impl Codings {
    /// Adds the value of one Transfer-Encoding field line.
    #[inline]
    pub(super) fn add(&mut self, value: &[u8]) {
        if value.eq_ignore_ascii_case(b"chunked") {
            self.coding(true);
            return;
        }
        let mut rest = value;
        loop {
            rest = trim(rest);
            match rest.first() {
                None => return,
                Some(b',') => {}
                Some(_) => match self.element(rest) {
                    Some(behind) => rest = behind,
                    None => {
                        self.invalid = true;
                        return;
                    }
                },
            }
            rest = trim(rest);
            match rest.split_first() {
                None => return,
                Some((b',', behind)) => rest = behind,
                Some(_) => {
                    self.invalid = true;
                    return;
                }
            }
        }
    }

    fn coding(&mut self, chunked: bool) {
        self.chunked += u32::from(chunked);
        self.others |= !chunked;
        self.last_is_chunked = chunked;
    }

    /// transfer-coding = token *( OWS ";" OWS token BWS "=" BWS ( token / quoted-string ) ); what is behind it.
    fn element<'v>(&mut self, value: &'v [u8]) -> Option<&'v [u8]> {
        let (name, mut rest) = split_token(value)?;
        let chunked = name.eq_ignore_ascii_case(b"chunked");
        while let Some((b';', parameter)) = skip_blanks(rest).split_first() {
            if chunked {
                return None;
            }
            let (_, behind) = split_token(skip_blanks(parameter))?;
            let behind = skip_blanks(behind).strip_prefix(b"=")?;
            rest = split_word(skip_blanks(behind))?;
        }
        self.coding(chunked);
        Some(rest)
    }
}

fn skip_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [c, rest @ ..] = bytes
        && is_blank(*c)
    {
        bytes = rest;
    }
    bytes
}

fn split_token(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match scan::token_end(bytes, 0).0 as usize {
        0 => None,
        end => bytes.split_at_checked(end),
    }
}

/// What is behind a token or a quoted string.
fn split_word(bytes: &[u8]) -> Option<&[u8]> {
    let Some(mut rest) = bytes.strip_prefix(b"\"") else {
        return split_token(bytes).map(|(_, rest)| rest);
    };
    loop {
        // Controls other than HTAB have been refused with the field value.
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', _, behind @ ..] => behind,
            [b'\\'] | [] => return None,
            [_, behind @ ..] => behind,
        };
    }
}
