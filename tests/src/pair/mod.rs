//! Two ends of one connection: a client and a server, wired together over links that move a few octets at a time, may
//! break anywhere, and live in a time of their own. The whole protocol runs without a socket.
//!
//! A [`plan::Plan`] says what the two applications do; [`run`] does it. It moves both ends until neither can move, then
//! advances the clock to the next deadline, and so on until both have closed. If neither can move and nothing is due,
//! somebody waits for ever: every wait must belong to a deadline. At the end [`judge`] compares what came with what was
//! sent.

pub mod client;
pub mod endpoint;
pub mod inbox;
pub mod judge;
pub mod link;
pub mod one;
pub mod plan;
pub mod server;
pub mod source;

use bytes::{Bytes, BytesMut};
use client::ClientApp;
use endpoint::{App, Endpoint};
use http_proto::{Client, Config, Connection, End, Instant, Pipeline, Server};
use inbox::Inbox;
use judge::{Ends, Report};
use link::Link;
use plan::Plan;
use server::ServerApp;
use std::sync::Arc;

/// Runs a plan and judges it.
pub fn run(plan: &Plan) -> Report {
    match plan.storages {
        0 => run_with::<Vec<u8>, BytesMut>(plan),
        1 => run_with::<BytesMut, Bytes>(plan),
        _ => run_with::<Bytes, Vec<u8>>(plan),
    }
}

fn configs(plan: &Plan) -> (Config, Config) {
    let (mut server, mut client) = (Config::server(), Config::client());
    server.pipeline = Pipeline { depth: plan.depth.0, safe_only: plan.safe_only };
    client.pipeline = Pipeline { depth: plan.depth.1, safe_only: plan.safe_only };
    server.half_close = plan.half_close;
    if plan.impatient {
        (server.limits.drain, server.limits.linger) = (20, 20);
    }
    (server, client)
}

fn run_with<C: for<'a> Inbox<'a>, S: for<'a> Inbox<'a>>(plan: &Plan) -> Report {
    let (server_config, client_config) = configs(plan);
    let connection = Connection::<Client>::client(Arc::new(client_config));
    let mut client = Endpoint::<Client, C>::new(connection, plan.pop_owned, plan.retain);
    let connection = Connection::<Server>::server(Arc::new(server_config));
    let mut server = Endpoint::<Server, S>::new(connection, plan.pop_owned, plan.retain);
    let (mut client_app, mut server_app) = (ClientApp::new(plan), ServerApp::new(plan));
    let (mut up, mut down) = (Link::new(plan.up.clone()), Link::new(plan.down.clone()));
    let mut now = Instant::from_nanos(1);
    loop {
        let mut moved = client.round(&mut client_app, &mut down, &mut up, now);
        moved |= server.round(&mut server_app, &mut up, &mut down, now);
        moved |= spread_reset(&mut up, &mut down);
        let deadlines = [client.deadline(now), server.deadline(now), client_app.wakes_at(), server_app.wakes_at()];
        if moved {
            continue;
        }
        if client.closed && server.closed && !server.round(&mut server_app, &mut up, &mut down, now) {
            break;
        }
        let next = deadlines.into_iter().flatten().min();
        let states = (client.connection.state(), server.connection.state());
        now = next.unwrap_or_else(|| panic!("nobody moves and nothing is due: {states:?}")).max(now);
        client.pass(now);
        server.pass(now);
    }
    let ends = Ends { client: (&client.connection, client.failure), server: (&server.connection, server.failure) };
    judge::judge(plan, &ends, &client_app, &server_app)
}

/// A reset is a reset of both directions, and so is writing to a reader that is gone.
fn spread_reset(up: &mut Link, down: &mut Link) -> bool {
    let reset = |link: &Link| link.end() == Some(End::Aborted);
    match (reset(up), reset(down)) {
        (true, false) => down.reset(),
        (false, true) => up.reset(),
        (true, true) | (false, false) => return false,
    }
    true
}
