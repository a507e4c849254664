//! A pipe in memory: [`Wire`] is an end as a [`Transport`], [`Peer`] the hand of a test on the other end. How much
//! moves at a time, what waits, and how it breaks is for the test to say; what was asked of a wire is counted.

use http_driver::Transport;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// How an end of a pipe moves octets.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Octets read at a time; zero: not now, ask again at once. The list begins again when it ends; an empty one is no
    /// bound.
    pub reads: Vec<usize>,
    /// The same of writing.
    pub writes: Vec<usize>,
    /// All that is written is taken, and goes on its way with the next flush.
    pub holds: bool,
}

/// What was asked of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls that read.
    pub reads: usize,
    /// Calls that wrote, of either kind.
    pub writes: usize,
    /// Calls that flushed.
    pub flushes: usize,
    /// Calls that closed the sending side.
    pub shutdowns: usize,
    /// The wire was told to reset.
    pub aborted: bool,
    /// The wire is gone.
    pub dropped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Fin,
    /// Told once, as a socket does it; then the input has ended.
    Reset {
        told: bool,
    },
}

/// One direction.
#[derive(Debug)]
struct Direction {
    octets: VecDeque<u8>,
    /// Written, but not flushed.
    held: VecDeque<u8>,
    capacity: usize,
    ending: Option<Ending>,
    /// Writing fails.
    broken: Option<ErrorKind>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Who waits for a reset.
    watcher: Option<Waker>,
}

impl Direction {
    fn new() -> Self {
        Direction {
            octets: VecDeque::new(),
            held: VecDeque::new(),
            capacity: usize::MAX,
            ending: None,
            broken: None,
            reader: None,
            writer: None,
            watcher: None,
        }
    }

    fn put(&mut self, octets: &[u8]) {
        assert!(self.ending.is_none(), "octets behind the end");
        self.octets.extend(octets);
        wake(&mut self.reader);
    }

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.octets.len())
    }

    fn end(&mut self, ending: Ending) {
        if let Ending::Reset { .. } = ending {
            self.octets.clear();
            wake(&mut self.watcher);
        }
        self.ending.get_or_insert(ending);
        if let Ending::Reset { .. } = ending {
            self.ending = Some(ending);
        }
        wake(&mut self.reader);
    }

    fn fail(&mut self, kind: ErrorKind) {
        self.broken = Some(kind);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn note(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

/// Both directions: what the end with the same index reads.
#[derive(Debug)]
struct Pipe {
    into: [Direction; 2],
    counts: [Counts; 2],
}

type Shared = Arc<Mutex<Pipe>>;

fn pipe() -> Shared {
    let into = [Direction::new(), Direction::new()];
    Arc::new(Mutex::new(Pipe { into, counts: [Counts::default(); 2] }))
}

/// A wire, and the hand on its other end.
pub fn wire(shape: Shape) -> (Wire, Peer) {
    let pipe = pipe();
    (Wire::new(&pipe, 0, shape), Peer { pipe })
}

/// Two wires that are each other's other end, and the hand that stands where the second one is.
pub fn pair(first: Shape, second: Shape) -> (Wire, Wire, Peer) {
    let pipe = pipe();
    (Wire::new(&pipe, 0, first), Wire::new(&pipe, 1, second), Peer { pipe })
}

/// An end of a pipe.
#[derive(Debug)]
pub struct Wire {
    pipe: Shared,
    side: usize,
    shape: Shape,
    read: usize,
    written: usize,
    aborted: bool,
}

fn budget(budgets: &[usize], turn: &mut usize) -> usize {
    let budget = budgets.get(*turn).copied().unwrap_or(usize::MAX);
    *turn = (*turn + 1) % budgets.len().max(1);
    budget
}

impl Wire {
    fn new(pipe: &Shared, side: usize, shape: Shape) -> Self {
        Wire { pipe: Arc::clone(pipe), side, shape, read: 0, written: 0, aborted: false }
    }
}

impl Transport for Wire {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(!room.is_empty(), "no room to read into");
        let mut pipe = self.pipe.lock().unwrap();
        pipe.counts[self.side].reads += 1;
        let input = &mut pipe.into[self.side];
        match &mut input.ending {
            Some(Ending::Reset { told: told @ false }) => {
                *told = true;
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
            Some(_) if input.octets.is_empty() => return Poll::Ready(Ok(0)),
            Some(_) | None => {}
        }
        if input.octets.is_empty() {
            note(&mut input.reader, cx);
            return Poll::Pending;
        }
        let budget = budget(&self.shape.reads, &mut self.read);
        if budget == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let count = budget.min(room.len()).min(input.octets.len());
        for (place, octet) in room.iter_mut().zip(input.octets.drain(..count)) {
            *place = octet;
        }
        wake(&mut input.writer);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe.lock().unwrap();
        pipe.counts[self.side].writes += 1;
        let output = &mut pipe.into[1 - self.side];
        assert!(slices.iter().all(|slice| !slice.is_empty()), "an empty slice");
        if let Some(kind) = output.broken {
            return Poll::Ready(Err(kind.into()));
        }
        assert!(output.ending.is_none(), "written behind the end");
        let room = if self.shape.holds { usize::MAX } else { output.room() };
        if room == 0 {
            note(&mut output.writer, cx);
            return Poll::Pending;
        }
        let budget = budget(&self.shape.writes, &mut self.written);
        if budget == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut left = budget.min(room);
        let before = left;
        for slice in slices {
            let count = left.min(slice.len());
            if self.shape.holds {
                output.held.extend(&slice[..count]);
            } else {
                output.put(&slice[..count]);
            }
            left -= count;
        }
        Poll::Ready(Ok(before - left))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut pipe = self.pipe.lock().unwrap();
        pipe.counts[self.side].flushes += 1;
        let output = &mut pipe.into[1 - self.side];
        if let Some(kind) = output.broken {
            return Poll::Ready(Err(kind.into()));
        }
        let count = output.room().min(output.held.len());
        let octets: Vec<u8> = output.held.drain(..count).collect();
        if count > 0 {
            output.put(&octets);
        }
        if !output.held.is_empty() {
            note(&mut output.writer, cx);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = if self.shape.holds { self.poll_flush(cx) } else { Poll::Ready(Ok(())) };
        let mut pipe = self.pipe.lock().unwrap();
        pipe.counts[self.side].shutdowns += 1;
        if let Poll::Ready(Ok(())) = flushed {
            pipe.into[1 - self.side].end(Ending::Fin);
        }
        flushed
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut pipe = self.pipe.lock().unwrap();
        let input = &mut pipe.into[self.side];
        if let Some(Ending::Reset { told }) = &mut input.ending {
            *told = true;
            return Poll::Ready(());
        }
        note(&mut input.watcher, cx);
        Poll::Pending
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.pipe.lock().unwrap().counts[self.side].aborted = true;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut pipe = self.pipe.lock().unwrap();
        pipe.counts[self.side].dropped = true;
        let ending = if self.aborted { Ending::Reset { told: false } } else { Ending::Fin };
        pipe.into[1 - self.side].end(ending);
        pipe.into[self.side].fail(ErrorKind::BrokenPipe);
    }
}

/// The hand on the second end of a pipe.
#[derive(Debug, Clone)]
pub struct Peer {
    pipe: Shared,
}

impl Peer {
    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        self.pipe.lock().unwrap()
    }

    /// Sends octets.
    pub fn send(&self, octets: impl AsRef<[u8]>) {
        self.pipe().into[0].put(octets.as_ref());
    }

    /// Sends octets, then closes the sending side.
    pub fn send_last(&self, octets: impl AsRef<[u8]>) {
        self.send(octets);
        self.fin();
    }

    /// Closes the sending side.
    pub fn fin(&self) {
        self.pipe().into[0].end(Ending::Fin);
    }

    /// Resets the connection: what was not read is gone, and nothing can be written.
    pub fn reset(&self) {
        let mut pipe = self.pipe();
        pipe.into[0].end(Ending::Reset { told: false });
        pipe.into[1].fail(ErrorKind::ConnectionReset);
    }

    /// Makes writing fail, and nothing else.
    pub fn fail_writes(&self, kind: ErrorKind) {
        self.pipe().into[1].fail(kind);
    }

    /// Takes no more than so many octets until they are read.
    pub fn limit(&self, capacity: usize) {
        let mut pipe = self.pipe();
        pipe.into[1].capacity = capacity;
        wake(&mut pipe.into[1].writer);
    }

    /// Reads all that has come.
    pub fn read(&self) -> Vec<u8> {
        let mut pipe = self.pipe();
        let octets = pipe.into[1].octets.drain(..).collect();
        wake(&mut pipe.into[1].writer);
        octets
    }

    /// Reads all that has come, as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.read()).expect("text")
    }

    /// Reads all that has come, and says how much that was.
    pub fn swallow(&self) -> usize {
        let mut pipe = self.pipe();
        let count = pipe.into[1].octets.len();
        pipe.into[1].octets.clear();
        wake(&mut pipe.into[1].writer);
        count
    }

    /// The octets sent that have not been taken.
    pub fn unread(&self) -> usize {
        self.pipe().into[0].octets.len()
    }

    /// The other end has closed its sending side, in order.
    pub fn saw_fin(&self) -> bool {
        self.pipe().into[1].ending == Some(Ending::Fin)
    }

    /// The other end has reset the connection.
    pub fn saw_reset(&self) -> bool {
        matches!(self.pipe().into[1].ending, Some(Ending::Reset { .. }))
    }

    /// What was asked of the wire at the other end.
    pub fn counts(&self) -> Counts {
        self.pipe().counts[0]
    }
}
