//! A server as a fresh process of this program, bound to a core.

use super::client::wrong;
use super::{Candidate, Run, meter};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use tokio::net::TcpListener;

/// A running server. It ends when this is dropped, or this process ends.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    pub(crate) fn start(candidate: &Candidate, bodies: bool, core: usize) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", candidate.name, if bodies { "bodies" } else { "requests" }, &core.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        let mut process = Process { child, address: (Ipv4Addr::LOCALHOST, 0).into() };
        process.address = address.map_err(|_| wrong("the server does not tell its address"))?;
        Ok(process)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

/// The other side of [`Process::start`].
pub(crate) fn serve(server: Run, core: usize) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    pin(core)?;
    raise_descriptors(0)?;
    run(server, |address| {
        let mut stdout = io::stdout();
        writeln!(stdout, "{address}")?;
        stdout.flush()
    })
}

/// Serves on a port that is free, with the same runtime for everyone.
pub(crate) fn run(server: Run, tell: impl FnOnce(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        tell(listener.local_addr()?)?;
        server(listener).await;
        Err(wrong("the server came to an end"))
    })
}

/// The cores for the server and for the load: the first two that this process may use, or the only one for both.
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
