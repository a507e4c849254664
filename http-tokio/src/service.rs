//! What answers requests.

use crate::{Request, Response};

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests. One service serves all connections; on each of them its answers are asked for one at a time.
pub trait Service: Send + Sync + 'static {
    /// What can go wrong.
    type Error: Into<BoxError>;

    /// Answers a request. Called when its head is complete; the body may still be arriving.
    ///
    /// An error is answered with 500, but a [`crate::BodyError`] with the status that it names; a panic is caught and
    /// answered with 500. The future is dropped when the client is gone, or the server has shut down and its grace is
    /// over.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send;
}

/// A function as a service, see [`service_fn`].
#[derive(Debug, Clone, Copy)]
pub struct ServiceFn<F>(F);

/// Makes a service of an async closure or function.
///
/// ```
/// # use http_tokio::{BoxError, Request, Response, service_fn};
/// let echo = service_fn(async |mut request: Request| {
///     let content = request.body.collect(64 * 1024).await?;
///     Ok::<_, BoxError>(Response::new(200).body(content))
/// });
/// ```
pub fn service_fn<F, A, E>(function: F) -> ServiceFn<F>
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, E>> + Send,
    E: Into<BoxError>,
{
    ServiceFn(function)
}

impl<F, A, E> Service for ServiceFn<F>
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, E>> + Send,
    E: Into<BoxError>,
{
    type Error = E;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response, E>> + Send {
        (self.0)(request)
    }
}
