//! The client.

mod dial;
mod exchange;
mod pipelining;
