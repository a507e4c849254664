//! [`serve`]: the accept loop, its options, and how it comes to an end.

use crate::connection::Link;
use crate::shutdown::Shutdown;
use crate::{Config, Service};
use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// Shutdown grace: what a load balancer usually waits.
const GRACE: Duration = Duration::from_secs(30);
/// The accept loop's rest when descriptors or memory have run out: long enough for some connection to end.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves HTTP on a listener. Await it, or [`Server::spawn`] it.
pub fn serve<S: Service>(listener: TcpListener, service: S) -> Server<S> {
    Server { listener, service, config: Arc::new(Config::server()), grace: GRACE, signal: Box::pin(pending()) }
}

/// A server that has not begun. As a future it serves until the signal for the shutdown comes, for ever without one.
#[must_use = "a server does nothing unless it is awaited or spawned"]
pub struct Server<S> {
    listener: TcpListener,
    service: S,
    config: Arc<Config>,
    grace: Duration,
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<S: Service> Server<S> {
    /// Bounds and deadlines of the connections. Default: [`Config::server`].
    pub fn config(mut self, config: Arc<Config>) -> Self {
        self.config = config;
        self
    }

    /// Shuts down when `signal` is done: no further connection is accepted, requests that have begun are answered, then
    /// their connections close.
    pub fn with_graceful_shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.signal = Box::pin(signal);
        self
    }

    /// How long a shutdown by the signal waits for its connections before it cuts them off. Default: 30 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Serves in a task of its own.
    ///
    /// # Errors
    /// The listener does not tell its address.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn(self) -> io::Result<ServerHandle> {
        let local_addr = self.listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.run(stopped));
        Ok(ServerHandle { local_addr, stop, task })
    }

    async fn run(self, stopped: oneshot::Receiver<Duration>) -> Report {
        let service = Arc::new(self.service);
        let shutdown = Shutdown::default();
        let mut connections = JoinSet::new();
        let (signal, config) = (self.signal, self.config);
        let mut stop = pin!(async move {
            tokio::select! {
                () = signal => self.grace,
                Ok(grace) = stopped => grace,
            }
        });
        let grace = loop {
            tokio::select! {
                grace = &mut stop => break grace,
                Some(_) = connections.join_next() => {}
                (stream, peer) = accept(&self.listener) => {
                    let link = Link::new(stream, peer, Arc::clone(&config), shutdown.signal());
                    connections.spawn(link.run(Arc::clone(&service)));
                }
            }
        };
        drop(self.listener);
        shutdown.begin();
        let all = async { while connections.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(grace, all).await.is_ok();
        let report = Report { cut_off: if in_time { 0 } else { connections.len() } };
        connections.shutdown().await;
        report
    }
}

/// The next connection. An error is that of one connection, which was gone before it was accepted, or want of
/// descriptors or memory, which passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: there is nothing for Nagle's algorithm to gather.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => match error.kind() {
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::Interrupted => {}
                _ => tokio::time::sleep(PAUSE).await,
            },
        }
    }
}

impl<S: Service> IntoFuture for Server<S> {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // Held, so that it never speaks.
            let (_stop, stopped) = oneshot::channel();
            self.run(stopped).await
        })
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// What a shutdown left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were cut off because the grace was over.
    pub cut_off: usize,
}

/// A running server. It goes on when the handle is dropped.
#[derive(Debug)]
pub struct ServerHandle {
    local_addr: SocketAddr,
    stop: oneshot::Sender<Duration>,
    task: JoinHandle<Report>,
}

impl ServerHandle {
    /// The address that it listens on: the actual port where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Shuts down as [`Server::with_graceful_shutdown`] does, but waits for `grace`.
    ///
    /// # Cancel safety
    /// The shutdown goes on if the future is dropped.
    pub async fn shutdown(self, grace: Duration) -> Report {
        let _ = self.stop.send(grace);
        self.task.await.unwrap_or_default()
    }
}
