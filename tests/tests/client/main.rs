//! The client.

mod dial;
mod exchange;
