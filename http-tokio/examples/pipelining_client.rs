//! The same requests one at a time, each waiting for the answer to the one before, and pipelined, several on their way at
//! once (RFC 9112 section 9.3.2). Both on one connection, and pipelined also on level 1, where one loop sends requests
//! and takes events.
//!
//! `cargo run --release -p http-tokio --example pipelining_client URL [REQUESTS] [DEPTH]`, for example against the example
//! `hello`. The further away the server, the greater the difference.

/// What it is told and shows. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/pipelining_client.rs"]
mod app;
/// How it waits.
#[path = "../../apps/pipelining_client/awaited.rs"]
mod awaited;

use http_tokio::{BodyLength, BoxError, Client, ClientExchange, Config, Dialer, Event, Inbox, Pipeline, PoolLimits};
use http_tokio::{RequestHead, Response, Uri, connect_with};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// Has all of them go on at once, as tasks, and collects what they say.
async fn at_once<T: Ord + Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = Result<T, BoxError>> + Send + 'static>,
) -> Result<BTreeSet<T>, BoxError> {
    let mut tasks: JoinSet<_> = tasks.collect();
    let mut said = BTreeSet::new();
    while let Some(one) = tasks.join_next().await {
        said.insert(one??);
    }
    Ok(said)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    awaited::run().await
}
