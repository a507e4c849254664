//! What the examples `pipelining_client` do, where waiting is a future. Tasks are the runtime's.

use crate::app::{Arguments, connection};
use crate::{BodyLength, BoxError, Client, Dialer, Event, Inbox, Uri, at_once, connect_with};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

pub(crate) async fn run() -> Result<(), BoxError> {
    let arguments = Arguments::parse()?;
    let Arguments { url, requests, .. } = &arguments;
    let clients = arguments.clients();
    // The first request opens the connection, and tells whether the server is there at all.
    for client in &clients {
        get(client.clone(), url.clone()).await?;
    }
    let [one_at_a_time, pipelining] = clients;

    let begun = Instant::now();
    let mut connections = BTreeSet::new();
    for _ in 0..*requests {
        connections.insert(get(one_at_a_time.clone(), url.clone()).await?);
    }
    arguments.report("one at a time", connections.len(), begun);

    let begun = Instant::now();
    let connections = at_once((0..*requests).map(|_| get(pipelining.clone(), url.clone()))).await?;
    arguments.report("pipelined", connections.len(), begun);

    let begun = Instant::now();
    let connections = on_level_1(&arguments).await?;
    arguments.report("pipelined on level 1", connections, begun);
    Ok(())
}

/// Fetches, and returns the number of the connection.
async fn get(client: Client, url: Uri) -> Result<u64, BoxError> {
    let mut response = client.get(url).send().await?;
    // Answers come in the order of the requests: who does not read one holds up those behind it.
    while let Some(piece) = response.body_mut().chunk().await {
        piece?;
    }
    connection(&response)
}

/// Fetches without tasks and without a copy: what is sent and what comes alternate in one loop. A server may close behind
/// any answer; what is unanswered then is asked for on another connection. Returns how many there were.
async fn on_level_1(arguments: &Arguments) -> Result<usize, BoxError> {
    let (config, head, requests) = (arguments.config(), arguments.head()?, arguments.requests);
    let (mut answered, mut connections) = (0, 0);
    while answered < requests {
        let mut http = connect_with(arguments.url.clone(), &Dialer::default(), Arc::clone(&config)).await?;
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
