//! The same requests one at a time, each waiting for the answer to the one before, and pipelined, several on their way at
//! once (RFC 9112 section 9.3.2). Both on one connection, and pipelined also on level 1, where one loop sends requests
//! and takes events.
//!
//! `cargo run --release -p http-std --example pipelining_client URL [REQUESTS] [DEPTH]`, for example against the example
//! `hello`. The further away the server, the greater the difference.

/// What it is told and shows. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/pipelining_client.rs"]
mod app;

use app::{Arguments, connection};
use http_std::{BodyLength, BoxError, Client, ClientExchange, Config, Dialer, Event, Inbox, Pipeline, PoolLimits};
use http_std::{RequestHead, Response, Uri, connect_with};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse()?;
    let Arguments { url, requests, .. } = &arguments;
    let clients = arguments.clients();
    // The first request opens the connection, and tells whether the server is there at all.
    for client in &clients {
        get(client, url)?;
    }
    let [one_at_a_time, pipelining] = clients;

    let begun = Instant::now();
    let mut connections = BTreeSet::new();
    for _ in 0..*requests {
        connections.insert(get(&one_at_a_time, url)?);
    }
    arguments.report("one at a time", connections.len(), begun);

    let begun = Instant::now();
    let left = AtomicUsize::new(*requests);
    let take = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
    // As many threads as there may be requests on their way: each waits for its own.
    let connections = thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.depth)
            .map(|_| {
                scope.spawn(|| {
                    let mut connections = BTreeSet::new();
                    while take() {
                        connections.insert(get(&pipelining, url)?);
                    }
                    Ok::<_, BoxError>(connections)
                })
            })
            .collect();
        let mut all = BTreeSet::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread has panicked")??);
        }
        Ok::<_, BoxError>(all)
    })?;
    arguments.report("pipelined", connections.len(), begun);

    let begun = Instant::now();
    let connections = on_level_1(&arguments)?;
    arguments.report("pipelined on level 1", connections, begun);
    Ok(())
}

/// Fetches, and returns the number of the connection.
fn get(client: &Client, url: &Uri) -> Result<u64, BoxError> {
    let mut response = client.get(url.clone()).send()?;
    // Answers come in the order of the requests: who does not read one holds up those behind it.
    while let Some(piece) = response.body_mut().chunk() {
        piece?;
    }
    connection(&response)
}

/// Fetches on one thread and without a copy: what is sent and what comes alternate in one loop. A server may close behind
/// any answer; what is unanswered then is asked for on another connection. Returns how many there were.
fn on_level_1(arguments: &Arguments) -> Result<usize, BoxError> {
    let (config, head, requests) = (arguments.config(), arguments.head()?, arguments.requests);
    let (mut answered, mut connections) = (0, 0);
    while answered < requests {
        let mut http = connect_with(arguments.url.clone(), &Dialer::default(), Arc::clone(&config))?;
        let (mut inbox, before) = (Inbox::new(), answered);
        connections += 1;
        loop {
            // What was unanswered may be why the connection ended: then the first request goes alone.
            let at_once = if connections == 1 || answered > before { usize::from(arguments.depth) } else { 1 };
            let wanted = at_once.min(requests - answered);
            while http.is_reusable() && http.outstanding() < wanted {
                http.start(&head, BodyLength::Empty)?;
            }
            if answered == requests {
                http.close(&mut inbox)?;
                return Ok(connections);
            }
            match http.next_event(&mut inbox) {
                Ok(Event::MessageComplete(_)) => answered += 1,
                Ok(Event::Closed) if answered > before => break,
                Ok(Event::Closed) => return Err("the server closes without an answer".into()),
                Ok(_) => {}
                // Nothing of the next answer has come, and asking twice does no harm.
                Err(error) if error.may_retry() && answered > before => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(connections)
}
