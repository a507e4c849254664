//! One run: whole servers, a whole client, a network between them.

use super::Report;
use super::ask::ask;
use super::attack::attack;
use super::blocking;
use super::handle::handle;
use super::notes::Notes;
use super::plan::{Blocks, Plan, Settings};
use super::stage::{Door, Stage, Way};
use super::trace::Trace;
use super::wait::sleep;
use super::world::World;
use http::{Request, Response};
use http_driver::{
    Body, BoxError, Client, ClientBuilder, ClientTimeouts, OnDisconnect, PoolLimits, Server, ServerHandle, Services,
};
use http_proto::{Config, Timeouts};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// Longer than any run takes.
const LONGEST: Duration = Duration::from_secs(1_000_000);

/// Runs the plan of a seed; panics where something is wrong.
pub fn run(seed: u64, trace: &Trace) -> Report {
    let plan = Plan::new(seed);
    let world = World::new(seed, &plan.weather, trace);
    let stage = Arc::new(Stage {
        notes: Notes::new(&plan, world.clock.clone(), trace.clone()),
        net: world.net.clone(),
        spawner: world.tasks.spawner(),
        doors: (0..plan.settings.origins).map(|_| Door::default()).collect(),
        plan,
    });
    let world = Rc::new(RefCell::new(world));
    let (Plan { requests, attacks, settings, .. }, notes) = (&stage.plan, &stage.notes);
    let servers: Vec<_> = match settings.blocks {
        Blocks::Server => Vec::new(),
        Blocks::Nobody | Blocks::Client => (0..settings.origins).map(|number| serve(number, &stage)).collect(),
    };
    let client = client(&stage);
    if settings.blocks != Blocks::Client {
        for index in 0..requests.len() {
            stage.spawn(ask(index, Arc::clone(&stage), client.clone()));
        }
    }
    for number in 0..attacks.len() {
        stage.spawn(attack(number, Arc::clone(&stage)));
    }
    stage.spawn(control(Arc::clone(&stage), servers.clone()));
    match settings.blocks {
        Blocks::Nobody => {}
        Blocks::Client => blocking::client(&stage, &world, &client_config(settings)),
        Blocks::Server => blocking::server(&stage, &world, &server_config(settings)),
    }
    let pass = || world.borrow_mut().pass(LONGEST);
    pass();
    // Everything has come to its end by itself, and whatever is left open is left to its deadline.
    let state = client.connections();
    let at_rest = (state.connections, state.waiting) == (state.idle, 0);
    notes.check(at_rest, || format!("the client has lost count: {state:?}"));
    drop(client);
    pass();
    for server in &servers {
        let left = server.connections().len();
        notes.check(left == 0, || format!("{left} connections are left"));
    }
    for server in servers {
        stage.spawn(async move { _ = server.shutdown(Duration::ZERO).await });
    }
    pass();
    let (tasks, polls) = (world.borrow().tasks.left(), world.borrow().tasks.polls);
    notes.check(tasks == 0, || format!("{tasks} tasks are left"));
    let open = stage.net.open();
    notes.check(open == 0, || format!("{open} sockets are left"));
    let hands = Arc::strong_count(&stage);
    notes.check(hands == 1, || format!("{hands} have a hand on the run that is over"));
    let report = Report { polls, ..stage.judge() };
    let wrong = notes.wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("; "));
    report
}

fn server_config(settings: &Settings) -> Arc<Config> {
    let mut config = Config::server();
    hasten(&mut config.timeouts, settings);
    Arc::new(config)
}

fn client_config(settings: &Settings) -> Arc<Config> {
    let mut config = Config::client();
    hasten(&mut config.timeouts, settings);
    config.timeouts.body = settings.deadlines().body;
    Arc::new(config)
}

/// A service that answers as it is planned.
#[derive(Clone)]
struct Site {
    stage: Arc<Stage>,
    generation: usize,
}

impl Service<Request<Body>> for Site {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(handle(Arc::clone(&self.stage), self.generation, request))
    }
}

fn serve(number: usize, stage: &Arc<Stage>) -> ServerHandle<Site> {
    let settings = &stage.plan.settings;
    let site = Site { stage: Arc::clone(stage), generation: 0 };
    let told = || Arc::clone(stage);
    let (connected, changed, finished, closed) = (told(), told(), told(), told());
    let mut server = Server::new(stage.spawner.clone(), stage.doors[number].listener(), Services::new(site))
        .config(server_config(settings))
        .max_in_flight(settings.in_flight)
        .on_connect(move |connection| connected.notes.connected(number, connection))
        .on_state(move |connection, state| changed.notes.changed(number, connection, state))
        .on_finish(move |connection, record| finished.notes.finished(number, connection, record))
        .on_close(move |connection, ended| closed.notes.closed(number, connection, ended));
    if settings.finish {
        server = server.on_disconnect(OnDisconnect::Finish(Duration::from_secs(5)));
    }
    if let Some(timeout) = settings.handler_timeout {
        server = server.handler_timeout(timeout);
    }
    server.spawn()
}

fn client(stage: &Arc<Stage>) -> Client<Way> {
    let settings = &stage.plan.settings;
    let deadlines = settings.deadlines();
    let mut limits = PoolLimits::default();
    (limits.total, limits.per_target) = settings.connections;
    (limits.idle_per_target, limits.requests) = (settings.idle, settings.requests);
    let mut timeouts = ClientTimeouts::default();
    (timeouts.wait, timeouts.answer) = (deadlines.wait, deadlines.answer);
    let client = ClientBuilder::new(Way(Arc::clone(stage))).config(client_config(settings));
    let client = client.limits(limits).timeouts(timeouts);
    if settings.pipelining > 1 { client.pipelining(settings.pipelining).build() } else { client.build() }
}

/// Shortens the deadlines, if that is planned.
fn hasten(timeouts: &mut Timeouts, settings: &Settings) {
    let scale = settings.deadlines().scale;
    let Timeouts { head, body, write, idle, expect_continue, drain, linger, .. } = timeouts;
    for timeout in [head, body, write, idle, expect_continue, drain, linger] {
        *timeout /= scale;
    }
}

/// Replaces the services, and shuts the servers down, at their times.
async fn control(stage: Arc<Stage>, servers: Vec<ServerHandle<Site>>) {
    let Plan { set_service, shutdown, .. } = stage.plan;
    let mut now = Duration::ZERO;
    let mut events: Vec<_> = set_service.map(|at| (at, None)).into_iter().collect();
    events.extend(shutdown.map(|(at, grace)| (at, Some(grace))));
    events.sort_by_key(|(at, _)| *at);
    for (at, grace) in events {
        sleep(at - now).await;
        now = at;
        let Some(grace) = grace else {
            stage.notes.tell(|| "the services are replaced".to_owned());
            stage.notes.generation.store(1, Relaxed);
            for server in &servers {
                server.set_service(Site { stage: Arc::clone(&stage), generation: 1 });
            }
            continue;
        };
        stage.notes.tell(|| format!("the servers shut down, within {grace:?}"));
        for server in &servers {
            stage.spawn(shut_down(server.clone(), Arc::clone(&stage), grace));
        }
    }
}

/// Shuts a server down, which must not take longer than it was granted.
async fn shut_down(server: ServerHandle<Site>, stage: Arc<Stage>, grace: Duration) {
    let notes = &stage.notes;
    let begun = notes.now();
    let report = server.shutdown(grace).await;
    let took = notes.now().saturating_since(begun);
    notes.tell(|| format!("a server has shut down: {report:?}"));
    // Those that were cut off have a second to notice.
    let most = grace + Duration::from_secs(1);
    notes.check(took <= most, || format!("a shutdown has taken {took:?}, with a grace of {grace:?}"));
}
