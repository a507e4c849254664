//! A transport and the state machine that speaks on it: one turn of input and output after the other. It moves octets and
//! time, and knows no message. What is due, and until when, the core alone decides.

use crate::BlockingTransport;
use http_driver::parts::{Outbox, Waits, date};
use http_driver::{Error, ErrorKind, Inbox, Side};
use http_proto::{Connection, Element, End, Instant, Interest, RecvError, SendBuf};
use std::io::{self, IoSlice};
use std::thread;

/// Octets that are read ahead while nobody asks for them, so that the end of the input and a reset are noticed.
const READ_AHEAD: usize = 16 * 1024;
/// Octets of one read: so many stay in the cache until they are used.
const READ: usize = 64 * 1024;
/// Slices of one vectored write.
const SLICES: usize = 64;
/// The deadline of what is only to be tried.
const AT_ONCE: Option<Instant> = Some(Instant::ORIGIN);

/// When a turn reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// When the core is interested.
    Wanted,
    /// A little, for the sake of what a reset or the end of the input says.
    Ahead,
    /// Not now.
    Never,
}

/// What a turn that could do nothing waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Awaited {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) deadline: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Link<R: Side, T> {
    pub(crate) core: Connection<R>,
    pub(crate) out: Outbox,
    pub(crate) io: T,
    /// The time of the present turn.
    pub(crate) now: Instant,
    /// The time of the last read, and of that which brought the first octet of the next head.
    pub(crate) read_at: Instant,
    pub(crate) head_at: Instant,
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
    /// The last read has taken all that there was.
    drained: bool,
}

impl<R: Side, T: BlockingTransport> Link<R, T> {
    pub(crate) fn new(core: Connection<R>, io: T) -> Self {
        let now = io.now();
        Link {
            core,
            out: Outbox::default(),
            io,
            now,
            read_at: now,
            head_at: now,
            waits: R::Waits::default(),
            late: false,
            read: 0,
            written: 0,
            error: None,
            lost: false,
            half_closed: false,
            drained: false,
        }
    }

    /// One turn of input and output, which waits for the transport: writes all that is to be written; reads once if it is
    /// wanted, or waits until the earliest deadline. When it returns, the core should be asked again.
    pub(crate) fn turn(&mut self, inbox: &mut Inbox, reading: Reading) {
        self.now = self.io.now();
        self.late = false;
        while self.interest().write {
            let deadline = self.core.poll_timeout(self.now, self.out.view());
            if !self.write(deadline) && self.expire() {
                return;
            }
        }
        match self.finish_sending(true) {
            Some(true) => {}
            Some(false) => {
                self.expire();
                return;
            }
            None => return,
        }
        let reads = self.reads(inbox, reading);
        let deadline = self.deadline(reads);
        if reads {
            if !self.receive(inbox, deadline) && !self.expire() {
                self.late = deadline.is_some_and(|deadline| deadline <= self.now);
            }
        } else if let Some(deadline) = deadline {
            thread::sleep(deadline.saturating_since(self.now));
            self.now = self.io.now();
            self.expire();
        } else {
            // Nothing can happen any more.
            self.core.abort();
        }
    }

    /// The same without waiting: what can be done at once is done. `None`: the core should be asked again.
    pub(crate) fn try_turn(&mut self, inbox: &mut Inbox, reading: Reading) -> Option<Awaited> {
        self.now = self.io.now();
        self.late = false;
        let full = self.out.view().is_full();
        while self.interest().write {
            if !self.write(AT_ONCE) {
                break;
            }
        }
        let mut writable = self.interest().write;
        if !writable {
            writable = !self.finish_sending(false)?;
        }
        if full && !self.out.view().is_full() {
            return None;
        }
        let readable = self.reads(inbox, reading);
        // Between requests who waits next is told as soon as there is more, and a read would be in vain.
        let waits = std::mem::take(&mut self.drained) && reading == Reading::Wanted && self.core.outstanding() == 0;
        if readable && !waits && self.receive(inbox, AT_ONCE) {
            return None;
        }
        let deadline = self.deadline(readable);
        if self.expire() {
            return None;
        }
        Some(Awaited { readable, writable, deadline })
    }

    /// Gives the buffer back and closes the sending side, if it is time; `None`: the connection is closed. False if that
    /// could not be done in time, or not at once if it does not wait.
    fn finish_sending(&mut self, waits: bool) -> Option<bool> {
        self.out.release();
        let interest = self.interest();
        if interest.close {
            return None;
        }
        if interest.shutdown_write && !self.half_closed {
            let deadline = if waits { self.core.poll_timeout(self.now, self.out.view()) } else { AT_ONCE };
            let shut = self.io.shutdown(deadline);
            self.now = self.io.now();
            // That the peer is gone already will show when reading.
            self.half_closed = !matches!(shut, Err(error) if error.kind() == io::ErrorKind::TimedOut);
            return Some(self.half_closed);
        }
        Some(true)
    }

    /// Writes until there is `enough` room, or nothing more can be written. Nothing is read meanwhile.
    pub(crate) fn send_until(&mut self, enough: impl Fn(&Self) -> bool) {
        self.core.suspend();
        self.now = self.io.now();
        while !enough(self) && self.interest().write {
            let deadline = self.core.poll_timeout(self.now, self.out.view());
            if !self.write(deadline) {
                self.expire();
            }
        }
        if self.out.is_empty() {
            self.finish_sending(true);
        }
    }

    fn reads(&mut self, inbox: &mut Inbox, reading: Reading) -> bool {
        let reads = match reading {
            Reading::Wanted => self.interest().read,
            Reading::Ahead => inbox.unread_len() < READ_AHEAD && !self.interest().close,
            Reading::Never => false,
        };
        // What is read into no room would be taken for the end of the input. There is room again behind the next event.
        reads && !inbox.has_ended() && !inbox.buffer().spare_mut().is_empty()
    }

    /// The earliest deadline, with that of the role for a turn that reads.
    fn deadline(&mut self, reads: bool) -> Option<Instant> {
        let deadline = self.core.poll_timeout(self.now, self.out.view());
        let waits = self.waits.deadline(&self.core, self.out.view(), self.now).filter(|_| reads);
        [deadline, waits].into_iter().flatten().min()
    }

    /// Lets the core act on a deadline of its own that has passed; whether there was one.
    fn expire(&mut self) -> bool {
        let deadline = self.core.poll_timeout(self.now, self.out.view());
        let passed = deadline.is_some_and(|deadline| deadline <= self.now);
        if passed {
            self.core.handle_timeout(self.now, self.out.view());
        }
        passed
    }

    /// Writes once; false if that could not be done in time.
    fn write(&mut self, deadline: Option<Instant>) -> bool {
        let out = self.out.buffer();
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = out.io_slices(&mut slices);
        let written = self.io.write_vectored(slices.get(..count).unwrap_or_default(), deadline);
        self.now = self.io.now();
        match written {
            Ok(0) => self.fail(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                let count = count as u64;
                self.out.buffer().advance(count);
                self.written += count;
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return false,
            Err(error) => self.fail(error),
        }
        true
    }

    /// Reads once; false if nothing came in time.
    fn receive(&mut self, inbox: &mut Inbox, deadline: Option<Instant>) -> bool {
        let room = inbox.buffer().spare_mut();
        let most = room.len().min(READ);
        let received = self.io.read(room.get_mut(..most).unwrap_or_default(), deadline);
        match received {
            Ok(0) => inbox.buffer().set_end(End::Clean),
            Ok(count) => {
                self.now = self.io.now();
                self.read_at = self.now;
                if inbox.unread_len() == 0 {
                    self.head_at = self.now;
                }
                self.read += count as u64;
                self.drained = count < most && !self.io.has_buffered();
                inbox.buffer().commit(count);
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.now = self.io.now();
                return false;
            }
            Err(error) => self.lose_by(inbox, error),
        }
        true
    }

    /// The peer is known to be gone, without a read.
    pub(crate) fn lose(&mut self, inbox: &mut Inbox) {
        self.lose_by(inbox, io::ErrorKind::ConnectionReset.into());
    }

    /// Nothing that is still to be sent can arrive, and what has come is not to be taken for whole.
    fn lose_by(&mut self, inbox: &mut Inbox, error: io::Error) {
        self.lost = true;
        inbox.buffer().set_end(End::Aborted);
        self.fail(error);
    }

    fn fail(&mut self, error: io::Error) {
        self.error.get_or_insert_with(|| Box::new(error));
        self.core.delivery_failed();
    }

    /// Closes the sending side: what is over in good order says so.
    pub(crate) fn say_goodbye(&mut self) {
        if !self.is_cut_off() && self.error.is_none() && !std::mem::replace(&mut self.half_closed, true) {
            let _ = self.io.shutdown(AT_ONCE);
        }
    }
}

impl<R: Side, T> Link<R, T> {
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

    /// Refuses what the peer did wrong, where that makes sense.
    pub(crate) fn refuse(&mut self, error: RecvError) {
        let (core, out) = self.commands();
        R::refuse(core, error, date().as_ref(), out);
    }

    /// What the core said, and the transport if it was at the bottom of it.
    pub(crate) fn received_fault(&mut self, error: RecvError) -> Error {
        let kind = match self.error.take() {
            Some(cause) if error.element() == Element::Connection => ErrorKind::Transport(*cause),
            Some(_) | None => ErrorKind::Received(error),
        };
        Error::new(kind, self.may_retry())
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
