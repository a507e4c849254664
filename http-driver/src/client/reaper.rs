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

/// The client's hand on the task that watches over its idle connections. It is begun with the first of them, and ends
/// with the client.
#[derive(Default)]
pub(super) struct Reaper {
    begun: AtomicBool,
    news: Arc<News>,
}

/// What the task is told.
#[derive(Default)]
struct News {
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
    /// A connection has become idle.
    pub(super) fn note<C: Connect>(&self, shared: &Arc<Shared<C>>) {
        if self.news.fresh.swap(true, AcqRel) {
            return;
        }
        if self.begun.swap(true, AcqRel) {
            return self.news.wake();
        }
        let news = Arc::clone(&self.news);
        let reaping = Reaping { shared: Arc::downgrade(shared), news, timer: Clock::<C>::default(), settling: false };
        shared.connector.runtime().spawn(reaping);
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.news.wake();
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

impl<C: Connect> Unpin for Reaping<C> {}
