//! A transport, a clock and the state machine that speaks on them: one turn of input and output after the other. It
//! moves octets and time, and knows no message.

use crate::answer_timeout::Waits;
use crate::pool::{Inbox, Outbox};
use crate::sending::BATCH;
use crate::side::Side;
use crate::{Error, ErrorKind, Timer, Transport};
use http_proto::{Chunk, Connection, Element, End, Instant, Interest, RecvError, SendBuf};
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

/// Octets that are read ahead while nobody asks for them, so that the end of the input and a reset are noticed.
const READ_AHEAD: usize = 16 * 1024;
/// Octets of one read: so many stay in the cache until they are used.
const READ: usize = 64 * 1024;
/// Slices of one vectored write.
const SLICES: usize = 64;
/// Reads or writes without a pause, after which others on the same thread get their turn.
const BURST: u8 = 16;

/// When [`Link::poll_turn`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// When the core is interested.
    Wanted,
    /// A little, for the sake of what a reset or the end of the input says.
    Ahead,
    /// Not now.
    Never,
}

#[derive(Debug)]
pub(crate) struct Link<R: Side, Io, T> {
    pub(crate) core: Connection<R>,
    pub(crate) out: Outbox,
    pub(crate) io: Io,
    pub(crate) timer: T,
    /// The time of the present turn.
    pub(crate) now: Instant,
    /// The time of the last read, and of that which brought the first octet of the next head.
    pub(crate) read_at: Instant,
    pub(crate) head_at: Instant,
    /// The value of Date for what is answered in this turn.
    date: Option<[u8; 29]>,
    /// The timer is set to it or earlier: a deadline that moves away is looked at again when the timer fires.
    armed: Option<Instant>,
    /// A deadline of the layer above, at which a turn ends.
    pub(crate) alarm: Option<Instant>,
    /// The deadline of the role, which is kept in turns that read.
    pub(crate) waits: R::Waits,
    /// It has passed, and nothing was there to be read: for the layer above to act on.
    pub(crate) late: bool,
    /// Octets read and written since the beginning.
    pub(crate) read: u64,
    pub(crate) written: u64,
    /// What the transport said when it failed.
    pub(crate) error: Option<Box<io::Error>>,
    /// The peer is gone.
    lost: bool,
    half_closed: bool,
    /// Somebody has more to be sent when everything is written.
    pub(crate) awaits_written: bool,
    /// The transport keeps octets back.
    unflushed: bool,
    /// The last octet of the buffer, which has been written, stays in it until the transport has let go of it: all the
    /// core's decisions about what is written hold for what has left.
    last_is_written: bool,
    /// Reads and writes since the task last waited.
    burst: u8,
}

impl<R: Side, Io: Transport, T: Timer> Link<R, Io, T> {
    pub(crate) fn new(core: Connection<R>, io: Io, timer: T) -> Self {
        let now = timer.now();
        Link {
            core,
            out: Outbox::default(),
            io,
            timer,
            now,
            read_at: now,
            head_at: now,
            date: None,
            armed: None,
            alarm: None,
            waits: R::Waits::default(),
            late: false,
            read: 0,
            written: 0,
            error: None,
            lost: false,
            half_closed: false,
            awaits_written: false,
            unflushed: false,
            last_is_written: false,
            burst: 0,
        }
    }

    /// As [`Link::commands`], with the value of Date.
    pub(crate) fn dated_commands(&mut self) -> (&mut Connection<R>, &mut SendBuf, Option<&[u8; 29]>) {
        if self.date.is_none() {
            self.date = self.timer.date();
        }
        (&mut self.core, self.out.buffer(), self.date.as_ref())
    }

    /// One turn of input and output. Ready when the core should be asked again: octets were read, the input ended, there
    /// is room again for what was held back, a deadline has passed, or the connection is closed.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>, inbox: &mut Inbox, reading: Reading) -> Poll<()> {
        let turn = self.poll_io(cx, inbox, reading);
        if turn.is_pending() {
            self.burst = 0;
        }
        turn
    }

    fn poll_io(&mut self, cx: &mut Context<'_>, inbox: &mut Inbox, reading: Reading) -> Poll<()> {
        self.date = None;
        self.late = false;
        if self.burst >= BURST {
            self.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.burst += 1;
        let (full, crowded) = (self.out.view().is_full(), self.out.len() >= BATCH);
        let written = self.written;
        self.poll_send(cx);
        if self.awaits_written && self.out.is_empty() {
            // Behind a look at the input, which may say that no more is wanted.
            self.awaits_written = false;
            cx.waker().wake_by_ref();
        }
        let timed = self.written > written;
        if timed {
            self.now = self.timer.now();
        }
        let interest = self.interest();
        if interest.close {
            return Poll::Ready(());
        }
        // Nothing else would wake those who wait for it, when the transport has taken everything at once.
        if (full && !self.out.view().is_full()) || (crowded && self.out.len() < BATCH) {
            return Poll::Ready(());
        }
        if interest.shutdown_write && !self.half_closed {
            // That the peer is gone already will show when reading.
            self.half_closed = self.io.poll_shutdown(cx).is_ready();
        }
        let reads = match reading {
            Reading::Wanted => interest.read,
            Reading::Ahead => inbox.unread_len() < READ_AHEAD,
            Reading::Never => false,
        };
        let reads = reads && !inbox.has_ended();
        if reads {
            if self.poll_receive(cx, inbox, timed).is_ready() {
                return Poll::Ready(());
            }
        } else if !self.lost && self.io.poll_reset(cx).is_ready() {
            self.lose(inbox, io::ErrorKind::ConnectionReset.into());
            return Poll::Ready(());
        }
        self.poll_deadline(cx, timed, reads)
    }

    /// Whether nothing has come on an idle connection, neither octets nor its end nor its deadline.
    pub(crate) fn is_quiet(&mut self, cx: &mut Context<'_>, inbox: &mut Inbox) -> bool {
        self.date = None;
        self.now = self.timer.now();
        let expired = self.core.poll_timeout(self.now, self.out.view()).is_some_and(|deadline| deadline <= self.now);
        !expired && !inbox.has_ended() && self.interest().read && self.poll_receive(cx, inbox, true).is_pending()
    }

    /// Writes as much as the transport takes.
    fn poll_send(&mut self, cx: &mut Context<'_>) {
        if self.out.is_empty() && !self.unflushed {
            return self.out.release();
        }
        if self.out.len() > 1 {
            self.release_last();
        }
        while !self.last_is_written && self.interest().write {
            match self.poll_write(cx) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => self.fail(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Err(error)) => self.fail(error),
                Poll::Pending => return,
            }
        }
        if self.unflushed {
            match self.io.poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    self.unflushed = false;
                    self.release_last();
                }
                Poll::Ready(Err(error)) => {
                    self.unflushed = false;
                    self.fail(error);
                }
                Poll::Pending => {}
            }
        }
        self.out.release();
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let out = self.out.buffer();
        let written = match out.front() {
            Some(Chunk::Octets(all)) if all.len() as u64 == out.len() => ready!(self.io.poll_write(cx, all))?,
            Some(Chunk::Octets(_) | Chunk::External(_)) | None => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = out.io_slices(&mut slices);
                ready!(self.io.poll_write_vectored(cx, slices.get(..count).unwrap_or_default()))?
            }
        };
        let length = written as u64;
        self.last_is_written = length > 0 && length == out.len();
        let passed = length - u64::from(self.last_is_written);
        out.advance(passed);
        self.written += passed;
        self.unflushed = true;
        Poll::Ready(Ok(written))
    }

    /// Reads once; `timed`: it is known what time it is.
    fn poll_receive(&mut self, cx: &mut Context<'_>, inbox: &mut Inbox, timed: bool) -> Poll<()> {
        if self.lost {
            // The transport has told, and may not tell again.
            inbox.buffer().set_end(End::Aborted);
            return Poll::Ready(());
        }
        let room = inbox.buffer().spare_mut();
        if room.is_empty() {
            // It is lent. What is read into no room would be taken for the end of the input.
            return Poll::Pending;
        }
        let most = room.len().min(READ);
        match self.io.poll_read(cx, room.get_mut(..most).unwrap_or_default()) {
            Poll::Ready(Ok(0)) => inbox.buffer().set_end(End::Clean),
            Poll::Ready(Ok(count)) => {
                if !timed {
                    self.now = self.timer.now();
                }
                self.read_at = self.now;
                if inbox.unread_len() == 0 {
                    self.head_at = self.now;
                }
                self.read += count as u64;
                inbox.buffer().commit(count);
            }
            Poll::Ready(Err(error)) => self.lose(inbox, error),
            Poll::Pending => {
                if self.core.outstanding() == 0 {
                    inbox.release();
                }
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// The peer is gone: nothing that is still to be sent can arrive, and what has come is not to be taken for whole.
    fn lose(&mut self, inbox: &mut Inbox, error: io::Error) {
        self.lost = true;
        inbox.buffer().set_end(End::Aborted);
        self.fail(error);
    }

    fn fail(&mut self, error: io::Error) {
        self.error.get_or_insert_with(|| Box::new(error));
        self.core.delivery_failed();
    }

    /// Waits for the core's deadline, that of the role if this turn `reads`, and the alarm; `timed` as above.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, timed: bool, reads: bool) -> Poll<()> {
        if !timed {
            self.now = self.timer.now();
        }
        let deadline = self.core.poll_timeout(self.now, self.out.view());
        if deadline.is_some_and(|deadline| deadline <= self.now) {
            self.core.handle_timeout(self.now, self.out.view());
            return Poll::Ready(());
        }
        let waits = self.waits.deadline(&self.core, self.out.view(), self.now).filter(|_| reads);
        self.late = waits.is_some_and(|deadline| deadline <= self.now);
        let Some(next) = [deadline, waits, self.alarm].into_iter().flatten().min() else {
            return if self.is_closed() { Poll::Ready(()) } else { Poll::Pending };
        };
        if next <= self.now {
            return Poll::Ready(());
        }
        if self.armed.is_none_or(|armed| next < armed) {
            self.armed = Some(next);
            self.timer.reset(next);
        }
        ready!(self.timer.poll(cx));
        self.armed = None;
        Poll::Ready(())
    }
}

impl<R: Side, Io, T> Link<R, Io, T> {
    /// The core together with the buffer that its commands append to.
    pub(crate) fn commands(&mut self) -> (&mut Connection<R>, &mut SendBuf) {
        (&mut self.core, self.out.buffer())
    }

    pub(crate) fn interest(&self) -> Interest {
        self.core.interest(self.out.view())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.interest().close
    }

    /// Whether all requests that are unanswered may be sent again.
    pub(crate) fn may_retry(&self) -> bool {
        R::may_retry(&self.core, self.out.view())
    }

    /// What the core said, and the transport if it was at the bottom of it.
    pub(crate) fn received_fault(&mut self, error: RecvError) -> Error {
        let kind = match self.error.take() {
            Some(cause) if error.element() == Element::Connection => ErrorKind::Transport(*cause),
            Some(_) | None => ErrorKind::Received(error),
        };
        Error::new(kind, self.may_retry())
    }

    /// Takes the octet that has been written out of the buffer.
    fn release_last(&mut self) {
        if std::mem::take(&mut self.last_is_written) {
            self.out.buffer().advance(1);
            self.written += 1;
        }
    }

    /// What has not been written to the transport.
    pub(crate) fn take_out(&mut self) -> SendBuf {
        self.release_last();
        self.out.take()
    }

    /// Closes the sending side as well as it can be done without waiting: what is over in good order says so.
    pub(crate) fn say_goodbye(&mut self, cx: &mut Context<'_>)
    where
        Io: Transport,
    {
        if !self.is_cut_off() && self.error.is_none() && !std::mem::replace(&mut self.half_closed, true) {
            let _ = self.io.poll_shutdown(cx);
        }
    }

    /// Whether octets are on their way out, here or in the transport.
    pub(crate) fn is_sending(&self) -> bool {
        let Interest { write, close, .. } = self.interest();
        write || (self.unflushed && !close)
    }

    /// Whether the peer is known to be gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// The octets handed to the core's send buffer since the beginning.
    pub(crate) fn queued(&self) -> u64 {
        self.written + self.out.len()
    }

    /// Whether dropping the transport now would let the peer take a part for the whole.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.interest().abort || self.core.outstanding() > 0 || !self.out.is_empty()
    }
}
