//! Payload to octets: the commands on a live message, the same for both roles. Every command checks everything first;
//! an error has changed nothing.

use super::state::SendHalf;
use super::{Connection, Role};
use crate::buffer::{Flow, SendBuf};
use crate::error::SendError;
use crate::syntax::{FieldBlock, Framing, write_chunk_start};
use bytes::Bytes;
use core::convert::Infallible;

/// What may still be sent of the present message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyOut {
    /// Nothing.
    None,
    /// Exactly so many octets.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Octets until the connection closes, or of another protocol.
    Raw,
}

impl BodyOut {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::None => BodyOut::None,
            Framing::Length(length) => BodyOut::Length(length),
            Framing::Chunked => BodyOut::Chunked,
            Framing::UntilClose | Framing::Tunnel => BodyOut::Raw,
        }
    }
}

impl<R: Role> Connection<R> {
    /// Sends a piece of content by copying it: for small pieces. Takes all of it; [`Flow::Full`] is advice to wait
    /// until the buffer has drained. Nothing is sent for an empty piece. Once HTTP is over, the octets go out as they
    /// are.
    ///
    /// # Errors
    /// No message is being sent, or it cannot have that content; nothing has changed then.
    pub fn send(&mut self, payload: &[u8], out: &mut SendBuf) -> Result<Flow, SendError> {
        self.send_framed(payload.len() as u64, out, |out| out.append_slice(payload))
    }

    /// Sends a piece of content without copying it.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_owned(&mut self, payload: Bytes, out: &mut SendBuf) -> Result<Flow, SendError> {
        self.send_framed(payload.len() as u64, out, |out| out.append_owned(payload))
    }

    /// Frames `length` octets of content that the caller writes itself, where [`crate::Chunk::External`] stands: from
    /// a file, a pipe, a registered buffer.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_external(&mut self, length: u64, out: &mut SendBuf) -> Result<Flow, SendError> {
        self.send_framed(length, out, |out| out.append_external(length))
    }

    #[inline]
    fn send_framed(
        &mut self,
        length: u64,
        out: &mut SendBuf,
        append: impl FnOnce(&mut SendBuf),
    ) -> Result<Flow, SendError> {
        self.check_sending()?;
        let chunked = match &mut self.body_out {
            BodyOut::None if length > 0 => return Err(SendError::BodyNotAllowed),
            BodyOut::Length(left) => {
                *left = left.checked_sub(length).ok_or(SendError::BodyTooLong)?;
                false
            }
            BodyOut::None | BodyOut::Raw => false,
            BodyOut::Chunked => length > 0,
        };
        let before = out.len();
        if chunked {
            append_chunk_start(out, length);
        }
        append(out);
        if chunked {
            out.append_slice(b"\r\n");
        }
        self.count_queued(out.len().saturating_sub(before));
        Ok(out.flow())
    }

    /// Whether all the content has been sent that the message has announced, so that it can only be finished.
    pub fn is_content_complete(&self) -> bool {
        matches!(self.send, SendHalf::Body | SendHalf::Streaming)
            && matches!(self.body_out, BodyOut::None | BodyOut::Length(0))
    }

    /// Ends the message, with trailers or without. Trailers need a chunked message.
    ///
    /// # Errors
    /// No message is being sent, fewer octets were sent than announced, or the trailers are not allowed; nothing has
    /// changed then.
    pub fn finish(&mut self, trailers: Option<&FieldBlock>, out: &mut SendBuf) -> Result<(), SendError> {
        self.check_sending()?;
        let trailers = trailers.unwrap_or(FieldBlock::EMPTY);
        match self.body_out {
            BodyOut::Raw if self.send == SendHalf::Upgraded => return Err(SendError::Upgraded),
            BodyOut::Length(1..) => return Err(SendError::BodyTooShort),
            BodyOut::None | BodyOut::Length(0) | BodyOut::Raw if !trailers.is_empty() => {
                return Err(SendError::TrailersNotAllowed);
            }
            BodyOut::None | BodyOut::Length(0) | BodyOut::Raw => {}
            BodyOut::Chunked => {
                trailers.check_trailers(!R::SERVER)?;
                let before = out.len();
                out.append_slice(b"0\r\n");
                out.append_slice(trailers.lines());
                out.append_slice(b"\r\n");
                self.count_queued(out.len().saturating_sub(before));
            }
        }
        self.end_message();
        Ok(())
    }

    fn check_sending(&self) -> Result<(), SendError> {
        match self.send {
            SendHalf::Body | SendHalf::Streaming if self.flags.awaiting_continue => Err(SendError::AwaitingContinue),
            SendHalf::Body | SendHalf::Streaming | SendHalf::Upgraded => Ok(()),
            SendHalf::Idle if !R::SERVER && self.flags.last => Err(SendError::Closed),
            SendHalf::Idle | SendHalf::Due => Err(SendError::NoMessage),
            SendHalf::Closing | SendHalf::Closed => Err(SendError::Closed),
        }
    }

    /// Octets of a request were handed to the send buffer.
    #[inline]
    fn count_queued(&mut self, octets: u64) {
        if !R::SERVER
            && let Some(newest) = self.exchanges.back_mut()
        {
            newest.queued = newest.queued.saturating_add(octets);
        }
    }

    /// A message of ours begins.
    pub(super) fn begin_message(&mut self, framing: Framing, streaming: bool) {
        self.timers.active = true;
        self.body_out = BodyOut::new(framing);
        self.send = if streaming { SendHalf::Streaming } else { SendHalf::Body };
    }

    /// Our message is complete.
    pub(super) fn end_message(&mut self) {
        self.body_out = BodyOut::None;
        self.send = SendHalf::Idle;
        R::on_sent(self);
    }
}

fn append_chunk_start(out: &mut SendBuf, length: u64) {
    let Ok(()) = out.append(|flat| {
        write_chunk_start(flat, length);
        Ok::<_, Infallible>(())
    });
}
