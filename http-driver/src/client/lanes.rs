//! [`Lanes`]: the connections on which a client pipelines, by target; which request goes where.

use super::Clock;
use super::call::Waits;
use super::connect::Connect;
use super::error::{Phase, RequestError};
use super::exchange::Phases;
use super::execute::Informed;
use super::flight::{Flight, Line};
use super::lane::{Lane, Run};
use super::lease::Lease;
use super::shared::Shared;
use super::target::Target;
use super::turns::Turns;
use super::within::within;
use crate::Body;
use crate::runtime::Runtime;
use crate::watched::lock;
use http::Response;
use http_proto::{Instant, RequestHead};
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

/// The lanes to one target.
struct Open<C: Connect> {
    lanes: Vec<Arc<Lane<C>>>,
    /// Somebody is opening a further one.
    opening: bool,
    /// Who waits for room.
    turns: Turns,
}

type All<C> = Mutex<HashMap<Target, Open<C>>>;

/// The lanes of a client.
pub(super) struct AllLanes<C: Connect>(Arc<All<C>>);

/// What a lane's task knows of the others.
pub(super) struct Lanes<C: Connect> {
    all: Arc<All<C>>,
    shared: Weak<Shared<C>>,
    target: Target,
    depth: usize,
}

enum Choice<C: Connect> {
    Take(Arc<Lane<C>>),
    Open,
}

impl<C: Connect> Default for AllLanes<C> {
    fn default() -> Self {
        AllLanes(Arc::new(Mutex::new(HashMap::new())))
    }
}

impl<C: Connect> AllLanes<C> {
    /// Carries a request that may be pipelined; `begun`: when the search for a connection began.
    pub(super) async fn carry(
        &self,
        shared: &Arc<Shared<C>>,
        target: &Target,
        head: &RequestHead<'_>,
        informed: Option<&Informed>,
        begun: Instant,
    ) -> Result<Response<Body>, RequestError> {
        let depth = usize::from(shared.pipelining);
        let most = shared.requests();
        let mut turn = Turn { all: &self.0, target, depth, number: None };
        let mut phases = Phases::default();
        loop {
            // Connecting has deadlines of its own.
            let chosen = within(shared.timeouts.wait, Clock::<C>::default(), poll_fn(|cx| turn.poll(cx))).await;
            phases.ready = shared.now().saturating_since(begun);
            let (chosen, _) = chosen.ok_or(RequestError::Timeout(Phase::Wait))?;
            let lane = match chosen {
                Choice::Take(lane) => lane,
                Choice::Open => {
                    let Some((lane, opened)) = self.open(shared, &mut turn, begun).await? else { continue };
                    phases = opened;
                    lane
                }
            };
            if let Some(call) = lane.begin(head, informed.cloned(), phases, most)? {
                return Waits(call).await;
            }
        }
    }

    /// Somebody waits for a place: the lane with the least to do takes no further requests, and gives its place up when
    /// those it has are answered; one to the same target if there is one.
    pub(super) fn give_way(&self, target: &Target) {
        let lane = {
            let all = lock(&self.0);
            let ours = all.get(target).into_iter().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            let least = ours.min_by_key(|lane| lane.load()).cloned();
            let others = || all.values().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            least.or_else(|| others().min_by_key(|lane| lane.load()).cloned())
        };
        if let Some(lane) = lane {
            lane.give_way();
        }
    }

    /// A new lane; `None` if the pool has no place for it, and one of those that are there has got room meanwhile.
    async fn open(
        &self,
        shared: &Arc<Shared<C>>,
        turn: &mut Turn<'_, C>,
        begun: Instant,
    ) -> Result<Option<(Arc<Lane<C>>, Phases)>, RequestError> {
        let (target, depth) = (turn.target, turn.depth);
        let opening = Opening { all: &self.0, target, depth };
        let mut asked = lock(&self.0).get(target).is_some_and(|open| !open.lanes.is_empty());
        let room = |cx: &Context<'_>| {
            // Without a lane to wait for, those to other targets are asked for a place.
            if !std::mem::replace(&mut asked, true) {
                self.give_way(target);
            }
            turn.poll_room(cx).is_ready()
        };
        let Some((lease, phases)) = shared.check_out_unless(target.clone(), false, &mut Some(begun), room).await?
        else {
            return Ok(None);
        };
        let Some(line) = lease.into_line() else { return Err(RequestError::Timeout(Phase::Wait)) };
        let lane = Arc::new(Lane::new(line));
        let lanes = Lanes { all: Arc::clone(&self.0), shared: Arc::downgrade(shared), target: target.clone(), depth };
        lock(&self.0).entry(target.clone()).or_insert_with(Open::new).lanes.push(Arc::clone(&lane));
        shared.connector.runtime().spawn(Run { lane: Arc::clone(&lane), lanes });
        drop(opening);
        Ok(Some((lane, phases)))
    }
}

impl<C: Connect> Open<C> {
    fn new() -> Self {
        Open { lanes: Vec::new(), opening: false, turns: Turns::default() }
    }

    /// The lane with the fewest requests, if that has room.
    fn emptiest(&self, depth: usize) -> Option<Arc<Lane<C>>> {
        let (load, lane) = self.lanes.iter().map(|lane| (lane.load(), lane)).min_by_key(|(load, _)| *load)?;
        (load < depth).then(|| Arc::clone(lane))
    }

    /// Those who can go on: one for each request that a lane has room for, and one to open a further lane.
    fn next(&mut self, depth: usize) -> Vec<Waker> {
        let room: usize = self.lanes.iter().map(|lane| depth.saturating_sub(lane.load())).sum();
        self.turns.next(room + usize::from(!self.opening))
    }
}

/// Wakes those who can go on.
fn wake<C: Connect>(all: &All<C>, target: &Target, depth: usize) {
    let woken = lock(all).get_mut(target).map_or_else(Vec::new, |open| open.next(depth));
    woken.into_iter().for_each(Waker::wake);
}

/// Somebody who looks for a lane. Dropped, it passes on what it may have been woken for.
struct Turn<'a, C: Connect> {
    all: &'a All<C>,
    target: &'a Target,
    depth: usize,
    /// Of those who wait, once it has waited.
    number: Option<u64>,
}

impl<C: Connect> Turn<'_, C> {
    /// A lane with room, or leave to open one.
    fn poll(&mut self, cx: &Context<'_>) -> Poll<Choice<C>> {
        let mut all = lock(self.all);
        let open = all.entry(self.target.clone()).or_insert_with(Open::new);
        if let Some(lane) = open.emptiest(self.depth) {
            return Poll::Ready(Choice::Take(lane));
        }
        if !std::mem::replace(&mut open.opening, true) {
            return Poll::Ready(Choice::Open);
        }
        open.turns.wait(&mut self.number, cx);
        Poll::Pending
    }

    /// Ready when a lane has room.
    fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut all = lock(self.all);
        let open = all.entry(self.target.clone()).or_insert_with(Open::new);
        if open.emptiest(self.depth).is_some() {
            return Poll::Ready(());
        }
        open.turns.wait(&mut self.number, cx);
        Poll::Pending
    }
}

impl<C: Connect> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        if let Some(open) = lock(self.all).get_mut(self.target) {
            open.turns.leave(number);
        }
        wake(self.all, self.target, self.depth);
    }
}

/// Somebody is opening a lane; dropped, somebody else may.
struct Opening<'a, C: Connect> {
    all: &'a All<C>,
    target: &'a Target,
    depth: usize,
}

impl<C: Connect> Drop for Opening<'_, C> {
    fn drop(&mut self) {
        let mut all = lock(self.all);
        if let Some(open) = all.get_mut(self.target) {
            open.opening = false;
            if open.lanes.is_empty() && open.turns.is_empty() {
                all.remove(self.target);
            }
        }
        drop(all);
        wake(self.all, self.target, self.depth);
    }
}

impl<C: Connect> Lanes<C> {
    /// A lane has room again.
    pub(super) fn notify(&self) {
        wake(&self.all, &self.target, self.depth);
    }

    /// A lane is over; its connection is `idle`, or gone.
    pub(super) fn remove(&self, lane: &Arc<Lane<C>>, idle: Option<Line<C>>) {
        let mut all = lock(&self.all);
        let Some(open) = all.get_mut(&self.target) else { return };
        let before = open.lanes.len();
        open.lanes.retain(|other| !Arc::ptr_eq(other, lane));
        let removed = open.lanes.len() < before;
        if open.lanes.is_empty() && !open.opening && open.turns.is_empty() {
            all.remove(&self.target);
        }
        drop(all);
        self.notify();
        let Some(shared) = self.shared.upgrade().filter(|_| removed) else { return };
        match idle {
            Some(line) => Lease::new(Box::new(Flight::from_line(line, self.target.clone())), shared).give_back(),
            None => shared.release(&self.target),
        }
    }
}

impl<C: Connect> Drop for AllLanes<C> {
    /// The client is gone: nothing further will be asked.
    fn drop(&mut self) {
        let lanes: Vec<_> = lock(&self.0).values().flat_map(|open| open.lanes.clone()).collect();
        lanes.iter().for_each(|lane| lane.shut_down());
    }
}
