//! What answers requests: a tower service. Here are the function as a service, and the slot in which a server keeps how
//! its services are made, so that they can be replaced while it runs.

use crate::watched::lock;
use crate::{Body, ConnInfo};
use http::{Request, Response};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tower_service::Service;

/// A function as a service, see [`service_fn`].
#[derive(Debug, Clone, Copy)]
pub struct ServiceFn<F>(F);

/// Makes a service of an async closure or function.
///
/// ```
/// # use http_driver::{Body, BodyError, service_fn};
/// # use http::{Request, Response};
/// let echo = service_fn(async |mut request: Request<Body>| {
///     let content = request.body_mut().collect(64 * 1024).await?;
///     Ok::<_, BodyError>(Response::new(Body::from(content)))
/// });
/// ```
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

/// Makes the service of a connection.
type Factory<S> = Arc<dyn Fn(&ConnInfo) -> S + Send + Sync>;

/// How the services of a server's connections are made, at present.
pub struct Services<S> {
    factory: Mutex<Factory<S>>,
    generation: AtomicUsize,
}

impl<S: 'static> Services<S> {
    /// Every connection gets a service of its own, made for it.
    pub fn from_factory(factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static) -> Self {
        Services { factory: Mutex::new(Arc::new(factory)), generation: AtomicUsize::new(0) }
    }

    /// Every connection gets a clone.
    pub fn new(service: S) -> Self
    where
        S: Clone + Send,
    {
        Self::from_factory(cloned(service))
    }

    /// Replaces the service, for new connections and for the next request on every other.
    pub fn set(&self, service: S)
    where
        S: Clone + Send,
    {
        *lock(&self.factory) = Arc::new(cloned(service));
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The service for a connection, and the generation it is of.
    pub fn make(&self, connection: &ConnInfo) -> (S, usize) {
        let generation = self.generation();
        let factory = Arc::clone(&lock(&self.factory));
        (factory(connection), generation)
    }

    /// How often the service was replaced.
    pub fn generation(&self) -> usize {
        self.generation.load(Ordering::Acquire)
    }
}

fn cloned<S: Clone + Send + 'static>(service: S) -> impl Fn(&ConnInfo) -> S + Send + Sync {
    // A service need not be `Sync`; it is cloned once a connection.
    let service = Mutex::new(service);
    move |_: &ConnInfo| lock(&service).clone()
}

impl<S> fmt::Debug for Services<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}
