//! [`Job`]: one request in the hands of the service, from the call to the last frame of its answer; and the short queue
//! of them.

use crate::body::{BodyError, Slot};
use crate::exchange::Exchange;
use crate::info::ConnInfo;
use crate::pool;
use crate::record::Record;
use crate::timings::Marks;
use crate::trace::RequestSpan;
use crate::{Body, BoxError};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_proto::{FieldBlock, Instant};
use pin_project_lite::pin_project;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tower_service::Service;

pin_project! {
    /// What the service still has to do for an exchange.
    #[project = WorkProjection]
    pub(crate) enum Work<F, B> {
        /// Nothing: it has not been called, or everything is done.
        Rest,
        /// The answer is being made.
        Calling { #[pin] future: F },
        /// The content of the answer is there, or still being made.
        Answering { #[pin] body: B },
    }
}

/// The head of an answer.
pub(crate) type Head = http::response::Parts;

/// A piece of an answer's content.
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// Memory of an exchange that is over, for the next.
#[derive(Default)]
pub struct Spare {
    /// The fields of a request.
    pub headers: HeaderMap,
    /// The octets of its target and its fields.
    pub octets: BytesMut,
    /// The fields of an answer, as they are sent.
    pub block: FieldBlock,
}

/// One exchange. It stays where it is, and its memory serves the next one: moving costs more than the rest.
pub(crate) struct Job<F, B> {
    pub(crate) exchange: Exchange,
    /// The request, until the service is ready for it.
    pub(crate) waiting: Option<Request<Body>>,
    /// Where the request's content goes, while it is arriving.
    pub(crate) content: Option<Arc<Slot>>,
    /// The service's part. A status, instead, is to be answered in its place.
    pub(crate) work: Pin<Box<Work<F, B>>>,
    pub(crate) failed: Option<u16>,
    /// The head of the answer, until it goes out.
    pub(crate) head: Option<Head>,
    /// The request is HEAD: no content is sent.
    pub(crate) head_only: bool,
    /// The request is CONNECT: a 2xx makes a tunnel.
    pub(crate) connect: bool,
    /// The client held the request's content back until it was asked for, and not all of it has come.
    pub(crate) held_back: bool,
    /// The head of the answer is out.
    pub(crate) begun: bool,
    /// The first piece of the content, asked for before the head went out.
    pub(crate) first: Option<Option<Piece>>,
    /// What is left of the request's content is to be swallowed at once.
    pub(crate) swallow: bool,
    /// The service should have answered by then.
    pub(crate) deadline: Option<Instant>,
    pub(crate) marks: Marks,
    pub(crate) record: Option<Box<Record>>,
    pub(crate) span: RequestSpan,
    pub(crate) spare: Spare,
}

impl<F, B, E> Job<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
{
    /// Calls the service with what waits for it.
    pub(crate) fn call<S>(&mut self, service: &mut S)
    where
        S: Service<Request<Body>, Future = F, Response = Response<B>, Error = E>,
    {
        let called = catch_unwind(AssertUnwindSafe(|| {
            if let Some(request) = self.waiting.take() {
                self.work.set(Work::Calling { future: self.span.enter(|| service.call(request)) });
            }
        }));
        if called.is_err() {
            self.failed = Some(500);
        }
    }

    /// Lets the service go on with its answer; whether something came of it.
    pub(crate) fn poll_call(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_calling()
            && catch_unwind(AssertUnwindSafe(|| self.poll_answer(cx))).unwrap_or_else(|_| {
                self.fail(500);
                true
            })
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> bool {
        let WorkProjection::Calling { future } = self.work.as_mut().project() else { return false };
        match self.span.enter(|| future.poll(cx)) {
            Poll::Pending => return false,
            Poll::Ready(Ok(response)) => {
                let (head, body) = response.into_parts();
                self.head = Some(head);
                self.work.set(Work::Answering { body });
            }
            Poll::Ready(Err(error)) => self.fail(BodyError::status_of(&*error.into())),
        }
        true
    }
}

impl<F, B> Job<F, B> {
    /// Gives the service's answer up for this status.
    pub(crate) fn fail(&mut self, status: u16) {
        self.work.set(Work::Rest);
        self.failed = Some(status);
    }

    /// Notes the status that is answered.
    pub(crate) fn set_status(&mut self, status: u16) {
        self.span.set_status(status);
        if let Some(record) = &mut self.record {
            record.status = Some(status);
        }
    }

    /// Whether the answer is still being made.
    pub(crate) fn is_calling(&self) -> bool {
        matches!(*self.work, Work::Calling { .. })
    }

    /// A job for an exchange that begins.
    fn new(exchange: Exchange) -> Self {
        Job {
            exchange,
            waiting: None,
            content: None,
            work: Box::pin(Work::Rest),
            failed: None,
            head: None,
            head_only: false,
            connect: false,
            held_back: false,
            begun: false,
            first: None,
            swallow: false,
            deadline: None,
            marks: Marks::default(),
            record: None,
            span: RequestSpan::default(),
            spare: Spare::default(),
        }
    }

    /// As new, for another exchange of the same connection.
    fn renew(&mut self) {
        self.work.set(Work::Rest);
        // One by one: as tuples they would be made elsewhere and copied whole.
        self.waiting = None;
        self.content = None;
        self.head = None;
        self.first = None;
        self.record = None;
        (self.failed, self.deadline) = (None, None);
        (self.head_only, self.connect, self.held_back) = (false, false, false);
        (self.begun, self.swallow) = (false, false);
        self.marks.renew();
        self.span = RequestSpan::default();
    }
}

impl<F, B> Job<F, B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    /// The length of the answer's content, if it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        let left = match &*self.work {
            Work::Answering { body } if body.is_end_stream() => 0,
            Work::Answering { body } => body.size_hint().exact()?,
            Work::Rest | Work::Calling { .. } => 0,
        };
        match &self.first {
            Some(Some(Piece::Data(first))) => left.checked_add(first.len() as u64),
            // Trailers want a length that is not known.
            Some(Some(Piece::Trailers(_))) => None,
            Some(None) | None => Some(left),
        }
    }

    /// Whether no further piece will come.
    pub(crate) fn is_exhausted(&self) -> bool {
        match &*self.work {
            Work::Answering { body } => self.first.is_none() && body.is_end_stream(),
            Work::Rest | Work::Calling { .. } => true,
        }
    }

    /// The next piece of the answer's content; `Err` with a status if there will be none.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Piece>, u16>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(first));
        }
        let WorkProjection::Answering { body, .. } = self.work.as_mut().project() else {
            return Poll::Ready(Ok(None));
        };
        let polled = catch_unwind(AssertUnwindSafe(|| self.span.enter(|| body.poll_frame(cx))));
        let Ok(frame) = polled else { return Poll::Ready(Err(500)) };
        Poll::Ready(match ready!(frame) {
            None => Ok(None),
            Some(Ok(frame)) => Ok(Some(match frame.into_data() {
                Ok(mut data) => Piece::Data(data.copy_to_bytes(data.remaining())),
                // Other kinds of frames do not exist in HTTP/1.
                Err(frame) => Piece::Trailers(frame.into_trailers().unwrap_or_default()),
            })),
            Some(Err(error)) => Err(BodyError::status_of(&*error.into())),
        })
    }
}

/// The jobs of a connection, oldest first, and the memory of one that is over.
pub(crate) struct Jobs<F, B> {
    front: Option<Box<Job<F, B>>>,
    rest: VecDeque<Box<Job<F, B>>>,
    spare: Option<Box<Job<F, B>>>,
}

impl<F, B> Default for Jobs<F, B> {
    fn default() -> Self {
        Jobs { front: None, rest: VecDeque::new(), spare: None }
    }
}

impl<F, B> Jobs<F, B> {
    pub(crate) fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    pub(crate) fn pop(&mut self) -> Option<Box<Job<F, B>>> {
        std::mem::replace(&mut self.front, self.rest.pop_front())
    }

    pub(crate) fn front(&mut self) -> Option<&mut Job<F, B>> {
        self.front.as_deref_mut()
    }

    pub(crate) fn newest(&mut self) -> Option<&mut Job<F, B>> {
        self.rest.back_mut().or(self.front.as_mut()).map(|job| &mut **job)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Job<F, B>> {
        self.front.iter_mut().chain(&mut self.rest).map(|job| &mut **job)
    }

    /// Keeps the memory of a job that is over.
    pub(crate) fn keep(&mut self, mut job: Box<Job<F, B>>) {
        job.renew();
        self.spare = Some(job);
    }
}

impl<F: 'static, B: 'static> Jobs<F, B> {
    /// Adds one, and hands it out to be filled in.
    #[expect(clippy::indexing_slicing, reason = "the queue is not empty")]
    pub(crate) fn begin(&mut self, connection: &Arc<ConnInfo>, number: u64) -> &mut Job<F, B> {
        let job = match self.spare.take().or_else(pool::kept) {
            Some(mut job) => {
                job.exchange.renew(connection, number);
                job
            }
            None => Box::new(Job::new(Exchange::new(Arc::clone(connection), number))),
        };
        if self.front.is_none() {
            return self.front.insert(job);
        }
        self.rest.push_back(job);
        let last = self.rest.len() - 1;
        // It was just put there.
        &mut self.rest[last]
    }

    /// Gives back what an idle connection does not need.
    pub(crate) fn release(&mut self) {
        if let Some(spare) = self.spare.take() {
            pool::keep(spare);
        }
        self.rest = VecDeque::new();
    }
}
