//! [`Reaper`]: closes idle connections in good time, though nobody asks for them: those that have expired, and those that
//! their servers have closed.

use super::connect::{Clock, Connect};
use super::news::News;
use super::places::Places;
use crate::Timer;
use crate::runtime::Runtime;
use crate::watched::lock;
use std::pin::Pin;
use std::sync::atomic::{Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

/// Connections that come and go are left alone. Those that have been idle for so long are watched.
const SETTLED: Duration = Duration::from_secs(1);

/// The task that watches over a client's idle connections. It is begun with the first connection that is opened, and ends
/// with the client.
pub(super) struct Reaper<C: Connect> {
    places: Weak<Places<C>>,
    news: Arc<News>,
    timer: Clock<C>,
    /// It was told of fresh connections, and waits until they have settled.
    settling: bool,
}

impl<C: Connect> Reaper<C> {
    /// A connection is being opened. Where it becomes idle there may be no runtime that could be given a task.
    pub(super) fn begin(places: &Arc<Places<C>>, runtime: &C::Runtime) {
        if !places.news.begun.swap(true, AcqRel) {
            let (news, timer) = (Arc::clone(&places.news), Clock::<C>::default());
            runtime.spawn(Reaper { places: Arc::downgrade(places), news, timer, settling: false });
        }
    }
}

impl<C: Connect> Future for Reaper<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // Before the news are looked at, so that none is missed.
        *lock(&this.news.task) = Some(cx.waker().clone());
        let Some(places) = this.places.upgrade() else { return Poll::Ready(()) };
        if !this.settling && this.news.fresh.load(Acquire) {
            this.settling = true;
            let now = this.timer.now();
            this.timer.reset(now.saturating_add(SETTLED));
        }
        if this.settling {
            if this.timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.settling = false;
            this.news.fresh.store(false, Release);
        }
        // Whatever has woken the task: a connection that expires, or one that its server closes.
        let next = places.expire(cx).unwrap_or(Duration::MAX);
        let now = this.timer.now();
        this.timer.reset(now.saturating_add(next));
        // It is set for the future, unless it is late already.
        if this.timer.poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<C: Connect> Drop for Reaper<C> {
    /// With its runtime, perhaps; the client may go on with another one.
    fn drop(&mut self) {
        self.news.begun.store(false, Release);
    }
}

impl<C: Connect> Unpin for Reaper<C> {}
