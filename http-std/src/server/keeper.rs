//! [`Keeper`]: one thread that accepts connections within the limit, sees that no answer is held back for long, and ends it
//! all in good order.

use super::queue::Bench;
use super::{Setup, ThreadService};
use crate::serving::{Shared, Task};
use crate::{Listener, Socket, clock};
use http_driver::parts::{Controlled, guarded};
use http_driver::{ListenerState, Opened, Options, Overflow, Report, Services};
use http_proto::Instant;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

/// The rest when descriptors or memory have run out: long enough for some connection to end.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections accepted without looking at anything else.
const BURST: usize = 64;
/// How long those that are cut off have to notice.
const LAST: Duration = Duration::from_secs(1);
/// How long an answer waits for the next one of its connection, and the set for a worker who is to be back soon.
const HOLD: Duration = Duration::from_millis(1);
/// From the listener, and from whoever wakes.
const EVENTS: usize = 2;

const ALARM: Token = Token(0);
const LISTENER: Token = Token(1);
/// Connections that are over may be listed as long as they are no more than those that are not, and these.
const FORGOTTEN: usize = 8;

pub(super) struct Keeper<L, S> {
    poll: Poll,
    events: Events,
    bench: Arc<Bench<S>>,
    listener: Option<L>,
    /// Connections may be waiting there: the system tells once.
    may_accept: bool,
    /// Nothing is accepted before.
    paused: Option<Instant>,
    /// When answers that are held back are to be sent, and workers checked.
    due: Option<Instant>,
    /// All connections, for the time when they are cut off.
    connections: HashMap<u64, Weak<Shared>>,
    services: Arc<Services<S>>,
    options: Arc<Options>,
    control: Controlled,
    setup: Setup,
    waker: Waker,
}

impl<L, S> Drop for Keeper<L, S> {
    /// Without it, nothing more would come for the workers.
    fn drop(&mut self) {
        self.bench.close();
    }
}

impl<L: Listener, S: ThreadService> Keeper<L, S> {
    pub(super) fn new(
        listener: L,
        services: Arc<Services<S>>,
        options: Arc<Options>,
        control: Controlled,
        setup: Setup,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let bench = Arc::new(Bench::new(mio::Waker::new(poll.registry(), ALARM)?)?);
        let descriptor = listener.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&descriptor), LISTENER, Interest::READABLE)?;
        Ok(Keeper {
            poll,
            events: Events::with_capacity(EVENTS),
            waker: bench.waker(),
            bench,
            listener: Some(listener),
            may_accept: true,
            paused: None,
            due: None,
            connections: HashMap::new(),
            services,
            options,
            control,
            setup,
        })
    }

    pub(super) fn bench(&self) -> &Arc<Bench<S>> {
        &self.bench
    }

    /// Serves until a shutdown is over.
    pub(super) fn run(mut self) -> Report {
        self.tell(ListenerState::Listening);
        let grace = loop {
            if let Some(grace) = self.asked_to_end() {
                break grace;
            }
            let again = self.accept();
            self.turn(if again { Some(clock::now()) } else { self.paused });
        };
        if let Some(listener) = self.listener.take() {
            let _ = self.poll.registry().deregister(&mut SourceFd(&listener.as_fd().as_raw_fd()));
        }
        self.tell(ListenerState::NotListening);
        let mut report = Report::default();
        report.connections = self.options.registry.len();
        self.options.registry.shut_down();
        self.bench.stir_all();
        let begun = clock::now();
        self.turn_until(|keeper, cx| {
            // It may be shortened meanwhile.
            begun.saturating_add(keeper.control.0.watch_grace(cx).map_or(grace, |asked| grace.min(asked)))
        });
        report.cut_off = self.options.registry.len();
        if report.cut_off > 0 {
            self.options.registry.cut_off();
            self.bench.stir_all();
            for connection in std::mem::take(&mut self.connections).into_values() {
                if let Some(connection) = connection.upgrade() {
                    connection.cut_off();
                }
            }
            let until = clock::now().saturating_add(LAST);
            self.turn_until(|_, _| until);
        }
        self.bench.close();
        self.tell(ListenerState::Closed);
        self.control.0.finish(report);
        report
    }

    /// The grace of a shutdown that was asked for.
    fn asked_to_end(&mut self) -> Option<Duration> {
        let mut cx = Context::from_waker(&self.waker);
        if let std::task::Poll::Ready(grace) = self.control.0.poll_grace(&cx) {
            return Some(grace);
        }
        let signal = self.setup.signal.as_mut()?;
        // One that panics comes to the same as one that is done.
        let done = guarded(|| signal.as_mut().poll(&mut cx).is_ready()).unwrap_or(true);
        done.then_some(self.setup.grace)
    }

    /// Goes on until there are no connections, or the deadline has passed.
    fn turn_until(&mut self, deadline: impl Fn(&Self, &Context<'_>) -> Instant) {
        let waker = self.waker.clone();
        let cx = Context::from_waker(&waker);
        loop {
            let until = deadline(self, &cx);
            if self.options.registry.poll_len(&cx, 0).is_ready() || until <= clock::now() {
                return;
            }
            self.turn(Some(until));
        }
    }

    /// Waits for something to happen.
    fn turn(&mut self, until: Option<Instant>) {
        let next = [until, self.due].into_iter().flatten().min();
        let timeout = next.map(|next| next.saturating_since(clock::now()));
        // An interruption is as good as an event.
        let _ = self.poll.poll(&mut self.events, timeout);
        self.may_accept |= self.events.iter().any(|event| event.token() == LISTENER);
        if self.due.is_some_and(|due| due <= clock::now()) {
            self.due = None;
            self.bench.check();
            self.bench.take_holding_back().iter().for_each(|shared| shared.send());
        }
        if self.due.is_none() && self.bench.is_to_be_checked() {
            self.due = Some(clock::now().saturating_add(HOLD));
        }
    }

    /// Accepts what there is room for; whether there may be more.
    fn accept(&mut self) -> bool {
        if self.paused.is_some_and(|until| until > clock::now()) {
            return false;
        }
        self.paused = None;
        for _ in 0..BURST {
            if !self.may_accept || !self.bench.has_room(self.setup.queue) {
                return false;
            }
            let waits = self.setup.overflow == Overflow::Wait && {
                let most = self.setup.max_connections.saturating_sub(1);
                self.options.registry.poll_len(&Context::from_waker(&self.waker), most).is_pending()
            };
            let (Some(listener), false) = (&self.listener, waits) else { return false };
            match listener.accept() {
                Ok(accepted) => self.admit(accepted),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => self.may_accept = false,
                    ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionRefused
                    | ErrorKind::Interrupted => {}
                    _ => {
                        self.paused = Some(clock::now().saturating_add(PAUSE));
                        return false;
                    }
                },
            }
        }
        true
    }

    fn admit(&mut self, accepted: Opened<Socket>) {
        let Opened { io, local, peer } = accepted;
        let registry = &self.options.registry;
        // Those that only wait to be turned away take nobody's place.
        let full = registry.served() >= self.setup.max_connections;
        let most = self.setup.max_connections.saturating_mul(2);
        if full && (self.setup.overflow == Overflow::Close || registry.len() >= most) {
            return;
        }
        let info = registry.add(local, peer);
        let shared =
            Arc::new(Shared::new(io, Arc::clone(self.bench.registry()), Arc::clone(&info), Arc::clone(&self.options)));
        if full {
            shared.set_overloaded();
        }
        let task = Task::new(Arc::clone(&shared), Arc::clone(&self.services));
        if self.connections.len() >= 2 * registry.len() + FORGOTTEN {
            self.connections.retain(|_, connection| connection.strong_count() > 0);
        }
        self.connections.insert(info.id(), Arc::downgrade(&shared));
        self.bench.add(Box::new(task));
    }

    fn tell(&self, state: ListenerState) {
        if let Some(hook) = &self.setup.on_listener {
            guarded(|| hook(state));
        }
    }
}
