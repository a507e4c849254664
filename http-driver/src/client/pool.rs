//! [`Pool`]: which request gets which connection, which has to wait, and which connections go. Pure book-keeping: no
//! clock, no lock, no I/O. Whoever holds it tells the time, wakes who waits, and closes what it is handed.

use http_proto::Instant;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Bounds of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolLimits {
    /// Connections to all targets, idle ones included. Default: no limit.
    pub total: usize,
    /// Connections to one target, idle ones included. Default: no limit, as a limit turns a slow server into a queue.
    pub per_target: usize,
    /// Connections to one target that are kept idle. Default: 64.
    pub idle_per_target: usize,
    /// How long a connection is kept idle. Default: 90 s, and never longer than the connection's own idle deadline.
    pub idle: Duration,
    /// Requests on one connection, after which it is closed. Default: no limit.
    pub requests: u64,
}

impl Default for PoolLimits {
    fn default() -> Self {
        PoolLimits {
            total: usize::MAX,
            per_target: usize::MAX,
            idle_per_target: 64,
            idle: Duration::from_secs(90),
            requests: u64::MAX,
        }
    }
}

/// Connections by target. `K` is a target, `C` a connection, `W` whoever waits for one.
///
/// Every connection that is there, idle or in use, has one place. A place is given by [`Pool::checkout`] or as a
/// [`Grant`], and comes back with [`Pool::checkin`] or [`Pool::release`].
#[derive(Debug)]
pub struct Pool<K, C, W> {
    limits: PoolLimits,
    targets: HashMap<K, Places<C>>,
    /// Places taken.
    total: usize,
    idle: usize,
    /// Who waits, first come first served, as far as the limits of their targets allow. A connection that comes back
    /// goes to its own target first, unless who came before has none at all: the others have one to come back.
    waiting: VecDeque<(K, W)>,
}

#[derive(Debug)]
struct Places<C> {
    taken: usize,
    /// Oldest first.
    idle: VecDeque<Idle<C>>,
}

#[derive(Debug)]
struct Idle<C> {
    connection: C,
    since: Instant,
}

/// What [`Pool::checkout`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Checkout<C> {
    /// The connection that became idle last: it is the least likely to be closed by the server.
    Idle(C),
    /// A place for a new connection.
    Open,
    /// Neither: wait for a [`Grant`].
    Wait,
}

/// What someone who waited gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Grant<C> {
    /// A connection that somebody else is done with.
    Connection(C),
    /// A place for a new connection.
    Open,
}

/// Connections that have lost their place: to be closed.
pub type Evicted<C> = Vec<C>;

impl<K: Clone + Eq + Hash, C, W> Pool<K, C, W> {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Pool { limits, targets: HashMap::new(), total: 0, idle: 0, waiting: VecDeque::new() }
    }

    /// The bounds.
    pub fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Places taken: connections in use, idle, or being opened.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether no place is taken.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Idle connections.
    pub fn idle(&self) -> usize {
        self.idle
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Something to carry a request to `key`. Behind [`Checkout::Wait`] call [`Pool::wait`], unless nobody does. Who
    /// comes later never overtakes who waits for the same target.
    pub fn checkout(&mut self, key: &K, now: Instant, evicted: &mut Evicted<C>) -> Checkout<C> {
        // Mostly none has expired: if the oldest has not, then looking the target up once does.
        if let Some(places) = self.targets.get_mut(key)
            && places.idle.front().is_some_and(|oldest| now.saturating_since(oldest.since) < self.limits.idle)
            && let Some(idle) = places.idle.pop_back()
        {
            self.idle -= 1;
            return Checkout::Idle(idle.connection);
        }
        self.expire_target(key, now, evicted);
        match self.take_idle(key) {
            Some(connection) => Checkout::Idle(connection),
            None => self.open(key, evicted),
        }
    }

    /// A place for a new connection to `key`, though idle ones may be there: for a request that an idle connection has
    /// just failed. Else as [`Pool::checkout`].
    pub fn open(&mut self, key: &K, evicted: &mut Evicted<C>) -> Checkout<C> {
        if self.waiting.iter().any(|(other, _)| other == key) || !self.make_room(key, evicted) {
            return Checkout::Wait;
        }
        self.take_place(key);
        Checkout::Open
    }

    /// Queues for a [`Grant`].
    pub fn wait(&mut self, key: K, waiter: W) {
        self.waiting.push_back((key, waiter));
    }

    /// Takes back who waits no longer; whether it was still there. If not, it has been granted something.
    pub fn cancel(&mut self, is_it: impl Fn(&W) -> bool) -> bool {
        let position = self.waiting.iter().position(|(_, waiter)| is_it(waiter));
        position.is_some_and(|position| self.waiting.remove(position).is_some())
    }

    /// Takes a connection back that can carry another request, after `served` requests: for who waits for its target, or
    /// to be kept. What is granted must be handed over.
    #[must_use = "who waited must be told"]
    pub fn checkin(
        &mut self,
        key: &K,
        connection: C,
        served: u64,
        now: Instant,
        evicted: &mut Evicted<C>,
    ) -> Option<(W, Grant<C>)> {
        let next = self.waiting.iter().position(|(other, _)| other == key || !self.targets.contains_key(other));
        let has_none = next.and_then(|next| self.waiting.get(next)).is_some_and(|(other, _)| other != key);
        if served >= self.limits.requests || has_none {
            evicted.push(connection);
            return self.release(key, evicted);
        }
        if let Some((_, waiter)) = next.and_then(|next| self.waiting.remove(next)) {
            return Some((waiter, Grant::Connection(connection)));
        }
        let Some(places) = self.targets.get_mut(key) else {
            evicted.push(connection);
            return None;
        };
        places.idle.push_back(Idle { connection, since: now });
        self.idle += 1;
        if places.idle.len() > self.limits.idle_per_target {
            evicted.extend(self.give_up_oldest(key));
        }
        // Others may be waiting for a place, which an idle connection does not deserve.
        self.grant(evicted)
    }

    /// Gives a place back whose connection is gone, or was never made. What is granted must be handed over.
    #[must_use = "who waited must be told"]
    pub fn release(&mut self, key: &K, evicted: &mut Evicted<C>) -> Option<(W, Grant<C>)> {
        self.give_place_back(key);
        self.grant(evicted)
    }

    /// Takes out what has been idle for too long, and what `is_dead` says is of no use.
    pub fn expire(&mut self, now: Instant, evicted: &mut Evicted<C>, mut is_dead: impl FnMut(&mut C) -> bool) {
        let limit = self.limits.idle;
        let targets = &mut self.targets;
        for places in targets.values_mut() {
            for mut idle in std::mem::take(&mut places.idle) {
                if now.saturating_since(idle.since) >= limit || is_dead(&mut idle.connection) {
                    evicted.push(idle.connection);
                    places.taken -= 1;
                    self.idle -= 1;
                    self.total -= 1;
                } else {
                    places.idle.push_back(idle);
                }
            }
        }
        targets.retain(|_, places| places.taken > 0);
    }

    /// Someone who can go on now, because places have become free by [`Pool::expire`]; call it until there is nobody.
    #[must_use = "who waited must be told"]
    pub fn grant(&mut self, evicted: &mut Evicted<C>) -> Option<(W, Grant<C>)> {
        for position in 0..self.waiting.len() {
            let (key, _) = self.waiting.get(position)?;
            let key = key.clone();
            if self.make_room(&key, evicted) {
                let (_, waiter) = self.waiting.remove(position)?;
                self.take_place(&key);
                return Some((waiter, Grant::Open));
            }
        }
        None
    }

    /// When the oldest idle connection expires.
    pub fn next_expiry(&self) -> Option<Instant> {
        let oldest = self.targets.values().filter_map(|places| places.idle.front()).map(|idle| idle.since).min()?;
        Some(oldest.saturating_add(self.limits.idle))
    }

    fn take_idle(&mut self, key: &K) -> Option<C> {
        let idle = self.targets.get_mut(key)?.idle.pop_back()?;
        self.idle -= 1;
        Some(idle.connection)
    }

    fn expire_target(&mut self, key: &K, now: Instant, evicted: &mut Evicted<C>) {
        while let Some(oldest) = self.targets.get(key).and_then(|places| places.idle.front())
            && now.saturating_since(oldest.since) >= self.limits.idle
        {
            evicted.extend(self.give_up_oldest(key));
        }
    }

    /// Whether there is, or could be made, room for one more connection; an idle one gives way.
    fn make_room(&mut self, key: &K, evicted: &mut Evicted<C>) -> bool {
        let taken = self.targets.get(key).map_or(0, |places| places.taken);
        if taken >= self.limits.per_target.max(1) {
            let oldest = self.give_up_oldest(key);
            let made = oldest.is_some();
            evicted.extend(oldest);
            return made;
        }
        if self.total < self.limits.total.max(1) {
            return true;
        }
        let idlest = self.targets.iter().filter_map(|(key, places)| Some((places.idle.front()?.since, key)));
        let Some(idlest) = idlest.min_by_key(|(since, _)| *since).map(|(_, key)| key.clone()) else { return false };
        evicted.extend(self.give_up_oldest(&idlest));
        true
    }

    /// Takes the place of the connection that has been idle longest.
    fn give_up_oldest(&mut self, key: &K) -> Option<C> {
        let idle = self.targets.get_mut(key)?.idle.pop_front()?;
        self.idle -= 1;
        self.give_place_back(key);
        Some(idle.connection)
    }

    fn take_place(&mut self, key: &K) {
        let places = self.targets.entry(key.clone()).or_insert_with(|| Places { taken: 0, idle: VecDeque::new() });
        places.taken += 1;
        self.total += 1;
    }

    fn give_place_back(&mut self, key: &K) {
        if let Some(places) = self.targets.get_mut(key) {
            places.taken -= 1;
            self.total -= 1;
            if places.taken == 0 {
                self.targets.remove(key);
            }
        }
    }
}
