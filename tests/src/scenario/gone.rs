//! Clients that go away, wholly or in half, and servers that give up.

use super::routes::{count, exchange_of};
use super::running::spawner;
use super::{App, Build, GET, Permits, Rig, SHORT, app, get, post, serve, start, start_routes, text, within};
use http::Request;
use http_driver::{Body, BodyError, Disconnected, Exchange, OnDisconnect};
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};

use std::thread;

/// What handlers at a gate have shown of themselves.
#[derive(Default)]
struct Seen {
    exchanges: Mutex<Vec<Exchange>>,
    gate: Permits,
    finished: Permits,
    dropped: Permits,
    polls: AtomicUsize,
}

impl Seen {
    fn exchange(&self) -> Exchange {
        self.exchanges.lock().unwrap().last().expect("a handler was called").clone()
    }
}

struct Guard(Arc<Seen>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.dropped.add(1);
    }
}

/// Handlers that show their exchange, then wait for a permit.
fn gated() -> (App, Arc<Seen>) {
    let seen = Arc::<Seen>::default();
    let shown = Arc::clone(&seen);
    let app = app(move |request| {
        let seen = Arc::clone(&shown);
        async move {
            let guard = Guard(Arc::clone(&seen));
            seen.exchanges.lock().unwrap().push(exchange_of(&request));
            poll_fn(|cx| {
                seen.polls.fetch_add(1, SeqCst);
                seen.gate.poll_taken(cx)
            })
            .await;
            seen.finished.add(1);
            std::mem::forget(guard);
            text("finished")
        }
    });
    (app, seen)
}

// L12, N13: the end of the client's input is seen, cancels nothing, and keeps nobody busy.
pub fn a_half_close_is_seen_and_cancels_nothing(rig: impl Rig) {
    let (app, seen) = gated();
    let server = serve(rig, app);
    let mut client = server.client();
    client.send(GET);
    within(|| !seen.exchanges.lock().unwrap().is_empty());
    let exchange = seen.exchange();
    assert!(!exchange.is_half_closed());
    client.half_close();
    within(|| exchange.is_half_closed());
    let polls = seen.polls.load(SeqCst);
    thread::sleep(4 * SHORT);
    assert!(seen.polls.load(SeqCst) <= polls + 2, "polled again and again");
    assert!(!exchange.is_gone() && seen.dropped.available() == 0);
    seen.gate.add(1);
    assert!(client.rest().ends_with("\r\n\r\nfinished"));
}

// L12: by default a handler whose client is gone is dropped; tasks of its own learn of it.
pub fn a_task_learns_that_the_client_is_gone(rig: impl Rig) {
    let told = Arc::new(Permits::default());
    let tell = Arc::clone(&told);
    let spawn = spawner(rig);
    let service = app(move |request| {
        let (tell, exchange) = (Arc::clone(&tell), exchange_of(&request));
        spawn(Box::pin(async move {
            exchange.gone().await;
            assert!(exchange.is_gone());
            tell.add(1);
        }));
        std::future::pending()
    });
    let server = serve(rig, service);
    let mut client = server.client();
    client.send(GET);
    within(|| server.handle.connections().first().is_some_and(|one| one.statistics().requests == 1));
    client.reset();
    told.take();
    within(|| server.handle.connections().is_empty());
}

// L12: or it may finish what it is at.
pub fn a_handler_may_finish_without_its_client(rig: impl Rig) {
    const LONG: std::time::Duration = super::DEADLINE;
    let (app, seen) = gated();
    let server = start(rig, app, |server| server.on_disconnect(OnDisconnect::Finish(LONG)));
    let mut client = server.client();
    client.send(GET);
    within(|| !seen.exchanges.lock().unwrap().is_empty());
    client.reset();
    within(|| seen.exchange().is_gone());
    assert_eq!(seen.dropped.available(), 0);
    seen.gate.add(1);
    seen.finished.take();
    within(|| server.handle.connections().is_empty());
    assert_eq!(seen.dropped.available(), 0);
}

// L12: though not for ever.
pub fn the_grace_of_such_a_handler_ends(rig: impl Rig) {
    let (app, seen) = gated();
    let server = start(rig, app, |server| server.on_disconnect(OnDisconnect::Finish(SHORT)));
    let mut client = server.client();
    client.send(GET);
    within(|| !seen.exchanges.lock().unwrap().is_empty());
    client.reset();
    seen.dropped.take();
    within(|| server.handle.connections().is_empty());
    assert_eq!(seen.finished.available(), 0);
}

// L11: what is done too late does nothing, and a connection is freed when the last who knows it lets go.
pub fn what_comes_too_late_does_nothing(rig: impl Rig) {
    let senders = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&senders);
    let server = serve(
        rig,
        app(move |request| {
            let (sender, body) = Body::channel();
            kept.lock().unwrap().push((sender, exchange_of(&request)));
            async { text(body) }
        }),
    );
    let mut client = server.client();
    client.send(GET);
    client.head();
    client.reset();
    within(|| server.handle.connections().is_empty());
    let (mut sender, exchange) = senders.lock().unwrap().pop().unwrap();
    assert_eq!(super::block_on(sender.send("late")), Err(Disconnected));
    sender.finish();
    assert!(exchange.is_gone());
    exchange.inform(http::StatusCode::EARLY_HINTS, http::HeaderMap::new());
    exchange.proceed();
    exchange.abort();
    assert!(super::block_on(exchange.upgrade()).is_err());
    let info = Arc::downgrade(exchange.connection());
    assert_eq!(info.upgrade().unwrap().statistics().requests, 1);
    drop(exchange);
    within(|| Weak::strong_count(&info) == 0);
}

// N27
pub fn a_handler_may_reset_the_connection(rig: impl Rig) {
    let server = serve(
        rig,
        app(|request: Request<Body>| async move {
            let exchange = exchange_of(&request);
            let (mut sender, body) = Body::channel();
            match request.uri().path() {
                "/before" => {
                    exchange.abort();
                    std::future::pending::<()>().await;
                }
                "/within" => {
                    sender.send("piece").await?;
                    exchange.abort();
                    // It ends in another way only when nobody takes it any more.
                    std::mem::forget(sender);
                }
                _ => sender.finish(),
            }
            text(body)
        }),
    );
    for target in ["/before", "/within"] {
        let mut client = server.client();
        client.send(get("/"));
        client.head();
        assert_eq!(client.octets(5), b"0\r\n\r\n");
        client.send(get(target));
        client.rest_until_reset();
    }
    within(|| server.handle.connections().is_empty());
}

// N31: an upload that breaks off is an error for whoever reads it, however it breaks off.
pub fn an_upload_that_breaks_off_is_an_error(rig: impl Rig) {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&outcomes);
    let spawn = spawner(rig);
    let server = serve(
        rig,
        app(move |request: Request<Body>| {
            let kept = Arc::clone(&kept);
            // In a task of its own, which nothing cancels.
            spawn(Box::pin(async move {
                let outcome = count(request.into_body()).await;
                kept.lock().unwrap().push(outcome);
            }));
            std::future::pending()
        }),
    );
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    for (reset, sent) in [
        (true, post("/", 9) + "abc"),
        (true, chunked.clone() + "9\r\nabc"),
        (false, post("/", 9) + "abc"),
        (false, chunked.clone() + "9\r\nabc"),
        (false, chunked.clone() + "3\r\nabc\r\n0\r\n"),
    ] {
        let mut client = server.client();
        let length = sent.len() as u64;
        client.send(&sent);
        within(|| server.handle.connections().iter().any(|one| one.statistics().read == length));
        if reset {
            client.reset()
        } else {
            drop(client)
        }
        within(|| !outcomes.lock().unwrap().is_empty());
        let outcome = outcomes.lock().unwrap().pop().unwrap();
        assert!(matches!(outcome, Err(BodyError::Received(_) | BodyError::Over)), "{sent:?}: {outcome:?}");
    }
}

// N12: one call, with the reason and what has gone over the connection.
pub fn every_end_is_told_once(rig: impl Rig) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let (app, seen) = gated();
    let server = start(rig, app, |server| {
        let mut config = http_proto::Config::server();
        config.timeouts.idle = 4 * SHORT;
        server.config(Arc::new(config)).on_close(move |info, ended| {
            let error = ended.error.map(|error| error.kind().name());
            tell.lock().unwrap().push((info.id(), error, ended.cut_off, info.statistics()));
        })
    });
    let next = || {
        within(|| !told.lock().unwrap().is_empty());
        told.lock().unwrap().remove(0)
    };
    // In good order, by the client.
    let mut client = server.client();
    seen.gate.add(1);
    client.send(GET);
    let answer = client.answer();
    client.half_close();
    assert_eq!(client.rest(), "");
    let (id, error, cut_off, statistics) = next();
    assert_eq!((error, cut_off, statistics.requests), (None, 0, 1));
    assert_eq!(
        (statistics.read, statistics.written),
        (GET.len() as u64, (answer.head.len() + answer.content.len()) as u64)
    );
    let mut ids = vec![id];
    // Idle.
    assert_eq!(server.client().rest(), "");
    let (id, error, cut_off, statistics) = next();
    assert_eq!((error, cut_off, statistics), (None, 0, Default::default()));
    ids.push(id);
    // Refused.
    let mut client = server.client();
    client.send("GET\r\n\r\n");
    assert_eq!(client.answer().status(), "400");
    client.half_close();
    assert_eq!(client.rest(), "");
    let (id, error, cut_off, _) = next();
    assert_eq!((error, cut_off), (Some("invalid_method"), 0));
    ids.push(id);
    // Reset.
    let mut client = server.client();
    client.send(GET);
    within(|| seen.exchanges.lock().unwrap().len() == 2);
    client.reset();
    let (id, _, cut_off, _) = next();
    assert_eq!(cut_off, 1);
    ids.push(id);
    // Cut off by a shutdown.
    let mut client = server.client();
    client.send(GET);
    within(|| seen.exchanges.lock().unwrap().len() == 3);
    assert_eq!(server.shutdown(SHORT), 1);
    let (id, _, cut_off, _) = next();
    assert_eq!(cut_off, 1);
    ids.push(id);
    ids.dedup();
    assert_eq!(ids.len(), 5);
    thread::sleep(SHORT);
    assert_eq!(told.lock().unwrap().len(), 0);
}

// L10: a connection that is idle, and ends without a word, is nobody's fault. R9112-9.8-04
pub fn an_abrupt_end_of_an_idle_connection_is_no_error(rig: impl Rig) {
    let told = Arc::new(Mutex::new((0, Vec::new())));
    let (errors, ends) = (Arc::clone(&told), Arc::clone(&told));
    let (server, _) = super::start_routes_with(rig, |server| {
        server
            .on_protocol_error(move |_, _| errors.lock().unwrap().0 += 1)
            .on_close(move |_, ended| ends.lock().unwrap().1.push((ended.error.is_some(), ended.cut_off)))
    });
    for reset in [false, true] {
        let mut client = server.client();
        client.send(GET);
        assert_eq!(client.answer().status(), "200");
        if reset {
            client.reset()
        } else {
            drop(client)
        }
        within(|| server.handle.connections().is_empty());
    }
    within(|| told.lock().unwrap().1.len() == 2);
    let (errors, ends) = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(errors, 0);
    // Under TLS an end without close_notify may be somebody else's doing, as a reset may.
    assert_eq!(ends[0], (rig.is_secure(), 0));
    assert_eq!(ends[1].1, 0);
}

// N31: what is told of an upload that stops half-way through an answer.
pub fn an_echo_that_breaks_off_is_cut_off(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/echo", 9) + "abc");
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(client.octets(3), b"abc");
    client.half_close();
    client.rest_until_reset();
}
