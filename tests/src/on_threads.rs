//! Services of scenarios, which are those of futures, on the server of plain threads. Tests include this file; the
//! library does not, as it knows no runtime.

use http::{Request, Response};
use http_driver::Report;
use http_std::Listener;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tests::scenario::{Build, Handle, Handler};
use tower_service::Service;

/// A service of a scenario as one for threads.
#[derive(Debug, Clone)]
pub struct OnThreads<S>(pub S);

impl<S: Handler> Service<Request<http_std::Body>> for OnThreads<S> {
    type Response = Response<S::Content>;
    type Error = S::Fault;
    type Future = S::Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Fault>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<http_std::Body>) -> S::Answer {
        let exchange = request.extensions().get::<http_std::Exchange>().expect("every request has one").inner().clone();
        let mut request = request.map(http_driver::Body::new);
        request.extensions_mut().insert(exchange);
        self.0.call(request)
    }
}

/// A server on threads that runs services of scenarios.
pub struct Server<L, S>(pub http_std::Server<L, OnThreads<S>>);

impl<L: Listener, S: Handler> Build<S> for Server<L, S> {
    tests::hand_on_settings!(this => this.0, server => Server(server));

    fn max_in_flight(self, requests: usize) -> Self {
        unimplemented!("{requests} at a time: see the excuses")
    }

    fn spawn(self) -> Handle<S> {
        Handle::mapped(self.0.spawn().unwrap().into_inner(), OnThreads)
    }
}

impl<L: Listener, S: Handler> IntoFuture for Server<L, S> {
    type Output = Report;
    type IntoFuture = Ready<Report>;

    fn into_future(self) -> Ready<Report> {
        ready(self.0.run().unwrap())
    }
}
