//! Suite `server`: requests a second, and user CPU a request, which tells more where the kernel is most of the cost.

use super::load::Load;
use super::meter::Meter;
use super::process::Process;
use super::rounds::{Case, Metric, Window};
use super::{Candidate, Setup};
use std::io;
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn case(name: &'static str, setup: Setup, depth: usize) -> Case {
    let metrics = &[Metric::Requests, Metric::UserCpu];
    Case { name, metrics, measure: Box::new(move |candidate| window(candidate, setup, depth)) }
}

fn window(candidate: &Candidate, setup: Setup, depth: usize) -> io::Result<Window> {
    let server = Process::start(candidate, false, setup.server_core)?;
    let mut load = Load::connect(server.address(), depth)?;
    load.run(WARM_UP)?;
    let meter = Meter::start(server.id(), setup)?;
    let requests = load.run(setup.window)? as f64;
    let usage = meter.stop()?;
    let values = vec![requests / usage.elapsed, usage.user * 1e6 / requests];
    Ok(Window { values, others: usage.others, waiting: usage.waiting, peak: server.peak()? })
}
