//! [`Call`]: a request on a [`super::lane`], and whoever waits for its answer.

use super::error::{Phase, RequestError};
use super::exchange::ClientExchange;
use super::extensions::Informed;
use crate::watched::Watched;
use crate::{Body, Error, ErrorKind};
use http::Response;
use http_proto::{HttpError, Instant, RecvError};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

type Answered = Result<Response<Body>, RequestError>;

pub(super) struct Call {
    answer: Watched<Waited>,
    informed: Option<Informed>,
    exchange: ClientExchange,
    /// The request ends behind so many octets of the connection.
    pub(super) ends: u64,
}

enum Waited {
    Yes,
    Answered(Box<Answered>),
    /// Nobody waits any more.
    No,
}

impl Call {
    pub(super) fn new(informed: Option<Informed>, exchange: ClientExchange, ends: u64) -> Self {
        Call { answer: Watched::new(Waited::Yes), informed, exchange, ends }
    }

    pub(super) fn inform(&self, interim: Response<()>) {
        if let Some(informed) = &self.informed {
            informed.tell(interim);
        }
    }

    /// The last octet of the request was written.
    pub(super) fn sent(&self, now: Instant) {
        self.exchange.note(|stations| stations.sent = Some(now));
    }

    /// The head of the answer has come.
    pub(super) fn answer(&self, answer: Result<Response<Body>, HttpError>, first_octet: Instant, head: Instant) {
        self.exchange.note(|stations| (stations.first_octet, stations.head) = (Some(first_octet), Some(head)));
        self.give(answer.map_err(RequestError::Answer).map(|mut response| {
            response.extensions_mut().insert(self.exchange.clone());
            response
        }));
    }

    /// So has all of it.
    pub(super) fn end(&self, now: Instant) {
        self.exchange.note(|stations| stations.done = Some(now));
    }

    pub(super) fn time_out(&self, phase: Phase) {
        self.give(Err(RequestError::Timeout(phase)));
    }

    /// There will be no answer.
    pub(super) fn fail(&self, error: Option<RecvError>, transport: Option<io::ErrorKind>, may_retry: bool) {
        if let Some(phase) = error.and_then(Phase::of).filter(|_| !may_retry) {
            return self.time_out(phase);
        }
        let kind = match (error, transport) {
            (Some(error), None) => ErrorKind::Received(error),
            (Some(_) | None, Some(kind)) => ErrorKind::Transport(kind.into()),
            (None, None) => ErrorKind::Transport(io::ErrorKind::ConnectionAborted.into()),
        };
        self.give(Err(RequestError::Broken(Error::new(kind, may_retry))));
    }

    fn give(&self, answered: Answered) {
        self.answer.change(|answer| match answer {
            Waited::Yes => *answer = Waited::Answered(Box::new(answered)),
            // The first word holds.
            Waited::Answered(_) | Waited::No => {}
        });
    }
}

/// Ready with the answer of a call. Dropped, it gives only the answer up, not the connection.
pub(super) struct Waits(pub(super) Arc<Call>);

impl Future for Waits {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        self.0.answer.poll(cx, |answer| match std::mem::replace(answer, Waited::Yes) {
            Waited::Answered(answered) => Some(*answered),
            Waited::Yes | Waited::No => None,
        })
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let answer = self.0.answer.with(|answer| std::mem::replace(answer, Waited::No));
        // Not under the lock: who drops content wakes the lane.
        drop(answer);
    }
}
