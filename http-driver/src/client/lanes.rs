//! [`Lanes`]: the connections on which a client pipelines, by target; which request goes where.

use super::Clock;
use super::call::{Call, Waits};
use super::connect::Connect;
use super::error::{Phase, RequestError};
use super::exchange::Phases;
use super::execute::Informed;
use super::lane::{Lane, Run};
use super::shared::Shared;
use super::target::Target;
use super::within::within;
use crate::Body;
use crate::runtime::Runtime;
use crate::watched::Watched;
use http::Response;
use http_proto::RequestHead;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::Context;

/// The lanes to one target.
struct Open<C: Connect> {
    lanes: Vec<Arc<Lane<C>>>,
    /// Somebody is opening a further one.
    opening: bool,
}

type All<C> = Watched<HashMap<Target, Open<C>>>;

/// The lanes of a client.
pub(super) struct AllLanes<C: Connect>(Arc<All<C>>);

/// What a lane's task knows of the others.
pub(super) struct Lanes<C: Connect> {
    all: Arc<All<C>>,
    shared: Weak<Shared<C>>,
    target: Target,
}

enum Choice<C: Connect> {
    Take(Arc<Lane<C>>),
    Open,
}

impl<C: Connect> Default for AllLanes<C> {
    fn default() -> Self {
        AllLanes(Arc::new(Watched::new(HashMap::new())))
    }
}

impl<C: Connect> AllLanes<C> {
    /// Carries a request that may be pipelined.
    pub(super) async fn carry(
        &self,
        shared: &Arc<Shared<C>>,
        target: &Target,
        head: &RequestHead<'_>,
        informed: Option<&Informed>,
    ) -> Result<Response<Body>, RequestError> {
        let placing = self.place(shared, target, head, informed);
        let placed = within(shared.timeouts.wait, Clock::<C>::default(), placing).await;
        let (call, _) = placed.ok_or(RequestError::Timeout(Phase::Wait))?;
        Waits(call?).await
    }

    /// Somebody waits for a place: the lane with the least to do takes no further requests, and gives its place up when
    /// those it has are answered; one to the same target if there is one.
    pub(super) fn give_way(&self, target: &Target) {
        let lane = self.0.with(|all| {
            let ours = all.get(target).into_iter().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            let least = ours.min_by_key(|lane| lane.load()).cloned();
            let others = || all.values().flat_map(|open| &open.lanes).filter(|lane| lane.is_open());
            least.or_else(|| others().min_by_key(|lane| lane.load()).cloned())
        });
        if let Some(lane) = lane {
            lane.shut_down();
        }
    }

    /// Begins it, on a lane with room or on a new one.
    async fn place(
        &self,
        shared: &Arc<Shared<C>>,
        target: &Target,
        head: &RequestHead<'_>,
        informed: Option<&Informed>,
    ) -> Result<Arc<Call>, RequestError> {
        let depth = usize::from(shared.pipelining);
        let most = shared.requests();
        loop {
            let chosen = poll_fn(|cx| self.0.poll(cx, |all| choose(all, target, depth))).await;
            let (lane, phases) = match chosen {
                Choice::Take(lane) => (lane, Phases::default()),
                Choice::Open => match self.open(shared, target).await? {
                    Some(opened) => opened,
                    None => continue,
                },
            };
            if let Some(call) = lane.begin(head, informed.cloned(), phases, most)? {
                return Ok(call);
            }
        }
    }

    /// A new lane; `None` if the pool has no place for it, and one of those that are there has got room meanwhile.
    async fn open(
        &self,
        shared: &Arc<Shared<C>>,
        target: &Target,
    ) -> Result<Option<(Arc<Lane<C>>, Phases)>, RequestError> {
        let opening = Opening { all: &self.0, target };
        let depth = usize::from(shared.pipelining);
        let mut asked = self.0.with(|all| all.get(target).is_some_and(|open| !open.lanes.is_empty()));
        let room = |cx: &Context<'_>| {
            // Without a lane to wait for, those to other targets are asked for a place.
            if !std::mem::replace(&mut asked, true) {
                self.give_way(target);
            }
            self.0.poll(cx, |all| emptiest(all, target, depth)).is_ready()
        };
        let Some((lease, phases)) = shared.check_out_unless(target.clone(), false, &mut None, room).await? else {
            return Ok(None);
        };
        let Some(line) = lease.into_line() else { return Err(RequestError::Timeout(Phase::Wait)) };
        let lane = Arc::new(Lane::new(line));
        let lanes = Lanes { all: Arc::clone(&self.0), shared: Arc::downgrade(shared), target: target.clone() };
        shared.connector.runtime().spawn(Run { lane: Arc::clone(&lane), lanes });
        self.0.with(|all| all.entry(target.clone()).or_insert_with(Open::new).lanes.push(Arc::clone(&lane)));
        drop(opening);
        Ok(Some((lane, phases)))
    }
}

impl<C: Connect> Open<C> {
    fn new() -> Self {
        Open { lanes: Vec::new(), opening: false }
    }
}

/// The lane with the fewest requests, if one has room; `None`: wait.
fn choose<C: Connect>(all: &mut HashMap<Target, Open<C>>, target: &Target, depth: usize) -> Option<Choice<C>> {
    if let Some(lane) = emptiest(all, target, depth) {
        return Some(Choice::Take(lane));
    }
    let open = all.entry(target.clone()).or_insert_with(Open::new);
    let somebody_else_is = std::mem::replace(&mut open.opening, true);
    (!somebody_else_is).then_some(Choice::Open)
}

/// The lane with the fewest requests, if that has room.
fn emptiest<C: Connect>(all: &HashMap<Target, Open<C>>, target: &Target, depth: usize) -> Option<Arc<Lane<C>>> {
    let loads = all.get(target)?.lanes.iter().map(|lane| (lane.load(), lane));
    let (load, lane) = loads.min_by_key(|(load, _)| *load)?;
    (load < depth).then(|| Arc::clone(lane))
}

/// Somebody is opening a lane; dropped, somebody else may.
struct Opening<'a, C: Connect> {
    all: &'a All<C>,
    target: &'a Target,
}

impl<C: Connect> Drop for Opening<'_, C> {
    fn drop(&mut self) {
        self.all.change(|all| {
            if let Some(open) = all.get_mut(self.target) {
                open.opening = false;
            }
        });
    }
}

impl<C: Connect> Lanes<C> {
    /// A lane has room again.
    pub(super) fn notify(&self) {
        self.all.change(|_| {});
    }

    /// A lane is over, and its place free.
    pub(super) fn remove(&self, lane: &Arc<Lane<C>>) {
        let mut removed = false;
        self.all.change(|all| {
            let Some(open) = all.get_mut(&self.target) else { return };
            let before = open.lanes.len();
            open.lanes.retain(|other| !Arc::ptr_eq(other, lane));
            removed = open.lanes.len() < before;
            if open.lanes.is_empty() && !open.opening {
                all.remove(&self.target);
            }
        });
        if let (true, Some(shared)) = (removed, self.shared.upgrade()) {
            shared.release(&self.target);
        }
    }
}

impl<C: Connect> Drop for AllLanes<C> {
    /// The client is gone: nothing further will be asked.
    fn drop(&mut self) {
        let lanes: Vec<_> = self.0.with(|all| all.values().flat_map(|open| open.lanes.clone()).collect());
        lanes.iter().for_each(|lane| lane.shut_down());
    }
}
