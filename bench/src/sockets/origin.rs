//! The server that clients and proxies are measured with: the loop that parses nothing, in a thread of this process, which
//! counts what it answers. So the figures of all candidates are taken in the same way, from outside.

use super::process;
use super::servers::{nothing, on_tokio};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

/// A running server. It goes on until this process ends.
#[derive(Clone)]
pub(crate) struct Origin {
    address: SocketAddr,
    answered: Arc<AtomicU64>,
}

impl Origin {
    pub(crate) fn start() -> io::Result<Self> {
        let (tell, told) = mpsc::channel();
        let answered = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&answered);
        thread::spawn(move || {
            let serve = |stream| {
                let counter = Arc::clone(&counter);
                nothing::counted(stream, move |count| _ = counter.fetch_add(count, Relaxed))
            };
            let run = |listener| on_tokio::each(listener, serve);
            process::run(run, |address| tell.send(address).map_err(io::Error::other))
        });
        let address = told.recv().map_err(io::Error::other)?;
        Ok(Origin { address, answered })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests that were answered since the beginning.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }
}
