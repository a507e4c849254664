//! [`Lanes`]: the connections on which a client pipelines, by target: which of them a request takes, and who waits for
//! room or opens a further one.

use super::connect::Connect;
use super::lane::Lane;
use super::target::Target;
use super::turns::Turns;
use crate::watched::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The lanes of a client.
pub(super) struct Lanes<C: Connect> {
    by_target: Mutex<HashMap<Target, Open<C>>>,
    /// Requests on one lane at a time.
    depth: usize,
}

/// The lanes to one target.
struct Open<C: Connect> {
    lanes: Vec<Arc<Lane<C>>>,
    /// Somebody is opening a further one.
    opening: bool,
    /// Who waits for room.
    turns: Turns,
}

/// What there is for a request.
pub(super) enum Choice<C: Connect> {
    Take(Arc<Lane<C>>),
    /// A further one is to be opened.
    Open,
}

impl<C: Connect> Lanes<C> {
    pub(super) fn new(depth: u16) -> Self {
        Lanes { by_target: Mutex::default(), depth: depth.into() }
    }

    /// Whether there are any to `target`.
    pub(super) fn has(&self, target: &Target) -> bool {
        lock(&self.by_target).get(target).is_some_and(|open| !open.lanes.is_empty())
    }

    pub(super) fn add(&self, target: &Target, lane: Arc<Lane<C>>) {
        lock(&self.by_target).entry(target.clone()).or_insert_with(Open::new).lanes.push(lane);
    }

    /// A lane is over; whether it was one of these.
    pub(super) fn remove(&self, target: &Target, lane: &Arc<Lane<C>>) -> bool {
        let mut all = lock(&self.by_target);
        let Some(open) = all.get_mut(target) else { return false };
        let before = open.lanes.len();
        open.lanes.retain(|other| !Arc::ptr_eq(other, lane));
        let removed = open.lanes.len() < before;
        if open.lanes.is_empty() && !open.opening && open.turns.is_empty() {
            all.remove(target);
        }
        drop(all);
        self.wake(target);
        removed
    }

    /// Wakes those who can go on, as a lane may have room.
    pub(super) fn wake(&self, target: &Target) {
        let woken = lock(&self.by_target).get_mut(target).map_or_else(Vec::new, |open| open.next(self.depth));
        woken.into_iter().for_each(Waker::wake);
    }

    /// Somebody waits for a place: the lane with the least to do takes no further requests, and gives its place up when
    /// those it has are answered; one to the same target if there is one.
    pub(super) fn give_way(&self, target: &Target) {
        let lane = {
            let all = lock(&self.by_target);
            let ours = all.get(target).into_iter().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            let least = ours.min_by_key(|lane| lane.load()).cloned();
            let others = || all.values().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            least.or_else(|| others().min_by_key(|lane| lane.load()).cloned())
        };
        if let Some(lane) = lane {
            lane.give_way();
        }
    }

    /// Nothing further will be asked.
    pub(super) fn shut_down(&self) {
        let lanes: Vec<_> = lock(&self.by_target).values().flat_map(|open| open.lanes.clone()).collect();
        lanes.iter().for_each(|lane| lane.shut_down());
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

/// Somebody who looks for a lane. Dropped, it passes on what it may have been woken for.
pub(super) struct Turn<'a, C: Connect> {
    lanes: &'a Lanes<C>,
    target: &'a Target,
    /// Of those who wait, once it has waited.
    number: Option<u64>,
}

impl<'a, C: Connect> Turn<'a, C> {
    pub(super) fn new(lanes: &'a Lanes<C>, target: &'a Target) -> Self {
        Turn { lanes, target, number: None }
    }

    /// A lane with room, or leave to open one.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Choice<C>> {
        let mut all = lock(&self.lanes.by_target);
        let open = all.entry(self.target.clone()).or_insert_with(Open::new);
        if let Some(lane) = open.emptiest(self.lanes.depth) {
            return Poll::Ready(Choice::Take(lane));
        }
        if !std::mem::replace(&mut open.opening, true) {
            return Poll::Ready(Choice::Open);
        }
        open.turns.wait(&mut self.number, cx);
        Poll::Pending
    }

    /// Ready when a lane has room.
    pub(super) fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut all = lock(&self.lanes.by_target);
        let open = all.entry(self.target.clone()).or_insert_with(Open::new);
        if open.emptiest(self.lanes.depth).is_some() {
            return Poll::Ready(());
        }
        open.turns.wait(&mut self.number, cx);
        Poll::Pending
    }
}

impl<C: Connect> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        if let Some(open) = lock(&self.lanes.by_target).get_mut(self.target) {
            open.turns.leave(number);
        }
        self.lanes.wake(self.target);
    }
}

/// Somebody is opening a lane; dropped, somebody else may.
pub(super) struct Opening<'a, C: Connect> {
    pub(super) lanes: &'a Lanes<C>,
    pub(super) target: &'a Target,
}

impl<C: Connect> Drop for Opening<'_, C> {
    fn drop(&mut self) {
        let mut all = lock(&self.lanes.by_target);
        if let Some(open) = all.get_mut(self.target) {
            open.opening = false;
            if open.lanes.is_empty() && open.turns.is_empty() {
                all.remove(self.target);
            }
        }
        drop(all);
        self.lanes.wake(self.target);
    }
}
