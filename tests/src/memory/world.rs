//! [`World`]: tasks that are polled when they were woken, on one thread and one [`Clock`]; and a runtime and a listener
//! for whole servers in it.

use super::clock::{Clock, Ticker};
use super::pipe::{Peer, Shape, Wire, wire};
use http_driver::{Address, HttpService, Listener, Opened, Runtime, Server, ServerHandle, Services};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// A waker that counts.
#[derive(Debug, Default)]
pub struct Wakes {
    count: AtomicUsize,
    woken: AtomicBool,
}

impl Wakes {
    /// How often it was woken.
    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }

    /// Whether it was woken since the last time.
    pub fn take(&self) -> bool {
        self.woken.swap(false, SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.count.fetch_add(1, SeqCst);
        self.woken.store(true, SeqCst);
    }
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    future: Boxed,
    wakes: Arc<Wakes>,
    waker: Waker,
}

/// Tasks and their clock.
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// How often tasks were polled.
    pub polls: usize,
    tasks: Vec<Task>,
    spawner: Spawner,
}

/// The world as a runtime.
#[derive(Clone, Default)]
pub struct Spawner(Arc<Mutex<Vec<Boxed>>>);

impl Runtime for Spawner {
    type Timer = Ticker;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().push(Box::pin(task));
    }
}

/// More polls without a rest are taken for a loop.
const BUSY: usize = 2_000_000;

impl World {
    /// A world with a clock of its own.
    #[expect(clippy::new_without_default, reason = "it makes a clock, see there")]
    pub fn new() -> Self {
        World { clock: Clock::new(), polls: 0, tasks: Vec::new(), spawner: Spawner::default() }
    }

    /// Adds a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(task);
    }

    /// The world as a runtime.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Tasks that have not ended.
    pub fn tasks(&self) -> usize {
        self.tasks.len() + self.spawner.0.lock().unwrap().len()
    }

    /// Polls what was woken until all rest.
    pub fn turn(&mut self) {
        let before = self.polls;
        loop {
            for future in std::mem::take(&mut *self.spawner.0.lock().unwrap()) {
                let wakes = Arc::<Wakes>::default();
                wakes.wake_by_ref();
                let waker = Waker::from(Arc::clone(&wakes));
                self.tasks.push(Task { future, wakes, waker });
            }
            let mut polls = 0;
            self.tasks.retain_mut(|task| {
                if !task.wakes.take() {
                    return true;
                }
                polls += 1;
                task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_pending()
            });
            self.polls += polls;
            if polls == 0 && self.spawner.0.lock().unwrap().is_empty() {
                return;
            }
            assert!(self.polls - before < BUSY, "the tasks never rest");
        }
    }

    /// Lets time go by; timers go off one after the other.
    pub fn advance(&mut self, by: Duration) {
        let end = self.clock.now().saturating_add(by);
        self.turn();
        while let Some(next) = self.clock.next().filter(|next| *next <= end) {
            self.clock.advance_to(next);
            self.turn();
        }
        self.clock.advance_to(end);
        self.turn();
    }
}

#[derive(Debug, Default)]
struct Queue {
    wires: VecDeque<Wire>,
    waker: Option<Waker>,
}

/// Where the connections of a server in a world come from.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<Mutex<Queue>>);

impl Listener for Backlog {
    type Io = Wire;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Wire>>> {
        let mut queue = self.0.lock().unwrap();
        match queue.wires.pop_front() {
            Some(io) => Poll::Ready(Ok(Opened { io, local: Address::Unknown, peer: Address::Unknown })),
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn local_addr(&self) -> Address {
        Address::Unknown
    }
}

/// Opens connections to a server in a world.
#[derive(Debug, Clone)]
pub struct Dial(Backlog);

impl Dial {
    /// To whoever listens there.
    pub fn new(backlog: &Backlog) -> Self {
        Dial(backlog.clone())
    }

    /// A new connection.
    pub fn open(&self, shape: Shape) -> Peer {
        let (wire, peer) = wire(shape);
        let mut queue = self.0.0.lock().unwrap();
        queue.wires.push_back(wire);
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
        peer
    }
}

/// A server in a world.
pub fn site<S>(
    world: &World,
    service: S,
    options: impl FnOnce(Server<Spawner, Backlog, S>) -> Server<Spawner, Backlog, S>,
) -> (Dial, ServerHandle<S>)
where
    S: HttpService + Clone + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    let backlog = Backlog::default();
    let server = Server::new(world.spawner.clone(), backlog.clone(), Services::new(service));
    (Dial(backlog), options(server).spawn())
}
