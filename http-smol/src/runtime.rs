//! [`Smol`]: the executor that servers and clients run on.

use crate::{IntoListener, Server, Sleep};
use async_executor::Executor;
use async_net::TcpStream;
#[cfg(unix)]
use async_net::unix::UnixStream;
use http_driver::async_io::Sockets;
use http_driver::{ConnInfo, HttpService, Runtime, Services};
use std::future::pending;
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::{Arc, Once, Weak};
use std::{env, io, thread};

/// An executor, as a runtime for servers and clients. By default the threads of this crate, which begin with the first task
/// and live as long as the process: as many as the environment variable `SMOL_THREADS` says, else one. So many has
/// `smol::spawn`, too.
///
/// ```no_run
/// # use http_smol::{Body, Request, Response, Smol, service_fn};
/// # use std::convert::Infallible;
/// use std::sync::Arc;
///
/// # fn main() -> std::io::Result<()> {
/// # let hello = async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("Hello, World!")));
/// // Everything on this thread.
/// let executor = Arc::new(smol::Executor::new());
/// smol::block_on(executor.run(async {
///     let listener = smol::net::TcpListener::bind("127.0.0.1:8080").await?;
///     Smol::on(&executor).serve(listener, service_fn(hello)).await;
///     Ok(())
/// }))
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Smol(Tasks);

#[derive(Debug, Clone, Default)]
enum Tasks {
    #[default]
    Own,
    Forever(&'static Executor<'static>),
    /// Tasks of an executor must not keep it.
    WhileKept(Weak<Executor<'static>>),
}

impl Smol {
    /// This executor, which the caller runs. When the last [`Arc`] of it is dropped, its servers end with it.
    pub fn on(executor: &Arc<Executor<'static>>) -> Self {
        Smol(Tasks::WhileKept(Arc::downgrade(executor)))
    }

    /// This executor, which the caller runs.
    pub fn on_static(executor: &'static Executor<'static>) -> Self {
        Smol(Tasks::Forever(executor))
    }

    /// As [`serve`](crate::serve), on this executor.
    pub fn serve<L, S>(self, listener: L, service: S) -> Server<L::Listener, S>
    where
        L: IntoListener,
        S: HttpService + Clone + Send + 'static,
        S::Answer: Send,
        S::Content: Send,
    {
        Server::new(self, listener.into_listener(), Services::new(service))
    }

    /// As [`serve_with`](crate::serve_with), on this executor.
    pub fn serve_with<L, S>(
        self,
        listener: L,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Server<L::Listener, S>
    where
        L: IntoListener,
        S: HttpService + Send + 'static,
        S::Answer: Send,
        S::Content: Send,
    {
        Server::new(self, listener.into_listener(), Services::from_factory(factory))
    }
}

impl Runtime for Smol {
    type Timer = Sleep;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.0 {
            Tasks::Own => own().spawn(task).detach(),
            Tasks::Forever(executor) => executor.spawn(task).detach(),
            Tasks::WhileKept(executor) => {
                if let Some(executor) = executor.upgrade() {
                    executor.spawn(task).detach();
                }
            }
        }
    }
}

impl Sockets for Smol {
    type Tcp = TcpStream;
    #[cfg(unix)]
    type Unix = UnixStream;

    fn lookup(host: String, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        async_net::resolve((host, port))
    }
}

fn own() -> &'static Executor<'static> {
    static OWN: Executor<'static> = Executor::new();
    static THREADS: Once = Once::new();
    THREADS.call_once(|| {
        let threads = env::var("SMOL_THREADS").ok().and_then(|threads| threads.parse().ok());
        for number in 1..=threads.unwrap_or(1).max(1) {
            let run = || loop {
                let _ = catch_unwind(|| async_io::block_on(OWN.run(pending::<()>())));
            };
            thread::Builder::new().name(format!("http-smol-{number}")).spawn(run).expect("a thread for servers");
        }
    });
    &OWN
}
