//! The client.

mod dial;
