//! What is seen from outside of a server: its handle, and what is known of connections that are over.

use super::*;
use std::pin::pin;
use std::task::Context;
use tests::memory::{Wakes, wire};
use tower_service::Service;

/// Answers, but may never be ready to.
#[derive(Clone)]
struct Ready(bool);

impl Service<Request<Body>> for Ready {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::ready(Ok(Response::new(Body::from("ready"))))
    }
}

// P13: a request that waits for the old service is answered by the new one.
#[test]
fn p13_a_request_that_waits_gets_the_new_service() {
    let mut world = World::new();
    let (dial, handle) = site(&world, Ready(false), |server| server);
    let peer = dial.open(Shape::default());
    peer.send(GET);
    world.turn();
    assert_eq!(peer.text(), "");
    handle.set_service(Ready(true));
    world.turn();
    assert!(peer.text().ends_with("ready"));
}

// P15: who waits for the end of a server whose runtime is gone does not wait for ever.
#[test]
fn p15_a_shutdown_ends_with_the_runtime() {
    let mut world = World::new();
    let (_dial, handle) = site(&world, Ready(true), |server| server);
    world.turn();
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(wakes.clone());
    let mut shutdown = pin!(handle.shutdown(seconds(1)));
    assert!(shutdown.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    wakes.take();
    drop(world);
    assert!(wakes.take());
    assert!(shutdown.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

// L14: a shutdown may begin on another thread while an answer is being made: that one is the last, and says so.
#[test]
fn l14_an_answer_that_is_made_while_a_shutdown_begins_is_the_last() {
    let clock = tests::memory::Clock::new();
    let (wire, peer) = wire(Shape::default());
    let options = Arc::<http_driver::Options>::default();
    let begins = Arc::clone(&options);
    let services = Services::new(service_fn(move |_| {
        begins.registry.shut_down();
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
    }));
    let local = Default::default();
    let mut serving = pin!(Serving::new(wire, clock.ticker(), local, Default::default(), Arc::new(services), options));
    peer.send(GET);
    assert!(serving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let answer = peer.text();
    assert!(answer.contains("\r\nConnection: close\r\n") && peer.saw_fin(), "{answer}");
}

// N39: who keeps what is known of a connection keeps nothing of its task.
#[test]
fn n39_what_is_known_of_a_connection_does_not_hold_its_task() {
    let clock = tests::memory::Clock::new();
    let (io, peer) = wire(Shape::default());
    let (local, options) = Default::default();
    let services = Arc::new(Services::new(Ready(true)));
    let mut serving = Box::pin(Serving::new(io, clock.ticker(), local, Default::default(), services, options));
    let info = Arc::clone(serving.info());
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(wakes.clone());
    peer.fin();
    while serving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        assert!(wakes.take(), "it ends");
    }
    drop((serving, waker, peer));
    assert_eq!((info.state(), Arc::strong_count(&wakes)), (http_proto::State::Closed, 1));
}
