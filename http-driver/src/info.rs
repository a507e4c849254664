//! What is known of a connection, for handlers, hooks and whoever looks from outside; and the list of a server's
//! connections.

#[cfg(feature = "rustls")]
use crate::TlsInfo;
use crate::watched::{Watched, lock};
use http_proto::State;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
#[cfg(feature = "rustls")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Address {
    /// Address and port.
    Tcp(SocketAddr),
    /// A Unix socket; mostly without a path at the client's end.
    Unix(Option<Box<Path>>),
    /// Not known.
    #[default]
    Unknown,
}

impl Address {
    /// Address and port, if it has them.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) | Address::Unknown => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Tcp(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Address::Unix(None) => f.write_str("unix"),
            Address::Unknown => f.write_str("-"),
        }
    }
}

/// What is known of a connection. Shared: it can be looked at while the connection goes on, and afterwards.
#[derive(Debug)]
pub struct ConnInfo {
    id: u64,
    local: Address,
    peer: Address,
    opened: SystemTime,
    state: AtomicU8,
    requests: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    #[cfg(feature = "rustls")]
    tls: OnceLock<Box<TlsInfo>>,
    /// The task that serves it.
    task: Mutex<Option<Waker>>,
}

/// What has gone over a connection so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Requests whose head was received.
    pub requests: u64,
    /// Octets read.
    pub read: u64,
    /// Octets written.
    pub written: u64,
}

impl ConnInfo {
    /// A connection that begins.
    pub fn new(id: u64, local: Address, peer: Address) -> Self {
        ConnInfo {
            id,
            local,
            peer,
            opened: SystemTime::now(),
            state: AtomicU8::new(0),
            requests: AtomicU64::new(0),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            #[cfg(feature = "rustls")]
            tls: OnceLock::new(),
            task: Mutex::new(None),
        }
    }

    /// A number that no other connection of the server, or of the client, has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// This end.
    pub fn local(&self) -> &Address {
        &self.local
    }

    /// The other end.
    pub fn peer(&self) -> &Address {
        &self.peer
    }

    /// When the connection was accepted, or opened.
    pub fn opened(&self) -> SystemTime {
        self.opened
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        State::ALL.get(usize::from(self.state.load(Relaxed))).copied().unwrap_or(State::Closed)
    }

    /// What has gone over it so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            requests: self.requests.load(Relaxed),
            read: self.read.load(Relaxed),
            written: self.written.load(Relaxed),
        }
    }

    /// What the two ends have agreed upon, if the connection speaks TLS: behind the handshake, which is before any
    /// request, and before `on_connect` is told.
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.get().map(|info| &**info)
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn set_tls(&self, info: TlsInfo) {
        // Made once: there is one handshake.
        let _ = self.tls.set(Box::new(info));
    }

    /// Counts a request, and returns its number on this connection, from 1.
    pub fn count_request(&self) -> u64 {
        // One task alone writes here.
        let number = self.requests.load(Relaxed) + 1;
        self.requests.store(number, Relaxed);
        number
    }

    /// Notes what has gone over it.
    pub fn set_transferred(&self, read: u64, written: u64) {
        self.read.store(read, Relaxed);
        self.written.store(written, Relaxed);
    }

    /// Notes the state; whether it is another than before.
    pub fn set_state(&self, state: State) -> bool {
        let index = State::ALL.iter().position(|&other| other == state).unwrap_or_default() as u8;
        let changed = self.state.load(Relaxed) != index;
        if changed {
            self.state.store(index, Relaxed);
        }
        changed
    }

    /// Notes whom to wake.
    pub fn set_task(&self, cx: &Context<'_>) {
        *lock(&self.task) = Some(cx.waker().clone());
    }

    /// Wakes who serves it.
    pub fn wake(&self) {
        let task = lock(&self.task).clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// The connections of a server, and the news that it shuts down.
#[derive(Debug, Default)]
pub struct Registry {
    connections: Watched<HashMap<u64, Arc<ConnInfo>>>,
    last: AtomicU64,
    /// Those among them that are only told that there are too many.
    overloaded: AtomicUsize,
    /// [`RUNNING`], [`ENDING`] or [`CUT_OFF`].
    phase: AtomicU8,
}

const RUNNING: u8 = 0;
const ENDING: u8 = 1;
const CUT_OFF: u8 = 2;

impl Registry {
    /// Lists a new connection.
    pub fn add(&self, local: Address, peer: Address) -> Arc<ConnInfo> {
        let id = self.last.fetch_add(1, Relaxed) + 1;
        let info = Arc::new(ConnInfo::new(id, local, peer));
        self.connections.with(|connections| connections.insert(id, Arc::clone(&info)));
        info
    }

    /// The connection is over. Who keeps what is known of it keeps nothing of its task.
    pub fn remove(&self, id: u64) {
        let mut info = None;
        self.connections.change(|connections| info = connections.remove(&id));
        let task = info.and_then(|info| lock(&info.task).take());
        drop(task);
    }

    /// A connection is only there to be told that there are too many.
    pub fn add_overloaded(&self) {
        self.overloaded.fetch_add(1, SeqCst);
    }

    /// It is about to be removed.
    pub fn remove_overloaded(&self) {
        self.overloaded.fetch_sub(1, SeqCst);
    }

    /// How many connections are served.
    pub fn served(&self) -> usize {
        // In this order one that is going now counts for one too many, rather than too few.
        let all = self.len();
        all.saturating_sub(self.overloaded.load(SeqCst))
    }

    /// Ready when there are no more connections than this.
    pub fn poll_len(&self, cx: &Context<'_>, most: usize) -> Poll<()> {
        self.connections.poll(cx, |connections| (connections.len() <= most).then_some(()))
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.connections.with(|connections| connections.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The connections that there are, in no order.
    pub fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.connections.with(|connections| connections.values().cloned().collect())
    }

    /// Tells all connections to end when their requests are answered.
    pub fn shut_down(&self) {
        self.enter(ENDING);
    }

    /// Tells all connections to end at once.
    pub fn cut_off(&self) {
        self.enter(CUT_OFF);
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, SeqCst);
        self.wake();
    }

    /// Lets all connections look at what has changed.
    pub fn wake(&self) {
        for connection in self.connections() {
            connection.wake();
        }
    }

    /// Whether connections are to end.
    pub fn is_shutting_down(&self) -> bool {
        self.phase.load(SeqCst) != RUNNING
    }

    /// Whether they are to end at once.
    pub fn is_cut_off(&self) -> bool {
        self.phase.load(SeqCst) == CUT_OFF
    }
}
