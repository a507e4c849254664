//! What is noted while a run goes on, by everybody in it; and what was found wrong. Nothing panics where it is found: a
//! server would take that for its handler's fault.

use super::content::Received;
use super::plan::Plan;
use super::talk;
use super::trace::Trace;
use crate::memory::Clock;
use http::StatusCode;
use http_driver::{ConnInfo, Ended, Record};
use http_proto::{Instant, State};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// What became of a request, as its client saw it.
#[derive(Debug)]
pub enum Outcome {
    /// An answer, and what was received of its content.
    Answered(StatusCode, Received),
    /// Another protocol, and what was said.
    Talked(talk::Report),
    /// None.
    Failed(#[expect(dead_code, reason = "for the trace")] String),
    /// It was given up.
    Cancelled,
}

/// A connection of one of the servers.
pub type Line = (usize, u64);

/// What a server has told of a connection.
#[derive(Debug, Default)]
pub struct Told {
    /// How often its end was told.
    pub closed: usize,
    /// The numbers of the exchanges whose end was told.
    pub finished: Vec<u64>,
    /// Where it stands.
    pub state: Option<State>,
}

/// What is noted.
pub struct Notes {
    clock: Clock,
    trace: Trace,
    /// How often each request was executed.
    pub executed: Vec<AtomicUsize>,
    /// Handlers that are at work.
    pub handling: AtomicUsize,
    /// What became of each request.
    pub outcomes: Mutex<Vec<Option<Outcome>>>,
    /// What was said at the server's end behind HTTP.
    pub talks: Mutex<HashMap<usize, talk::Report>>,
    /// The connections of the servers.
    pub told: Mutex<HashMap<Line, Told>>,
    /// Which service is to be asked.
    pub generation: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// Where a connection may go from where it stands, as it is seen from poll to poll.
fn may_become(from: State, to: State) -> bool {
    use State::{Closed, Closing, DispatchingOrSending, ReceivingBody, ReceivingHeaders, Streaming, Upgraded};
    match from {
        ReceivingHeaders | ReceivingBody | DispatchingOrSending | Streaming => true,
        Upgraded => matches!(to, Upgraded),
        Closing => matches!(to, Closing | Closed),
        Closed => false,
    }
}

impl Notes {
    /// None yet.
    pub fn new(plan: &Plan, clock: Clock, trace: Trace) -> Self {
        let count = plan.requests.len();
        Notes {
            clock,
            trace,
            executed: (0..count).map(|_| AtomicUsize::new(0)).collect(),
            handling: AtomicUsize::new(0),
            outcomes: Mutex::new((0..count).map(|_| None).collect()),
            talks: Mutex::default(),
            told: Mutex::default(),
            generation: AtomicUsize::new(0),
            wrong: Mutex::default(),
        }
    }

    /// The present time.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Writes something down.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        self.trace.note(self.now(), what);
    }

    /// Something should be so.
    pub fn check(&self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            let what = what();
            self.tell(|| format!("WRONG: {what}"));
            self.wrong.lock().unwrap().push(what);
        }
    }

    /// What was found wrong.
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    fn told(&self) -> MutexGuard<'_, HashMap<Line, Told>> {
        self.told.lock().unwrap()
    }

    /// A server has accepted a connection.
    pub fn connected(&self, server: usize, connection: &ConnInfo) {
        let line = (server, connection.id());
        self.tell(|| format!("server {server}: connection {} is that of {}", connection.id(), connection.peer()));
        let before = self.told().insert(line, Told::default());
        self.check(before.is_none(), || format!("{line:?} was accepted before"));
    }

    /// It stands somewhere else.
    pub fn changed(&self, server: usize, connection: &ConnInfo, state: State) {
        let line = (server, connection.id());
        self.tell(|| format!("server {server}: connection {} is {state:?}", connection.id()));
        let mut told = self.told();
        let told = told.entry(line).or_default();
        let before = told.state.replace(state).unwrap_or(State::ReceivingHeaders);
        self.check(before != state && may_become(before, state), || format!("{line:?} from {before:?} to {state:?}"));
        self.check(told.closed == 0, || format!("{line:?} is {state:?} behind its end"));
    }

    /// An exchange is over.
    pub fn finished(&self, server: usize, connection: &ConnInfo, record: &Record) {
        let line = (server, connection.id());
        self.tell(|| {
            let how = if record.complete { "is over" } else { "is cut off" };
            format!("server {server}: {} {} of connection {} {how}", record.method, record.target, connection.id())
        });
        let mut told = self.told();
        let told = told.entry(line).or_default();
        self.check(told.closed == 0, || format!("exchange {} of {line:?} is over behind the end", record.number));
        let again = told.finished.contains(&record.number);
        self.check(!again, || format!("exchange {} of {line:?} is over twice", record.number));
        told.finished.push(record.number);
    }

    /// A connection is over.
    pub fn closed(&self, server: usize, connection: &ConnInfo, ended: &Ended) {
        let line = (server, connection.id());
        self.tell(|| format!("server {server}: connection {}: {ended:?}", connection.id()));
        let mut told = self.told();
        let told = told.entry(line).or_default();
        told.closed += 1;
        self.check(told.closed == 1, || format!("the end of {line:?} was told {} times", told.closed));
        let last = if ended.upgraded { State::Upgraded } else { State::Closed };
        self.check(told.state == Some(last), || format!("{line:?} ends as {:?}", told.state));
        let requests = connection.statistics().requests;
        self.check(told.finished.len() as u64 == requests, || {
            format!("{} of {requests} exchanges of {line:?} were told of", told.finished.len())
        });
    }

    /// A handler begins; it is at work until what this returns is dropped.
    pub fn begin(&self, index: usize) -> Working<'_> {
        self.executed[index].fetch_add(1, Relaxed);
        self.handling.fetch_add(1, Relaxed);
        Working { notes: self, index, answered: false }
    }
}

/// A handler that is at work, however it ends.
pub struct Working<'a> {
    notes: &'a Notes,
    index: usize,
    /// It has come to its own end.
    pub answered: bool,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.notes.handling.fetch_sub(1, Relaxed);
        let how = if self.answered { "has answered" } else { "was cancelled, or has failed" };
        self.notes.tell(|| format!("the handler of {} {how}", self.index));
    }
}
