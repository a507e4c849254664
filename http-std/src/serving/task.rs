//! [`Task`]: a connection with its service, as it goes from thread to thread: taken up by a worker when there is
//! something to do, and put down again.

use super::Shared;
use super::answers::{Answered, Streaming};
use super::calls::Awaiting;
#[cfg(feature = "rustls")]
use super::handshake::{Shaken, Shaking};
use super::requests::Next;
use crate::link::Awaited;
use crate::{Body, Carrier, clock, waiting};
use http::{Request, Response};
use http_driver::parts::guarded;
use http_driver::{BodyError, HttpService, Services};
use std::sync::Arc;
use std::task::{Context, Waker};

/// A connection with its service.
pub(crate) struct Task<S> {
    pub(crate) shared: Arc<Shared>,
    /// What the system has told of.
    pub(crate) told: Told,
    stage: Stage<S>,
    /// The answer that is being sent.
    streaming: Option<Box<Streaming>>,
    services: Arc<Services<S>>,
}

/// The end of a connection, as the system tells of it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Told {
    /// The client has closed its sending side, behind what is still to be read.
    pub(crate) half_closed: bool,
    /// The socket is broken. A read would show that, but none may be due.
    pub(crate) broken: bool,
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
    Park(Awaited),
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
        let mut task = Task { shared, told: Told::default(), stage: Stage::Over, streaming: None, services };
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
        let Task { shared, stage, services, .. } = self;
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

    /// Does what there is to do, but not for ever if others want the worker (`crowded`). Somebody is told of answers that
    /// are held back (`hold_back`) for others that the client has asked for, too. A waker of the worker can be made to
    /// `stir` the connection as well when it has been put down.
    pub(crate) fn run(
        &mut self,
        crowded: impl Fn() -> bool,
        hold_back: impl Fn(&Arc<Shared>),
        stir: impl Fn(&Waker) -> Waker,
    ) -> After {
        let waker = waiting::waker();
        self.shared.info.set_task(&Context::from_waker(&waker));
        if std::mem::take(&mut self.told.half_closed) {
            self.shared.with(|conn| conn.link.io.set_ends());
        }
        let (mut burst, mut stirs) = (0, false);
        loop {
            if burst >= BURST {
                burst = 0;
                if crowded() {
                    // What has been answered does not wait for the others.
                    self.shared.tend(false);
                    return After::Yield;
                }
            }
            let answered = match self.streaming.take() {
                Some(streaming) => self.shared.stream(*streaming, std::mem::take(&mut self.told.broken)),
                None => match self.next() {
                    Next::Over => return After::Over,
                    Next::Refuse(error) => {
                        self.shared.refuse(error);
                        continue;
                    }
                    Next::Request(request) => {
                        burst += 1;
                        match request.and_then(|request| self.call(*request, &hold_back)) {
                            Ok(Some(response)) => self.shared.answer(response),
                            Ok(None) => Answered::Gone,
                            Err(status) => self.shared.answer_fault(status),
                        }
                    }
                    Next::Wait(awaited) => {
                        if !std::mem::take(&mut self.told.broken) || awaited.readable {
                            return After::Park(awaited);
                        }
                        self.shared.lose();
                        continue;
                    }
                },
            };
            let goes_on = match answered {
                Answered::Complete => self.shared.finish_exchange(),
                Answered::Continues(streaming) => {
                    self.streaming = Some(Box::new(streaming));
                    burst = BURST;
                    true
                }
                Answered::Waits(streaming, awaited) => {
                    self.streaming = Some(Box::new(streaming));
                    if self.shared.has_reader() {
                        // He looks after the connection as well, and it cannot be put down meanwhile.
                        self.told.broken = self.shared.wait(awaited).broken;
                    } else if !std::mem::replace(&mut stirs, true) {
                        // What the handler has asked for before that is looked for once more.
                        self.shared.info.set_task(&Context::from_waker(&stir(&waker)));
                    } else {
                        return After::Park(awaited);
                    }
                    true
                }
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
    }

    /// Has a request answered; a status stands for an answer that there is none of, `None` for the end.
    fn call(
        &mut self,
        request: Request<Body>,
        hold_back: impl Fn(&Arc<Shared>),
    ) -> Result<Option<Response<Body>>, u16> {
        let Task { shared, stage, services, .. } = self;
        let Stage::Serving { service, generation } = stage else { return Ok(None) };
        let options = &shared.options;
        let deadline = options.handler_timeout.map(|timeout| clock::now().saturating_add(timeout));
        // Answers before this one go out with it, unless it takes its time.
        if shared.unsent().0 > 0 && shared.hold_back() {
            hold_back(shared);
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
