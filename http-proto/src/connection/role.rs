//! The two roles, and the few decisions that differ between them.

use super::Connection;
use crate::error::RecvErrorKind;
use crate::syntax::{HeadParser, ParsedHead, Request, Response};

/// Receives requests and answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {}

/// Sends requests and receives the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {}

/// [`Server`] or [`Client`].
pub trait Role: Sized + hooks::Hooks {
    /// The head that this role receives.
    type Head<'b>;
}

impl Role for Server {
    type Head<'b> = Request<'b>;
}

impl Role for Client {
    type Head<'b> = Response<'b>;
}

pub(super) mod hooks {
    use super::*;

    /// Where the roles differ while receiving. Public in name only, which also seals [`Role`].
    pub trait Hooks: Sized {
        #[doc(hidden)]
        const SERVER: bool;

        #[doc(hidden)]
        fn head<'b>(parsed: Parsed<'b>) -> Self::Head<'b>
        where
            Self: super::Role;

        /// A head begins; `Err` if none may.
        #[doc(hidden)]
        fn may_begin_head(connection: &Connection<Self>) -> Result<(), RecvErrorKind>
        where
            Self: super::Role;

        /// Whether the end of the input would cut off a head that has begun.
        #[doc(hidden)]
        fn awaits_head(connection: &Connection<Self>) -> bool
        where
            Self: super::Role;

        /// A whole head lies at the front of `block`.
        #[doc(hidden)]
        fn on_head(
            connection: &mut Connection<Self>,
            parser: &mut HeadParser,
            block: &[u8],
        ) -> Result<Heard, RecvErrorKind>
        where
            Self: super::Role;

        /// Octets of content have come.
        #[doc(hidden)]
        fn on_content(connection: &mut Connection<Self>)
        where
            Self: super::Role;

        /// The peer's message is complete.
        #[doc(hidden)]
        fn on_complete(connection: &mut Connection<Self>)
        where
            Self: super::Role;

        /// Our message is complete.
        #[doc(hidden)]
        fn on_sent(connection: &mut Connection<Self>)
        where
            Self: super::Role;

        /// The body that nobody reads is too long, or too slow.
        #[doc(hidden)]
        fn on_undrainable(connection: &mut Connection<Self>)
        where
            Self: super::Role;

        /// The input ended cleanly between messages; `Err` if one was due.
        #[doc(hidden)]
        fn on_end(connection: &mut Connection<Self>) -> Result<(), RecvErrorKind>
        where
            Self: super::Role;

        /// Receiving has failed, in the body of a message or in front of it.
        #[doc(hidden)]
        fn on_failure(connection: &mut Connection<Self>, in_body: bool)
        where
            Self: super::Role;
    }

    /// What becomes of a head.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Heard {
        /// It is the next event.
        Deliver,
        /// It waits in the buffer.
        Hold,
    }

    /// A head, without its type's being public.
    #[derive(Debug, Clone, Copy)]
    pub struct Parsed<'b>(pub(in crate::connection) ParsedHead<'b>);
}
