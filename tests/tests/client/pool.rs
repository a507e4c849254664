//! The books of a pool, against books kept without any cleverness.

use http_driver::{Checkout, Grant, Pool, PoolLimits};
use http_proto::Instant;
use proptest::prelude::*;
use std::time::Duration;

type Key = u8;
/// A connection, by its number.
type Connection = u32;
/// Who waits, by number.
type Waiter = u32;

/// What somebody does to a pool.
#[derive(Debug, Clone)]
enum Op {
    Checkout(Key),
    /// Behind an idle connection that has failed.
    Open(Key),
    /// One of those in use comes back, after so many requests.
    Checkin(usize, u64),
    /// One of those in use is gone.
    Release(usize),
    /// One of those who wait gives up.
    Cancel(usize),
    /// Time goes by, then what is idle is looked at; these are dead.
    Expire(u64, u8),
}

/// The same books, as lists.
struct Books {
    limits: PoolLimits,
    /// Those in use, or being opened.
    used: Vec<Key>,
    /// In the order in which they became idle.
    idle: Vec<(Key, Connection, Instant)>,
    waiting: Vec<(Key, Waiter)>,
    evicted: Vec<Connection>,
}

type Granted = Option<(Waiter, Grant<Connection>)>;

impl Books {
    fn taken(&self, key: Key) -> usize {
        self.used.iter().filter(|used| **used == key).count() + self.idle.iter().filter(|idle| idle.0 == key).count()
    }

    fn total(&self) -> usize {
        self.used.len() + self.idle.len()
    }

    fn evict(&mut self, at: usize) {
        let (_, connection, _) = self.idle.remove(at);
        self.evicted.push(connection);
    }

    fn evict_if(&mut self, is_it: impl Fn(Key, Connection, Instant) -> bool) {
        while let Some(at) = self.idle.iter().position(|(key, connection, since)| is_it(*key, *connection, *since)) {
            self.evict(at);
        }
    }

    /// A place for `key`, if there is one, or an idle connection that gives way.
    fn take_place(&mut self, key: Key) -> bool {
        let oldest = if self.taken(key) >= self.limits.per_target {
            self.idle.iter().position(|idle| idle.0 == key)
        } else if self.total() >= self.limits.total {
            (!self.idle.is_empty()).then_some(0)
        } else {
            self.used.push(key);
            return true;
        };
        let Some(oldest) = oldest else { return false };
        self.evict(oldest);
        self.used.push(key);
        true
    }

    fn checkout(&mut self, key: Key, now: Instant) -> Checkout<Connection> {
        let limit = self.limits.idle;
        self.evict_if(|other, _, since| other == key && now.saturating_since(since) >= limit);
        match self.idle.iter().rposition(|idle| idle.0 == key) {
            Some(newest) => {
                self.used.push(key);
                Checkout::Idle(self.idle.remove(newest).1)
            }
            None => self.open(key),
        }
    }

    fn open(&mut self, key: Key) -> Checkout<Connection> {
        let waits = self.waiting.iter().any(|(other, _)| *other == key);
        if !waits && self.take_place(key) { Checkout::Open } else { Checkout::Wait }
    }

    fn checkin(&mut self, key: Key, connection: Connection, served: u64, now: Instant) -> Granted {
        let mine = self.waiting.iter().position(|(other, _)| *other == key);
        let poor = self.waiting.iter().position(|(other, _)| self.taken(*other) == 0);
        let comes_first = poor.is_some_and(|poor| mine.is_none_or(|mine| poor < mine));
        if served >= self.limits.requests || comes_first {
            self.evicted.push(connection);
            return self.release(key);
        }
        if let Some(at) = mine {
            return Some((self.waiting.remove(at).1, Grant::Connection(connection)));
        }
        self.put_away(key);
        self.idle.push((key, connection, now));
        if self.idle.iter().filter(|idle| idle.0 == key).count() > self.limits.idle_per_target {
            let oldest = self.idle.iter().position(|idle| idle.0 == key).unwrap();
            self.evict(oldest);
        }
        self.grant()
    }

    fn release(&mut self, key: Key) -> Granted {
        self.put_away(key);
        self.grant()
    }

    fn put_away(&mut self, key: Key) {
        let at = self.used.iter().position(|used| *used == key).unwrap();
        self.used.remove(at);
    }

    fn grant(&mut self) -> Granted {
        for at in 0..self.waiting.len() {
            if self.take_place(self.waiting[at].0) {
                return Some((self.waiting.remove(at).1, Grant::Open));
            }
        }
        None
    }

    fn expire(&mut self, now: Instant, dead: impl Fn(Connection) -> bool) {
        let limit = self.limits.idle;
        self.evict_if(|_, connection, since| now.saturating_since(since) >= limit || dead(connection));
    }
}

/// A pool, its books, and whoever uses them.
struct Test {
    pool: Pool<Key, Connection, Waiter>,
    books: Books,
    now: Instant,
    /// Numbers given so far, to connections and to those who wait.
    numbers: u32,
    /// The connections in use.
    used: Vec<(Key, Connection)>,
    gone: Vec<Connection>,
}

impl Test {
    fn new(limits: PoolLimits) -> Self {
        let books = Books {
            limits: limits.clone(),
            used: Vec::new(),
            idle: Vec::new(),
            waiting: Vec::new(),
            evicted: Vec::new(),
        };
        let now = Instant::from_nanos(1_000_000);
        Test { pool: Pool::new(limits), books, now, numbers: 0, used: Vec::new(), gone: Vec::new() }
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn open(&mut self, key: Key) {
        let connection = self.number();
        self.used.push((key, connection));
    }

    /// The pool and the books say the same of `key`, and it is done.
    fn found(&mut self, key: Key, found: Checkout<Connection>, expected: Checkout<Connection>) {
        assert_eq!(found, expected);
        match found {
            Checkout::Idle(connection) => self.used.push((key, connection)),
            Checkout::Open => self.open(key),
            Checkout::Wait => {
                let waiter = self.number();
                self.pool.wait(key, waiter);
                self.books.waiting.push((key, waiter));
            }
        }
    }

    fn granted(&mut self, key: impl Fn(Waiter) -> Key, granted: Granted, expected: Granted) {
        assert_eq!(granted, expected);
        match granted {
            Some((waiter, Grant::Connection(connection))) => self.used.push((key(waiter), connection)),
            Some((waiter, Grant::Open)) => self.open(key(waiter)),
            None => {}
        }
    }

    fn take_used(&mut self, at: usize) -> Option<(Key, Connection)> {
        (!self.used.is_empty()).then(|| self.used.swap_remove(at % self.used.len()))
    }

    fn play(&mut self, op: Op) {
        // No two things happen at once.
        self.now = self.now.saturating_add(Duration::from_nanos(1));
        let now = self.now;
        let waiting = self.books.waiting.clone();
        let key_of = |waiter| waiting.iter().find(|(_, other)| *other == waiter).unwrap().0;
        let mut evicted = Vec::new();
        match op {
            Op::Checkout(key) => {
                let found = self.pool.checkout(&key, now, &mut evicted);
                let expected = self.books.checkout(key, now);
                self.found(key, found, expected);
            }
            Op::Open(key) => {
                let found = self.pool.open(&key, &mut evicted);
                let expected = self.books.open(key);
                self.found(key, found, expected);
            }
            Op::Checkin(at, served) => {
                let Some((key, connection)) = self.take_used(at) else { return };
                let granted = self.pool.checkin(&key, connection, served, now, &mut evicted);
                let expected = self.books.checkin(key, connection, served, now);
                self.granted(key_of, granted, expected);
            }
            Op::Release(at) => {
                let Some((key, connection)) = self.take_used(at) else { return };
                self.gone.push(connection);
                let granted = self.pool.release(&key, &mut evicted);
                let expected = self.books.release(key);
                self.granted(key_of, granted, expected);
            }
            Op::Cancel(at) => {
                if waiting.is_empty() {
                    assert!(!self.pool.cancel(|_| true));
                    return;
                }
                let (_, waiter) = self.books.waiting.remove(at % waiting.len());
                assert!(self.pool.cancel(|other| *other == waiter));
                assert!(!self.pool.cancel(|other| *other == waiter));
            }
            Op::Expire(after, dead) => {
                let now = now.saturating_add(Duration::from_nanos(after));
                self.now = now;
                let is_dead = |connection: Connection| connection.is_multiple_of(7) && dead & 1 == 1;
                self.pool.expire(now, &mut evicted, |connection| is_dead(*connection));
                self.books.expire(now, is_dead);
                loop {
                    let granted = self.pool.grant(&mut evicted);
                    let last = granted.is_none();
                    let expected = self.books.grant();
                    self.granted(key_of, granted, expected);
                    if last {
                        break;
                    }
                }
            }
        }
        // Those of no use, and no others.
        evicted.sort_unstable();
        self.books.evicted.sort_unstable();
        assert_eq!(evicted, std::mem::take(&mut self.books.evicted));
        self.gone.extend(evicted);
    }

    /// What holds whatever has been done.
    fn check(&self) {
        let (pool, books, limits) = (&self.pool, &self.books, &self.books.limits);
        assert_eq!((pool.len(), pool.idle(), pool.waiting()), (books.total(), books.idle.len(), books.waiting.len()));
        assert_eq!((pool.is_empty(), self.used.len()), (books.total() == 0, books.used.len()));
        let next = books.idle.first().map(|(_, _, since)| since.saturating_add(limits.idle));
        assert_eq!(pool.next_expiry(), next);
        assert!(books.total() <= limits.total);
        for key in 0..KEYS {
            assert!(books.taken(key) <= limits.per_target);
            assert!(books.idle.iter().filter(|idle| idle.0 == key).count() <= limits.idle_per_target);
        }
        // Every connection is at one place, or gone.
        let idle = books.idle.iter().map(|idle| idle.1);
        let mut everywhere: Vec<_> =
            self.used.iter().map(|used| used.1).chain(idle).chain(self.gone.iter().copied()).collect();
        let count = everywhere.len();
        everywhere.sort_unstable();
        everywhere.dedup();
        assert_eq!(everywhere.len(), count);
        // Nobody waits for what is there.
        for (key, _) in &books.waiting {
            let none_idle = books.idle.iter().all(|idle| idle.0 != *key);
            let full = books.taken(*key) == limits.per_target;
            assert!(none_idle && (full || (books.total() == limits.total && books.idle.is_empty())));
        }
    }
}

const KEYS: Key = 4;

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..KEYS).prop_map(Op::Checkout),
        1 => (0..KEYS).prop_map(Op::Open),
        5 => (any::<usize>(), 0..6u64).prop_map(|(at, served)| Op::Checkin(at, served)),
        1 => any::<usize>().prop_map(Op::Release),
        1 => any::<usize>().prop_map(Op::Cancel),
        1 => (0..60u64, any::<u8>()).prop_map(|(after, dead)| Op::Expire(after, dead)),
    ]
}

fn limits() -> impl Strategy<Value = PoolLimits> {
    let small = |from: usize| prop_oneof![from..6, Just(usize::MAX)];
    let requests = prop_oneof![1..6u64, Just(u64::MAX)];
    let idle = prop_oneof![(0..100u64).prop_map(Duration::from_nanos), Just(Duration::MAX)];
    (small(1), small(1), small(0), idle, requests).prop_map(|(total, per_target, idle_per_target, idle, requests)| {
        let mut limits = PoolLimits::default();
        (limits.total, limits.per_target, limits.idle_per_target) = (total, per_target, idle_per_target);
        (limits.idle, limits.requests) = (idle, requests);
        limits
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    // N37
    #[test]
    fn any_use_of_a_pool_agrees_with_the_books(limits in limits(), ops in prop::collection::vec(op(), 0..120)) {
        let mut test = Test::new(limits);
        for op in ops {
            test.play(op);
            test.check();
        }
        // What is left comes back, and nobody waits any more.
        while !test.used.is_empty() {
            test.play(Op::Release(0));
            test.check();
        }
        prop_assert_eq!(test.pool.waiting(), 0);
        test.play(Op::Expire(u64::from(u32::MAX), 0));
        if test.books.limits.idle < Duration::MAX {
            prop_assert!(test.pool.is_empty());
        }
    }
}

// N37: however many wait for a target, one who came before them for another is not passed over for ever.
#[test]
fn who_waits_for_another_target_has_a_turn() {
    let mut limits = PoolLimits::default();
    limits.total = 1;
    let mut pool: Pool<Key, Connection, Waiter> = Pool::new(limits);
    let (now, mut evicted) = (Instant::from_nanos(1), Vec::new());
    assert_eq!(pool.checkout(&0, now, &mut evicted), Checkout::Open);
    pool.wait(0, 1);
    pool.wait(1, 2);
    pool.wait(0, 3);
    assert_eq!(pool.checkin(&0, 10, 1, now, &mut evicted), Some((1, Grant::Connection(10))));
    assert_eq!(pool.checkin(&0, 10, 1, now, &mut evicted), Some((2, Grant::Open)));
    assert_eq!(evicted, [10]);
    assert_eq!(pool.checkin(&1, 11, 1, now, &mut evicted), Some((3, Grant::Open)));
    assert_eq!(evicted, [10, 11]);
}

// N37: a bound of none would let nobody ask.
#[test]
fn there_is_always_room_for_one() {
    let mut limits = PoolLimits::default();
    (limits.total, limits.per_target) = (0, 0);
    let mut pool: Pool<Key, Connection, Waiter> = Pool::new(limits);
    let mut evicted = Vec::new();
    assert_eq!(pool.checkout(&0, Instant::from_nanos(1), &mut evicted), Checkout::Open);
    assert_eq!(pool.checkout(&1, Instant::from_nanos(1), &mut evicted), Checkout::Wait);
}
