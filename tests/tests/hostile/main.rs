//! Peers that want to exhaust the server. It runs in a process of its own, so that its memory can be read from outside;
//! the deadline that a test provokes is short, every other one as in production. It is attacked on
//! every runtime and on both levels, as a loop over events and with a service. Only Linux tells what a process has.
#![cfg(target_os = "linux")]

mod bodies;
mod crowds;
mod heads;
mod readers;
#[path = "../../src/runtimes.rs"]
mod runtimes;
mod server;
mod wire;
