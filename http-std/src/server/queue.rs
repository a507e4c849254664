//! The connections that have something to do, the workers who take them up, and how they give them back.

use super::ThreadService;
use crate::serving::{After, Task};
use crate::waiting::Bell;
use http_driver::parts::{guarded, lock};
use http_proto::Instant;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// How long a worker keeps a connection that waits for its client, until another connection wants a worker. Long enough
/// for the next request of a client that is busy: going from thread to thread costs more than the rest of a request.
const PATIENCE: Duration = Duration::from_millis(5);

/// A task that a worker has put down.
pub(super) struct Returned<S> {
    pub(super) task: Box<Task<S>>,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) deadline: Option<Instant>,
}

/// What the workers and the thread that keeps the others share.
pub(super) struct Bench<S> {
    queue: Mutex<Queue<S>>,
    filled: Condvar,
    returned: Mutex<Vec<Returned<S>>>,
    workers: OnceLock<Vec<Worker>>,
    alarm: Arc<Alarm>,
}

/// A worker, as others see it.
struct Worker {
    bell: Arc<Bell>,
    /// It waits for a client, and would rather do something else.
    patient: AtomicBool,
}

struct Queue<S> {
    tasks: VecDeque<Box<Task<S>>>,
    /// Workers that wait for something to do, and how many of them have been called.
    waiting: usize,
    called: usize,
    /// The keeper wants to know when there is room.
    awaited: bool,
    closed: bool,
}

/// Wakes the thread that keeps the connections.
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

impl<S: ThreadService> Bench<S> {
    pub(super) fn new(waker: mio::Waker) -> Self {
        let queue = Queue { tasks: VecDeque::new(), waiting: 0, called: 0, awaited: false, closed: false };
        Bench {
            queue: Mutex::new(queue),
            filled: Condvar::new(),
            returned: Mutex::default(),
            workers: OnceLock::new(),
            alarm: Arc::new(Alarm(waker)),
        }
    }

    pub(super) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.alarm))
    }

    /// Begins with so many workers, or as many as there can be.
    pub(super) fn start(this: &Arc<Self>, workers: usize) -> io::Result<()> {
        let mut bells = Vec::new();
        for number in 0..workers {
            match (Bell::new(), number) {
                (Ok(bell), _) => bells.push(Worker { bell, patient: AtomicBool::new(false) }),
                (Err(error), 0) => return Err(error),
                (Err(_), _) => break,
            }
        }
        for (number, worker) in this.workers.get_or_init(|| bells).iter().enumerate() {
            let (bench, bell) = (Arc::clone(this), Arc::clone(&worker.bell));
            let work = move || {
                bell.install();
                bench.work(number);
            };
            match (thread::Builder::new().name(format!("http-worker-{number}")).spawn(work), number) {
                (Ok(_), _) => {}
                (Err(error), 0) => return Err(error),
                (Err(_), _) => break,
            }
        }
        Ok(())
    }

    /// A connection has something to do.
    pub(super) fn push(&self, task: Box<Task<S>>) {
        let mut queue = lock(&self.queue);
        queue.tasks.push_back(task);
        // Who was called takes whatever there is when his turn comes: he is not called again for each.
        let idle = queue.waiting > queue.called;
        queue.called += usize::from(idle);
        drop(queue);
        if idle {
            return self.filled.notify_one();
        }
        // One that only waits for a client puts that down.
        let patient = self.workers().iter().find(|worker| worker.patient.swap(false, SeqCst));
        if let Some(worker) = patient {
            worker.bell.wake_by_ref();
        }
    }

    fn workers(&self) -> &[Worker] {
        self.workers.get().map_or(&[], Vec::as_slice)
    }

    /// Whether fewer than so many connections wait; if not, the keeper is woken when that is so.
    pub(super) fn has_room(&self, most: usize) -> bool {
        let mut queue = lock(&self.queue);
        let room = queue.tasks.len() < most;
        queue.awaited |= !room;
        room
    }

    /// What was put down since the last time.
    pub(super) fn take_returned(&self) -> Vec<Returned<S>> {
        std::mem::take(&mut lock(&self.returned))
    }

    /// Nothing more will come: the workers end.
    pub(super) fn close(&self) {
        lock(&self.queue).closed = true;
        self.filled.notify_all();
    }

    fn pop(&self) -> Option<Box<Task<S>>> {
        let mut queue = lock(&self.queue);
        loop {
            if let Some(task) = queue.tasks.pop_front() {
                if std::mem::take(&mut queue.awaited) {
                    self.alarm.wake_by_ref();
                }
                return Some(task);
            }
            if queue.closed {
                return None;
            }
            queue.waiting += 1;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.waiting -= 1;
            queue.called = queue.called.saturating_sub(1);
        }
    }

    fn set_patient(&self, number: usize, patient: bool) {
        if let Some(worker) = self.workers().get(number) {
            worker.patient.store(patient, SeqCst);
        }
    }

    /// Whether other connections want a worker.
    fn is_crowded(&self) -> bool {
        let queue = lock(&self.queue);
        !queue.tasks.is_empty() || queue.closed
    }

    /// Has a worker wait for a client, by `wait`, unless others want him.
    fn be_patient(&self, number: usize, wait: &mut dyn FnMut(Duration)) {
        self.set_patient(number, true);
        if !self.is_crowded() {
            wait(PATIENCE);
        }
        self.set_patient(number, false);
    }

    fn work(&self, number: usize) {
        while let Some(mut task) = self.pop() {
            match guarded(|| task.run(|| self.is_crowded(), |wait| self.be_patient(number, wait))) {
                Some(After::Yield) => self.push(task),
                Some(After::Park { readable, writable, deadline }) => {
                    let mut returned = lock(&self.returned);
                    returned.push(Returned { task, readable, writable, deadline });
                    let first = returned.len() == 1;
                    drop(returned);
                    if first {
                        self.alarm.wake_by_ref();
                    }
                }
                // What a service leaves behind when it is dropped must not end the worker.
                Some(After::Over) => _ = guarded(|| drop(task)),
                None => {
                    task.shared.cut_off();
                    guarded(|| drop(task));
                }
            }
        }
    }
}
