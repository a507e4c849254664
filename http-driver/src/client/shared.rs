//! [`Shared`]: what the clones of a client share: the pool with its lock and its clock, and how connections get into it.

use super::connect::Connect;
use super::error::{Phase, RequestError};
use super::exchange::Phases;
use super::flight::Flight;
use super::lanes::AllLanes;
use super::lease::Lease;
use super::pool::{Checkout, Grant, Pool, PoolLimits};
use super::reaper::Reaper;
use super::target::Target;
use super::waiting::{Waiter, Waiting};
use super::within::within;
use super::{ClientTimeouts, Clock};
use crate::Timer;
use crate::watched::lock;
use http_proto::{Config, Instant};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// What somebody who waited gets.
pub(super) type Granted<C> = Grant<Box<Flight<C>>>;

pub(super) struct Shared<C: Connect> {
    pub(super) connector: C,
    pub(super) config: Arc<Config>,
    pub(super) timeouts: ClientTimeouts,
    /// The proxy that everything is sent through.
    pub(super) proxy: Option<Target>,
    /// Requests on one connection at a time; above one, those that allow it are pipelined.
    pub(super) pipelining: u16,
    pub(super) lanes: AllLanes<C>,
    store: Mutex<Store<C>>,
    reaper: Reaper,
    /// Connections opened since the beginning.
    opened: AtomicU64,
}

struct Store<C: Connect> {
    pool: Pool<Target, Box<Flight<C>>, Arc<Waiter<C>>>,
    clock: Clock<C>,
}

/// How many connections a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PoolState {
    /// Connections in use, idle, or being opened.
    pub connections: usize,
    /// Those that are idle.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

/// What there is for a request at once.
enum Found<C: Connect> {
    Granted(Granted<C>),
    Waiting(Waiting<C>),
}

impl<C: Connect> Shared<C> {
    pub(super) fn new(
        connector: C,
        config: Arc<Config>,
        timeouts: ClientTimeouts,
        proxy: Option<Target>,
        mut limits: PoolLimits,
    ) -> Self {
        limits.idle = limits.idle.min(config.timeouts.idle);
        let store = Mutex::new(Store { pool: Pool::new(limits), clock: Clock::<C>::default() });
        let pipelining = config.pipeline.depth;
        let (lanes, reaper, opened) = (AllLanes::default(), Reaper::default(), AtomicU64::new(0));
        Shared { connector, config, timeouts, proxy, pipelining, lanes, store, reaper, opened }
    }

    /// Requests on one connection, after which it is closed.
    pub(super) fn requests(&self) -> u64 {
        lock(&self.store).pool.limits().requests
    }

    /// The time on the clock of `begun`.
    pub(super) fn now(&self) -> Instant {
        lock(&self.store).clock.now()
    }

    pub(super) fn state(&self) -> PoolState {
        let pool = &lock(&self.store).pool;
        PoolState { connections: pool.len(), idle: pool.idle(), waiting: pool.waiting() }
    }

    /// A connection to `target`, and how it was found. `fresh`: one that has been idle will not do. `begun`: when the
    /// search began, which is now if that is not known.
    pub(super) async fn check_out(
        self: &Arc<Self>,
        target: Target,
        fresh: bool,
        begun: &mut Option<Instant>,
    ) -> Result<(Lease<C>, Phases), RequestError> {
        // Lanes hold their places as long as they can; whoever needs one for another request asks for it once.
        let mut asked = false;
        let ours = target.clone();
        let ask = |_: &Context<'_>| {
            if !std::mem::replace(&mut asked, true) {
                self.lanes.give_way(&ours);
            }
            false
        };
        let found = self.check_out_unless(target, fresh, begun, ask).await?;
        found.ok_or(RequestError::Timeout(Phase::Wait))
    }

    /// As [`Shared::check_out`]; `None` if a connection would have to be waited for, and `elsewhere` says meanwhile that it
    /// is no longer needed.
    pub(super) async fn check_out_unless(
        self: &Arc<Self>,
        target: Target,
        fresh: bool,
        begun: &mut Option<Instant>,
        mut elsewhere: impl FnMut(&Context<'_>) -> bool,
    ) -> Result<Option<(Lease<C>, Phases)>, RequestError> {
        let (mut found, mut ready) = self.look_up(&target, fresh);
        let begun = *begun.get_or_insert(ready);
        loop {
            let granted = match found {
                Found::Granted(granted) => granted,
                Found::Waiting(mut waiting) => {
                    let waiting = poll_fn(|cx| match Pin::new(&mut waiting).poll(cx) {
                        Poll::Pending if elsewhere(cx) => Poll::Ready(None),
                        granted => granted.map(Some),
                    });
                    let granted = within(self.timeouts.wait, Clock::<C>::default(), waiting).await;
                    let (granted, waited) = granted.ok_or(RequestError::Timeout(Phase::Wait))?;
                    let Some(granted) = granted else { return Ok(None) };
                    ready = ready.saturating_add(waited);
                    granted
                }
            };
            match granted {
                Grant::Connection(flight) => {
                    let mut lease = Lease::new(flight, Arc::clone(self));
                    let mut cx = Context::from_waker(Waker::noop());
                    if lease.flight().is_some_and(|flight| flight.is_quiet(&mut cx)) {
                        let ready = ready.saturating_since(begun);
                        return Ok(Some((lease, Phases { ready, ..Phases::default() })));
                    }
                }
                Grant::Open => return self.open(target, begun).await.map(Some),
            }
            // It has been closed meanwhile; there may be others.
            (found, ready) = self.look_up(&target, fresh);
        }
    }

    fn look_up(self: &Arc<Self>, target: &Target, fresh: bool) -> (Found<C>, Instant) {
        let mut evicted = Vec::new();
        let mut store = lock(&self.store);
        let now = store.clock.now();
        let found = match fresh {
            true => store.pool.open(target, &mut evicted),
            false => store.pool.checkout(target, now, &mut evicted),
        };
        let found = match found {
            Checkout::Idle(flight) => Found::Granted(Grant::Connection(flight)),
            Checkout::Open => Found::Granted(Grant::Open),
            Checkout::Wait => {
                let waiter = Arc::new(Waiter::new(target.clone()));
                store.pool.wait(target.clone(), Arc::clone(&waiter));
                Found::Waiting(Waiting::new(waiter, Arc::clone(self)))
            }
        };
        drop(store);
        see_off(evicted);
        (found, now)
    }

    /// Fills a place with a new connection.
    async fn open(self: &Arc<Self>, target: Target, begun: Instant) -> Result<(Lease<C>, Phases), RequestError> {
        let place = Place { shared: self, target: &target };
        let connected = match &self.proxy {
            Some(proxy) if target.is_secure() && *proxy != target => self.tunnel(proxy, &target).await?,
            Some(_) | None => self.connector.connect(&target).await?,
        };
        std::mem::forget(place);
        self.reaper.begin(self);
        let (resolve, connect, tls) = (connected.resolve, Some(connected.connect), connected.tls);
        let ready = lock(&self.store).clock.now().saturating_since(begun);
        let id = self.opened.fetch_add(1, Relaxed) + 1;
        let flight = Flight::new(connected, target, id, Arc::clone(&self.config), self.timeouts.answer);
        let phases = Phases { resolve, connect, tls, ready, ..Phases::default() };
        Ok((Lease::new(Box::new(flight), Arc::clone(self)), phases))
    }

    /// Takes a connection back that can carry another request.
    pub(super) fn check_in(self: &Arc<Self>, flight: Box<Flight<C>>) {
        self.give_back(Grant::Connection(flight), None);
        self.reaper.note();
    }

    /// Gives back the place of a connection that is gone.
    pub(super) fn release(&self, target: &Target) {
        self.give_back(Grant::Open, Some(target));
    }

    /// Takes back what somebody had, for whoever is next.
    pub(super) fn give_back(&self, granted: Granted<C>, target: Option<&Target>) {
        let mut evicted = Vec::new();
        let mut next = self.take_back(granted, target, &mut evicted);
        while let Some((waiter, granted)) = next {
            // Who has stopped waiting at this moment passes it on.
            next =
                waiter.give(granted).and_then(|granted| self.take_back(granted, Some(waiter.target()), &mut evicted));
        }
        see_off(evicted);
    }

    fn take_back(
        &self,
        granted: Granted<C>,
        target: Option<&Target>,
        evicted: &mut Vec<Box<Flight<C>>>,
    ) -> Option<(Arc<Waiter<C>>, Granted<C>)> {
        let mut store = lock(&self.store);
        match granted {
            Grant::Connection(flight) => {
                let now = store.clock.now();
                let (target, served) = (flight.target.clone(), flight.served);
                store.pool.checkin(&target, flight, served, now, evicted)
            }
            Grant::Open => target.and_then(|target| store.pool.release(target, evicted)),
        }
    }

    /// Somebody waits no longer; false if something has been granted already.
    pub(super) fn cancel(&self, waiter: &Arc<Waiter<C>>) -> bool {
        lock(&self.store).pool.cancel(|other| Arc::ptr_eq(other, waiter))
    }

    /// Closes what is idle and has expired, or has been closed by its server; `cx` is woken when that happens to another
    /// one. Returns in how long the next one expires.
    pub(super) fn expire(&self, cx: &mut Context<'_>) -> Option<std::time::Duration> {
        let mut evicted = Vec::new();
        let mut granted = Vec::new();
        let next = {
            let mut store = lock(&self.store);
            let now = store.clock.now();
            store.pool.expire(now, &mut evicted, |flight| !flight.is_quiet(cx));
            while let Some(next) = store.pool.grant(&mut evicted) {
                granted.push(next);
            }
            store.pool.next_expiry().map(|at| at.saturating_since(now))
        };
        see_off(evicted);
        for (waiter, grant) in granted {
            if let Some(grant) = waiter.give(grant) {
                self.give_back(grant, Some(waiter.target()));
            }
        }
        next
    }
}

/// Closes connections that are idle, in good order.
fn see_off<C: Connect>(evicted: Vec<Box<Flight<C>>>) {
    for mut flight in evicted {
        flight.cut_off();
    }
}

impl<C: Connect> Drop for Store<C> {
    /// The client is gone.
    fn drop(&mut self) {
        let mut idle = Vec::new();
        self.pool.expire(self.clock.now(), &mut idle, |_| true);
        see_off(idle);
    }
}

/// A place in the pool whose connection is being opened.
struct Place<'a, C: Connect> {
    shared: &'a Shared<C>,
    target: &'a Target,
}

impl<C: Connect> Drop for Place<'_, C> {
    fn drop(&mut self) {
        self.shared.release(self.target);
    }
}
