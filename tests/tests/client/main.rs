//! The client of http-driver without a socket, in virtual time.

mod dial;
mod exchange;
mod pipelining;
mod pool;
mod target;
