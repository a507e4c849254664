//! A candidate as a fresh process of this program, bound to a core.

use super::Setup;
use super::blocking::wrong;
use super::meter;
use super::part::{Part, Play};
use super::tls;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// A running candidate. It ends when this is dropped, or this process ends.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn start(candidate: &str, part: Part, setup: Setup) -> io::Result<Self> {
        let play = Play { candidate: candidate.to_owned(), part, core: setup.candidate_core };
        let child = Command::new(std::env::current_exe()?)
            .args(play.to_args())
            .env(tls::VARIABLE, &*tls::IDENTITY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Process { child })
    }

    /// One that serves, and where.
    pub(crate) fn serving(candidate: &str, part: Part, setup: Setup) -> io::Result<(Self, SocketAddr)> {
        let mut process = Process::start(candidate, part, setup)?;
        let mut line = String::new();
        if let Some(stdout) = process.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(|_| wrong("the server does not tell its address"))?;
        Ok((process, address))
    }

    /// Whether it has not come to an end, which none should.
    pub(crate) fn is_running(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Octets of memory.
    pub(crate) fn resident(&self) -> io::Result<u64> {
        meter::resident(self.id())
    }

    /// The most that it ever had.
    pub(crate) fn peak(&self) -> io::Result<u64> {
        meter::peak(self.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other side of [`Process::start`]: what a process does before it is a candidate.
pub(crate) fn settle(core: usize) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    pin(core)?;
    raise_descriptors(0)
}

/// Serves on a port that is free. The address is told to [`Process::serving`].
pub(crate) fn serve(server: impl FnOnce(TcpListener) -> io::Result<()>) -> io::Result<()> {
    run(server, |address| {
        let mut stdout = io::stdout();
        writeln!(stdout, "{address}")?;
        stdout.flush()
    })
}

/// As [`serve`], with the address told to `tell`.
pub(crate) fn run(
    server: impl FnOnce(TcpListener) -> io::Result<()>,
    tell: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    tell(listener.local_addr()?)?;
    server(listener)?;
    Err(wrong("the server came to an end"))
}

/// The runtime that everyone on tokio has.
pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The cores for the candidate and for what it talks to: the first two that this process may use, or the only one for both.
pub(crate) fn cores() -> io::Result<(usize, usize)> {
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
    let first = cores.next().ok_or_else(|| wrong("there is none"))?;
    Ok((first, cores.next().unwrap_or(first)))
}

/// Binds this thread, and those that it starts, to a core.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Allows as many open descriptors as may be, which must be `needed`.
pub(crate) fn raise_descriptors(needed: usize) -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    if maximum.is_some_and(|maximum| maximum < needed as u64) {
        return Err(wrong(format!("{needed} descriptors are needed; see ulimit -Hn")));
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
