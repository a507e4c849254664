//! The heads that the application hands in: plain descriptions, valid or not; `encode` judges them. Framing and
//! connection fields are members, because the connection writes them itself.

use super::{FieldBlock, FieldSlice, Version};

/// A request head to be sent. Build it with [`RequestHead::new`] or the shorthands, then set what differs.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method, a token.
    pub method: &'a str,
    /// The request target, in one of its four forms (RFC 9112 section 3.2).
    pub target: &'a str,
    /// HTTP/1.1, or HTTP/1.0 for a server that can take nothing else.
    pub version: Version,
    /// The value of Host. `None`: taken from an absolute or authority target, without which an HTTP/1.1 request is a
    /// [`crate::SendError::MissingHost`]. Empty: an empty Host.
    pub host: Option<&'a str>,
    /// Names and values of the other fields, in the order in which they are sent, behind `block`.
    pub fields: &'a [FieldSlice<'a>],
    /// Fields that were validated before.
    pub block: &'a FieldBlock,
    /// Announce that this is the last request (RFC 9112 section 9.6).
    pub close: bool,
    /// Ask for 100 (Continue) before the content (RFC 9110 section 10.1.1).
    pub expect_continue: bool,
    /// The protocols offered for an upgrade, by preference (RFC 9110 section 7.8).
    pub upgrade: &'a [&'a str],
    /// Further connection options, beyond those that follow from the other members.
    pub connection_options: &'a [&'a str],
}

impl<'a> RequestHead<'a> {
    /// A request over HTTP/1.1 without further fields.
    pub const fn new(method: &'a str, target: &'a str) -> Self {
        RequestHead {
            method,
            target,
            version: Version::HTTP_11,
            host: None,
            fields: &[],
            block: FieldBlock::EMPTY,
            close: false,
            expect_continue: false,
            upgrade: &[],
            connection_options: &[],
        }
    }

    /// `GET target` from `host`.
    pub const fn get(host: &'a str, target: &'a str) -> Self {
        RequestHead::new("GET", target).host(host)
    }

    /// With this Host.
    pub const fn host(self, host: &'a str) -> Self {
        RequestHead { host: Some(host), ..self }
    }

    /// With these fields.
    pub const fn fields(self, fields: &'a [FieldSlice<'a>]) -> Self {
        RequestHead { fields, ..self }
    }

    /// With a block of fields validated before.
    pub const fn block(self, block: &'a FieldBlock) -> Self {
        RequestHead { block, ..self }
    }

    /// As the last request on its connection.
    pub const fn close(self) -> Self {
        RequestHead { close: true, ..self }
    }

    /// Waiting for 100 (Continue) before the content.
    pub const fn expect_continue(self) -> Self {
        RequestHead { expect_continue: true, ..self }
    }

    /// Offering these protocols.
    pub const fn upgrade(self, protocols: &'a [&'a str]) -> Self {
        RequestHead { upgrade: protocols, ..self }
    }
}

/// A response head to be sent. Build it with [`ResponseHead::new`] or the shorthands, then set what differs. The
/// version is always HTTP/1.1 (RFC 9112 section 2.3); what an HTTP/1.0 client cannot take is left out.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// The reason phrase; `None`: the usual one.
    pub reason: Option<&'a [u8]>,
    /// Names and values of the other fields, in the order in which they are sent, behind `block`.
    pub fields: &'a [FieldSlice<'a>],
    /// Fields that were validated before.
    pub block: &'a FieldBlock,
    /// The value of Date (RFC 9110 section 6.6.1); `None` where there is no clock.
    pub date: Option<&'a [u8; 29]>,
    /// Close the connection behind this answer; nothing that was pipelined behind it will be answered.
    pub close: bool,
    /// With 101 the protocol switched to; with another status one that the client should switch to.
    pub upgrade: Option<&'a str>,
    /// Further connection options, beyond those that follow from the other members.
    pub connection_options: &'a [&'a str],
}

impl<'a> ResponseHead<'a> {
    /// A response with this status and no further fields.
    pub const fn new(status: u16) -> Self {
        ResponseHead {
            status,
            reason: None,
            fields: &[],
            block: FieldBlock::EMPTY,
            date: None,
            close: false,
            upgrade: None,
            connection_options: &[],
        }
    }

    /// 405, with the Allow field that it must have (RFC 9110 section 15.5.6): see [`FieldBlock::allow`].
    pub const fn method_not_allowed(allow: &'a FieldBlock) -> Self {
        ResponseHead::new(405).block(allow)
    }

    /// 426, with the Upgrade field that it must have (RFC 9110 section 15.5.22).
    pub const fn upgrade_required(protocol: &'a str) -> Self {
        ResponseHead::new(426).upgrade(protocol)
    }

    /// With this reason phrase.
    pub const fn reason(self, reason: &'a [u8]) -> Self {
        ResponseHead { reason: Some(reason), ..self }
    }

    /// With these fields.
    pub const fn fields(self, fields: &'a [FieldSlice<'a>]) -> Self {
        ResponseHead { fields, ..self }
    }

    /// With a block of fields validated before.
    pub const fn block(self, block: &'a FieldBlock) -> Self {
        ResponseHead { block, ..self }
    }

    /// With this Date.
    pub const fn date(self, date: &'a [u8; 29]) -> Self {
        ResponseHead { date: Some(date), ..self }
    }

    /// Closing the connection behind it.
    pub const fn close(self) -> Self {
        ResponseHead { close: true, ..self }
    }

    /// Naming this protocol in Upgrade.
    pub const fn upgrade(self, protocol: &'a str) -> Self {
        ResponseHead { upgrade: Some(protocol), ..self }
    }
}
