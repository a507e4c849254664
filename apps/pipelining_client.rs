//! What the examples `pipelining_client` are told and show, on whatever runtime.

use crate::{BoxError, Client, ClientExchange, Config, Pipeline, PoolLimits, RequestHead, Response, Uri};
use std::sync::Arc;
use std::time::Instant;

/// What is asked for on the command line.
pub(crate) struct Arguments {
    pub(crate) url: Uri,
    pub(crate) requests: usize,
    /// So many are on their way at once.
    pub(crate) depth: u16,
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self, BoxError> {
        let mut arguments = std::env::args().skip(1);
        let url = arguments.next().ok_or("usage: pipelining_client URL [REQUESTS] [DEPTH]")?.parse()?;
        let requests = arguments.next().map_or(Ok(1000), |requests| requests.parse())?;
        let depth = arguments.next().map_or(Ok(16), |depth| depth.parse())?;
        Ok(Arguments { url, requests, depth })
    }

    /// A client that sends one request at a time, and one that pipelines: connections that pipeline are not shared with
    /// requests that must not be pipelined.
    pub(crate) fn clients(&self) -> [Client; 2] {
        let mut limits = PoolLimits::default();
        limits.per_target = 1;
        [1, self.depth].map(|depth| Client::builder().limits(limits.clone()).pipelining(depth).build())
    }

    /// The same for connections of level 1.
    pub(crate) fn config(&self) -> Arc<Config> {
        let mut config = Config::client();
        config.pipeline = Pipeline { depth: self.depth, safe_only: true };
        Arc::new(config)
    }

    /// The head that is sent on level 1.
    pub(crate) fn head(&self) -> Result<RequestHead<'_>, BoxError> {
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        Ok(RequestHead::get(self.url.authority().ok_or("no host")?.as_str(), path))
    }

    pub(crate) fn report(&self, how: &str, connections: usize, begun: Instant) {
        println!("{how}: {} answers on {connections} connections in {:?}", self.requests, begun.elapsed());
    }
}

/// The number of the connection that an answer came on.
pub(crate) fn connection<B>(response: &Response<B>) -> Result<u64, BoxError> {
    let exchange = response.extensions().get::<ClientExchange>().ok_or("no exchange")?;
    Ok(exchange.connection().id())
}
