//! What answers requests on threads: functions as services, plain ones and async ones.

use crate::Body;
use http::{Request, Response};
use http_driver::BoxError;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tower_service::Service;

/// What a handler returns: a response, or a result of one.
pub trait Answer {
    /// The content of the response.
    type Content;
    /// Why there is none.
    type Fault;

    /// The same as a result.
    ///
    /// # Errors
    /// The handler's.
    fn into_result(self) -> Result<Response<Self::Content>, Self::Fault>;
}

impl<B> Answer for Response<B> {
    type Content = B;
    type Fault = BoxError;

    fn into_result(self) -> Result<Response<B>, BoxError> {
        Ok(self)
    }
}

impl<B, E> Answer for Result<Response<B>, E> {
    type Content = B;
    type Fault = E;

    fn into_result(self) -> Result<Response<B>, E> {
        self
    }
}

/// A plain function as a service, see [`handler_fn`].
#[derive(Debug, Clone, Copy)]
pub struct HandlerFn<F>(F);

/// Makes a service of a function or closure that answers requests on the thread that calls it. It returns a response, or
/// a result of one.
///
/// ```
/// use http_std::{Body, BodyError, Request, Response, handler_fn};
///
/// let hello = handler_fn(|_: Request<Body>| Response::new(Body::from("Hello, World!")));
/// let count = handler_fn(|mut request: Request<Body>| {
///     let content = request.body_mut().collect(Body::LIMIT)?;
///     Ok::<_, BodyError>(Response::new(Body::from(content.len().to_string())))
/// });
/// ```
pub fn handler_fn<F, A>(function: F) -> HandlerFn<F>
where
    F: Fn(Request<Body>) -> A,
    A: Answer,
{
    HandlerFn(function)
}

impl<F, A> Service<Request<Body>> for HandlerFn<F>
where
    F: Fn(Request<Body>) -> A,
    A: Answer,
{
    type Response = Response<A::Content>;
    type Error = A::Fault;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), A::Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready((self.0)(request).into_result())
    }
}

/// An async function as a service, see [`service_fn`].
#[derive(Debug, Clone, Copy)]
pub struct ServiceFn<F>(F);

/// Makes a service of an async closure or function. The thread that calls it waits for it; what it awaits must need no
/// runtime.
pub fn service_fn<F, A, B, E>(function: F) -> ServiceFn<F>
where
    F: FnMut(Request<Body>) -> A,
    A: Future<Output = Result<Response<B>, E>>,
{
    ServiceFn(function)
}

impl<F, A, B, E> Service<Request<Body>> for ServiceFn<F>
where
    F: FnMut(Request<Body>) -> A,
    A: Future<Output = Result<Response<B>, E>>,
{
    type Response = Response<B>;
    type Error = E;
    type Future = A;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> A {
        (self.0)(request)
    }
}
