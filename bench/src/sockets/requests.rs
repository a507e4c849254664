//! Suite `server`: requests a second, and user CPU a request, which tells more where the kernel is most of the cost.

use super::Setup;
use super::load::Load;
use super::meter::Meter;
use super::part::Part;
use super::process::Process;
use super::rounds::{Case, Metric, Window};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn case(name: &'static str, setup: Setup, depth: usize) -> Case {
    let metrics = &[Metric::Requests, Metric::UserCpu];
    Case { name, metrics, measure: Box::new(move |name| window(name, setup, depth)) }
}

fn window(name: &str, setup: Setup, depth: usize) -> io::Result<Window> {
    let (server, address) = Process::serving(name, Part::Requests, setup)?;
    measure(&server, address, setup, depth)
}

/// What a server at this address does, or a proxy.
pub(crate) fn measure(server: &Process, address: SocketAddr, setup: Setup, depth: usize) -> io::Result<Window> {
    let mut load = Load::connect(address, depth)?;
    load.run(WARM_UP)?;
    let meter = Meter::start(server.id(), setup)?;
    let requests = load.run(setup.window)? as f64;
    let usage = meter.stop()?;
    let values = vec![requests / usage.elapsed, usage.user * 1e6 / requests];
    Ok(Window { values, others: usage.others, waiting: usage.waiting, peak: server.peak()? })
}
