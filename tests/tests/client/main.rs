//! The client of http-driver without a socket, in virtual time.

mod answers;
mod dial;
mod exchange;
mod giving_up;
mod layers;
mod memory;
mod phases;
mod pipelining;
mod pool;
mod pooling;
mod retry;
mod site;
mod target;
mod uploads;
