//! [`Shared`]: what the clones of a client share, and how a request gets a connection: one from its place in the pool, or
//! a new one into a place.

use super::connect::{Clock, Connect};
use super::error::{Phase, RequestError};
use super::exchange::Phases;
use super::flight::Flight;
use super::lanes::Lanes;
use super::lease::Lease;
use super::places::{Found, Places};
use super::pool::{Grant, PoolLimits};
use super::reaper::Reaper;
use super::target::Target;
use super::timeouts::ClientTimeouts;
use super::waiting::Waiting;
use super::within::within;
use http_proto::{Config, Instant};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

pub(super) struct Shared<C: Connect> {
    pub(super) connector: C,
    pub(super) config: Arc<Config>,
    pub(super) timeouts: ClientTimeouts,
    /// The proxy that everything is sent through.
    pub(super) proxy: Option<Target>,
    /// Requests on one connection at a time; above one, those that allow it are pipelined.
    pub(super) pipelining: u16,
    pub(super) lanes: Arc<Lanes<C>>,
    pub(super) places: Arc<Places<C>>,
    /// Connections opened since the beginning.
    opened: AtomicU64,
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
        let pipelining = config.pipeline.depth;
        let (lanes, places) = (Arc::new(Lanes::new(pipelining)), Arc::new(Places::new(limits)));
        Shared { connector, config, timeouts, proxy, pipelining, lanes, places, opened: AtomicU64::new(0) }
    }

    /// A connection to `target`, and how it was found. `fresh`: one that has been idle will not do. `begun`: when the
    /// search began, which is now if that is not known.
    pub(super) async fn check_out(
        &self,
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
        &self,
        target: Target,
        fresh: bool,
        begun: &mut Option<Instant>,
        mut elsewhere: impl FnMut(&Context<'_>) -> bool,
    ) -> Result<Option<(Lease<C>, Phases)>, RequestError> {
        let (mut found, mut ready) = self.places.look_up(&target, fresh);
        let begun = *begun.get_or_insert(ready);
        loop {
            let granted = match found {
                Found::Granted(granted) => granted,
                Found::Waiting(waiter) => {
                    let mut waiting = Waiting::new(waiter, Arc::clone(&self.places));
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
                    let mut lease = Lease::new(flight, Arc::clone(&self.places));
                    if lease.flight().is_some_and(Flight::is_fit) {
                        let ready = ready.saturating_since(begun);
                        return Ok(Some((lease, Phases { ready, ..Phases::default() })));
                    }
                }
                Grant::Open => return self.open(target, begun).await.map(Some),
            }
            // It has been closed meanwhile; there may be others.
            (found, ready) = self.places.look_up(&target, fresh);
        }
    }

    /// Fills a place with a new connection.
    async fn open(&self, target: Target, begun: Instant) -> Result<(Lease<C>, Phases), RequestError> {
        let place = Place { places: &self.places, target: &target };
        let connected = match &self.proxy {
            Some(proxy) if target.is_secure() && *proxy != target => self.tunnel(proxy, &target).await?,
            Some(_) | None => self.connector.connect(&target).await?,
        };
        std::mem::forget(place);
        Reaper::begin(&self.places, self.connector.runtime());
        let (resolve, connect, tls) = (connected.resolve, Some(connected.connect), connected.tls);
        let ready = self.places.now().saturating_since(begun);
        let id = self.opened.fetch_add(1, Relaxed) + 1;
        let flight = Flight::new(connected, target, id, Arc::clone(&self.config), self.timeouts.answer);
        let phases = Phases { resolve, connect, tls, ready, ..Phases::default() };
        Ok((Lease::new(Box::new(flight), Arc::clone(&self.places)), phases))
    }
}

impl<C: Connect> Drop for Shared<C> {
    /// The client is gone: nothing further will be asked.
    fn drop(&mut self) {
        self.lanes.shut_down();
    }
}

/// A place in the pool whose connection is being opened.
struct Place<'a, C: Connect> {
    places: &'a Places<C>,
    target: &'a Target,
}

impl<C: Connect> Drop for Place<'_, C> {
    fn drop(&mut self) {
        self.places.release(self.target);
    }
}
