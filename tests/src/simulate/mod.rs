//! The simulation: a whole server and a whole client on one thread, with a network in memory between them that delays,
//! splits, stalls and breaks, in virtual time. Everything follows from a seed, so a run that fails can be looked at.

mod content;
mod net;
mod plan;
mod rng;
mod run;
mod tasks;
mod trace;

pub use plan::Plan;
pub use run::Report;
pub use trace::Trace;

/// Runs the plan of a seed; panics where something is wrong.
pub fn simulate(seed: u64) -> Report {
    run::run(seed, &Plan::new(seed), &Trace::default())
}

/// The same, with everything that happens written down.
pub fn traced(seed: u64, trace: &Trace) -> Report {
    run::run(seed, &Plan::new(seed), trace)
}
