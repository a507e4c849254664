//! What the connection wants of its transport: the one question that I/O loops get wrong, as one pure function.

use super::state::{RecvHalf, SendHalf};
use super::{Connection, Role};
use crate::buffer::SendBuf;

/// What the I/O loop should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// Read: more octets would lead to an event. While this is false, leave them to TCP, which holds the peer back.
    pub read: bool,
    /// Write what the send buffer holds.
    pub write: bool,
    /// Close the sending side, and go on reading as long as `read` says; doing it again does no harm.
    pub shutdown_write: bool,
    /// Close.
    pub close: bool,
    /// Reset instead of an orderly close: a message was cut off, and the peer must notice.
    pub abort: bool,
}

impl<R: Role> Connection<R> {
    /// What to do next. Ask after every call that changes the connection or a buffer.
    pub fn interest(&self, out: &SendBuf) -> Interest {
        let close = self.is_finished(out);
        let flushed = out.is_empty();
        Interest {
            read: !close && self.wants_input(),
            write: !close && !flushed && !self.flags.undeliverable,
            shutdown_write: !close && flushed && self.send == SendHalf::Closing,
            close,
            abort: self.flags.aborted,
        }
    }

    /// Whether nothing is left to be read or written.
    pub(super) fn is_finished(&self, out: &SendBuf) -> bool {
        match self.send {
            SendHalf::Closed => true,
            // A server closes when its answer is out and the input has ended, a client when its request is out, if the
            // server still reads it.
            SendHalf::Closing if R::SERVER => out.is_empty() && self.recv != RecvHalf::Linger,
            SendHalf::Closing => out.is_empty() || self.flags.unwanted || self.flags.undeliverable,
            SendHalf::Idle | SendHalf::Due | SendHalf::Body | SendHalf::Streaming | SendHalf::Upgraded => false,
        }
    }

    fn wants_input(&self) -> bool {
        match self.recv {
            RecvHalf::Head => self.may_receive_head(),
            RecvHalf::Body | RecvHalf::Linger => true,
            RecvHalf::Held | RecvHalf::Undecided | RecvHalf::Tail | RecvHalf::Upgraded | RecvHalf::Ended => false,
        }
    }
}
