//! Servers of other makes before our client, level 2 on every runtime, level 1 on tokio.

mod hyper;
mod nginx;
mod node;
mod python;
mod running;
mod wire;
