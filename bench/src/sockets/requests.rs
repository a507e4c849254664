//! Suites `server` and `tls`: requests a second, and user CPU a request, which tells more where the kernel is most of the cost.

use super::Setup;
use super::load::Load;
use super::meter::Meter;
use super::part::Part;
use super::process::Process;
use super::rounds::{Case, Metric, Window};
use super::socket::Channel;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn case(name: &'static str, setup: Setup, channel: Channel, depth: usize) -> Case {
    let measure = move |name: &str| {
        let (server, address) = Process::serving(name, Part::Requests, setup)?;
        measure(&server, address, setup, channel, depth)
    };
    Case { name, metrics: &[Metric::Requests, Metric::UserCpu], measure: Box::new(measure) }
}

/// What a server at this address does, or a proxy.
pub(crate) fn measure(
    server: &Process,
    address: SocketAddr,
    setup: Setup,
    channel: Channel,
    depth: usize,
) -> io::Result<Window> {
    let mut load = Load::connect(address, channel, depth)?;
    load.run(WARM_UP)?;
    let meter = Meter::start(server.id(), setup)?;
    let requests = load.run(setup.window)? as f64;
    let usage = meter.stop()?;
    let values = vec![requests / usage.elapsed, usage.user * 1e6 / requests];
    Ok(Window { values, others: usage.others, waiting: usage.waiting, peak: server.peak()? })
}
