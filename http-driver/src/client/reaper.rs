//! [`Reaper`]: closes idle connections in good time, though nobody asks for them: those that have expired, and those that
//! their servers have closed.

use super::Clock;
use super::connect::Connect;
use super::shared::Shared;
use crate::Timer;
use crate::runtime::Runtime;
use crate::watched::lock;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Connections that come and go are left alone. Those that have been idle for so long are watched.
const SETTLED: Duration = Duration::from_secs(1);

/// The client's hand on the task that watches over its idle connections. It is begun with the first connection that is
/// opened, and ends with the client.
#[derive(Default)]
pub(super) struct Reaper(Arc<News>);

/// What the task is told.
#[derive(Default)]
struct News {
    /// The task is there.
    begun: AtomicBool,
    /// Connections have become idle since it last looked.
    fresh: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl News {
    fn wake(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Reaper {
    /// A connection is being opened. Where it becomes idle there may be no runtime that could be given a task.
    pub(super) fn begin<C: Connect>(&self, shared: &Arc<Shared<C>>) {
        if !self.0.begun.swap(true, AcqRel) {
            let (news, timer) = (Arc::clone(&self.0), Clock::<C>::default());
            let reaping = Reaping { shared: Arc::downgrade(shared), news, timer, settling: false };
            shared.connector.runtime().spawn(reaping);
        }
    }

    /// A connection has become idle.
    pub(super) fn note(&self) {
        if !self.0.fresh.swap(true, AcqRel) {
            self.0.wake();
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.0.wake();
    }
}

struct Reaping<C: Connect> {
    shared: Weak<Shared<C>>,
    news: Arc<News>,
    timer: Clock<C>,
    /// It was told of fresh connections, and waits until they have settled.
    settling: bool,
}

impl<C: Connect> Future for Reaping<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // Before the news are looked at, so that none is missed.
        *lock(&this.news.task) = Some(cx.waker().clone());
        let Some(shared) = this.shared.upgrade() else { return Poll::Ready(()) };
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
        let next = shared.expire(cx).unwrap_or(Duration::MAX);
        let now = this.timer.now();
        this.timer.reset(now.saturating_add(next));
        // It is set for the future, unless it is late already.
        if this.timer.poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<C: Connect> Drop for Reaping<C> {
    /// With its runtime, perhaps; the client may go on with another one.
    fn drop(&mut self) {
        self.news.begun.store(false, Release);
    }
}

impl<C: Connect> Unpin for Reaping<C> {}
