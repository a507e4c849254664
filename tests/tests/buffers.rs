//! The two buffers that the caller owns: how they grow, lend, release and keep, and how the sending one is drained.

#[path = "buffers/recv.rs"]
mod recv;
#[path = "buffers/send.rs"]
mod send;
