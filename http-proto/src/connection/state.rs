//! Where a connection stands. Two rules:
//!
//! 1. The state that the outside sees is derived from the two halves, by one exhaustive `match`; it is stored nowhere.
//! 2. Nothing in this file has seen an octet, or knows which role it plays.

/// What is done with input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecvHalf {
    /// A head is awaited or being parsed.
    Head,
    /// A parsed head waits until it may join the exchanges before it.
    Held,
    /// Content, trailer section or the end of a message is next.
    Body,
    /// A request is complete that asks for another protocol: the answer decides what the octets behind it are.
    Undecided,
    /// Another protocol has begun; the octets received of it have not been handed over.
    Tail,
    /// They have.
    Upgraded,
    /// No message will be received any more.
    Ended,
    /// Input is swallowed, so that closing does not destroy the last answer.
    Linger,
}

/// What is done with output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendHalf {
    /// No message of ours is due.
    Idle,
    /// The head of an answer is due.
    Due,
    /// A head is out; its content or its end is next.
    Body,
    /// The same, of a message that is intentionally long-lived.
    Streaming,
    /// Another protocol has begun.
    Upgraded,
    /// No message will be sent any more; what is in the buffer still goes out.
    Closing,
    /// Nothing goes out any more.
    Closed,
}

/// The lifecycle of a connection, the same for both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A head is being parsed, or awaited: between exchanges, or by a client for an answer.
    ReceivingHeaders,
    /// The body of a message is arriving.
    ReceivingBody,
    /// A server has a whole request and owes the answer or its end; a client is sending its request.
    DispatchingOrSending,
    /// The message being sent is intentionally long-lived ([`crate::BodyLength::Streaming`]).
    Streaming,
    /// HTTP is over; no deadline of HTTP runs.
    Upgraded,
    /// The last octets go out, then the sending side is closed, and input is swallowed for a while.
    Closing,
    /// Done.
    Closed,
}

impl State {
    /// All states.
    pub const ALL: [State; 7] = [
        State::ReceivingHeaders,
        State::ReceivingBody,
        State::DispatchingOrSending,
        State::Streaming,
        State::Upgraded,
        State::Closing,
        State::Closed,
    ];

    pub(super) fn derive(recv: RecvHalf, send: SendHalf) -> Self {
        use RecvHalf as R;
        use SendHalf as S;
        match (recv, send) {
            (R::Head | R::Held | R::Body | R::Undecided | R::Tail | R::Upgraded | R::Ended | R::Linger, S::Closed) => {
                State::Closed
            }
            (
                R::Head | R::Held | R::Body | R::Undecided | R::Tail | R::Upgraded | R::Ended | R::Linger,
                S::Upgraded,
            )
            | (R::Tail | R::Upgraded, S::Idle | S::Due | S::Body | S::Streaming | S::Closing) => State::Upgraded,
            (R::Head | R::Held | R::Body | R::Undecided | R::Ended | R::Linger, S::Closing)
            | (R::Linger, S::Idle | S::Due | S::Body | S::Streaming) => State::Closing,
            (R::Head | R::Held | R::Body | R::Undecided | R::Ended, S::Streaming) => State::Streaming,
            (R::Body, S::Idle | S::Due | S::Body) => State::ReceivingBody,
            (R::Head | R::Held | R::Undecided | R::Ended, S::Due | S::Body) | (R::Undecided | R::Ended, S::Idle) => {
                State::DispatchingOrSending
            }
            (R::Head | R::Held, S::Idle) => State::ReceivingHeaders,
        }
    }

    /// Whether one call on a connection may lead from this state to `next`. HTTP states follow each other freely, for
    /// a call may pass through several; Upgraded and Closing never lead back, and Closed leads nowhere.
    pub const fn may_become(self, next: State) -> bool {
        match self {
            State::ReceivingHeaders | State::ReceivingBody | State::DispatchingOrSending | State::Streaming => true,
            State::Upgraded => matches!(next, State::Upgraded | State::Closing | State::Closed),
            State::Closing => matches!(next, State::Closing | State::Closed),
            State::Closed => matches!(next, State::Closed),
        }
    }
}
