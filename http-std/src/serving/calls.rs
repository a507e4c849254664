//! Calls of the service, and all else that is waited for while a client may go away.

use super::{Conn, Content, Shared};
use crate::clock;
use crate::waiting::{self, Ready, Running};
use http_driver::OnDisconnect;
use http_driver::parts::guarded;
use http_proto::Instant;
use std::task::{Context, Poll};

/// What has become of something that was awaited.
pub(super) enum Awaiting<V> {
    Ready(V),
    /// It has panicked.
    Panicked,
    /// The deadline has passed.
    Late,
    /// The connection is over.
    Gone,
}

impl Shared {
    /// Waits until `poll` is ready, and looks after the connection meanwhile. Where its client is gone, `poll` may go on for
    /// a while, if handlers are allowed to finish.
    pub(super) fn watch<V>(
        &self,
        deadline: Option<Instant>,
        poll: impl FnMut(&mut Context<'_>) -> Poll<V>,
    ) -> Awaiting<V> {
        let awaited = self.watch_on(deadline, poll);
        // Who waits for content looks after the connection himself from here on.
        self.with(Conn::wake_reader);
        awaited
    }

    fn watch_on<V>(&self, deadline: Option<Instant>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<V>) -> Awaiting<V> {
        let waker = waiting::waker();
        let mut cx = Context::from_waker(&waker);
        let mut ready = Ready::default();
        let mut running = Running::new();
        loop {
            self.watch_from(Some(waiting::place()));
            let polled = running.poll(|| guarded(|| poll(&mut cx)));
            self.watch_from(None);
            match polled {
                None => return Awaiting::Panicked,
                Some(Poll::Ready(value)) => return Awaiting::Ready(value),
                Some(Poll::Pending) => {}
            }
            let Some(mut awaited) = self.tend(ready.broken) else {
                return self.finish_without_client(running, &mut cx, poll);
            };
            if deadline.is_some_and(|deadline| deadline <= clock::now()) {
                return Awaiting::Late;
            }
            awaited.deadline = [awaited.deadline, deadline].into_iter().flatten().min();
            ready = self.wait_running(&running, awaited);
        }
    }

    fn finish_without_client<V>(
        &self,
        mut running: Running,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<V>,
    ) -> Awaiting<V> {
        let OnDisconnect::Finish(grace) = self.options.on_disconnect else { return Awaiting::Gone };
        let until = clock::now().saturating_add(grace);
        self.with(|conn| {
            if let Some(current) = &mut conn.current {
                current.exchange.inner().set_gone();
                if let Content::Arriving = current.content {
                    current.content = Content::Over(None);
                }
            }
            conn.wake_reader();
        });
        while !self.options.registry.is_cut_off() && clock::now() < until {
            match running.poll(|| guarded(|| poll(cx))) {
                Some(Poll::Pending) => _ = running.wait(None, Some(until)),
                Some(Poll::Ready(_)) | None => break,
            }
        }
        Awaiting::Gone
    }

    /// Octets that wait to be written, and whether they are too many.
    pub(super) fn unsent(&self) -> (u64, bool) {
        self.with(|conn| (conn.link.out.len(), conn.link.out.view().is_full()))
    }
}
