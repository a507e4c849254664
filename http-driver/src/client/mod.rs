//! The client: from a request to a connection that carries it, and back with the answer.

mod connect;
mod target;

pub use connect::{Connect, ConnectError, Connected};
pub use target::{Target, UriError};
