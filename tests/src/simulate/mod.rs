//! The simulation: whole servers and a whole client on one thread, with a network in memory between them that delays,
//! splits, stalls and breaks, in virtual time. Everything follows from a seed, so a run that fails can be looked at.
//!
//! `plan` says what everybody is going to do, `net` is what comes between them, `ask` and `handle` are the applications,
//! `blocking` those that hold the thread, `attack` those who mean no good; `notes` keeps what happens, and `judge` says what must be true of it.

mod ask;
mod attack;
mod blocking;
mod content;
mod handle;
mod judge;
mod net;
mod notes;
mod plan;
mod rng;
mod run;
mod stage;
mod talk;
mod tasks;
mod trace;
mod wait;
mod world;

pub use attack::{SCRIPTS, Script};
pub use plan::Plan;
pub use trace::Trace;

/// Totals of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Requests that have got all they asked for.
    pub whole: usize,
    /// Those that failed, or whose answers broke off.
    pub broken: usize,
    /// Tunnels in which both ends have heard everything.
    pub tunnels: usize,
    /// Polls of tasks.
    pub polls: usize,
}

/// Runs the plan of a seed; panics where something is wrong.
pub fn simulate(seed: u64) -> Report {
    run::run(seed, &Trace::default())
}

/// The same, with everything that happens written down.
pub fn traced(seed: u64, trace: &Trace) -> Report {
    run::run(seed, trace)
}
