//! [`Task`]: a connection with its service, as it goes from thread to thread: taken up by a worker when there is
//! something to do, and put down again.

use super::Shared;
use super::answers::Answered;
use super::calls::Awaiting;
#[cfg(feature = "rustls")]
use super::handshake::{Shaken, Shaking};
use super::requests::Next;
use crate::waiting::{self, Ready};
use crate::{Body, Carrier, clock};
use http::{Request, Response};
use http_driver::parts::guarded;
use http_driver::{BodyError, HttpService, Services};
use http_proto::Instant;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

/// A connection with its service.
pub(crate) struct Task<S> {
    pub(crate) shared: Arc<Shared>,
    stage: Stage<S>,
    services: Arc<Services<S>>,
}

/// How far a connection has come.
enum Stage<S> {
    #[cfg(feature = "rustls")]
    Shaking(Box<Shaking>),
    Serving {
        service: S,
        generation: usize,
    },
    Over,
}

/// What becomes of a task that a worker puts down.
pub(crate) enum After {
    /// It waits until its socket is ready, or for the deadline.
    Park {
        readable: bool,
        writable: bool,
        deadline: Option<Instant>,
    },
    /// There is more to do, when others have had their turn.
    Yield,
    Over,
}

/// Exchanges of one connection, one after the other, while others want a worker.
const BURST: u8 = 16;

impl<S> Task<S>
where
    S: HttpService<Body> + Send + 'static,
    S::Content: Send + 'static,
{
    /// A connection that has just been accepted.
    pub(crate) fn new(shared: Arc<Shared>, services: Arc<Services<S>>) -> Self {
        let mut task = Task { shared, stage: Stage::Over, services };
        #[cfg(feature = "rustls")]
        if let Some(config) = task.shared.options.tls.config() {
            match Shaking::new(&task.shared, config) {
                Some(shaking) => task.stage = Stage::Shaking(Box::new(shaking)),
                None => task.shared.cut_off(),
            }
            return task;
        }
        if let Some(socket) = task.shared.socket() {
            task.begin(Carrier::plain(socket));
        }
        task
    }

    /// HTTP can be spoken from now on. Where no service can be made for it, a connection is closed, and the others go on.
    fn begin(&mut self, carrier: Carrier) {
        let Task { shared, stage, services } = self;
        shared.begin(carrier);
        match guarded(|| services.make(&shared.info)) {
            Some((service, generation)) => *stage = Stage::Serving { service, generation },
            None => shared.cut_off(),
        }
    }

    /// What there is to do.
    fn next(&mut self) -> Next {
        match &mut self.stage {
            Stage::Serving { .. } => self.shared.next(),
            #[cfg(feature = "rustls")]
            Stage::Shaking(shaking) => match shaking.go_on(&self.shared) {
                Shaken::Wait(awaited) => Next::Wait(awaited),
                Shaken::Done => {
                    if let Stage::Shaking(shaking) = std::mem::replace(&mut self.stage, Stage::Over) {
                        self.begin(shaking.into_carrier());
                    }
                    self.next()
                }
                Shaken::Over => {
                    self.stage = Stage::Over;
                    self.shared.cut_off();
                    Next::Over
                }
            },
            Stage::Over => Next::Over,
        }
    }

    /// Does what there is to do, but not for ever if others want the worker (`crowded`). With nothing left but to wait for
    /// the client, `patience` has it wait, for a moment.
    pub(crate) fn run(&mut self, crowded: impl Fn() -> bool, patience: impl Fn(&mut dyn FnMut(Duration))) -> After {
        let waker = waiting::waker();
        self.shared.info.set_task(&Context::from_waker(&waker));
        let mut burst = 0;
        loop {
            if burst >= BURST {
                burst = 0;
                if crowded() {
                    // What has been answered does not wait for the others.
                    self.shared.tend(false);
                    return After::Yield;
                }
            }
            match self.next() {
                Next::Over => return After::Over,
                Next::Refuse(error) => self.shared.refuse(error),
                Next::Request(request) => {
                    burst += 1;
                    let answered = match request.and_then(|request| self.call(*request)) {
                        Ok(Some(response)) => self.shared.answer(response),
                        Ok(None) => Answered::Gone,
                        Err(status) => self.shared.answer_fault(status),
                    };
                    let goes_on = match answered {
                        Answered::Complete => self.shared.finish_exchange(),
                        Answered::Upgraded => {
                            self.shared.finish_http();
                            return After::Over;
                        }
                        Answered::Gone => false,
                    };
                    if !goes_on {
                        self.shared.cut_off();
                        return After::Over;
                    }
                }
                Next::Wait(awaited) => {
                    let (mut ready, mut until) = (Ready::default(), Instant::ORIGIN);
                    patience(&mut |patience| {
                        until = clock::now().saturating_add(patience);
                        let mut soon = awaited;
                        soon.deadline = Some(awaited.deadline.map_or(until, |deadline| deadline.min(until)));
                        ready = self.shared.wait(soon);
                    });
                    if ready.broken && !awaited.readable {
                        self.shared.lose();
                    } else if !ready.readable && !ready.broken && clock::now() >= until {
                        let super::Awaited { readable, writable, deadline } = awaited;
                        return After::Park { readable, writable, deadline };
                    }
                }
            }
        }
    }

    /// Has a request answered; a status stands for an answer that there is none of, `None` for the end.
    fn call(&mut self, request: Request<Body>) -> Result<Option<Response<Body>>, u16> {
        let Task { shared, stage, services } = self;
        let Stage::Serving { service, generation } = stage else { return Ok(None) };
        let options = &shared.options;
        let deadline = options.handler_timeout.map(|timeout| clock::now().saturating_add(timeout));
        // Answers before this one need not wait for it.
        if shared.unsent().0 > 0 && shared.tend(false).is_none() {
            return Ok(None);
        }
        let ready = shared.watch(deadline, |cx| {
            if services.generation() != *generation {
                (*service, *generation) = services.make(&shared.info);
            }
            service.poll_ready(cx)
        });
        match ready {
            Awaiting::Ready(Ok(())) => {}
            Awaiting::Ready(Err(_)) | Awaiting::Late => return Err(503),
            Awaiting::Panicked => return Err(500),
            Awaiting::Gone => return Ok(None),
        }
        let span = shared.with(|conn| {
            let current = conn.current.as_mut()?;
            current.marks.timings.dispatched = Some(clock::now());
            Some(std::mem::take(&mut current.span))
        });
        let span = span.unwrap_or_default();
        let called = guarded(|| span.enter(|| Box::pin(service.call(request))));
        let answered = match called {
            None => Awaiting::Panicked,
            Some(mut future) => shared.watch(deadline, |cx| span.enter(|| future.as_mut().poll(cx))),
        };
        shared.with(|conn| {
            if let Some(current) = &mut conn.current {
                current.span = span;
            }
        });
        match answered {
            Awaiting::Ready(Ok(response)) => Ok(Some(response.map(Body::new))),
            Awaiting::Ready(Err(error)) => Err(BodyError::status_of(&*error.into())),
            Awaiting::Panicked => Err(500),
            Awaiting::Late => Err(503),
            Awaiting::Gone => Ok(None),
        }
    }
}
