//! [`SendBuf`]: octets on their way out. Heads, framing and small payloads are flat bytes; large payloads stay the
//! `Bytes` that they were; markers stand for octets that the caller writes itself.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;

/// Whether more should be sent now. Advice: a call that returns it has taken everything.
#[must_use = "ignoring Full lets the buffer grow without bound"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Ready,
    /// Wait until [`SendBuf::advance`] returns true.
    Full,
}

/// When a [`SendBuf`] is full, and when it has drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaterMarks {
    /// Full from so many octets on. Default: 512 KiB, what a large vectored write takes.
    pub high: u64,
    /// Drained at so many octets. Default: 128 KiB, so that the writer never runs dry.
    pub low: u64,
    /// Full from so many copied octets on, which cost memory twice. Default: 64 KiB.
    pub copied: usize,
}

impl WaterMarks {
    const DEFAULT: Self = WaterMarks { high: 512 * 1024, low: 128 * 1024, copied: 64 * 1024 };
}

impl Default for WaterMarks {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The next octets to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// These.
    Octets(&'a [u8]),
    /// So many that the caller has elsewhere (`send_external`).
    External(u64),
}

#[derive(Debug)]
enum Segment {
    /// So many of the flat octets.
    Flat(usize),
    Owned(Bytes),
    External(u64),
}

/// Octets to be written, owned by the caller; commands append to it.
#[derive(Debug)]
pub struct SendBuf {
    flat: Vec<u8>,
    flat_start: usize,
    /// What comes before the flat octets that belong to no segment.
    queue: VecDeque<Segment>,
    queued_flat: usize,
    length: u64,
    /// Octets handed out by `pop_owned` and not yet advanced over: the first of `length`.
    in_flight: u64,
    full: bool,
    marks: WaterMarks,
    written: u64,
}

impl Default for SendBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl SendBuf {
    /// An empty buffer with the default marks. It allocates when something is sent.
    pub const fn new() -> Self {
        SendBuf {
            flat: Vec::new(),
            flat_start: 0,
            queue: VecDeque::new(),
            queued_flat: 0,
            length: 0,
            in_flight: 0,
            full: false,
            marks: WaterMarks::DEFAULT,
            written: 0,
        }
    }

    /// An empty buffer with these marks. An empty buffer is never full: marks of zero count as one.
    pub fn with_marks(marks: WaterMarks) -> Self {
        let marks = WaterMarks { high: marks.high.max(1), copied: marks.copied.max(1), ..marks };
        SendBuf { marks, ..Self::default() }
    }

    /// The octets not yet written, external ones and those in flight included.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether everything has been written.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether [`Flow::Full`] was said, and the buffer has not run down to its low mark since.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The octets written since the beginning.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The next octets to be written; `None` if there are none, or only such as are in flight.
    pub fn front(&self) -> Option<Chunk<'_>> {
        match self.queue.front() {
            Some(Segment::Flat(count)) => Some(Chunk::Octets(self.flat_octets(*count))),
            Some(Segment::Owned(bytes)) => Some(Chunk::Octets(bytes)),
            Some(Segment::External(count)) => Some(Chunk::External(*count)),
            None => match self.flat_octets(usize::MAX) {
                [] => None,
                octets => Some(Chunk::Octets(octets)),
            },
        }
    }

    fn flat_octets(&self, count: usize) -> &[u8] {
        let end = self.flat_start.saturating_add(count).min(self.flat.len());
        self.flat.get(self.flat_start..end).unwrap_or_default()
    }

    /// Fills `slices` with the next octets, for one vectored write; stops in front of an external marker. Returns how
    /// many slices were set.
    #[cfg(feature = "std")]
    pub fn io_slices<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let mut flat = self.flat_start;
        let mut set = 0;
        let segments = self.queue.iter().map(Some).chain([None]);
        for (slice, segment) in slices.iter_mut().zip(segments) {
            let octets = match segment {
                Some(Segment::Flat(count)) => {
                    flat += count;
                    self.flat.get(flat - count..flat).unwrap_or_default()
                }
                Some(Segment::Owned(bytes)) => bytes,
                Some(Segment::External(_)) => break,
                None => self.flat.get(flat..).unwrap_or_default(),
            };
            if !octets.is_empty() {
                *slice = std::io::IoSlice::new(octets);
                set += 1;
            }
        }
        set
    }

    /// Says that `count` octets were written; more than there are count as all. True exactly once for every
    /// [`Flow::Full`], when the buffer has drained to its low mark.
    pub fn advance(&mut self, count: u64) -> bool {
        let count = count.min(self.length);
        self.length -= count;
        self.written += count;
        let flown = count.min(self.in_flight);
        self.in_flight -= flown;
        self.drop_front(count - flown);
        let drained = self.length <= self.marks.low && self.copied() <= self.marks.copied / 4;
        self.full && drained && core::mem::replace(&mut self.full, false)
    }

    fn drop_front(&mut self, mut count: u64) {
        while count > 0 {
            let (dropped, empty) = match self.queue.front_mut() {
                Some(Segment::Flat(left)) => {
                    // No more than `left`, which is a usize.
                    let dropped = count.min(*left as u64) as usize;
                    *left -= dropped;
                    self.queued_flat -= dropped;
                    self.flat_start += dropped;
                    (dropped as u64, *left == 0)
                }
                Some(Segment::Owned(bytes)) => {
                    let dropped = count.min(bytes.len() as u64);
                    bytes::Buf::advance(bytes, dropped as usize);
                    (dropped, bytes.is_empty())
                }
                Some(Segment::External(left)) => {
                    let dropped = count.min(*left);
                    *left -= dropped;
                    (dropped, *left == 0)
                }
                None => {
                    self.flat_start = self.flat.len().min(self.flat_start.saturating_add(count as usize));
                    (count, false)
                }
            };
            if empty {
                self.queue.pop_front();
            }
            count -= dropped;
        }
        if self.flat_start == self.flat.len() {
            self.flat.clear();
            self.flat_start = 0;
        }
    }

    /// Hands the next octets out as `Bytes`, for a completion queue that wants to own them; `None` if there are none or
    /// an external marker comes first. They stay part of the length until [`SendBuf::advance`] is told of them.
    pub fn pop_owned(&mut self) -> Option<Bytes> {
        let bytes = match self.queue.front() {
            Some(Segment::External(_)) => return None,
            Some(Segment::Flat(count)) => Bytes::copy_from_slice(self.flat_octets(*count)),
            Some(Segment::Owned(bytes)) => bytes.clone(),
            None if self.flat_start == 0 => Bytes::from(core::mem::take(&mut self.flat)),
            None => Bytes::copy_from_slice(self.flat_octets(usize::MAX)),
        };
        if bytes.is_empty() {
            return None;
        }
        // A flat buffer that was taken whole is empty already.
        self.drop_front(bytes.len() as u64);
        self.in_flight += bytes.len() as u64;
        Some(bytes)
    }

    /// The octets for which there is memory without an allocation.
    pub fn capacity(&self) -> usize {
        self.flat.capacity()
    }

    /// Gives the memory back if everything has been written, and says whether it did.
    pub fn release(&mut self) -> bool {
        if self.length > 0 {
            return false;
        }
        self.flat = Vec::new();
        self.queue = VecDeque::new();
        true
    }

    /// The octets that nobody has got yet: those in flight may be written already.
    pub(crate) fn unsent(&self) -> u64 {
        self.length.saturating_sub(self.in_flight)
    }

    fn copied(&self) -> usize {
        self.flat.len() - self.flat_start
    }

    /// Appends what `write` writes; it writes nothing if it fails.
    #[inline(always)]
    pub(crate) fn append<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        if self.flat_start > 4096 && self.flat_start >= self.copied() {
            self.flat.drain(..self.flat_start);
            self.flat_start = 0;
        }
        let before = self.flat.len();
        write(&mut self.flat)?;
        self.length += (self.flat.len() - before) as u64;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn append_slice(&mut self, octets: &[u8]) {
        let Ok(()) = self.append(|flat| {
            flat.extend_from_slice(octets);
            Ok::<_, core::convert::Infallible>(())
        });
    }

    pub(crate) fn append_owned(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.close_flat();
        self.length += bytes.len() as u64;
        self.queue.push_back(Segment::Owned(bytes));
    }

    pub(crate) fn append_external(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        self.close_flat();
        self.length = self.length.saturating_add(count);
        self.queue.push_back(Segment::External(count));
    }

    /// Makes a segment of the flat octets behind the last one.
    fn close_flat(&mut self) {
        let open = self.copied() - self.queued_flat;
        if open > 0 {
            self.queue.push_back(Segment::Flat(open));
            self.queued_flat += open;
        }
    }

    pub(crate) fn flow(&mut self) -> Flow {
        if self.length >= self.marks.high || self.copied() >= self.marks.copied {
            self.full = true;
        }
        if self.full { Flow::Full } else { Flow::Ready }
    }
}
