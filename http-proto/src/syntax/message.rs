//! Heads as the application sees them: views of the receive buffer, and their owned copies.

use super::{Fields, ParsedHead, StartLine, TargetForm, authority_of, slice};
use alloc::vec::Vec;
use core::fmt;

/// The minor version of HTTP/1, as received or to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    /// HTTP/1.0.
    pub const HTTP_10: Version = Version(0);
    /// HTTP/1.1.
    pub const HTTP_11: Version = Version(1);

    pub(crate) const fn from_minor(minor: u8) -> Self {
        Version(minor)
    }

    /// The digit behind `HTTP/1.`, as received.
    pub const fn minor(self) -> u8 {
        self.0
    }

    /// Whether the rules of HTTP/1.1 apply: to every minor version but 0 (RFC 9110 section 6.2).
    pub const fn is_http11(self) -> bool {
        self.0 >= 1
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/1.{}", self.0)
    }
}

/// What the protocol itself has to know of a method (RFC 9110 section 9). Methods are case-sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodKind {
    /// GET.
    Get,
    /// HEAD: the answer has no content.
    Head,
    /// OPTIONS.
    Options,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// TRACE.
    Trace,
    /// CONNECT: a 2xx answer makes a tunnel.
    Connect,
    /// Any other token.
    Other,
}

impl MethodKind {
    /// The kind of a method.
    #[inline(always)]
    pub fn of(method: &[u8]) -> Self {
        match method {
            b"GET" => MethodKind::Get,
            b"HEAD" => MethodKind::Head,
            b"OPTIONS" => MethodKind::Options,
            b"POST" => MethodKind::Post,
            b"PUT" => MethodKind::Put,
            b"PATCH" => MethodKind::Patch,
            b"DELETE" => MethodKind::Delete,
            b"TRACE" => MethodKind::Trace,
            b"CONNECT" => MethodKind::Connect,
            _ => MethodKind::Other,
        }
    }

    /// Whether requests of this method may overlap under `safe_only`: GET, HEAD and OPTIONS.
    pub const fn may_pipeline(self) -> bool {
        matches!(self, MethodKind::Get | MethodKind::Head | MethodKind::Options)
    }

    /// Whether the request may be sent again when it is not known to have been executed (RFC 9110 section 9.2.2).
    pub const fn is_idempotent(self) -> bool {
        match self {
            MethodKind::Get
            | MethodKind::Head
            | MethodKind::Options
            | MethodKind::Put
            | MethodKind::Delete
            | MethodKind::Trace => true,
            MethodKind::Post | MethodKind::Patch | MethodKind::Connect | MethodKind::Other => false,
        }
    }

    pub(crate) const fn anticipates_content(self) -> bool {
        matches!(self, MethodKind::Post | MethodKind::Put | MethodKind::Patch)
    }
}

/// A request head, borrowed from the receive buffer.
#[derive(Clone, Copy)]
pub struct Request<'b> {
    head: ParsedHead<'b>,
}

impl<'b> Request<'b> {
    pub(crate) fn new(head: ParsedHead<'b>) -> Self {
        Request { head }
    }

    /// The method, with its case.
    pub fn method(&self) -> &'b str {
        super::fields::ascii(slice(self.head.fields.block(), 0, usize::from(self.head.line.first_end)))
    }

    /// Where method and target lie in the block of the fields.
    #[cfg(feature = "http")]
    pub(crate) fn line_ranges(&self) -> (core::ops::Range<usize>, core::ops::Range<usize>) {
        let method_end = usize::from(self.head.line.first_end);
        (0..method_end, method_end + 1..self.head.line.second_end.into())
    }

    /// What the protocol has to know of the method.
    pub fn method_kind(&self) -> MethodKind {
        self.head.line.method
    }

    /// The request target exactly as received: visible US-ASCII.
    pub fn target(&self) -> &'b str {
        super::fields::ascii(slice(
            self.head.fields.block(),
            usize::from(self.head.line.first_end) + 1,
            self.head.line.second_end.into(),
        ))
    }

    /// The form of the target (RFC 9112 section 3.2).
    pub fn target_form(&self) -> TargetForm {
        self.head.line.form
    }

    /// The version received.
    pub fn version(&self) -> Version {
        self.head.line.version
    }

    /// The header section.
    pub fn fields(&self) -> Fields<'b> {
        self.head.fields
    }

    /// Where the content ends; [`super::Framing::Length`] of 0 if there is none.
    pub fn framing(&self) -> super::Framing {
        self.head.facts.framing
    }

    /// Whether the client lets the connection go on after this exchange.
    pub fn keep_alive(&self) -> bool {
        self.head.facts.keep_alive
    }

    /// What Expect asks for.
    pub fn expectation(&self) -> super::Expectation {
        self.head.facts.expectation
    }

    /// Whether another protocol is offered: see the `upgrade` field for which.
    pub fn upgrade_offered(&self) -> bool {
        self.head.facts.upgrade
    }

    /// The authority that is meant (RFC 9112 section 3.3): of the target where it has one, else Host's; `None` if that
    /// is missing or empty.
    pub fn authority(&self) -> Option<&'b str> {
        let target = self.target();
        let authority = match self.head.line.form {
            TargetForm::Authority => target.as_bytes(),
            TargetForm::Absolute => authority_of(target.as_bytes())?,
            TargetForm::Origin | TargetForm::Asterisk => self.head.fields.get("host")?,
        };
        (!authority.is_empty()).then_some(super::fields::ascii(authority))
    }

    /// The target URI (RFC 9112 section 3.3). `scheme` is what the connection is known to be, `http` or `https`.
    /// `None` without an authority, and for CONNECT, whose target is no URI.
    pub fn target_uri(&self, scheme: &str) -> Option<alloc::string::String> {
        let path = match self.head.line.form {
            TargetForm::Absolute => return Some(self.target().into()),
            TargetForm::Authority => return None,
            TargetForm::Asterisk => "",
            TargetForm::Origin => self.target(),
        };
        Some(alloc::format!("{scheme}://{}{path}", self.authority()?))
    }

    /// An owned copy.
    pub fn to_owned(&self) -> OwnedRequest {
        let mut owned = OwnedRequest::default();
        self.clone_into(&mut owned);
        owned
    }

    /// Copies into `owned`, whose memory is used again.
    pub fn clone_into(&self, owned: &mut OwnedRequest) {
        owned.0.assign(&self.head);
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target())
            .field("version", &self.version())
            .field("fields", &self.fields())
            .finish()
    }
}

/// A response head, borrowed from the receive buffer.
#[derive(Clone, Copy)]
pub struct Response<'b> {
    head: ParsedHead<'b>,
}

impl<'b> Response<'b> {
    pub(crate) fn new(head: ParsedHead<'b>) -> Self {
        Response { head }
    }

    /// The status code: any three digits.
    pub fn status(&self) -> u16 {
        self.head.line.status
    }

    /// Whether this is an interim response (1xx but 101), so that another head answers the same request.
    pub fn is_interim(&self) -> bool {
        matches!(self.head.line.status, 100 | 102..200)
    }

    /// The reason phrase: field text, often empty, never to be relied on.
    pub fn reason(&self) -> &'b [u8] {
        slice(self.head.fields.block(), usize::from(self.head.line.first_end) + 1, self.head.line.second_end.into())
    }

    /// The version received.
    pub fn version(&self) -> Version {
        self.head.line.version
    }

    /// The header section.
    pub fn fields(&self) -> Fields<'b> {
        self.head.fields
    }

    /// Where the content ends.
    pub fn framing(&self) -> super::Framing {
        self.head.facts.framing
    }

    /// Whether the server lets the connection go on after this exchange. True for an interim response.
    pub fn keep_alive(&self) -> bool {
        self.is_interim() || self.head.facts.keep_alive
    }

    /// An owned copy.
    pub fn to_owned(&self) -> OwnedResponse {
        let mut owned = OwnedResponse::default();
        self.clone_into(&mut owned);
        owned
    }

    /// Copies into `owned`, whose memory is used again.
    pub fn clone_into(&self, owned: &mut OwnedResponse) {
        owned.0.assign(&self.head);
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("version", &self.version())
            .field("status", &self.status())
            .field("reason", &self.reason().escape_ascii())
            .field("fields", &self.fields())
            .finish()
    }
}

/// The octets and spans of a head, copied out of the receive buffer.
#[derive(Debug, Clone, Default)]
struct OwnedHead {
    block: Vec<u8>,
    spans: Vec<super::FieldSpan>,
    said: Option<(StartLine, super::Facts)>,
}

impl OwnedHead {
    fn assign(&mut self, head: &ParsedHead<'_>) {
        self.block.clear();
        self.block.extend_from_slice(head.fields.block());
        self.spans.clear();
        self.spans.extend_from_slice(head.fields.spans());
        self.said = Some((*head.line, *head.facts));
    }

    fn view(&self) -> Option<ParsedHead<'_>> {
        let (line, facts) = self.said.as_ref()?;
        Some(ParsedHead { fields: Fields::new(&self.block, &self.spans), line, facts })
    }
}

/// An owned copy of a [`Request`]; empty by default.
#[derive(Debug, Clone, Default)]
pub struct OwnedRequest(OwnedHead);

impl OwnedRequest {
    /// The head; `None` before the first copy into it.
    pub fn view(&self) -> Option<Request<'_>> {
        self.0.view().map(Request::new)
    }
}

/// An owned copy of a [`Response`]; empty by default.
#[derive(Debug, Clone, Default)]
pub struct OwnedResponse(OwnedHead);

impl OwnedResponse {
    /// The head; `None` before the first copy into it.
    pub fn view(&self) -> Option<Response<'_>> {
        self.0.view().map(Response::new)
    }
}
