//! [`ReverseDns`]: names for the peers' addresses in the log. They are looked up by a thread of its own, because a lookup
//! blocks, and may take long.

mod cache;

use crate::record::{Entry, Logger};
use cache::Cache;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;

/// Entries that wait for a name. With heads as large as a server takes by default that is some 32 MiB; usually a few
/// hundred KiB.
const QUEUE: usize = 512;

/// A logger that finds out the name of the peer's address, and hands the entry on to another one.
///
/// The name is looked up by a thread of its own, so that no request ever waits for it. Up to 512 entries wait there; while
/// there are more, they are logged at once and without a name, in the task of their connection. Names, and that there is
/// none, are remembered for ten minutes, of up to 4096 addresses.
///
/// A name is what the owner of the address says. It is passed on only if it looks like a host's name and not like an
/// address, but whether it is true is not checked: it is for reading, not for deciding.
///
/// When the logger is dropped, what waits is logged without further lookups, and the thread ends. A program that ends
/// itself should call [`ReverseDns::flush`] before, through an `Arc` that it has kept.
///
/// ```
/// # fn run() -> std::io::Result<()> {
/// use http_driver::{AccessLog, LogFormat, ReverseDns};
/// let log = ReverseDns::new(AccessLog::new(LogFormat::Combined, std::io::stdout()))?;
/// # Ok(())
/// # }
/// ```
pub struct ReverseDns<L> {
    logger: Arc<L>,
    queue: SyncSender<Message>,
    hurry: Arc<AtomicUsize>,
}

enum Message {
    Entry(Entry),
    /// Everything before has been logged when this is dropped.
    Flush(SyncSender<()>),
}

impl<L: Logger + 'static> ReverseDns<L> {
    /// Looks names up as the system does.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn new(logger: L) -> io::Result<Self> {
        Self::with_resolver(logger, |address| dns_lookup::lookup_addr(&address).ok())
    }

    /// Looks names up with `resolve`.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn with_resolver(
        logger: L,
        resolve: impl FnMut(IpAddr) -> Option<String> + Send + 'static,
    ) -> io::Result<Self> {
        let logger = Arc::new(logger);
        let hurry = Arc::<AtomicUsize>::default();
        let (queue, entries) = sync_channel(QUEUE);
        let worker =
            Worker { logger: Arc::clone(&logger), hurry: Arc::clone(&hurry), cache: Cache::default(), resolve };
        thread::Builder::new().name("reverse-dns".to_owned()).spawn(move || worker.run(&entries))?;
        Ok(ReverseDns { logger, queue, hurry })
    }
}

impl<L> ReverseDns<L> {
    /// Waits until everything that was logged before has been handed on: without names that would have to be looked up
    /// yet. It blocks, but for no longer than the lookup that is going on.
    pub fn flush(&self) {
        self.hurry.fetch_add(1, SeqCst);
        let (done, wait) = sync_channel(0);
        if self.queue.send(Message::Flush(done)).is_ok() {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = wait.recv();
        }
        self.hurry.fetch_sub(1, SeqCst);
    }
}

impl<L: Logger> Logger for ReverseDns<L> {
    fn log(&self, entry: Entry) {
        match self.queue.try_send(Message::Entry(entry)) {
            Ok(()) => {}
            Err(TrySendError::Full(Message::Entry(entry)) | TrySendError::Disconnected(Message::Entry(entry))) => {
                self.logger.log(entry);
            }
            Err(TrySendError::Full(Message::Flush(_)) | TrySendError::Disconnected(Message::Flush(_))) => {}
        }
    }
}

impl<L> Drop for ReverseDns<L> {
    fn drop(&mut self) {
        self.hurry.fetch_add(1, SeqCst);
    }
}

impl<L> fmt::Debug for ReverseDns<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReverseDns").finish_non_exhaustive()
    }
}

/// What the thread does.
struct Worker<L, R> {
    logger: Arc<L>,
    /// Somebody waits for the end of the queue, or it is the last.
    hurry: Arc<AtomicUsize>,
    cache: Cache,
    resolve: R,
}

impl<L: Logger, R: FnMut(IpAddr) -> Option<String>> Worker<L, R> {
    /// Ends when the queue is empty, and nobody can put anything in.
    fn run(mut self, queue: &Receiver<Message>) {
        for message in queue {
            match message {
                Message::Entry(mut entry) => {
                    if let Some(address) = entry.connection.peer().tcp() {
                        entry.remote_name = self.name(address.ip().to_canonical());
                    }
                    // Whatever a logger does, it is asked again.
                    let _ = catch_unwind(AssertUnwindSafe(|| self.logger.log(entry)));
                }
                Message::Flush(done) => drop(done),
            }
        }
    }

    fn name(&mut self, address: IpAddr) -> Option<Arc<str>> {
        if let Some(known) = self.cache.get(address, Instant::now()) {
            return known;
        }
        if self.hurry.load(SeqCst) > 0 {
            return None;
        }
        let resolved = catch_unwind(AssertUnwindSafe(|| (self.resolve)(address)));
        let name = resolved.ok().flatten().filter(|name| is_host(name)).map(Arc::from);
        self.cache.insert(address, name.clone(), Instant::now());
        name
    }
}

/// Whether this is the name of a host, and can be taken for nothing else: whoever looks after an address can let it have
/// any name. Underscores are not allowed in names of hosts (RFC 952), but happen.
fn is_host(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    name.len() <= 255
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'))
        // What ends in a number is an address, in one of the many ways of writing them.
        && last.starts_with(|letter: char| letter.is_ascii_alphabetic())
}
