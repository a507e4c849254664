//! A network in memory and a clock that stands still: connections of `http-driver` without a socket, in virtual time.
//! Everything happens on one thread, when the test says so.

mod clock;
mod end;
mod lines;
mod pipe;
#[cfg(feature = "tls")]
mod secret;
mod world;

pub use clock::{Clock, DATE, Ticker};
pub use end::{End, Seen, Shown, client, client_with, server, server_with};
pub use lines::{Lines, Outcome, Task, send};
pub use pipe::{Counts, Peer, Shape, Wire, pair, wire};
#[cfg(feature = "tls")]
pub use secret::Secret;
pub use world::{Backlog, Dial, Spawner, Wakes, World, site};
