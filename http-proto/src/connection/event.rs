//! What a step finds.

use crate::syntax::Fields;

/// The outcome of [`super::Connection::step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// [`super::Connection::event`] has it.
    Event,
    /// Nothing more in the input: read.
    NeedInput,
    /// A send must come first.
    Paused,
    /// No more events will come.
    Closed,
}

/// What was received. Borrows from the receive buffer, never from the connection, so that commands can be given while
/// it is held.
///
/// A request or a final response is `HeadersComplete`, any number of `Payload`, `MessageComplete`. An interim response
/// is `HeadersComplete` alone. Where HTTP ends, `UpgradeTail` follows the last message.
///
/// An event ends where its buffer next changes, and the compiler sees to that; [`crate::RecvBuf::retain`] keeps the
/// octets of a payload longer.
///
/// ```compile_fail,E0499
/// // I8
/// # use http_proto::{Config, Connection, Event, RecvBuf};
/// let mut http = Connection::server(std::sync::Arc::new(Config::server()));
/// let mut input = RecvBuf::<Vec<u8>>::new();
/// let event = http.recv(&mut input).unwrap();
/// input.spare_mut(); // the octets may move
/// assert!(matches!(event, Event::NeedInput));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'b, H> {
    /// A whole head: a [`crate::Request`] on a server, a [`crate::Response`] on a client.
    HeadersComplete(H),
    /// Octets of content, decoded, never none.
    Payload(&'b [u8]),
    /// The end of the message, with its trailer fields, mostly none.
    MessageComplete(Fields<'b>),
    /// HTTP is over. The octets of the next protocol that had been received, exactly once, perhaps none.
    UpgradeTail(&'b [u8]),
    /// Nothing more in the input: read.
    NeedInput,
    /// A send must come first: the pipeline is full, or an upgrade or CONNECT is undecided.
    Paused,
    /// No more events will come.
    Closed,
}

/// The kind of the last event; where it lies, the buffer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Head,
    Payload,
    Complete { trailers: bool },
    Tail,
    Nothing(Step),
}
