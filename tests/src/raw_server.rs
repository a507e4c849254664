//! A server on a real socket that does to each connection what a script says, whatever HTTP does. The script holds the
//! server's end as a [`Raw`]; it runs in a thread of its own, and blocks.
//!
//! ```
//! use tests::raw_server::RawServer;
//!
//! let server = RawServer::start(|_, mut peer| {
//!     assert!(peer.head().starts_with("GET / "));
//!     peer.send("HTTP/1.1 200 OK\r\nContent-Len");
//!     peer.reset();
//! });
//! let mut client = tests::raw::Raw::connect(server.address());
//! client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
//! let _ = client.rest();
//! server.finish();
//! ```

use crate::raw::Raw;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What is done to a connection; the first one has the number 0.
type Script = dyn Fn(usize, Raw) + Send + Sync;

/// Connections to it are scripted.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    connections: AtomicUsize,
    over: AtomicBool,
    scripts: Mutex<Vec<JoinHandle<()>>>,
}

impl RawServer {
    /// A server on a port of its own.
    pub fn start(script: impl Fn(usize, Raw) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("a port");
        let shared = Arc::<Shared>::default();
        let inner = Arc::clone(&shared);
        let script: Arc<Script> = Arc::new(script);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.over.load(SeqCst) {
                    return;
                }
                let (stream, script) = (stream.expect("a connection"), Arc::clone(&script));
                let number = inner.connections.fetch_add(1, SeqCst);
                let running = thread::spawn(move || script(number, stream.into()));
                inner.scripts.lock().expect("no panic").push(running);
            }
        });
        RawServer { address, shared, acceptor: Some(acceptor) }
    }

    /// A server that waits for a request, sends these pieces with a moment between them, and closes.
    pub fn answering<P>(pieces: impl IntoIterator<Item = P>) -> Self
    where
        P: AsRef<[u8]> + Send + Sync + 'static,
    {
        let pieces: Vec<_> = pieces.into_iter().collect();
        RawServer::start(move |_, mut peer| {
            peer.head();
            peer.send_slowly(&pieces);
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// Waits until every script has come to its end.
    ///
    /// # Panics
    /// A script has panicked.
    pub fn finish(mut self) {
        self.stop();
        let scripts = std::mem::take(&mut *self.shared.scripts.lock().expect("no panic"));
        scripts.into_iter().for_each(|script| script.join().expect("the script holds"));
    }

    fn stop(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            self.shared.over.store(true, SeqCst);
            // Wakes it.
            drop(TcpStream::connect(self.address));
            acceptor.join().expect("it only accepts");
        }
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.stop();
    }
}
