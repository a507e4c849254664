//! The client of level 1: what it waits for and how long, what it may do again, and both directions at once.

mod duplex;
mod exchanges;
mod faults;
mod retry;
mod waiting;

use super::*;
use http_proto::{Config, Pipeline};
use tests::memory::{client, client_with};

/// A client that pipelines whatever it is told to.
fn pipelining() -> (End<Client>, Peer) {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 8, safe_only: false };
    client_with(config, Shape::default())
}

fn start(end: &mut End<Client>, method: &str, body: BodyLength) {
    end.conn.start(&RequestHead::new(method, "/").host("h"), body).unwrap();
}
