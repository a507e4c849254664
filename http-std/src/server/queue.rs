//! The connections that have something to do, and the workers who take them up. One of those who have nothing to do
//! watches all connections that wait for their clients, in one set; before it takes one up, it has another follow it,
//! unless it is likely to be back at once.

use super::ThreadService;
use super::parked::Parked;
use crate::clock;
use crate::link::Awaited;
use crate::serving::{After, Shared, Task};
use crate::waiting::Bell;
use http_driver::parts::{guarded, lock};
use http_proto::Instant;
use mio::{Events, Poll, Registry, Token};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// Events taken at a time.
const EVENTS: usize = 256;
/// Connections taken up one after the other without looking at the set.
const BURST: usize = 64;
/// If the last connection was put down so soon, the next one will be, too: to have another worker watch meanwhile would cost
/// more than that. If it is not, the keeper notices.
const SOON: Duration = Duration::from_micros(50);
/// Connections are numbered from 1.
const ALARM: Token = Token(0);

/// What the workers share, and the thread that accepts.
pub(super) struct Bench<S> {
    books: Mutex<Books<S>>,
    filled: Condvar,
    set: Mutex<Set>,
    registry: Arc<Registry>,
    /// Wakes who watches the set.
    alarm: mio::Waker,
    /// Connections with answers that wait for others to be made.
    holding_back: Mutex<Vec<Arc<Shared>>>,
    keeper: Arc<Alarm>,
}

struct Set {
    poll: Poll,
    events: Events,
}

struct Books<S> {
    queue: VecDeque<Box<Task<S>>>,
    parked: Parked<S>,
    watch: Watch,
    /// Connections taken up since the set was last looked at; and in all, wrapping.
    taken: usize,
    in_all: usize,
    /// The last one was put down soon.
    soon: bool,
    /// The keeper sees that the set is watched: how many were taken up when he last looked.
    checked: Option<usize>,
    /// Workers that have nothing to do, and whether one of them has been called.
    waiting: usize,
    called: bool,
    /// The keeper wants to know when there is room.
    awaited: bool,
    closed: bool,
}

/// Who watches the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    Nobody,
    /// A worker, until something happens, or until then.
    Until(Option<Instant>),
    /// A worker that has been woken.
    Called,
}

/// Wakes the thread that accepts.
#[derive(Debug)]
pub(super) struct Alarm(mio::Waker);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // It fails where a wake-up is under way already.
        let _ = self.0.wake();
    }
}

/// Has a connection looked at, be it with a worker or put down.
struct Stir<S> {
    bench: Weak<Bench<S>>,
    number: u64,
    worker: Waker,
}

impl<S: ThreadService> Wake for Stir<S> {
    fn wake(self: Arc<Self>) {
        self.worker.wake_by_ref();
        if let Some(bench) = self.bench.upgrade() {
            bench.stir(self.number);
        }
    }
}

type Open<'a, S> = MutexGuard<'a, Books<S>>;

impl<S> Bench<S> {
    /// Nothing more will come: the workers end.
    pub(super) fn close(&self) {
        lock(&self.books).closed = true;
        self.filled.notify_all();
        let _ = self.alarm.wake();
    }
}

impl<S: ThreadService> Bench<S> {
    pub(super) fn new(keeper: mio::Waker) -> io::Result<Self> {
        let poll = Poll::new()?;
        Ok(Bench {
            books: Mutex::new(Books {
                queue: VecDeque::new(),
                parked: Parked::new(),
                watch: Watch::Nobody,
                taken: 0,
                in_all: 0,
                soon: false,
                checked: None,
                waiting: 0,
                called: false,
                awaited: false,
                closed: false,
            }),
            filled: Condvar::new(),
            registry: Arc::new(poll.registry().try_clone()?),
            alarm: mio::Waker::new(poll.registry(), ALARM)?,
            set: Mutex::new(Set { poll, events: Events::with_capacity(EVENTS) }),
            holding_back: Mutex::default(),
            keeper: Arc::new(Alarm(keeper)),
        })
    }

    /// Begins with so many workers.
    pub(super) fn start(this: &Arc<Self>, workers: usize) -> io::Result<()> {
        for number in 0..workers {
            let bell = Bell::new()?;
            let bench = Arc::clone(this);
            let work = move || {
                bell.install();
                Bench::work(&bench);
            };
            thread::Builder::new().name(format!("http-worker-{number}")).spawn(work)?;
        }
        Ok(())
    }

    /// Wakes the thread that accepts.
    pub(super) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.keeper))
    }

    /// The set in which connections wait.
    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// A new connection.
    pub(super) fn add(&self, task: Box<Task<S>>) {
        let mut books = lock(&self.books);
        books.parked.add(task.shared.info.id());
        books.queue.push_back(task);
        self.call(books);
    }

    /// Has all connections looked at.
    pub(super) fn stir_all(&self) {
        let mut books = lock(&self.books);
        let Books { queue, parked, .. } = &mut *books;
        queue.extend(parked.stir_all());
        self.call(books);
    }

    /// Has this connection looked at.
    fn stir(&self, number: u64) {
        let mut books = lock(&self.books);
        let task = books.parked.stir_one(number);
        books.queue.extend(task);
        self.call(books);
    }

    /// Whether fewer than so many connections wait; if not, the keeper is woken when that is so.
    pub(super) fn has_room(&self, most: usize) -> bool {
        let mut books = lock(&self.books);
        let room = books.queue.len() < most;
        books.awaited |= !room;
        room
    }

    /// Connections that have begun to hold answers back since the last time.
    pub(super) fn take_holding_back(&self) -> Vec<Arc<Shared>> {
        std::mem::take(&mut lock(&self.holding_back))
    }

    /// Whether there is anything to be seen to after a while.
    pub(super) fn is_to_be_checked(&self) -> bool {
        lock(&self.books).checked.is_some() || !lock(&self.holding_back).is_empty()
    }

    /// Has the set watched again where a worker does not come back as soon as was thought.
    pub(super) fn check(&self) {
        let mut books = lock(&self.books);
        let Some(checked) = books.checked else { return };
        if checked != books.in_all {
            books.checked = Some(books.in_all);
        } else {
            (books.checked, books.soon) = (None, false);
            self.call(books);
        }
    }

    fn hold_back(&self, shared: &Arc<Shared>) {
        let mut holding_back = lock(&self.holding_back);
        holding_back.push(Arc::clone(shared));
        if holding_back.len() == 1 {
            drop(holding_back);
            self.keeper.wake_by_ref();
        }
    }

    fn work(this: &Arc<Self>) {
        let mut books = lock(&this.books);
        while let Some(mut task) = this.next(books) {
            let begun = clock::now();
            let number = task.shared.info.id();
            let stir = |worker: &Waker| {
                Waker::from(Arc::new(Stir { bench: Arc::downgrade(this), number, worker: worker.clone() }))
            };
            let run = guarded(|| task.run(|| this.is_crowded(), |shared| this.hold_back(shared), stir));
            books = match run {
                Some(After::Park(Awaited { readable, writable, deadline })) => {
                    let entered = task.shared.enter_set(readable, writable);
                    let mut books = lock(&this.books);
                    let again = match entered {
                        Ok(()) => books.parked.park(task, deadline),
                        // It cannot be watched: it is looked at again and again, as long as there is no other way.
                        Err(_) => Some(task),
                    };
                    books.queue.extend(again);
                    books
                }
                Some(After::Yield) => {
                    let mut books = lock(&this.books);
                    books.queue.push_back(task);
                    books
                }
                over @ (Some(After::Over) | None) => {
                    if over.is_none() {
                        task.shared.cut_off();
                    }
                    // What a service leaves behind when it is dropped must not end the worker.
                    guarded(|| drop(task));
                    let mut books = lock(&this.books);
                    books.parked.remove(number);
                    books
                }
            };
            books.soon = clock::now() < begun.saturating_add(SOON);
        }
    }

    /// The next connection with something to do, waited for; `None`: there will be no more.
    fn next<'a>(&'a self, mut books: Open<'a, S>) -> Option<Box<Task<S>>> {
        loop {
            if books.taken >= BURST {
                books = self.watch(books, Some(Duration::ZERO));
            }
            if let Some(task) = books.queue.pop_front() {
                books.taken += 1;
                books.in_all = books.in_all.wrapping_add(1);
                if std::mem::take(&mut books.awaited) {
                    self.keeper.wake_by_ref();
                }
                if !books.soon || books.closed || books.watch != Watch::Nobody || !books.queue.is_empty() {
                    self.call(books);
                } else if books.checked.is_none() {
                    // The keeper sees whether this worker comes back to watch.
                    books.checked = Some(books.in_all);
                    self.keeper.wake_by_ref();
                }
                return Some(task);
            }
            if books.closed {
                return None;
            }
            let alarm = books.parked.next_alarm();
            books = match books.watch {
                Watch::Nobody => self.watch(books, alarm.map(|alarm| alarm.saturating_since(clock::now()))),
                watch @ (Watch::Until(_) | Watch::Called) => {
                    if let (Watch::Until(until), Some(alarm)) = (watch, alarm)
                        && until.is_none_or(|until| alarm < until)
                    {
                        self.wake_watch(&mut books);
                    }
                    books.waiting += 1;
                    let mut books = self.filled.wait(books).unwrap_or_else(PoisonError::into_inner);
                    books.waiting -= 1;
                    books.called = false;
                    books
                }
            };
        }
    }

    /// Waits for so long for something to happen in the set, unless another worker does, and queues what it is about.
    fn watch<'a>(&'a self, mut books: Open<'a, S>, timeout: Option<Duration>) -> Open<'a, S> {
        if books.watch != Watch::Nobody {
            return books;
        }
        books.watch = Watch::Until(books.parked.next_alarm());
        drop(books);
        let mut set = lock(&self.set);
        let Set { poll, events } = &mut *set;
        // An interruption is as good as an event.
        let _ = poll.poll(events, timeout);
        let mut books = lock(&self.books);
        let Books { queue, parked, .. } = &mut *books;
        queue.extend(events.iter().filter_map(|event| parked.stir(event)));
        if parked.next_alarm().is_some() {
            let now = clock::now();
            queue.extend(std::iter::from_fn(|| parked.take_late(now)));
        }
        books.watch = Watch::Nobody;
        books.taken = 0;
        books
    }

    /// Has another worker look after what is left, if there is one with nothing to do.
    fn call(&self, mut books: Open<'_, S>) {
        if books.called || (books.queue.is_empty() && books.watch != Watch::Nobody) {
            return;
        }
        if books.waiting > 0 {
            books.called = true;
            drop(books);
            self.filled.notify_one();
        } else if !books.queue.is_empty() {
            self.wake_watch(&mut books);
        }
    }

    fn wake_watch(&self, books: &mut Books<S>) {
        if let Watch::Until(_) = books.watch {
            books.watch = Watch::Called;
            let _ = self.alarm.wake();
        }
    }

    /// Whether other connections want a worker.
    fn is_crowded(&self) -> bool {
        let books = self.watch(lock(&self.books), Some(Duration::ZERO));
        let crowded = !books.queue.is_empty() || books.closed;
        self.call(books);
        crowded
    }
}
