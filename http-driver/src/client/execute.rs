//! One request, from its parts to its answer: checked, sent, and once more on another connection where that is allowed.

use super::Client;
use super::answer::Answer;
use super::carrier::Carrier;
use super::connect::{Clock, Connect};
use super::error::{Phase, RequestError};
use super::extensions::{Informed, Within};
use super::flight::Follows;
use super::lease::Lease;
use super::target::Target;
use super::within::within;
use crate::Body;
use crate::body::{Incoming, Slot};
use crate::runtime::Runtime;
use crate::sending::Streaming;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_proto::{BodyLength, HttpRequestHead, MethodKind};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

impl<C: Connect> Client<C> {
    /// Sends a request, and waits for the head of its answer; the content follows as the answer's body.
    ///
    /// The URI says where to connect to; Host is its authority unless there is a Host field. Content-Length and
    /// Transfer-Encoding follow from the body. A request that a kept connection fails, because its server has just closed
    /// it, is sent once more on a new one, if nothing of an answer has come, the method is idempotent (or nothing has been
    /// sent), and the content is still there. One whose `Expect: 100-continue` is answered with 417 (Expectation Failed) is
    /// repeated without it.
    ///
    /// [`Informed`], [`Within`] and [`Streaming`] as extensions of the request do what they say; [`crate::ClientExchange`] is
    /// among those of the response.
    ///
    /// # Errors
    /// See [`RequestError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the exchange is given up; what the server makes of it is not known.
    pub async fn execute(&self, request: Request<Body>) -> Result<Response<Body>, RequestError> {
        let (parts, body) = request.into_parts();
        let whole = parts.extensions.get::<Within>().map_or(self.0.timeouts.whole, |within| within.0);
        if whole == Duration::MAX {
            return self.carry(&parts, body, whole).await;
        }
        let carried = within(whole, Clock::<C>::default(), self.carry(&parts, body, whole)).await;
        carried.map_or(Err(RequestError::Timeout(Phase::Whole)), |(answered, _)| answered)
    }

    async fn carry(&self, parts: &Parts, mut body: Body, whole: Duration) -> Result<Response<Body>, RequestError> {
        let mut target = match parts.method {
            Method::CONNECT => Target::of_tunnel(&parts.uri)?,
            _ => Target::of(&parts.uri)?,
        };
        // What TLS is to hide goes through a tunnel, as if there were no proxy.
        let tunnelled = target.is_secure() && parts.method != Method::CONNECT;
        let proxy = self.0.proxy.as_ref().filter(|_| !tunnelled);
        if let Some(proxy) = proxy {
            target = proxy.clone();
        }
        let mut head = HttpRequestHead::new(parts, proxy.is_some())?;
        let mut length = head.split.body_length(body.size_hint().exact(), false)?;
        if length == BodyLength::Unknown && parts.extensions.get::<Streaming>().is_some() {
            length = BodyLength::Streaming;
        }
        // RFC 9110 section 10.1.1: without content there is nothing to be expected.
        head.split.expect_continue &= !matches!(length, BodyLength::Empty | BodyLength::Exact(0));
        let informed = parts.extensions.get::<Informed>();
        let (mut again, mut begun) = (false, None);
        if self.0.pipelining > 1
            && whole == Duration::MAX
            && MethodKind::of(parts.method.as_str().as_bytes()).may_pipeline()
            && (length, head.split.upgrade.is_empty()) == (BodyLength::Empty, true)
        {
            let now = *begun.insert(self.0.places.now());
            match self.0.pipeline(&target, &head.head(), informed, now).await {
                // Not pipelined again (RFC 9112 section 9.3.2): another connection that breaks would lose as much.
                Err(RequestError::Broken(error)) if error.may_retry() => again = true,
                answered => return answered,
            }
        }
        loop {
            let (mut lease, phases) = self.0.check_out(target.clone(), again, &mut begun).await?;
            let Some(flight) = lease.flight() else { continue };
            let copy = body.copy();
            if let Err(error) = flight.begin(&head.head(), length, body, phases) {
                lease.give_back();
                return Err(error.into());
            }
            if whole != Duration::MAX {
                flight.limit(whole.saturating_sub(phases.ready));
            }
            match poll_fn(|cx| flight.poll_head(cx, informed)).await {
                Ok(response) => {
                    // RFC 9110 section 10.1.1: it only says that somebody on the way does not know expectations.
                    let declined = head.split.expect_continue && response.status() == StatusCode::EXPECTATION_FAILED;
                    match declined.then(|| flight.take_untouched().or(copy)).flatten() {
                        Some(untouched) => body = untouched,
                        None => return Ok(lease.answer(response, self.0.connector.runtime())),
                    }
                    head.split.expect_continue = false;
                }
                Err(error) => {
                    let stale = !again && flight.served > 1 && error.may_retry();
                    match flight.take_untouched().or(copy).filter(|_| stale) {
                        Some(untouched) => body = untouched,
                        None => return Err(error),
                    }
                    again = true;
                }
            }
        }
    }
}

impl<C: Connect> Lease<C> {
    /// The answer, whose head has just come.
    fn answer(mut self, mut response: Response<()>, runtime: &C::Runtime) -> Response<Body> {
        if let Some(flight) = self.flight() {
            response.extensions_mut().insert(flight.exchange());
        }
        response.map(|()| self.content(runtime))
    }

    fn content(mut self, runtime: &C::Runtime) -> Body {
        let Some(flight) = self.flight() else { return Body::empty() };
        flight.answered();
        let follows = flight.follows();
        let length = match follows {
            Follows::Upgrade(tail) => {
                flight.end();
                let exchange = flight.exchange();
                if let Some(upgraded) = self.into_upgraded(tail) {
                    exchange.set_upgraded(upgraded);
                }
                return Body::empty();
            }
            Follows::Nothing => {
                flight.end();
                None
            }
            Follows::Content(length) => {
                flight.report();
                Some(length)
            }
        };
        if flight.is_uploading() {
            let slot = length.map(|_| Arc::<Slot>::default());
            let body = slot
                .as_ref()
                .map_or_else(Body::empty, |slot| Body::incoming(Incoming::new(Arc::clone(slot), length.flatten())));
            runtime.spawn(Carrier::new(self, slot));
            return body;
        }
        match length {
            Some(length) => Body::arriving(Answer::new(self, length)),
            None => {
                self.give_back();
                Body::empty()
            }
        }
    }
}

impl<C, B> Service<Request<B>> for Client<C>
where
    C: Connect,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<crate::BoxError>,
{
    type Response = Response<Body>;
    type Error = RequestError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, RequestError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RequestError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let client = self.clone();
        let request = request.map(Body::new);
        Box::pin(async move { client.execute(request).await })
    }
}
