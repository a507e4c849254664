//! Heads that an application made with the types of the `http` crate, as the connection takes them.

use super::{HttpError, ReasonPhrase};
use crate::error::SendError;
use crate::syntax::{BodyLength, FieldBlock, RequestHead, ResponseHead, Version, list, trim};
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Uri};

/// The fields of an application's message: those that are sent as they are, and what the others ask for. The
/// connection writes the others itself.
#[derive(Debug, Clone, Default)]
pub struct SplitHeaders<'a> {
    /// All fields but Host, Content-Length, Transfer-Encoding, Connection, Proxy-Connection, Upgrade and Expect.
    pub block: FieldBlock,
    /// The value of Host.
    pub host: Option<&'a str>,
    /// The value of Content-Length; repeated equal ones count as one.
    pub content_length: Option<u64>,
    /// `Transfer-Encoding: chunked`: the length of the content is not known.
    pub chunked: bool,
    /// `Connection: close`.
    pub close: bool,
    /// `Expect: 100-continue`.
    pub expect_continue: bool,
    /// The protocols of Upgrade.
    pub upgrade: Vec<&'a str>,
    /// The options of Connection that do not follow from other members or fields.
    pub connection_options: Vec<&'a str>,
    /// Date is among the fields, so that the connection must not be given another.
    pub has_date: bool,
}

impl<'a> SplitHeaders<'a> {
    /// Splits the fields.
    ///
    /// # Errors
    /// A framing field that cannot be taken for what it asks for, or a field that may not be sent.
    pub fn new(headers: &'a HeaderMap) -> Result<Self, HttpError> {
        let mut split = SplitHeaders::default();
        split.assign(headers)?;
        Ok(split)
    }

    /// As [`SplitHeaders::new`], in place: the memory of the block before is used again.
    ///
    /// # Errors
    /// As [`SplitHeaders::new`]; what it holds is not to be used then.
    pub fn assign(&mut self, headers: &'a HeaderMap) -> Result<(), HttpError> {
        let mut block = core::mem::take(&mut self.block);
        block.clear();
        *self = SplitHeaders { block, ..SplitHeaders::default() };
        for (name, value) in headers {
            match self.block.push_typed(name, value) {
                Ok(()) => {}
                Err(SendError::FramingField) => self.take(name, trim(value.as_bytes()))?,
                Err(error) => return Err(error.into()),
            }
        }
        self.has_date = self.block.has_date();
        if self.chunked && self.content_length.is_some() {
            return Err(HttpError::ContentLength);
        }
        Ok(())
    }

    /// Takes a field that the connection writes itself for what it asks for.
    fn take(&mut self, name: &HeaderName, value: &'a [u8]) -> Result<(), HttpError> {
        match *name {
            header::HOST => {
                let host = core::str::from_utf8(value).map_err(|_| HttpError::Host)?;
                if self.host.replace(host).is_some() {
                    return Err(HttpError::Host);
                }
            }
            header::CONTENT_LENGTH => {
                let length = number(value).ok_or(HttpError::ContentLength)?;
                if self.content_length.replace(length).is_some_and(|before| before != length) {
                    return Err(HttpError::ContentLength);
                }
            }
            header::TRANSFER_ENCODING => {
                if !value.eq_ignore_ascii_case(b"chunked") || self.chunked {
                    return Err(HttpError::TransferEncoding);
                }
                self.chunked = true;
            }
            header::CONNECTION => {
                for option in list(value) {
                    self.take_option(option)?;
                }
            }
            header::UPGRADE => {
                for protocol in list(value) {
                    self.upgrade.push(core::str::from_utf8(protocol).map_err(|_| HttpError::Option)?);
                }
            }
            header::EXPECT => {
                if !value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(HttpError::Expect);
                }
                self.expect_continue = true;
            }
            // Proxy-Connection, which means nothing.
            _ => {}
        }
        Ok(())
    }

    fn take_option(&mut self, option: &'a [u8]) -> Result<(), HttpError> {
        // These follow from the version, from other members, or from fields of that name.
        const FOLLOWING: [&str; 5] = ["keep-alive", "upgrade", "te", "http2-settings", "proxy-connection"];
        if option.eq_ignore_ascii_case(b"close") {
            self.close = true;
        } else if !FOLLOWING.iter().any(|name| option.eq_ignore_ascii_case(name.as_bytes())) {
            self.connection_options.push(core::str::from_utf8(option).map_err(|_| HttpError::Option)?);
        }
        Ok(())
    }

    /// The body length to send the message with. `known` is the length of the content, if that is known beforehand;
    /// `head_only` says that none of it will be sent: the answer to HEAD, or 304, for which Content-Length speaks of
    /// another answer, and which the caller ends with `finish` unless this is [`BodyLength::Empty`].
    ///
    /// # Errors
    /// [`HttpError::ContentLength`] if the fields give another length.
    pub fn body_length(&self, known: Option<u64>, head_only: bool) -> Result<BodyLength, HttpError> {
        Ok(match (self.content_length, known) {
            (Some(given), _) if head_only => BodyLength::Exact(given),
            (None, Some(0) | None) if head_only => BodyLength::Unknown,
            (Some(given), Some(known)) if given != known => return Err(HttpError::ContentLength),
            (_, Some(0)) => BodyLength::Empty,
            (_, Some(length)) | (Some(length), None) => BodyLength::Exact(length),
            (None, None) => BodyLength::Unknown,
        })
    }
}

/// 1*DIGIT.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let first = digits.first()?;
    let zero = first.is_ascii_digit().then_some(0u64)?;
    digits.iter().try_fold(zero, |n, &c| {
        let digit = c.is_ascii_digit().then(|| u64::from(c - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

/// A request head made of `http` types, ready to be started.
///
/// ```
/// use http_proto::HttpRequestHead;
///
/// let (parts, ()) = http::Request::get("http://user@example.com?q=1").body(()).unwrap().into_parts();
/// let request = HttpRequestHead::new(&parts, false).unwrap();
/// assert_eq!((request.head().target, request.head().host), ("/?q=1", Some("example.com")));
/// ```
#[derive(Debug, Clone)]
pub struct HttpRequestHead<'a> {
    method: &'a str,
    target: Cow<'a, str>,
    host: Option<&'a str>,
    version: Version,
    /// What the fields were split into.
    pub split: SplitHeaders<'a>,
}

impl<'a> HttpRequestHead<'a> {
    /// Describes the request to the origin server, or to a proxy if `to_proxy`.
    ///
    /// The target is in the form that the method and the way demand (RFC 9112 section 3.2): path and query, with `/` for
    /// an empty path; the whole URI to a proxy, without a path where that is `*`; else `*` as it is; host and port for
    /// CONNECT, the port of the scheme if there is none. Userinfo is left out. Host is the authority of the URI; with path
    /// and query, or `*`, a Host field has the last word, as a URI then only says where to connect. HTTP/1.0 is sent if
    /// the request asks for it, else 1.1.
    ///
    /// # Errors
    /// [`HttpError::Uri`] if a proxy is to be given a URI without scheme or authority, or CONNECT has no port; as
    /// [`SplitHeaders::new`].
    pub fn new(parts: &'a http::request::Parts, to_proxy: bool) -> Result<Self, HttpError> {
        let split = SplitHeaders::new(&parts.headers)?;
        let authority = parts.uri.authority().map(|authority| without_userinfo(authority.as_str()));
        let asterisk = parts.uri.path() == "*";
        let (target, host) = if parts.method == Method::CONNECT {
            (tunnel_target(&parts.uri)?, None)
        } else if to_proxy && (!asterisk || authority.is_some()) {
            (absolute_target(&parts.uri)?, None)
        } else {
            (origin_target(&parts.uri), split.host.or(authority))
        };
        let version = match parts.version {
            http::Version::HTTP_10 => Version::HTTP_10,
            _ => Version::HTTP_11,
        };
        Ok(HttpRequestHead { method: parts.method.as_str(), target, host, version, split })
    }

    /// The head to start the request with.
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead {
            version: self.version,
            host: self.host,
            block: &self.split.block,
            close: self.split.close,
            expect_continue: self.split.expect_continue,
            upgrade: &self.split.upgrade,
            connection_options: &self.split.connection_options,
            ..RequestHead::new(self.method, &self.target)
        }
    }
}

fn without_userinfo(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn origin_target(uri: &Uri) -> Cow<'_, str> {
    match uri.path_and_query().map_or("", |both| both.as_str()) {
        "" => Cow::Borrowed("/"),
        query if query.starts_with('?') => Cow::Owned(format!("/{query}")),
        both => Cow::Borrowed(both),
    }
}

fn absolute_target(uri: &Uri) -> Result<Cow<'_, str>, HttpError> {
    let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(HttpError::Uri)?;
    let path = origin_target(uri);
    let path = if path == "*" { "" } else { &path };
    Ok(Cow::Owned(format!("{scheme}://{}{path}", without_userinfo(authority.as_str()))))
}

fn tunnel_target(uri: &Uri) -> Result<Cow<'_, str>, HttpError> {
    let authority = uri.authority().ok_or(HttpError::Uri)?;
    let default = match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        Some(_) | None => None,
    };
    let text = without_userinfo(authority.as_str());
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an address lie within its brackets.
        Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) => (host, port),
        Some(_) | None => (text, ""),
    };
    match (port, default) {
        ("", None) => Err(HttpError::Uri),
        ("", Some(default)) => Ok(Cow::Owned(format!("{host}:{default}"))),
        (_, _) => Ok(Cow::Borrowed(text)),
    }
}

/// A response head made of `http` types, ready to be sent.
///
/// ```
/// use http_proto::{BodyLength, HttpResponseHead};
///
/// let response = http::Response::builder().header("content-length", "5").header("connection", "close").body("hello");
/// let (parts, content) = response.unwrap().into_parts();
/// let head = HttpResponseHead::new(&parts).unwrap();
/// let body = head.split.body_length(Some(content.len() as u64), false).unwrap();
/// assert_eq!((body, head.head().close), (BodyLength::Exact(5), true));
/// // connection.respond(&head.head(), body, &mut out)?; connection.send(content.as_bytes(), &mut out)?; ..
/// ```
#[derive(Debug, Clone, Default)]
pub struct HttpResponseHead<'a> {
    status: u16,
    reason: Option<&'a [u8]>,
    /// What the fields were split into.
    pub split: SplitHeaders<'a>,
}

impl<'a> HttpResponseHead<'a> {
    /// Describes the response. A [`ReasonPhrase`] among the extensions is sent; Host and Expect, which mean nothing in a
    /// response, are not. The version does not matter: it is the connection's.
    ///
    /// # Errors
    /// As [`SplitHeaders::new`].
    pub fn new(parts: &'a http::response::Parts) -> Result<Self, HttpError> {
        let mut head = HttpResponseHead::default();
        head.assign(parts)?;
        Ok(head)
    }

    /// As [`HttpResponseHead::new`], in place: the memory of the block before is used again.
    ///
    /// # Errors
    /// As [`SplitHeaders::new`]; what it holds is not to be used then.
    pub fn assign(&mut self, parts: &'a http::response::Parts) -> Result<(), HttpError> {
        self.status = parts.status.as_u16();
        self.reason = parts.extensions.get::<ReasonPhrase>().map(|reason| &reason.0[..]);
        self.split.assign(&parts.headers)
    }

    /// The head to send. Of several protocols in Upgrade it names the first. Set `date` unless `split.has_date`.
    pub fn head(&self) -> ResponseHead<'_> {
        ResponseHead {
            reason: self.reason,
            block: &self.split.block,
            close: self.split.close,
            upgrade: self.split.upgrade.first().copied(),
            connection_options: &self.split.connection_options,
            ..ResponseHead::new(self.status)
        }
    }
}
