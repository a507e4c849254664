//! Suite `idle`: what a connection costs that has had a request answered and waits for the next.

use super::part::Part;
use super::process::{self, Process};
use super::rounds::{Case, Metric, Window};
use super::{Setup, blocking};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Descriptors that a process needs for itself.
const SPARE: usize = 50;
/// For a server that gives memory back a little later.
const REST: Duration = Duration::from_secs(1);

pub(crate) fn case(name: &'static str, setup: Setup, count: usize) -> Case {
    let measure = move |name: &str| window(name, setup, count);
    Case { name, metrics: &[Metric::ConnectionMemory], measure: Box::new(measure) }
}

fn window(name: &str, setup: Setup, count: usize) -> io::Result<Window> {
    process::raise_descriptors(count + SPARE)?;
    let (server, address) = Process::serving(name, Part::Requests, setup)?;
    // The first request brings in code and tables that later ones share.
    let _first = hold(address, 1)?;
    thread::sleep(REST);
    let before = server.resident()?;
    let held = hold(address, count)?;
    thread::sleep(REST);
    let after = server.resident()?;
    // All are still there.
    for stream in &held {
        stream.set_nonblocking(true)?;
        match stream.peek(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(blocking::wrong("the server does not keep idle connections")),
        }
    }
    let value = (after as f64 - before as f64) / count as f64;
    Ok(Window { values: vec![value], others: 0.0, waiting: 0.0, peak: server.peak()? })
}

/// Connections that have had one request answered each, one after the other.
pub(crate) fn hold(address: SocketAddr, count: usize) -> io::Result<Vec<TcpStream>> {
    let open = |_| {
        let mut stream = blocking::connect(address)?;
        blocking::exchange(&mut stream)?;
        Ok(stream)
    };
    (0..count).map(open).collect()
}
