//! [`Places`]: the pool with its lock and its clock. Whoever has a connection in use, or waits for one, has a hand on it.

use super::connect::{Clock, Connect};
use super::flight::Flight;
use super::news::News;
use super::pool::{Checkout, Grant, Pool, PoolLimits};
use super::target::Target;
use super::waiter::{Granted, Waiter};
use crate::Timer;
use crate::watched::lock;
use http_proto::Instant;
use std::sync::{Arc, Mutex};
use std::task::Context;

pub(super) struct Places<C: Connect> {
    store: Mutex<Store<C>>,
    /// For who watches over those that are idle.
    pub(super) news: Arc<News>,
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
pub(super) enum Found<C: Connect> {
    Granted(Granted<C>),
    /// Nothing yet.
    Waiting(Arc<Waiter<C>>),
}

impl<C: Connect> Places<C> {
    pub(super) fn new(limits: PoolLimits) -> Self {
        let store = Mutex::new(Store { pool: Pool::new(limits), clock: Clock::<C>::default() });
        Places { store, news: Arc::default() }
    }

    /// Requests on one connection, after which it is closed.
    pub(super) fn requests(&self) -> u64 {
        lock(&self.store).pool.limits().requests
    }

    /// The time on the clock of the pool.
    pub(super) fn now(&self) -> Instant {
        lock(&self.store).clock.now()
    }

    pub(super) fn state(&self) -> PoolState {
        let pool = &lock(&self.store).pool;
        PoolState { connections: pool.len(), idle: pool.idle(), waiting: pool.waiting() }
    }

    /// Looks for a connection to `target`, and says when. `fresh`: one that has been idle will not do.
    pub(super) fn look_up(&self, target: &Target, fresh: bool) -> (Found<C>, Instant) {
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
                Found::Waiting(waiter)
            }
        };
        drop(store);
        see_off(evicted);
        (found, now)
    }

    /// Takes a connection back that can carry another request.
    pub(super) fn check_in(&self, flight: Box<Flight<C>>) {
        self.give_back(Grant::Connection(flight), None);
        self.news.note();
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

impl<C: Connect> Drop for Places<C> {
    fn drop(&mut self) {
        self.news.wake();
    }
}
