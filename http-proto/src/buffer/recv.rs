//! [`RecvBuf`]: received octets that have not been read yet, where the last event lies among them, and the table of
//! the last head.
//!
//! The unread octets are those of `carry`, then those of the storage behind `start`. Storages that are filled have no
//! `carry`; storages that come in pieces put there what an earlier piece left over, and then line by line as much of
//! the next piece as a head needs to lie in one block. Content stays where it is.

use super::storage::{Feed, Fill, Storage};
use crate::syntax::HeadParser;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// Octets of a new buffer.
const INITIAL: usize = 8 * 1024;
/// The size to which it grows while every read fills it. More than the longest head.
const MAXIMUM: usize = 256 * 1024;

/// How the input ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The peer said that nothing follows: FIN, and close_notify before it where there is TLS.
    Clean,
    /// It broke off: reset, or TLS without close_notify. Never completes a body that lasts until the close.
    Aborted,
}

/// Received octets, owned by the caller. One per connection; the connection records in it what was consumed.
#[derive(Debug)]
pub struct RecvBuf<S> {
    storage: S,
    start: usize,
    filled: usize,
    carry: Vec<u8>,
    carry_start: usize,
    /// Where the last event lies: in `carry` or in the storage, from where to where. There is none if it ends at 0.
    event: (bool, usize, usize),
    head: HeadParser,
    end: Option<End>,
    /// The storage is lent out, with so many unread octets in front.
    lent: Option<usize>,
    last_fill_was_full: bool,
    /// The length that the storage has grown to. What is kept of it makes it shorter.
    size: usize,
    position: u64,
}

impl<S: Storage> Default for RecvBuf<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Storage> RecvBuf<S> {
    /// An empty buffer. It allocates when it is first filled.
    pub fn new() -> Self {
        RecvBuf {
            storage: S::default(),
            start: 0,
            filled: 0,
            carry: Vec::new(),
            carry_start: 0,
            event: (false, 0, 0),
            head: HeadParser::new(),
            end: None,
            lent: None,
            last_fill_was_full: false,
            size: 0,
            position: 0,
        }
    }

    /// Says that no octets follow those received so far. Legal at any time; the first call counts, but that `Aborted`
    /// takes the place of `Clean`.
    pub fn set_end(&mut self, end: End) {
        if self.end != Some(End::Aborted) {
            self.end = Some(end);
        }
    }

    /// How the input ended, if it has.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The number of octets received and not yet consumed.
    pub fn unread_len(&self) -> usize {
        self.carry.len() - self.carry_start + self.filled - self.start + self.lent.unwrap_or(0)
    }

    /// The number of octets consumed so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Keeps the octets of the last event, which must be a payload or a tail, beyond the next step: in constant time
    /// where the storage is `Bytes` or `BytesMut`, else by a copy. The event is over then.
    pub fn retain(&mut self) -> Bytes {
        let (carried, start, end) = core::mem::take(&mut self.event);
        if carried {
            return Bytes::copy_from_slice(self.carry.get(start..end).unwrap_or_default());
        }
        let (kept, cut) = self.storage.keep(start, end);
        self.start = self.start.saturating_sub(cut);
        self.filled = self.filled.saturating_sub(cut);
        kept
    }

    /// The octets for which there is memory without an allocation.
    pub fn capacity(&self) -> usize {
        self.storage.octets().len() + self.carry.capacity()
    }

    /// Gives all memory back if nothing is unread, and says whether it did. The last event is over then.
    pub fn release(&mut self) -> bool {
        if self.unread_len() > 0 || self.lent.is_some() {
            return false;
        }
        self.end_event();
        (self.storage, self.start, self.filled) = (S::default(), 0, 0);
        (self.carry, self.carry_start) = (Vec::new(), 0);
        self.head.release();
        (self.last_fill_was_full, self.size) = (false, 0);
        true
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    /// The unread octets that lie in one block.
    #[inline(always)]
    pub(crate) fn unread(&self) -> &[u8] {
        self.block().1
    }

    #[inline(always)]
    fn block(&self) -> (bool, &[u8]) {
        block(&self.carry, self.carry_start, &self.storage, self.start, self.filled)
    }

    /// The head parser and the block that it parses.
    #[inline(always)]
    pub(crate) fn parser(&mut self) -> (&mut HeadParser, &[u8]) {
        (&mut self.head, block(&self.carry, self.carry_start, &self.storage, self.start, self.filled).1)
    }

    /// The head parser and all unread octets, if they lie in one block of the storage.
    #[inline(always)]
    pub(crate) fn parser_of_all(&mut self) -> Option<(&mut HeadParser, &[u8])> {
        let unread = self.storage.octets().get(self.start..self.filled)?;
        (self.carry_start == self.carry.len()).then_some((&mut self.head, unread))
    }

    pub(crate) fn head(&self) -> &HeadParser {
        &self.head
    }

    /// Lengthens the block by another line, and says whether that was possible.
    pub(crate) fn extend_block(&mut self) -> bool {
        if self.carry_start == self.carry.len() {
            return false;
        }
        let behind = self.storage.octets().get(self.start..self.filled).unwrap_or_default();
        let line = memchr::memchr(b'\n', behind).map_or(behind.len(), |lf| lf + 1);
        self.carry.extend_from_slice(behind.get(..line).unwrap_or_default());
        self.start += line;
        line > 0
    }

    /// Makes one block of all unread octets.
    pub(crate) fn join_blocks(&mut self) {
        if self.carry_start < self.carry.len() {
            self.carry.extend_from_slice(self.storage.octets().get(self.start..self.filled).unwrap_or_default());
            self.start = self.filled;
        }
    }

    #[inline(always)]
    fn end_event(&mut self) {
        self.event.2 = 0;
    }

    /// Ends the last event.
    #[inline(always)]
    pub(crate) fn begin_step(&mut self) {
        self.end_event();
        if self.carry_start > 0 && self.carry_start == self.carry.len() {
            self.carry.clear();
            self.carry_start = 0;
        }
    }

    /// Consumes octets of the block, at most all; the last `event` of them are those of the event.
    #[inline(always)]
    pub(crate) fn consume(&mut self, count: usize, event: usize) {
        if self.carry_start < self.carry.len() {
            return self.consume_carried(count, event);
        }
        let count = count.min(self.filled - self.start);
        self.start += count;
        self.event = (false, self.start.saturating_sub(event), self.start);
        self.position += count as u64;
    }

    #[inline(never)]
    fn consume_carried(&mut self, count: usize, event: usize) {
        let count = count.min(self.carry.len() - self.carry_start);
        self.carry_start += count;
        self.event = (true, self.carry_start.saturating_sub(event), self.carry_start);
        self.position += count as u64;
    }

    /// The octets of the last event.
    #[inline(always)]
    pub(crate) fn event(&self) -> &[u8] {
        let (carried, start, end) = self.event;
        let block = if carried { self.carry.as_slice() } else { self.storage.octets() };
        block.get(start..end).unwrap_or_default()
    }
}

/// The unread octets of one block, and whether they are the carried ones.
#[inline(always)]
fn block<'b, S: Storage>(
    carry: &'b [u8],
    carry_start: usize,
    storage: &'b S,
    start: usize,
    filled: usize,
) -> (bool, &'b [u8]) {
    match carry.get(carry_start..) {
        Some(carried @ [_, ..]) => (true, carried),
        _ => (false, storage.octets().get(start..filled).unwrap_or_default()),
    }
}

impl<S: Fill> RecvBuf<S> {
    /// Room for the next read, behind the unread octets; never empty but where 256 KiB are unread already, or the
    /// storage is lent. The last event is over then. The buffer starts at 8 KiB and grows while reads fill it.
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        self.end_event();
        let room = self.storage.octets().len() - self.filled;
        // While a message is coming in, there mostly is room enough behind what has come of it.
        if self.start == self.filled || self.last_fill_was_full || self.is_short(room) {
            self.make_room();
        }
        self.storage.octets_mut().get_mut(self.filled..).unwrap_or_default()
    }

    /// Whether so little room is not worth a read.
    #[inline(always)]
    fn is_short(&self, room: usize) -> bool {
        room == 0 || room < self.size / 4
    }

    #[inline(never)]
    fn make_room(&mut self) {
        let length = self.storage.octets().len();
        if self.lent.is_some() {
            return;
        }
        if self.start == self.filled || (self.start > 0 && self.is_short(length - self.filled)) {
            self.compact();
        }
        // What was kept is gone from the storage, and no sign that reads want more.
        let whole = length >= self.size;
        let full = self.is_short(length - self.filled) || (whole && self.last_fill_was_full && self.start == 0);
        if full && length < MAXIMUM {
            if whole || self.last_fill_was_full {
                self.size = (self.size.max(length) * 2).clamp(INITIAL, MAXIMUM);
            }
            self.storage.set_len(self.size.max(length));
            self.last_fill_was_full = false;
        }
    }

    /// Says that `count` octets were read into the front of [`RecvBuf::spare_mut`]; more than it holds are ignored.
    #[inline]
    pub fn commit(&mut self, count: usize) {
        let room = self.storage.octets().len() - self.filled;
        self.last_fill_was_full = count >= room;
        self.filled += count.min(room);
    }

    /// Copies octets in, as a read would: for tests, and for input that lies elsewhere already. Returns how many fit.
    pub fn fill_from(&mut self, octets: &[u8]) -> usize {
        let mut taken = 0;
        while let Some(rest @ [_, ..]) = octets.get(taken..) {
            let spare = self.spare_mut();
            let count = rest.len().min(spare.len());
            if count == 0 {
                break;
            }
            if let (Some(to), Some(from)) = (spare.get_mut(..count), rest.get(..count)) {
                to.copy_from_slice(from);
            }
            self.commit(count);
            taken += count;
        }
        taken
    }

    /// Lends the storage to a completion queue. Its length is the unread octets, which travel in front; behind them
    /// there is room for at least 8 KiB. Until [`RecvBuf::restore`] a step finds nothing but `NeedInput`. `None` if it
    /// is lent already.
    pub fn lend(&mut self) -> Option<S> {
        if self.lent.is_some() {
            return None;
        }
        self.end_event();
        self.compact();
        self.storage.set_len(self.filled);
        self.storage.make_room(INITIAL);
        self.lent = Some(self.filled);
        self.filled = 0;
        Some(core::mem::take(&mut self.storage))
    }

    /// Takes the storage back, with `received` octets behind the unread ones.
    ///
    /// # Errors
    /// [`RestoreError`], with the storage in it, if nothing was lent or the storage is shorter than that.
    pub fn restore(&mut self, storage: S, received: usize) -> Result<(), RestoreError<S>> {
        let Some(unread) = self.lent else { return Err(RestoreError(storage)) };
        let filled = unread.saturating_add(received);
        if storage.octets().len() < filled {
            return Err(RestoreError(storage));
        }
        (self.storage, self.start, self.filled, self.lent) = (storage, 0, filled, None);
        Ok(())
    }

    fn compact(&mut self) {
        let (start, filled) = (self.start, self.filled);
        if start > 0 {
            self.storage.octets_mut().copy_within(start..filled, 0);
            (self.start, self.filled) = (0, filled - start);
        }
    }
}

impl<S: Feed> RecvBuf<S> {
    /// Puts in the next piece. What is unread of the earlier ones is carried over by a copy: feed after `NeedInput`,
    /// when that is at most an incomplete head or line. The last event is over then.
    #[inline]
    pub fn feed(&mut self, piece: S) {
        self.end_event();
        if self.carry_start < self.carry.len() || self.start < self.filled {
            self.carry_over();
        }
        (self.start, self.filled) = (0, piece.octets().len());
        self.storage = piece;
    }

    /// Puts all that is unread into the carry.
    #[cold]
    fn carry_over(&mut self) {
        self.carry.drain(..self.carry_start);
        self.carry_start = 0;
        self.carry.extend_from_slice(self.storage.octets().get(self.start..self.filled).unwrap_or_default());
    }
}

/// A storage that cannot be what was lent; here it is again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RestoreError<S>(pub S);

impl<S> fmt::Debug for RestoreError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestoreError")
    }
}

impl<S> fmt::Display for RestoreError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage is not the one that was lent, or too short")
    }
}

impl<S> core::error::Error for RestoreError<S> {}
