//! How exchanges and the connection come to an end, and who is told.

use super::job::Work;
use super::{HttpService, Serving};
use crate::options::{Ended, OnDisconnect};
use crate::trace;
use crate::{Timer, Transport};
use http_proto::{Instant, State};
use std::task::{Context, Poll, Waker};

impl<S, Io, T> Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    /// Tells of exchanges whose last octet has reached the kernel.
    pub(super) fn settle(&mut self) {
        let Some(link) = &self.link else { return };
        if let Some(job) = self.jobs.front() {
            job.marks.settle(link.written, link.now);
        }
        while let Some((marks, record)) = self.finishing.front_mut() {
            if !marks.settle(link.written, link.now) {
                break;
            }
            record.end(marks.timings, true, link.now);
            if let Some((_, record)) = self.finishing.pop_front() {
                self.options.finished(&self.info, record);
            }
        }
    }

    /// The last answer is out: whatever was pipelined behind it gets none. The connection closes in good order all the same,
    /// so that the client can read what it has got.
    pub(super) fn drop_unanswerable(&mut self) {
        let cancels = self.options.on_disconnect == OnDisconnect::Cancel;
        for job in self.jobs.iter_mut() {
            job.exchange.set_gone();
            if let Some(content) = job.content.take() {
                content.close();
            }
            if cancels {
                (job.waiting, job.deadline) = (None, None);
                job.work.set(Work::Rest);
            }
        }
        while let Some(link) = self.link.as_mut().filter(|link| link.core.outstanding() > 0) {
            link.core.abandon();
        }
    }

    /// The connection is closed. Handlers may go on for a while, if they are allowed to.
    pub(super) fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.settle();
        if let Some(link) = &mut self.link {
            link.say_goodbye(cx);
        }
        if let (OnDisconnect::Finish(grace), false) = (self.options.on_disconnect, self.jobs.is_empty()) {
            if !std::mem::replace(&mut self.finishing_handlers, true) {
                let Some(link) = &mut self.link else { return Poll::Ready(()) };
                let deadline = link.timer.now().saturating_add(grace);
                link.timer.reset(deadline);
                self.jobs.iter_mut().for_each(|job| {
                    job.exchange.set_gone();
                    if let Some(content) = job.content.take() {
                        content.close();
                    }
                });
            }
            while self.poll_call(cx) {}
            let Some(link) = &mut self.link else { return Poll::Ready(()) };
            let working = self.jobs.iter_mut().any(|job| job.waiting.is_some() || job.is_calling());
            if working && link.timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.cut_off();
        Poll::Ready(())
    }
}

impl<S: HttpService, Io: Transport, T> Serving<S, Io, T> {
    /// Gives up what is outstanding, and tells of it.
    pub(super) fn cut_off(&mut self) {
        let Some(link) = &mut self.link else { return };
        if link.is_cut_off() {
            link.io.abort();
        } else if !self.ended {
            link.say_goodbye(&mut Context::from_waker(Waker::noop()));
        }
        let mut cut_off = 0;
        while let Some(mut job) = self.jobs.pop() {
            job.span.cut_off();
            job.exchange.set_gone();
            if let Some(content) = job.content.take() {
                content.close();
            }
            cut_off += 1;
            job.exchange.set_over();
            self.finishing.extend(job.record.take().map(|record| (job.marks.clone(), record)));
        }
        let now = link.now;
        while link.core.outstanding() > 0 {
            link.core.abandon();
        }
        let transport = link.error.take().map(|error| *error);
        let error = link.core.failure();
        self.end_records(false, now);
        self.end(Ended { error, transport, cut_off, upgraded: false });
    }

    /// Tells of all exchanges whose last octets were on their way: whether the connection carries them on, or not.
    pub(super) fn end_records(&mut self, complete: bool, now: Instant) {
        for (marks, mut record) in std::mem::take(&mut self.finishing) {
            record.end(marks.timings, complete, now);
            self.options.finished(&self.info, record);
        }
    }

    /// The connection is no longer one of the server's. Said exactly once.
    pub(super) fn end(&mut self, ended: Ended) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.report();
        if self.overloaded {
            self.options.registry.remove_overloaded();
        }
        self.options.registry.remove(self.info.id());
        trace::closed(&self.info, &ended);
        self.options.closed(&self.info, &ended);
    }

    /// Lets others see where the connection stands.
    pub(super) fn report(&self) {
        let state = match &self.link {
            Some(link) => {
                self.info.set_transferred(link.read, link.written);
                if self.ended { State::Closed } else { link.core.state() }
            }
            None => State::Upgraded,
        };
        if self.info.set_state(state) {
            self.options.changed(&self.info, state);
        }
    }
}
