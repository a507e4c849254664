//! The same requests one at a time, each waiting for the answer to the one before, and pipelined, several on their way at
//! once (RFC 9112 section 9.3.2). Both on one connection, and pipelined also on level 1, where one loop sends requests
//! and takes events.
//!
//! `cargo run --release -p http-tokio --example pipelining_client URL [REQUESTS] [DEPTH]`, for example against the example
//! `hello`. The further away the server, the greater the difference.

use http_tokio::{BodyLength, BoxError, Client, ClientExchange, Config, Dialer, Event, Inbox, Pipeline};
use http_tokio::{PoolLimits, RequestHead, Uri, connect_with};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let url: Uri = arguments.next().ok_or("usage: pipelining_client URL [REQUESTS] [DEPTH]")?.parse()?;
    let requests: usize = arguments.next().map_or(Ok(1000), |requests| requests.parse())?;
    let depth: u16 = arguments.next().map_or(Ok(16), |depth| depth.parse())?;

    let mut limits = PoolLimits::default();
    limits.per_target = 1;
    // Two clients, as connections that pipeline are not shared with requests that must not be pipelined.
    let one_at_a_time = Client::builder().limits(limits.clone()).build();
    let pipelining = Client::builder().limits(limits).pipelining(depth).build();
    // The first request opens the connection, and tells whether the server is there at all.
    for client in [&one_at_a_time, &pipelining] {
        get(client.clone(), url.clone()).await?;
    }

    let begun = Instant::now();
    let mut connections = BTreeSet::new();
    for _ in 0..requests {
        connections.insert(get(one_at_a_time.clone(), url.clone()).await?);
    }
    report("one at a time", requests, connections.len(), begun);

    let begun = Instant::now();
    let mut connections = BTreeSet::new();
    let mut tasks: JoinSet<_> = (0..requests).map(|_| get(pipelining.clone(), url.clone())).collect();
    while let Some(answered) = tasks.join_next().await {
        connections.insert(answered??);
    }
    report("pipelined", requests, connections.len(), begun);

    let begun = Instant::now();
    let connections = on_level_1(&url, requests, depth).await?;
    report("pipelined on level 1", requests, connections, begun);
    Ok(())
}

/// Fetches, and returns the number of the connection.
async fn get(client: Client, url: Uri) -> Result<u64, BoxError> {
    let mut response = client.get(url).send().await?;
    // Answers come in the order of the requests: who does not read one holds up those behind it.
    while let Some(piece) = response.body_mut().chunk().await {
        piece?;
    }
    let exchange = response.extensions().get::<ClientExchange>().ok_or("no exchange")?;
    Ok(exchange.connection().id())
}

/// Fetches without tasks and without a copy: what is sent and what comes alternate in one loop. A server may close behind
/// any answer; what is unanswered then is asked for on another connection. Returns how many there were.
async fn on_level_1(url: &Uri, requests: usize, depth: u16) -> Result<usize, BoxError> {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth, safe_only: true };
    let config = Arc::new(config);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let head = RequestHead::get(url.authority().ok_or("no host")?.as_str(), path);

    let (mut answered, mut connections) = (0, 0);
    while answered < requests {
        let mut http = connect_with(url.clone(), &Dialer::default(), Arc::clone(&config)).await?;
        let (mut inbox, before) = (Inbox::new(), answered);
        connections += 1;
        loop {
            // What was unanswered may be why the connection ended: then the first request goes alone.
            let at_once = if connections == 1 || answered > before { usize::from(depth) } else { 1 };
            let wanted = at_once.min(requests - answered);
            while http.is_reusable() && http.outstanding() < wanted {
                http.start(&head, BodyLength::Empty)?;
            }
            if answered == requests {
                http.close(&mut inbox).await?;
                return Ok(connections);
            }
            match http.next_event(&mut inbox).await {
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

fn report(how: &str, requests: usize, connections: usize, begun: Instant) {
    println!("{how}: {requests} answers on {connections} connections in {:?}", begun.elapsed());
}
