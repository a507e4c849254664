//! What the kernel counts: CPU time of processes and cores, memory of processes.

use super::Setup;
use super::blocking::wrong;
use std::fs;
use std::io;
use std::time::Instant;

/// Begins a window.
pub(crate) struct Meter {
    candidate: u32,
    cores: Vec<usize>,
    start: Instant,
    at_start: Reading,
}

/// What happened in a window.
pub(crate) struct Usage {
    /// Seconds.
    pub(crate) elapsed: f64,
    /// Seconds of CPU of the candidate's process, in its own code.
    pub(crate) user: f64,
    /// The share of the time in which the candidate did not run.
    pub(crate) waiting: f64,
    /// The share of the cores that others than the candidate and this process used.
    pub(crate) others: f64,
}

/// Seconds of CPU since the beginning.
struct Reading {
    candidate: Cpu,
    own: Cpu,
    /// The cores of both, whoever used them.
    cores: f64,
}

struct Cpu {
    user: f64,
    system: f64,
}

impl Cpu {
    fn total(&self) -> f64 {
        self.user + self.system
    }
}

impl Meter {
    pub(crate) fn start(candidate: u32, setup: Setup) -> io::Result<Self> {
        let mut cores = vec![setup.candidate_core, setup.other_core];
        cores.dedup();
        let at_start = Reading::take(candidate, &cores)?;
        Ok(Meter { candidate, cores, start: Instant::now(), at_start })
    }

    pub(crate) fn stop(self) -> io::Result<Usage> {
        let elapsed = self.start.elapsed().as_secs_f64();
        let now = Reading::take(self.candidate, &self.cores)?;
        let candidate = now.candidate.total() - self.at_start.candidate.total();
        let own = now.own.total() - self.at_start.own.total();
        let others = now.cores - self.at_start.cores - candidate - own;
        Ok(Usage {
            elapsed,
            user: now.candidate.user - self.at_start.candidate.user,
            waiting: (1.0 - candidate / elapsed).max(0.0),
            others: others.max(0.0) / (elapsed * self.cores.len() as f64),
        })
    }
}

impl Reading {
    fn take(candidate: u32, cores: &[usize]) -> io::Result<Self> {
        Ok(Reading { candidate: process(candidate)?, own: process(std::process::id())?, cores: busy(cores)? })
    }
}

/// The time of a process, from its `stat`.
fn process(id: u32) -> io::Result<Cpu> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Behind the name, which may hold anything: the state, ten numbers, then these.
    let mut numbers = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut next = || numbers.next().and_then(|number| number.parse().ok()).map(seconds);
    match (next(), next()) {
        (Some(user), Some(system)) => Ok(Cpu { user, system }),
        _ => Err(wrong(format!("/proc/{id}/stat is {text}"))),
    }
}

/// The time in which these cores were not idle, from the lines `cpuN user nice system idle iowait irq softirq steal ..`.
fn busy(cores: &[usize]) -> io::Result<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let mut ticks = 0;
    for core in cores {
        let name = format!("cpu{core}");
        let line = text.lines().find(|line| line.split(' ').next() == Some(&name));
        let line = line.ok_or_else(|| wrong(format!("/proc/stat has no {name}")))?;
        let numbers = line.split_whitespace().skip(1).take(8).enumerate();
        let busy = numbers.filter(|(index, _)| ![3, 4].contains(index));
        ticks += busy.filter_map(|(_, number)| number.parse::<u64>().ok()).sum::<u64>();
    }
    Ok(seconds(ticks))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Octets of memory that a process has at the moment, exactly.
pub(crate) fn resident(id: u32) -> io::Result<u64> {
    kibibytes(&format!("/proc/{id}/smaps_rollup"), "Rss:")
}

/// The most that it ever had.
pub(crate) fn peak(id: u32) -> io::Result<u64> {
    kibibytes(&format!("/proc/{id}/status"), "VmHWM:")
}

fn kibibytes(path: &str, name: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.map(|number| number * 1024).ok_or_else(|| wrong(format!("{path} has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let id = std::process::id();
        let core = rustix::thread::sched_getcpu();
        let (before, cores_before) = (process(id).unwrap().total(), busy(&[core]).unwrap());
        let deadline = Instant::now() + std::time::Duration::from_secs(20);
        while process(id).unwrap().total() < before + 0.05 && Instant::now() < deadline {}
        assert!(process(id).unwrap().total() >= before + 0.05);
        assert!(busy(&[core]).unwrap() >= cores_before);
    }

    #[test]
    fn memory_is_counted() {
        let id = std::process::id();
        let before = resident(id).unwrap();
        let octets = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(resident(id).unwrap() > before + (32 << 20), "{} octets are there", octets.len());
        assert!(peak(id).unwrap() > before + (32 << 20));
    }
}
