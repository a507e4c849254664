//! Suites `idle` and `tls`: what a connection costs that has had a request answered and waits for the next.

use super::part::Part;
use super::process::{self, Process};
use super::rounds::{Case, Metric, Window};
use super::socket::{Channel, Socket};
use super::{Setup, blocking, servers};
use std::cell::OnceCell;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Descriptors that a process needs for itself.
const SPARE: usize = 50;
/// For a server that gives memory back a little later.
const REST: Duration = Duration::from_secs(1);

pub(crate) fn case(name: &'static str, setup: Setup, count: usize) -> Case {
    let measure = move |name: &str| {
        let (value, peak) = growth(name, setup, Channel::Clear, count)?;
        Ok(window(vec![value], peak))
    };
    Case { name, metrics: &[Metric::ConnectionMemory], measure: Box::new(measure) }
}

/// The same with TLS, and how much of that is above what rustls needs.
pub(crate) fn tls_case(name: &'static str, setup: Setup, count: usize) -> Case {
    let alone = OnceCell::new();
    let measure = move |name: &str| {
        let alone = match alone.get() {
            Some(alone) => *alone,
            None => {
                let (value, _) = growth(servers::RUSTLS_ALONE.name, setup, Channel::Tls, count)?;
                *alone.get_or_init(|| value)
            }
        };
        let (value, peak) = growth(name, setup, Channel::Tls, count)?;
        Ok(window(vec![value, value - alone], peak))
    };
    Case { name, metrics: &[Metric::ConnectionMemory, Metric::AboveRustls], measure: Box::new(measure) }
}

fn window(values: Vec<f64>, peak: u64) -> Window {
    Window { values, others: 0.0, waiting: 0.0, peak }
}

/// Octets of memory for each of so many connections, and the most that there ever were of all.
fn growth(name: &str, setup: Setup, channel: Channel, count: usize) -> io::Result<(f64, u64)> {
    process::raise_descriptors(count + SPARE)?;
    let (server, address) = Process::serving(name, Part::Requests, setup)?;
    // The first request brings in code and tables that later ones share.
    let _first = hold(address, channel, 1)?;
    thread::sleep(REST);
    let before = server.resident()?;
    let mut held = hold(address, channel, count)?;
    thread::sleep(REST);
    let after = server.resident()?;
    // All are still there.
    for socket in &mut held {
        let stream = socket.stream();
        stream.set_nonblocking(true)?;
        match stream.peek(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(blocking::wrong("the server does not keep idle connections")),
        }
    }
    Ok(((after as f64 - before as f64) / count as f64, server.peak()?))
}

/// Connections that have had one request answered each, one after the other.
pub(crate) fn hold(address: SocketAddr, channel: Channel, count: usize) -> io::Result<Vec<Socket<TcpStream>>> {
    let open = |_| {
        let mut socket = Socket::connect(address, channel)?;
        blocking::exchange(&mut socket)?;
        Ok(socket)
    };
    (0..count).map(open).collect()
}
