//! The server under attack without a service: a loop over the events of a connection, with the crate of every runtime.

// That is the point.
#![allow(clippy::duplicate_mod)]

use crate::runtimes::{Runtime, listener};
use crate::server::Shared;
use http_driver::FromStd;
use http_proto::Config;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

/// Waits for what this gives.
macro_rules! wait {
    ($future:expr) => {
        $future.await
    };
}

/// Functions that may wait.
macro_rules! waits {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block)*) => {
        $(pub(super) async fn $name($($argument: $type),*) -> $output $body)*
    };
}

/// The names of the runtime.
macro_rules! names {
    () => {
        use http_tokio as names;
        use tokio::net::TcpStream;
    };
}
#[path = "events.rs"]
mod on_tokio;

macro_rules! names {
    () => {
        use http_smol as names;
        use smol::net::TcpStream;
    };
}
#[path = "events.rs"]
mod on_smol;

macro_rules! names {
    () => {
        use async_std::net::TcpStream;
        use http_std::async_std as names;
    };
}
#[path = "events.rs"]
mod on_async_std;

/// Methods of threads wait.
macro_rules! wait {
    ($output:expr) => {
        $output
    };
}
macro_rules! waits {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block)*) => {
        $(pub(super) fn $name($($argument: $type),*) -> $output $body)*
    };
}
macro_rules! names {
    () => {
        use http_std as names;
        use std::net::TcpStream;
    };
}
#[path = "events.rs"]
mod on_threads;

/// A listener that no crate has seen.
struct Plain(TcpListener);

impl FromStd for Plain {
    fn from_std(listener: TcpListener, _: bool) -> io::Result<Self> {
        Ok(Plain(listener))
    }
}

/// Serves the routes of `server.rs` for ever, where `tell` says.
pub(crate) async fn listen(
    runtime: Runtime,
    config: Config,
    shared: Arc<Shared>,
    tell: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let Plain(listener) = listener();
    tell(listener.local_addr()?);
    let config = Arc::new(config);
    match runtime {
        Runtime::Tokio => {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(on_tokio::attend(stream, Arc::clone(&config), Arc::clone(&shared)));
            }
        }
        Runtime::Smol => {
            let listener = smol::net::TcpListener::try_from(listener)?;
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                smol::spawn(on_smol::attend(stream, Arc::clone(&config), Arc::clone(&shared))).detach();
            }
        }
        Runtime::AsyncStd => {
            let listener = async_std::net::TcpListener::from(listener);
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                async_std::task::spawn(on_async_std::attend(stream, Arc::clone(&config), Arc::clone(&shared)));
            }
        }
        Runtime::Threads => {
            listener.set_nonblocking(false)?;
            loop {
                let Ok((stream, _)) = listener.accept() else { continue };
                let (config, shared) = (Arc::clone(&config), Arc::clone(&shared));
                thread::spawn(move || on_threads::attend(stream, config, shared));
            }
        }
    }
}
