//! The client: from a request to a connection that carries it, and back with the answer.

mod connect;
mod error;
mod pool;
mod target;

pub use connect::{Connect, ConnectError, Connected};
pub use error::{Phase, RequestError};
pub use pool::{Checkout, Evicted, Grant, Pool, PoolLimits};
pub use target::{Target, UriError};
