//! The servers of all runtimes behind one type, for tests that try each from outside. Tests include this file; the
//! library does not, as it knows no runtime.

#[path = "on_threads.rs"]
mod on_threads;

use http_driver::{ConnInfo, Ended, FromStd};
use http_proto::Config;
use on_threads::{OnThreads, Server};
use std::sync::Arc;
use tests::scenario::{App, Build, Handle, Sockets};

/// A crate, or a module of one, that has a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    Tokio,
    Smol,
    AsyncStd,
    Threads,
}

/// How a server is set up.
pub struct Settings {
    pub config: Config,
    /// Requests of one connection that are handled at once; threads know but one.
    pub in_flight: usize,
    /// Handlers that may wait at once, where each of them holds a thread.
    pub workers: usize,
}

impl Runtime {
    /// Starts its server on loopback, at a port of the system's choice. That of tokio runs on the runtime of who calls.
    pub fn start(
        self,
        app: App,
        settings: Settings,
        on_close: impl Fn(&ConnInfo, &Ended) + Send + Sync + 'static,
    ) -> Handle<App> {
        match self {
            Runtime::Tokio => spawn(http_tokio::serve::<http_tokio::Tcp, _>(listener(), app), settings, on_close),
            Runtime::Smol => spawn(http_smol::serve::<http_smol::Tcp, _>(listener(), app), settings, on_close),
            Runtime::AsyncStd => {
                let server = http_std::async_std::serve::<http_std::async_std::Tcp, _>(listener(), app);
                spawn(server, settings, on_close)
            }
            Runtime::Threads => {
                let server = http_std::serve::<http_std::Tcp, _>(listener(), OnThreads(app));
                spawn(Server(server.workers(settings.workers)), settings, on_close)
            }
        }
    }
}

/// A listener with room for a crowd.
pub fn listener<L: FromStd>() -> L {
    Sockets { backlog: Some(4096), ..Sockets::default() }.bind(([127, 0, 0, 1], 0).into()).expect("a port")
}

fn spawn(
    server: impl Build<App>,
    settings: Settings,
    on_close: impl Fn(&ConnInfo, &Ended) + Send + Sync + 'static,
) -> Handle<App> {
    let server = server.config(Arc::new(settings.config)).on_close(on_close);
    if settings.in_flight > 1 { server.max_in_flight(settings.in_flight).spawn() } else { server.spawn() }
}
