//! Panics of what the application hands in besides its handlers: they are its own affair, and nobody else's.

use super::*;
use http_driver::{Ended, Entry, Server};

/// Answers with nothing.
fn empty()
-> impl HttpService<Answer: Send, Content = Body, Fault = Infallible, ContentFault = BodyError> + Clone + Send + use<> {
    service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::empty())))
}

/// Counts, and panics.
fn panics(calls: &Arc<AtomicUsize>) -> impl Fn() + Send + Sync + use<> {
    let calls = Arc::clone(calls);
    move || {
        calls.fetch_add(1, SeqCst);
        panic!("a hook");
    }
}

// P12, P20: hooks that panic are called as often as others, and exchanges go on.
#[test]
fn hooks_that_panic_disturb_nobody() {
    let mut world = World::new();
    let calls: [Arc<AtomicUsize>; 7] = Default::default();
    let [connect, state, finish, log, error, page, close] = calls.each_ref().map(panics);
    let (dial, _handle) = site(&world, empty(), |server| {
        server
            .on_listener(|_| panic!("a hook"))
            .on_connect(move |_| connect())
            .on_state(move |_, _| state())
            .on_finish(move |_, _| finish())
            .logger(move |_: Entry| log())
            .on_protocol_error(move |_, _| error())
            .error_page(move |_| {
                page();
                Response::default()
            })
            .on_close(move |_, _: &Ended| close())
    });
    let peer = dial.open(Shape::default());
    peer.send_last([GET, GET, "GET\r\n\r\n"].concat());
    world.turn();
    let answers = peer.text();
    assert_eq!((answers.matches(" 200 OK").count(), answers.matches(" 400 ").count()), (2, 1), "{answers}");
    // Only the accept loop goes on.
    assert_eq!(world.tasks(), 1);
    let [connect, _state, finish, log, error, page, close] = calls.map(|calls| calls.load(SeqCst));
    assert_eq!([connect, finish, log, error, page, close], [1, 2, 2, 1, 1, 1]);
}

// P2: a service that cannot be made costs its connection, or, on one that goes on, its request; and is not called.
#[test]
fn a_service_that_cannot_be_made_costs_what_it_was_for() {
    let mut world = World::new();
    let (made, ends) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (count, ended) = (Arc::clone(&made), Arc::clone(&ends));
    let factory = move |_: &http_driver::ConnInfo| {
        assert!(count.fetch_add(1, SeqCst) > 0, "the first one");
        empty()
    };
    let backlog = tests::memory::Backlog::default();
    let dial = Dial::new(&backlog);
    let server = Server::new(world.spawner(), backlog, Services::from_factory(factory));
    let handle = server.on_close(move |_, _| _ = ended.fetch_add(1, SeqCst)).spawn();
    let (first, second) = (dial.open(Shape::default()), dial.open(Shape::default()));
    first.send(GET);
    second.send(GET);
    world.turn();
    assert!(first.text().is_empty() && second.text().starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!((handle.connections().len(), ends.load(SeqCst), made.load(SeqCst)), (1, 1, 2));
}
