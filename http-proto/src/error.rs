//! The two kinds of error: [`RecvError`], the peer's fault, and [`SendError`], the caller's. Both are `Copy` and hold
//! no octet of the message, so that a log line can never repeat what an attacker sent.

use core::fmt;

/// What the peer did wrong: a stable kind and the place.
///
/// Receiving is over after it; the connection returns the same error for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecvError {
    kind: RecvErrorKind,
    offset: u64,
}

impl RecvError {
    pub(crate) const fn new(kind: RecvErrorKind, offset: u64) -> Self {
        RecvError { kind, offset }
    }

    /// What was wrong.
    pub const fn kind(self) -> RecvErrorKind {
        self.kind
    }

    /// The first octet that no valid message could have had there, counted from the first octet of the message (empty
    /// lines in front of it do not count). The same for every fragmentation of the input.
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// The element of the message that was wrong.
    pub const fn element(self) -> Element {
        self.kind.facts().1
    }

    /// The status with which a server should answer, `None` where no answer makes sense (RFC 9110 section 15).
    pub const fn status(self) -> Option<u16> {
        match self.kind.facts().2 {
            0 => None,
            status => Some(status),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.kind.facts().1.description(), self.offset)?;
        write!(f, ": {}", self.kind.facts().3)
    }
}

impl core::error::Error for RecvError {}

/// A part of a message, as the RFCs name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// The empty lines that may stand in front of a start line.
    EmptyLine,
    /// The request method.
    Method,
    /// The request target.
    Target,
    /// The protocol version.
    Version,
    /// The status line of a response.
    StatusLine,
    /// A line end in a head or trailer section.
    LineEnd,
    /// A field line.
    Field,
    /// The header section as a whole.
    Head,
    /// A chunk-size line, or the line end after chunk data.
    Chunk,
    /// The trailer section.
    Trailers,
    /// The message as a whole.
    Message,
    /// The connection.
    Connection,
}

impl Element {
    const fn description(self) -> &'static str {
        match self {
            Element::EmptyLine => "empty line",
            Element::Method => "method",
            Element::Target => "request target",
            Element::Version => "version",
            Element::StatusLine => "status line",
            Element::LineEnd => "line end",
            Element::Field => "field line",
            Element::Head => "head",
            Element::Chunk => "chunk",
            Element::Trailers => "trailer section",
            Element::Message => "message",
            Element::Connection => "connection",
        }
    }
}

macro_rules! recv_error_kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $element:ident $status:literal $text:literal,)*) => {
        /// What exactly was wrong with the received octets. The names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RecvErrorKind { $($(#[$doc])* $kind,)* }

        impl RecvErrorKind {
            /// Every kind.
            pub const ALL: &'static [RecvErrorKind] = &[$(RecvErrorKind::$kind,)*];

            const fn facts(self) -> (&'static str, Element, u16, &'static str) {
                match self { $(RecvErrorKind::$kind => ($name, Element::$element, $status, $text),)* }
            }

            /// The name in `snake_case`, for logs and metrics.
            pub const fn name(self) -> &'static str {
                self.facts().0
            }
        }
    };
}

recv_error_kinds! {
    /// More empty lines before a message than the limit.
    TooManyEmptyLines "too_many_empty_lines" EmptyLine 400 "too many of them",
    /// A CR that no LF follows.
    BareCr "bare_cr" LineEnd 400 "CR without LF",
    /// An LF that no CR precedes.
    BareLf "bare_lf" LineEnd 400 "LF without CR",
    /// An octet that no method may have, or an empty method.
    InvalidMethod "invalid_method" Method 400 "not a token followed by one blank",
    /// A method longer than the limit.
    MethodTooLong "method_too_long" Method 501 "longer than the limit",
    /// An octet that no request target may have, or an empty target.
    InvalidTarget "invalid_target" Target 400 "empty or with a forbidden octet",
    /// A target longer than the limit.
    TargetTooLong "target_too_long" Target 414 "longer than the limit",
    /// A target of none of the four forms, or of one that its method does not have.
    InvalidTargetForm "invalid_target_form" Target 400 "no form that this method may have",
    /// An absolute target whose authority is missing, malformed or has userinfo.
    InvalidAuthority "invalid_authority" Target 400 "invalid authority",
    /// Not `HTTP/` digit `.` digit.
    InvalidVersion "invalid_version" Version 400 "not HTTP/ digit . digit and a line end",
    /// A major version other than 1.
    UnsupportedVersion "unsupported_version" Version 505 "major version is not 1",
    /// The connection preface of HTTP/2.
    Http2Preface "http2_preface" Version 505 "connection preface of HTTP/2",
    /// Not three digits and one blank after the version, or an octet that no reason phrase may have.
    InvalidStatusLine "invalid_status_line" StatusLine 0 "not version, three digits and a reason",
    /// An octet that no field name may have, or an empty name.
    InvalidFieldName "invalid_field_name" Field 400 "name is not a token",
    /// Blanks between a field name and its colon.
    BlankBeforeColon "blank_before_colon" Field 400 "blank after the name",
    /// A line without a colon.
    MissingColon "missing_colon" Field 400 "no colon",
    /// A blank in front of the first field line.
    LeadingBlank "leading_blank" Field 400 "blank before the first field name",
    /// A folded line in a request.
    ObsFold "obs_fold" Field 400 "folded line",
    /// A control octet in a field value.
    InvalidFieldValue "invalid_field_value" Field 400 "control octet in the value",
    /// A field line longer than the limit.
    FieldTooLong "field_too_long" Field 431 "longer than the limit",
    /// A head longer than the limit.
    HeadTooLong "head_too_long" Head 431 "longer than the limit",
    /// More field lines in a head than the limit.
    TooManyFields "too_many_fields" Head 431 "too many field lines",
    /// An HTTP/1.1 request without Host.
    MissingHost "missing_host" Head 400 "no Host",
    /// More than one Host.
    RepeatedHost "repeated_host" Head 400 "more than one Host",
    /// A Host that is no host with an optional port.
    InvalidHost "invalid_host" Head 400 "invalid Host",
    /// A Content-Length that is not a row of digits.
    InvalidContentLength "invalid_content_length" Head 400 "Content-Length is not a number",
    /// Several Content-Length lines, or a list, whether they agree or not.
    RepeatedContentLength "repeated_content_length" Head 400 "more than one Content-Length",
    /// A Content-Length above 2^64 - 1.
    ContentLengthOverflow "content_length_overflow" Head 400 "Content-Length is out of range",
    /// Transfer-Encoding and Content-Length together.
    LengthWithTransferEncoding "length_with_transfer_encoding" Head 400 "Transfer-Encoding with Content-Length",
    /// Transfer-Encoding in an HTTP/1.0 message.
    TransferEncodingInHttp10 "transfer_encoding_in_http10" Head 400 "Transfer-Encoding in HTTP/1.0",
    /// A Transfer-Encoding that is no list of codings, or has parameters on chunked.
    InvalidTransferEncoding "invalid_transfer_encoding" Head 400 "Transfer-Encoding is not a list of codings",
    /// A request whose final coding is not chunked.
    ChunkedNotFinal "chunked_not_final" Head 400 "final transfer coding is not chunked",
    /// The chunked coding applied twice.
    RepeatedChunked "repeated_chunked" Head 400 "chunked twice",
    /// A request with a coding other than chunked.
    UnknownTransferCoding "unknown_transfer_coding" Head 501 "transfer coding not implemented",
    /// CONNECT with Content-Length or Transfer-Encoding.
    FramedConnect "framed_connect" Head 400 "CONNECT with content",
    /// A chunk-size line that does not begin with a hexadecimal number.
    InvalidChunkSize "invalid_chunk_size" Chunk 400 "invalid size",
    /// A chunk size of more than 16 digits.
    ChunkSizeOverflow "chunk_size_overflow" Chunk 400 "size is out of range",
    /// A malformed chunk extension.
    InvalidChunkExtension "invalid_chunk_extension" Chunk 400 "invalid extension",
    /// Chunk extensions longer than the limit of a line or of a message.
    ChunkExtensionTooLong "chunk_extension_too_long" Chunk 400 "extensions longer than the limit",
    /// Anything but CR LF after a chunk-size line or chunk data.
    InvalidChunkEnd "invalid_chunk_end" Chunk 400 "no CR LF where one must be",
    /// A trailer section longer than the limit.
    TrailersTooLong "trailers_too_long" Trailers 431 "longer than the limit",
    /// More field lines in a trailer section than the limit.
    TooManyTrailers "too_many_trailers" Trailers 431 "too many field lines",
    /// Octets of a response that no request awaits.
    UnsolicitedResponse "unsolicited_response" Message 0 "response without a request",
    /// A 101 without an offer to upgrade.
    UnsolicitedUpgrade "unsolicited_upgrade" Message 0 "101 without an offer",
    /// More interim responses to one request than the limit.
    TooManyInterim "too_many_interim" Message 0 "too many interim responses",
    /// The input ended inside a head.
    IncompleteHead "incomplete_head" Head 400 "input ended",
    /// The input ended inside a body or its trailer section.
    IncompleteBody "incomplete_body" Message 400 "input ended",
    /// The input ended where a response was due.
    NoResponse "no_response" Message 0 "input ended before the response",
    /// The connection was reset, or ended without the close that its security layer demands.
    Aborted "aborted" Connection 0 "aborted by the peer",
    /// The octets of the send buffer could not be delivered.
    DeliveryFailed "delivery_failed" Connection 0 "cannot be written to",
    /// The head did not arrive in time.
    HeadTimeout "head_timeout" Head 408 "not complete in time",
    /// The body made no progress in time.
    BodyTimeout "body_timeout" Message 408 "body made no progress in time",
    /// The peer did not read in time.
    WriteTimeout "write_timeout" Connection 0 "peer did not read in time",
}

macro_rules! send_errors {
    ($($(#[$doc:meta])* $kind:ident $text:literal,)*) => {
        /// A call that the protocol, or the state of the connection, does not allow. It has changed nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SendError { $($(#[$doc])* $kind,)* }

        impl SendError {
            /// Every one.
            pub const ALL: &'static [SendError] = &[$(SendError::$kind,)*];
        }

        impl fmt::Display for SendError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(SendError::$kind => $text,)* })
            }
        }
    };
}

send_errors! {
    /// The connection is closing or closed: no further message can begin, and this one cannot go on.
    Closed "the connection is closing or closed",
    /// HTTP is over on this connection; only `send`, raw, is left.
    Upgraded "the connection no longer speaks HTTP",
    /// `respond`, `inform`, `proceed`, `upgrade` or `refuse` while no request awaits an answer.
    NothingToAnswer "no request awaits an answer",
    /// `respond` or `inform` after the final head of this exchange.
    AlreadyResponded "the head of this response has been sent",
    /// `send` or `finish` while no message of ours is being sent.
    NoMessage "no message is being sent",
    /// `start` while the previous request is not finished.
    RequestUnfinished "the previous request is not finished",
    /// `start` beyond the depth of the pipeline.
    PipelineFull "as many requests are outstanding as the pipeline may hold",
    /// `start` under `safe_only` of, or behind, a request that is not safe, or behind an offer to upgrade or CONNECT.
    NotPipelinable "only safe requests without content are pipelined",
    /// `send` or `finish` before 100 (Continue), a final answer, or the deadline of waiting.
    AwaitingContinue "100 (Continue) is awaited",
    /// `proceed` where the client does not wait for 100 (Continue).
    NotAwaitingContinue "the client does not wait for 100 (Continue)",
    /// `refuse` of an error that is not this connection's, or that cannot be answered.
    NotRefusable "this error cannot be answered on this connection",
    /// `refuse` while earlier requests are unanswered.
    NotYourTurn "earlier requests are unanswered",
    /// `upgrade` where the client offered nothing, or not this protocol.
    UpgradeNotOffered "the client did not offer this protocol",
    /// `upgrade` before the request, or its 100 (Continue), is complete.
    RequestIncomplete "the request is not complete yet",
    /// `respond` with 101, or with 2xx to CONNECT: that is `upgrade`.
    UpgradeRequired "switching protocols is done by upgrade",
    /// A status outside 100 to 999, or one that this call does not send.
    InvalidStatus "not a status for this call",
    /// An interim response to an HTTP/1.0 client.
    InterimToHttp10 "HTTP/1.0 has no interim responses",
    /// A method that is no token.
    InvalidMethod "the method is not a token",
    /// A request target that has none of the four forms, or not one of this method's.
    InvalidTarget "the request target has no form that this method may have",
    /// A Host that is invalid, or differs from the authority of the target.
    InvalidHost "invalid Host",
    /// An HTTP/1.1 request without Host.
    MissingHost "a request needs a Host",
    /// A reason phrase with a control octet.
    InvalidReason "the reason phrase has a forbidden octet",
    /// A field name that is no token.
    InvalidFieldName "the field name is not a token",
    /// A field value with a control octet, or with blanks around it.
    InvalidFieldValue "the field value has a forbidden octet or blanks around it",
    /// A field that the core writes itself: Host, Content-Length, Transfer-Encoding, Connection, Upgrade, Expect, and
    /// obsolete relatives of them.
    FramingField "this field is written by the connection itself",
    /// A field that may stand only once.
    RepeatedField "this field may stand only once",
    /// A field that may not stand in a trailer section (RFC 9110 section 6.5.1).
    ForbiddenTrailer "this field may not be a trailer",
    /// A connection option that is no token, or that names an end-to-end field.
    InvalidConnectionOption "not a valid connection option",
    /// A protocol of Upgrade that is not name or name/version; or a 426 that names none.
    InvalidUpgrade "not a valid protocol to upgrade to",
    /// A date that is not in the form of RFC 9110 section 5.6.7.
    InvalidDate "not an IMF-fixdate",
    /// A head that a peer with our own limits could not receive.
    HeadTooLong "the head is too long",
    /// A body length that this message cannot have.
    BodyNotAllowed "this message cannot have that content",
    /// A body of unknown length to a peer that is not known to speak HTTP/1.1.
    UnknownLength "the peer may not understand chunked",
    /// More octets than were announced.
    BodyTooLong "more octets than were announced",
    /// Fewer octets than were announced: send the rest, or `abort`.
    BodyTooShort "fewer octets than were announced",
    /// Trailers on a message that is not chunked.
    TrailersNotAllowed "only a chunked message has trailers",
}

impl core::error::Error for SendError {}
