//! What the futures of a thread wait for: sockets and points in time. Whoever polls a future notes it here, for the thread
//! that does so; it is forgotten when it has come, when its owner is dropped, and when the thread has what it wanted.

use super::bell::{Bell, bell};
use crate::{Socket, clock};
use http_driver::parts::lock;
use http_proto::Instant;
use rustix::event::PollFlags;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Wake, Waker};

/// What is awaited of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// There is something to be read.
    Reading,
    /// There is room for something to be written.
    Writing,
    /// The peer is gone, whatever there is to be read.
    Reset,
}

/// A socket that futures wait for. Dropped, it is let go of by the threads that wait for it, so that it is closed.
#[derive(Debug)]
pub(crate) struct Watched(Arc<Source>);

#[derive(Debug)]
pub(super) struct Source {
    socket: Socket,
    /// Threads that may be waiting for it; `None` once it is dropped.
    bells: Mutex<Option<Vec<Weak<Bell>>>>,
    /// The peer is gone.
    reset: AtomicBool,
    /// Both ends have said that they are done, which the system tells unasked, again and again.
    over: AtomicBool,
}

impl Watched {
    pub(crate) fn new(socket: Socket) -> Self {
        let bells = Mutex::new(Some(Vec::new()));
        Watched(Arc::new(Source { socket, bells, reset: AtomicBool::new(false), over: AtomicBool::new(false) }))
    }

    /// Has `cx` woken when that comes which is awaited.
    ///
    /// # Errors
    /// Nothing on this thread waits: see [`super::block_on`].
    pub(crate) fn register(&self, cx: &Context<'_>, what: For) -> io::Result<()> {
        // Nobody would be woken.
        if cx.waker().will_wake(Waker::noop()) && bell().is_some() {
            return Ok(());
        }
        AWAITED.with(|awaited| awaited.add(&self.0, what, cx.waker()))
    }

    /// Whether the peer is known to be gone; if not, `cx` is woken when it is.
    pub(crate) fn is_reset(&self, cx: &Context<'_>) -> bool {
        let reset = self.0.reset.load(Relaxed);
        if !reset && !self.0.over.load(Relaxed) {
            // Where nothing waits, reading tells.
            let _ = self.register(cx, For::Reset);
        }
        reset
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let bells = lock(&self.0.bells).take();
        bells.into_iter().flatten().filter_map(|bell| bell.upgrade()).for_each(Wake::wake);
    }
}

/// A point in time that a future waits for, until this is dropped.
#[derive(Debug)]
pub(crate) struct Alarm(Arc<()>);

impl Alarm {
    /// Has `cx` woken at this time.
    pub(crate) fn set(at: Instant, cx: &Context<'_>) -> Self {
        let alarm = Alarm(Arc::new(()));
        alarm.renew(at, cx);
        alarm
    }

    /// The same for another poll of its future, on whatever thread.
    pub(crate) fn renew(&self, at: Instant, cx: &Context<'_>) {
        AWAITED.with(|awaited| awaited.add_alarm(&self.0, at, cx.waker()));
    }
}

thread_local! {
    static AWAITED: Awaited = const { Awaited::new() };
}

/// All that the futures of this thread wait for.
struct Awaited {
    sockets: RefCell<Vec<Entry>>,
    alarms: RefCell<Vec<Set>>,
    /// The thread, above zero once it was asked for.
    number: Cell<u32>,
    /// Futures that this thread runs, one within the other.
    depth: Cell<u32>,
    /// How often it was woken.
    woken: Cell<u64>,
}

struct Entry {
    source: Weak<Source>,
    what: For,
    waker: Waker,
    depth: u32,
}

struct Set {
    alarm: Weak<()>,
    at: Instant,
    waker: Waker,
    depth: u32,
}

impl Awaited {
    const fn new() -> Self {
        Awaited {
            sockets: RefCell::new(Vec::new()),
            alarms: RefCell::new(Vec::new()),
            number: Cell::new(0),
            depth: Cell::new(0),
            woken: Cell::new(0),
        }
    }

    fn add(&self, source: &Arc<Source>, what: For, waker: &Waker) -> io::Result<()> {
        let depth = self.depth.get();
        if depth == 0 {
            return Err(io::Error::other("futures of http-std are run by its threads, and by its block_on"));
        }
        let mut sockets = self.sockets.borrow_mut();
        let known = |entry: &&mut Entry| entry.what == what && std::ptr::eq(entry.source.as_ptr(), Arc::as_ptr(source));
        if let Some(entry) = sockets.iter_mut().find(known) {
            entry.waker.clone_from(waker);
            entry.depth = entry.depth.min(depth);
            return Ok(());
        }
        if let (Some(bells), Some(bell)) = (&mut *lock(&source.bells), bell())
            && !bells.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(&bell)))
        {
            bells.retain(|known| known.strong_count() > 0);
            bells.push(Arc::downgrade(&bell));
        }
        sockets.push(Entry { source: Arc::downgrade(source), what, waker: waker.clone(), depth });
        Ok(())
    }

    fn add_alarm(&self, alarm: &Arc<()>, at: Instant, waker: &Waker) {
        let depth = self.depth.get();
        let mut alarms = self.alarms.borrow_mut();
        match alarms.iter_mut().find(|set| std::ptr::eq(set.alarm.as_ptr(), Arc::as_ptr(alarm))) {
            Some(set) => {
                set.at = at;
                set.waker.clone_from(waker);
                set.depth = set.depth.min(depth);
            }
            None => alarms.push(Set { alarm: Arc::downgrade(alarm), at, waker: waker.clone(), depth }),
        }
    }
}

/// How often this thread was woken: who has polled a future meanwhile has to do so again.
pub(super) fn woken() -> u64 {
    AWAITED.with(|awaited| awaited.woken.get())
}

pub(super) fn note_woken() {
    AWAITED.with(|awaited| awaited.woken.set(awaited.woken.get() + 1));
}

/// Where a future runs: on a thread, within so many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) thread: u32,
    pub(crate) depth: u32,
}

/// Where this is.
pub(crate) fn place() -> Place {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    AWAITED.with(|awaited| {
        if awaited.number.get() == 0 {
            awaited.number.set(THREADS.fetch_add(1, Relaxed));
        }
        Place { thread: awaited.number.get(), depth: awaited.depth.get() }
    })
}

/// This thread runs a further future.
pub(super) fn enter() {
    AWAITED.with(|awaited| awaited.depth.set(awaited.depth.get() + 1));
}

/// It runs it no longer: what that has waited for is forgotten.
pub(super) fn leave() {
    AWAITED.with(|awaited| {
        let depth = awaited.depth.get();
        awaited.sockets.borrow_mut().retain(|entry| entry.depth < depth);
        awaited.alarms.borrow_mut().retain(|set| set.depth < depth);
        awaited.depth.set(depth - 1);
    });
}

/// A socket that is awaited, held while it is.
pub(super) struct Held {
    source: Arc<Source>,
    what: For,
}

impl Held {
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.source.socket.as_fd()
    }

    pub(super) fn flags(&self) -> PollFlags {
        match self.what {
            For::Reading => PollFlags::IN,
            For::Writing => PollFlags::OUT,
            // What is told unasked.
            For::Reset => PollFlags::empty(),
        }
    }
}

/// The sockets that are awaited, and the earliest point in time.
pub(super) fn held() -> (Vec<Held>, Option<Instant>) {
    AWAITED.with(|awaited| {
        let mut held = Vec::new();
        awaited.sockets.borrow_mut().retain(|entry| {
            let source = entry.source.upgrade().filter(|source| lock(&source.bells).is_some());
            let live = source.is_some();
            held.extend(source.map(|source| Held { source, what: entry.what }));
            live
        });
        let mut alarms = awaited.alarms.borrow_mut();
        alarms.retain(|set| set.alarm.strong_count() > 0);
        (held, alarms.iter().map(|set| set.at).min())
    })
}

/// Wakes those whose socket is ready, or whose time has come.
pub(super) fn wake(found: impl Iterator<Item = (Held, PollFlags)>) {
    let mut wakers = Vec::new();
    AWAITED.with(|awaited| {
        for (Held { source, what }, flags) in found {
            source.reset.fetch_or(flags.contains(PollFlags::ERR), Relaxed);
            source.over.fetch_or(flags.contains(PollFlags::HUP), Relaxed);
            let mut sockets = awaited.sockets.borrow_mut();
            let is = |entry: &Entry| entry.what == what && std::ptr::eq(entry.source.as_ptr(), Arc::as_ptr(&source));
            if let Some(place) = sockets.iter().position(is) {
                wakers.push(sockets.swap_remove(place).waker);
            }
        }
        let mut alarms = awaited.alarms.borrow_mut();
        if !alarms.is_empty() {
            let now = clock::now();
            alarms.retain(|set| {
                let rings = set.at <= now;
                if rings {
                    wakers.push(set.waker.clone());
                }
                !rings
            });
        }
        awaited.woken.set(awaited.woken.get() + u64::from(!wakers.is_empty()));
    });
    wakers.into_iter().for_each(Waker::wake);
}
