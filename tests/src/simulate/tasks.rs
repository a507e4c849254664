//! Tasks that are polled when they were woken, in random order, on one thread.

use super::rng::Rng;
use crate::memory::{Ticker, Wakes};
use http_driver::Runtime;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where tasks are begun.
#[derive(Clone, Default)]
pub struct Spawner(Arc<Mutex<Vec<Boxed>>>);

impl Runtime for Spawner {
    type Timer = Ticker;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().push(Box::pin(task));
    }
}

struct Task {
    future: Boxed,
    wakes: Arc<Wakes>,
    waker: Waker,
}

/// The tasks of a run.
pub struct Tasks {
    rng: Rng,
    tasks: Vec<Task>,
    spawner: Spawner,
    /// How often one was polled.
    pub polls: usize,
}

/// More polls without a rest are taken for a loop.
const BUSY: usize = 3_000_000;

impl Tasks {
    /// None yet.
    pub fn new(rng: Rng) -> Self {
        Tasks { rng, tasks: Vec::new(), spawner: Spawner::default(), polls: 0 }
    }

    /// Where they are begun.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Those that have not ended.
    pub fn left(&self) -> usize {
        self.tasks.len() + self.spawner.0.lock().unwrap().len()
    }

    /// Polls what was woken until all rest.
    pub fn turn(&mut self) {
        let before = self.polls;
        loop {
            for future in std::mem::take(&mut *self.spawner.0.lock().unwrap()) {
                let wakes = Arc::<Wakes>::default();
                Wake::wake_by_ref(&wakes);
                let waker = Waker::from(Arc::clone(&wakes));
                self.tasks.push(Task { future, wakes, waker });
            }
            // From a random one on, so that no order is the usual one.
            let count = self.tasks.len();
            let first = self.rng.below(count);
            let mut polled = false;
            let mut ended = Vec::new();
            for index in (0..count).map(|index| (first + index) % count) {
                let task = &mut self.tasks[index];
                if task.wakes.take() {
                    polled = true;
                    self.polls += 1;
                    if task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready() {
                        ended.push(index);
                    }
                }
            }
            ended.sort_unstable();
            for index in ended.into_iter().rev() {
                drop(self.tasks.swap_remove(index));
            }
            assert!(self.polls - before < BUSY, "the tasks never rest");
            if !polled && self.spawner.0.lock().unwrap().is_empty() {
                return;
            }
        }
    }
}
