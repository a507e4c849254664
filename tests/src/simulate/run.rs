//! One run: a whole server, a whole client, a network between them; and what must be true of it.

use super::content::{Received, body, read, sleep};
use super::net::{Net, Socket};
use super::plan::{Content, Handler, Plan, Reader, Request};
use super::rng::Rng;
use super::tasks::{Spawner, Tasks};
use super::trace::Trace;
use crate::memory::{Clock, Ticker};
use http::StatusCode;
use http_driver::{
    Address, Body, BoxError, ClientBuilder, ClientTimeouts, Connect, ConnectError, Connected, Exchange, Listener,
    OnDisconnect, Opened, PoolLimits, RequestError, Server, Services, Target, Timer, Within, service_fn,
};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// No deadline of either end is longer.
const LONGEST: Duration = Duration::from_secs(3 * 3600);

#[derive(Default)]
struct Queue {
    sockets: VecDeque<Socket>,
    waker: Option<Waker>,
}

/// The door of the server.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<Queue>>);

impl Listener for Door {
    type Io = Socket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Socket>>> {
        let mut queue = self.0.lock().unwrap();
        match queue.sockets.pop_front() {
            Some(io) => Poll::Ready(Ok(Opened { io, local: Address::Unknown, peer: Address::Unknown })),
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn local_addr(&self) -> Address {
        Address::Unknown
    }
}

/// The client's way to it.
struct Way {
    spawner: Spawner,
    net: Net,
    door: Door,
}

impl Connect for Way {
    type Runtime = Spawner;
    type Io = Socket;

    fn runtime(&self) -> &Spawner {
        &self.spawner
    }

    fn connect(&self, _: &Target) -> impl Future<Output = Result<Connected<Socket>, ConnectError>> + Send + 'static {
        let (ours, theirs) = self.net.connect();
        let mut queue = self.door.0.lock().unwrap();
        queue.sockets.push_back(theirs);
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
        let socket = Opened { io: ours, local: Address::Unknown, peer: Address::Unknown };
        async { Ok(Connected::new(socket)) }
    }
}

/// What became of a request, as its client saw it.
#[derive(Debug)]
enum Outcome {
    Answered(StatusCode, Received),
    Failed(#[expect(dead_code, reason = "for the trace")] RequestError),
    Cancelled,
}

/// What is noted while a run goes on.
#[derive(Default)]
struct Notes {
    executed: Vec<AtomicUsize>,
    outcomes: Mutex<Vec<Option<Outcome>>>,
    /// By connection: how often its end was told, and the numbers of exchanges that were.
    closed: Mutex<HashMap<u64, usize>>,
    finished: Mutex<HashMap<(u64, u64), usize>>,
    connected: AtomicUsize,
    handling: AtomicUsize,
    trace: Trace,
}

impl Notes {
    fn tell(&self, what: impl FnOnce() -> String) {
        self.trace.note(Ticker::default().now(), what);
    }
}

/// A handler that is at work, however it ends.
struct Working(Arc<Notes>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.handling.fetch_sub(1, Relaxed);
    }
}

/// Totals of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Answers that came whole.
    pub whole: usize,
    /// Requests that failed, or whose answers broke off.
    pub broken: usize,
    /// Polls of tasks.
    pub polls: usize,
}

fn key(index: usize, answer: bool) -> usize {
    index * 2 + usize::from(answer)
}

async fn handle(
    index: usize,
    plan: Arc<Plan>,
    notes: Arc<Notes>,
    request: http::Request<Body>,
) -> Result<http::Response<Body>, BoxError> {
    notes.executed[index].fetch_add(1, Relaxed);
    notes.tell(|| format!("request {index} is handled"));
    notes.handling.fetch_add(1, Relaxed);
    let working = Working(Arc::clone(&notes));
    let planned = &plan.requests[index];
    let exchange = request.extensions().get::<Exchange>().cloned();
    let mut content = request.into_body();
    for _ in 0..planned.hints {
        if let Some(exchange) = &exchange {
            exchange.inform(StatusCode::EARLY_HINTS, http::HeaderMap::new());
        }
    }
    match planned.handler {
        Handler::Reads => match read(key(index, false), &mut content, usize::MAX, Duration::ZERO).await {
            Received::Whole(length, trailers) => judge_whole(index, &planned.content, length, trailers, true),
            Received::Broken | Received::Dropped => return Err("the content broke off".into()),
        },
        Handler::ReadsPart => _ = read(key(index, false), &mut content, 1, Duration::ZERO).await,
        Handler::Fails => return Err("planned".into()),
        Handler::Panics => panic!("planned"),
        Handler::Aborts => exchange.iter().for_each(Exchange::abort),
        Handler::Ignores | Handler::Early => {}
    }
    if !planned.thinks.is_zero() {
        sleep(planned.thinks).await;
    }
    drop(working);
    let body = match planned.handler {
        // The answer's content ends when the request's has been read.
        Handler::Early => {
            let (mut sender, channel) = Body::channel();
            let mut answer = body(key(index, true), &planned.answer);
            let task = async move {
                let _content = read(key(index, false), &mut content, usize::MAX, Duration::ZERO).await;
                loop {
                    match answer.frame().await {
                        None => return sender.finish(),
                        Some(Err(error)) => return sender.abort(error),
                        Some(Ok(frame)) => match frame.into_data() {
                            Ok(data) => {
                                if sender.send(data).await.is_err() {
                                    return;
                                }
                            }
                            Err(frame) => {
                                let _ = sender.trailers(frame.into_trailers().unwrap_or_default());
                                return;
                            }
                        },
                    }
                }
            };
            SPAWNER.with_borrow(|spawner| http_driver::Runtime::spawn(spawner, task));
            channel
        }
        Handler::Reads | Handler::Ignores | Handler::ReadsPart | Handler::Fails | Handler::Panics | Handler::Aborts => {
            body(key(index, true), &planned.answer)
        }
    };
    Ok(http::Response::new(body))
}

thread_local! {
    static SPAWNER: std::cell::RefCell<Spawner> = std::cell::RefCell::default();
}

/// What was said to be whole must be.
fn judge_whole(index: usize, content: &Content, length: usize, trailers: bool, request: bool) {
    let what = if request { "request" } else { "answer" };
    assert_eq!(length, content.length(), "a part of the {what} {index} was taken for the whole");
    assert!(content.fails.is_none(), "the content of {what} {index} broke off, and nobody noticed");
    assert_eq!(trailers, content.trailers, "the trailers of {what} {index}");
}

async fn ask(index: usize, planned: Request, client: http_driver::Client<Way>, notes: Arc<Notes>) {
    sleep(planned.at).await;
    notes.tell(|| format!("request {index} {} begins", planned.method));
    let mut request = http::Request::builder().method(planned.method).uri(format!("http://h/{index}"));
    if planned.expect {
        request = request.header("expect", "100-continue");
    }
    let content = body(key(index, false), &planned.content);
    let mut request = request.body(content).expect("a request");
    if let Some(whole) = planned.whole {
        request.extensions_mut().insert(Within(whole));
    }
    let exchange = async {
        let mut response = match client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Outcome::Failed(error),
        };
        let status = response.status();
        if status != StatusCode::OK {
            return Outcome::Answered(status, Received::Dropped);
        }
        let (most, pause) = match planned.reader {
            Reader::All(pause) => (usize::MAX, pause),
            Reader::Some(pieces) => (pieces, Duration::ZERO),
        };
        Outcome::Answered(status, read(key(index, true), response.body_mut(), most, pause).await)
    };
    let outcome = match planned.cancel {
        None => exchange.await,
        Some(after) => {
            let mut exchange = std::pin::pin!(exchange);
            let mut timer = std::pin::pin!(sleep(after));
            std::future::poll_fn(|cx| match exchange.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(outcome),
                Poll::Pending => timer.as_mut().poll(cx).map(|()| Outcome::Cancelled),
            })
            .await
        }
    };
    notes.tell(|| format!("request {index}: {outcome:?}"));
    let before = notes.outcomes.lock().unwrap()[index].replace(outcome);
    assert!(before.is_none());
}

/// Runs a plan; panics where something is wrong.
pub fn run(seed: u64, plan: &Plan, trace: &Trace) -> Report {
    let clock = Clock::new();
    let mut rng = Rng::new(seed ^ 0xa5a5);
    let mut tasks = Tasks::new(rng.split());
    let net = Net::new(plan.weather.clone(), rng.split(), clock.clone(), trace.clone());
    let spawner = tasks.spawner();
    SPAWNER.set(spawner.clone());
    let plan = Arc::new(plan.clone());
    let count = plan.requests.len();
    let notes = Arc::new(Notes {
        executed: (0..count).map(|_| AtomicUsize::new(0)).collect(),
        outcomes: Mutex::new((0..count).map(|_| None).collect()),
        trace: trace.clone(),
        ..Notes::default()
    });

    let service = {
        let (plan, notes) = (Arc::clone(&plan), Arc::clone(&notes));
        service_fn(move |request: http::Request<Body>| {
            let index = request.uri().path().trim_start_matches('/').parse().expect("the number of a request");
            handle(index, Arc::clone(&plan), Arc::clone(&notes), request)
        })
    };
    let door = Door::default();
    let mut server = Server::new(spawner.clone(), door.clone(), Services::new(service.clone()))
        .max_in_flight(plan.in_flight)
        .on_connect({
            let notes = Arc::clone(&notes);
            move |connection| {
                notes.tell(|| format!("connection {} is accepted", connection.id()));
                notes.connected.fetch_add(1, Relaxed);
            }
        })
        .on_finish({
            let notes = Arc::clone(&notes);
            move |connection, record| {
                *notes.finished.lock().unwrap().entry((connection.id(), record.number)).or_default() += 1;
            }
        })
        .on_close({
            let notes = Arc::clone(&notes);
            move |connection, ended| {
                notes.tell(|| format!("connection {}: {ended:?}", connection.id()));
                *notes.closed.lock().unwrap().entry(connection.id()).or_default() += 1;
            }
        });
    if plan.finish {
        server = server.on_disconnect(OnDisconnect::Finish(Duration::from_secs(5)));
    }
    if let Some(timeout) = plan.handler_timeout {
        server = server.handler_timeout(timeout);
    }
    let handle = server.spawn();

    let mut limits = PoolLimits::default();
    (limits.total, limits.per_target) = (plan.connections, plan.connections);
    let way = Way { spawner: spawner.clone(), net: net.clone(), door };
    let mut timeouts = ClientTimeouts::default();
    // Far more than all handlers and readers together take.
    timeouts.wait = Duration::from_secs(3600);
    let mut client = ClientBuilder::new(way).limits(limits).timeouts(timeouts);
    if plan.pipelining > 1 {
        client = client.pipelining(plan.pipelining);
    }
    let client = client.build();
    for (index, planned) in plan.requests.iter().enumerate() {
        let ask = ask(index, planned.clone(), client.clone(), Arc::clone(&notes));
        http_driver::Runtime::spawn(&spawner, ask);
    }
    let controls = async move {
        let mut events = Vec::new();
        events.extend(plan.set_service.map(|at| (at, None)));
        events.extend(plan.shutdown.map(|(at, grace)| (at, Some(grace))));
        events.sort_by_key(|(at, _)| *at);
        let mut now = Duration::ZERO;
        for (at, shutdown) in events {
            sleep(at - now).await;
            now = at;
            match shutdown {
                None => handle.set_service(service.clone()),
                Some(grace) => {
                    handle.shutdown(grace).await;
                    return handle;
                }
            }
        }
        handle
    };
    let handle = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&handle);
    http_driver::Runtime::spawn(&spawner, async move {
        let controlled = controls.await;
        *slot.lock().unwrap() = Some(controlled);
    });

    let pass = |tasks: &mut Tasks, most: Duration| {
        let end = clock.now().saturating_add(most);
        loop {
            net.deliver();
            tasks.turn();
            let Some(next) = [clock.next(), net.next()].into_iter().flatten().min().filter(|next| *next <= end) else {
                return;
            };
            clock.advance_to(next.max(clock.now()));
        }
    };
    pass(&mut tasks, LONGEST);
    let outcomes = std::mem::take(&mut *notes.outcomes.lock().unwrap());
    assert!(outcomes.iter().all(Option::is_some), "a request hangs: {outcomes:?}");
    let state = client.connections();
    assert_eq!((state.connections, state.waiting), (state.idle, 0), "the client has lost count: {state:?}");
    drop(client);
    let handle = handle.lock().unwrap().take().expect("the controls have come to their end");
    http_driver::Runtime::spawn(&spawner, async move { _ = handle.shutdown(Duration::from_secs(60)).await });
    pass(&mut tasks, LONGEST);
    assert_eq!(tasks.left(), 0, "tasks are left");
    judge(seed, &notes, &outcomes, tasks.polls)
}

/// What must be true in the end.
fn judge(seed: u64, notes: &Notes, outcomes: &[Option<Outcome>], polls: usize) -> Report {
    let plan = Plan::new(seed);
    let mut report = Report { polls, ..Report::default() };
    for (index, (planned, outcome)) in plan.requests.iter().zip(outcomes.iter().flatten()).enumerate() {
        let executed = notes.executed[index].load(Relaxed);
        let most = if planned.is_idempotent() { 2 } else { 1 };
        assert!(executed <= most, "request {index} was executed {executed} times");
        match outcome {
            Outcome::Answered(StatusCode::OK, Received::Whole(length, trailers)) => {
                report.whole += 1;
                assert!(executed > 0, "nobody has answered {index}");
                if planned.method == "HEAD" {
                    assert_eq!((*length, *trailers), (0, false), "content for HEAD");
                } else {
                    judge_whole(index, &planned.answer, *length, *trailers, false);
                }
            }
            outcome => {
                report.broken += 1;
                assert!(!plan.is_quiet(), "request {index} failed in quiet weather: {outcome:?}");
            }
        }
    }
    assert_eq!(notes.handling.load(Relaxed), 0, "a handler was neither ended nor cancelled");
    let closed = notes.closed.lock().unwrap();
    assert!(closed.values().all(|&times| times == 1), "told of an end more than once: {closed:?}");
    assert_eq!(closed.len(), notes.connected.load(Relaxed), "an end was not told");
    let finished = notes.finished.lock().unwrap();
    assert!(finished.values().all(|&times| times == 1), "told of an exchange more than once: {finished:?}");
    let executed: usize = notes.executed.iter().map(|executed| executed.load(Relaxed)).sum();
    assert!(finished.len() >= executed, "exchanges were not told of: {} of {executed}", finished.len());
    report
}
