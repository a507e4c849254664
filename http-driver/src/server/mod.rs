//! [`Serving`]: a service on one connection. Requests become calls, at most `max_in_flight` at a time; answers go out in
//! order. Here is the loop; `job` is one exchange, `answer` sends its answer.
//!
//! One poll goes around until nothing more can be done: events in, calls on, answers out; only then a turn of input and
//! output, so that answers to pipelined requests go out together.

mod answer;
mod end;
mod job;
mod receive;

pub use job::Spare;

use crate::guarded::guarded;
use crate::info::{Address, ConnInfo};
use crate::link::{Link, Reading};
use crate::options::{Ended, Options};
use crate::pool::Inbox;
use crate::record::Record;
use crate::sending::BATCH;
use crate::service::Services;
use crate::timings::Marks;
use crate::{Body, BoxError, Timer, Transport};
use http::{Request, Response};
use http_proto::{Connection, Server, State};
use job::{Job, Jobs};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tower_service::Service;

/// Times around the loop without a turn of input and output: the work of one poll is bounded.
const ROUNDS: u8 = 64;

/// What is wanted of a service: requests with a [`Body`] in, or with that of another kind of server; any body out.
pub trait HttpService<I = Body>:
    Service<Request<I>, Response = Response<Self::Content>, Error = Self::Fault, Future = Self::Answer>
{
    /// The content of its answers.
    type Content: http_body::Body<Error = Self::ContentFault>;
    /// Why content ends early.
    type ContentFault: Into<BoxError>;
    /// Why there is no answer.
    type Fault: Into<BoxError>;
    /// The making of an answer.
    type Answer: Future<Output = Result<Response<Self::Content>, Self::Fault>>;
}

impl<S, B, I> HttpService<I> for S
where
    S: Service<Request<I>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Content = B;
    type ContentFault = B::Error;
    type Fault = S::Error;
    type Answer = S::Future;
}

/// Serves one connection until it is over. It never fails: what becomes of the connection, hooks are told.
///
/// Dropped before its end, it cuts the connection off.
#[must_use = "a future does nothing unless it is polled"]
pub struct Serving<S: HttpService, Io: Transport, T> {
    /// Gone when the connection goes on with another protocol.
    link: Option<Link<Server, Io, T>>,
    inbox: Inbox,
    jobs: Jobs<S::Answer, S::Content>,
    service: S,
    generation: usize,
    services: Arc<Services<S>>,
    options: Arc<Options>,
    info: Arc<ConnInfo>,
    task: Option<Waker>,
    /// Handlers may go on: the task was woken, or content has come for one of them.
    stirred: bool,
    /// Exchanges whose last octets are on their way, and whom somebody wants to know of.
    finishing: VecDeque<(Marks, Box<Record>)>,
    /// The error of receiving has been dealt with.
    refused: bool,
    /// Beyond the limit of connections.
    overloaded: bool,
    told_shutdown: bool,
    told_half_closed: bool,
    /// Handlers of a connection that is gone go on.
    finishing_handlers: bool,
    ended: bool,
}

impl<S: HttpService, Io: Transport, T> Unpin for Serving<S, Io, T> {}

impl<S, Io, T> Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    /// Serves a connection that has just been accepted.
    ///
    /// # Panics
    /// If making the service does.
    pub fn new(
        io: Io,
        timer: T,
        local: Address,
        peer: Address,
        services: Arc<Services<S>>,
        options: Arc<Options>,
    ) -> Self {
        let info = options.registry.add(local, peer);
        Self::listed(io, timer, info, services, options)
    }

    /// The same for a connection that is in the list already.
    pub(crate) fn listed(
        io: Io,
        timer: T,
        info: Arc<ConnInfo>,
        services: Arc<Services<S>>,
        options: Arc<Options>,
    ) -> Self {
        options.connected(&info);
        let made = catch_unwind(AssertUnwindSafe(|| services.make(&info)));
        let (service, generation) = made.unwrap_or_else(|panic| {
            options.registry.remove(info.id());
            options.closed(&info, &Ended { error: None, transport: None, cut_off: 0, upgraded: false });
            resume_unwind(panic)
        });
        Serving {
            link: Some(Link::new(Connection::server(Arc::clone(&options.config)), io, timer)),
            inbox: Inbox::new(),
            jobs: Jobs::default(),
            service,
            generation,
            services,
            options,
            info,
            task: None,
            stirred: false,
            finishing: VecDeque::new(),
            refused: false,
            overloaded: false,
            told_shutdown: false,
            told_half_closed: false,
            finishing_handlers: false,
            ended: false,
        }
    }

    /// Announces the end: what is outstanding is answered, and no further request is taken.
    pub fn shutdown(&mut self) {
        self.told_shutdown = true;
        if let Some(link) = &mut self.link {
            link.core.shutdown();
        }
    }

    /// Answers every request with 503, and closes.
    pub(crate) fn set_overloaded(&mut self) {
        self.overloaded = true;
        self.options.registry.add_overloaded();
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Arc<ConnInfo> {
        &self.info
    }

    fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.options.registry.is_shutting_down() {
            if self.options.registry.is_cut_off() {
                self.cut_off();
                return Poll::Ready(());
            }
            if !self.told_shutdown {
                self.shutdown();
            }
        }
        if let (Some(Job { waiting: Some(_), .. }), Some(link)) = (self.jobs.newest(), &mut self.link) {
            // The service may be ready by now.
            link.now = link.timer.now();
        }
        self.stirred = true;
        let mut rounds = 0;
        loop {
            let Some(link) = &self.link else { return Poll::Ready(()) };
            if link.is_closed() {
                return self.poll_last(cx);
            }
            if let Some(content) = self.jobs.newest().and_then(|job| job.content.as_ref()) {
                content.rest();
            }
            let progress = self.receive(cx) | self.poll_call(cx) | self.poll_answer(cx);
            rounds += 1;
            if progress && rounds < ROUNDS {
                continue;
            }
            rounds = 0;
            let Some(link) = &mut self.link else { return Poll::Ready(()) };
            let in_flight = self.jobs.len();
            let reading = match self.jobs.newest() {
                _ if link.core.state() == State::Closing => Reading::Wanted,
                Some(Job { waiting: Some(_), .. }) => Reading::Ahead,
                Some(job) if job.content.as_ref().is_some_and(|content| content.is_wanted(cx)) || job.swallow => {
                    Reading::Wanted
                }
                Some(_) if in_flight >= self.options.max_in_flight => Reading::Ahead,
                Some(job) if job.content.is_some() => Reading::Ahead,
                // No further request is taken then.
                Some(_) if link.out.len() >= BATCH => Reading::Ahead,
                Some(_) => Reading::Wanted,
                None if link.out.len() >= BATCH && link.core.outstanding() == 0 => Reading::Never,
                None => {
                    if link.core.outstanding() == 0 && self.inbox.unread_len() == 0 {
                        self.jobs.release();
                    }
                    Reading::Wanted
                }
            };
            link.alarm = self.jobs.iter_mut().filter_map(|job| job.deadline).min();
            let turn = link.poll_turn(cx, &mut self.inbox, reading);
            self.settle();
            if turn.is_pending() {
                if progress {
                    // There is more to do, without anything else to come first.
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
    }

    /// Lets the service go on; whether something came of it.
    fn poll_call(&mut self, cx: &mut Context<'_>) -> bool {
        let (Some(link), false) = (&mut self.link, self.jobs.is_empty()) else { return false };
        let mut progress = false;
        let mut stirred = std::mem::take(&mut self.stirred);
        if let Some(job) = self.jobs.newest().filter(|job| job.waiting.is_some()) {
            let generation = self.services.generation();
            let service = &mut self.service;
            let ready = guarded(|| {
                if generation != self.generation {
                    (*service, self.generation) = self.services.make(&self.info);
                }
                service.poll_ready(cx)
            });
            if !matches!(ready, Some(Poll::Pending)) {
                job.marks.timings.dispatched = Some(link.now);
                match ready {
                    Some(Poll::Ready(Ok(()))) => job.call(service),
                    Some(Poll::Ready(Err(_)) | Poll::Pending) => job.failed = Some(503),
                    None => job.failed = Some(500),
                }
                job.waiting = None;
                progress = true;
                stirred = true;
            }
        }
        for job in self.jobs.iter_mut() {
            // Who waits for something else is woken by that.
            progress |= stirred && job.poll_call(cx);
            let awaited = job.is_calling() || job.waiting.is_some();
            if awaited && job.deadline.is_some_and(|deadline| deadline <= link.now) {
                job.waiting = None;
                job.fail(503);
                progress = true;
            }
            if !job.is_calling() && job.waiting.is_none() {
                job.deadline = None;
            }
        }
        progress
    }
}

impl<S, Io, T> Future for Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if !this.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            this.task = Some(cx.waker().clone());
            this.info.set_task(cx);
        }
        let served = this.poll_serve(cx);
        this.report();
        served
    }
}

impl<S: HttpService, Io: Transport, T> Drop for Serving<S, Io, T> {
    fn drop(&mut self) {
        self.cut_off();
    }
}
