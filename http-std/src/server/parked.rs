//! Connections that wait for their clients, in one set, without a thread of their own.

use super::ThreadService;
use super::queue::Returned;
use crate::serving::Task;
use http_proto::Instant;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::collections::{BTreeSet, HashMap};
use std::os::fd::{AsFd, AsRawFd};

/// The connections, by the numbers under which the system knows them.
pub(super) struct Parked<S> {
    tasks: HashMap<usize, Kept<S>>,
    deadlines: BTreeSet<(Instant, usize)>,
    next: usize,
}

struct Kept<S> {
    task: Box<Task<S>>,
    deadline: Option<Instant>,
}

impl<S: ThreadService> Parked<S> {
    /// Numbers from `first` on are given to connections.
    pub(super) fn new(first: usize) -> Self {
        Parked { tasks: HashMap::new(), deadlines: BTreeSet::new(), next: first }
    }

    /// Keeps a connection; `Err`: it cannot be watched.
    pub(super) fn park(&mut self, registry: &Registry, returned: Returned<S>) -> Result<(), Box<Task<S>>> {
        let Returned { task, readable, writable, deadline } = returned;
        let token = self.next;
        self.next = self.next.wrapping_add(1).max(8);
        let interest = match (readable, writable) {
            (_, false) => Interest::READABLE,
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
        };
        let Some(socket) = task.shared.socket() else { return Err(task) };
        if registry.register(&mut SourceFd(&socket.as_fd().as_raw_fd()), Token(token), interest).is_err() {
            return Err(task);
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, token)));
        self.tasks.insert(token, Kept { task, deadline });
        Ok(())
    }

    /// The connection that an event is about.
    pub(super) fn take(&mut self, registry: &Registry, event: &Event) -> Option<Box<Task<S>>> {
        self.remove(registry, event.token().0)
    }

    /// One whose deadline has passed.
    pub(super) fn take_late(&mut self, registry: &Registry, now: Instant) -> Option<Box<Task<S>>> {
        let (_, token) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now).copied()?;
        self.remove(registry, token)
    }

    /// Any one.
    pub(super) fn take_any(&mut self, registry: &Registry) -> Option<Box<Task<S>>> {
        let token = *self.tasks.keys().next()?;
        self.remove(registry, token)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    fn remove(&mut self, registry: &Registry, token: usize) -> Option<Box<Task<S>>> {
        let Kept { task, deadline } = self.tasks.remove(&token)?;
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, token));
        }
        if let Some(socket) = task.shared.socket() {
            let _ = registry.deregister(&mut SourceFd(&socket.as_fd().as_raw_fd()));
        }
        Some(task)
    }
}
