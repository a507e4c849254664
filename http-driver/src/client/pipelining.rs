//! Pipelining: requests that may share a connection (RFC 9112 section 9.3.2) take a lane, or open one, which a task then
//! runs.

use super::call::Waits;
use super::connect::{Clock, Connect};
use super::error::{Phase, RequestError};
use super::exchange::Phases;
use super::extensions::Informed;
use super::flight::{Flight, Line};
use super::lane::Lane;
use super::lanes::{Choice, Lanes, Opening, Turn};
use super::lease::Lease;
use super::places::Places;
use super::shared::Shared;
use super::target::Target;
use super::within::within;
use crate::Body;
use crate::runtime::Runtime;
use http::Response;
use http_proto::{Instant, RequestHead};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

impl<C: Connect> Shared<C> {
    /// Carries a request that may be pipelined; `begun`: when the search for a connection began.
    pub(super) async fn pipeline(
        &self,
        target: &Target,
        head: &RequestHead<'_>,
        informed: Option<&Informed>,
        begun: Instant,
    ) -> Result<Response<Body>, RequestError> {
        let most = self.places.requests();
        let mut turn = Turn::new(&self.lanes, target);
        let mut phases = Phases::default();
        loop {
            // Connecting has deadlines of its own.
            let chosen = within(self.timeouts.wait, Clock::<C>::default(), poll_fn(|cx| turn.poll(cx))).await;
            phases.ready = self.places.now().saturating_since(begun);
            let (chosen, _) = chosen.ok_or(RequestError::Timeout(Phase::Wait))?;
            let lane = match chosen {
                Choice::Take(lane) => lane,
                Choice::Open => {
                    let Some((lane, opened)) = self.open_lane(target, &mut turn, begun).await? else { continue };
                    phases = opened;
                    lane
                }
            };
            if let Some(call) = lane.begin(head, informed.cloned(), phases, most)? {
                return Waits(call).await;
            }
        }
    }

    /// A new lane; `None` if the pool has no place for it, and one of those that are there has got room meanwhile.
    async fn open_lane(
        &self,
        target: &Target,
        turn: &mut Turn<'_, C>,
        begun: Instant,
    ) -> Result<Option<(Arc<Lane<C>>, Phases)>, RequestError> {
        let opening = Opening { lanes: &self.lanes, target };
        let mut asked = self.lanes.has(target);
        let room = |cx: &Context<'_>| {
            // Without a lane to wait for, those to other targets are asked for a place.
            if !std::mem::replace(&mut asked, true) {
                self.lanes.give_way(target);
            }
            turn.poll_room(cx).is_ready()
        };
        let found = self.check_out_unless(target.clone(), false, &mut Some(begun), room).await?;
        let Some((lease, phases)) = found else { return Ok(None) };
        let Some(line) = lease.into_line() else { return Err(RequestError::Timeout(Phase::Wait)) };
        let lane = Arc::new(Lane::new(line));
        self.lanes.add(target, Arc::clone(&lane));
        self.connector.runtime().spawn(Run {
            lane: Arc::clone(&lane),
            lanes: Arc::clone(&self.lanes),
            places: Arc::downgrade(&self.places),
            target: target.clone(),
        });
        drop(opening);
        Ok(Some((lane, phases)))
    }
}

/// The task of a lane.
struct Run<C: Connect> {
    lane: Arc<Lane<C>>,
    lanes: Arc<Lanes<C>>,
    places: Weak<Places<C>>,
    target: Target,
}

impl<C: Connect> Run<C> {
    /// The lane is over; its connection is `idle`, or gone.
    fn end(&self, idle: Option<Line<C>>) {
        let listed = self.lanes.remove(&self.target, &self.lane);
        let Some(places) = self.places.upgrade().filter(|_| listed) else { return };
        match idle {
            Some(line) => Lease::new(Box::new(Flight::from_line(line, self.target.clone())), places).give_back(),
            None => places.release(&self.target),
        }
    }
}

impl<C: Connect> Future for Run<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let idle = ready!(self.lane.poll(cx, || self.lanes.wake(&self.target)));
        self.end(idle);
        Poll::Ready(())
    }
}

impl<C: Connect> Drop for Run<C> {
    fn drop(&mut self) {
        self.lane.give_up();
        self.end(None);
    }
}
