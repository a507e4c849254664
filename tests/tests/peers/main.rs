//! The servers of all runtimes before clients of other makes, and under an application written for another one; our
//! clients before servers of other makes. Loopback, a port of the system's choice, and a deadline on every wait.

#[path = "../../src/app.rs"]
mod app;
mod child;
mod curl;
mod hyper_bodies;
#[path = "hyper.rs"]
mod hyper_client;
mod octets;
mod octets_closing;
mod ours;
mod router;
#[path = "../../src/runtimes.rs"]
mod runtimes;
mod scripts;
mod servers;
mod service;
mod takeover;

use http_driver::ConnInfo;
use http_proto::Config;
use runtimes::{Runtime, Settings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tests::scenario::{App, Handle, app, block_on};

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline of the test")
}

/// Waits for what happens somewhere else.
async fn until(happened: impl Fn() -> bool) {
    within(async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// A server that ends with this value.
struct Server {
    handle: Handle<App>,
    on: Runtime,
}

impl Server {
    fn connections(&self) -> Vec<Arc<ConnInfo>> {
        self.handle.connections()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // That of tokio ends with the runtime of its test, which may be this very thread.
        if self.on != Runtime::Tokio {
            block_on(self.handle.dispose());
        }
    }
}

/// A server with the routes of `service.rs`.
fn start(on: Runtime) -> (Server, SocketAddr) {
    start_with(on, Config::server(), 1)
}

fn start_with(on: Runtime, config: Config, in_flight: usize) -> (Server, SocketAddr) {
    let handle = on.start(app(service::answer), Settings { config, in_flight, workers: 8 }, |_, _| {});
    let address = handle.local_addr().tcp().expect("a TCP address");
    (Server { handle, on }, address)
}

/// Why a test is not for the server of a runtime, if it is not.
fn excuse(on: Runtime, test: &str) -> Option<&'static str> {
    match (on, test) {
        (Runtime::Threads, "requests_are_handled_together_where_that_is_allowed") => {
            Some("requests of one connection are answered one after the other")
        }
        _ => None,
    }
}

/// Makes tests of functions, one with the server of every runtime.
macro_rules! on_every_server {
    ($(async $name:ident,)+) => {
        on_every_server! { on_tokio: Tokio => $(async $name,)+ }
        on_every_server! { on_smol: Smol => $(async $name,)+ }
        on_every_server! { on_async_std: AsyncStd => $(async $name,)+ }
        on_every_server! { on_threads: Threads => $(async $name,)+ }
    };
    ($($name:ident,)+) => {
        on_every_server! { on_tokio: Tokio => $($name,)+ }
        on_every_server! { on_smol: Smol => $($name,)+ }
        on_every_server! { on_async_std: AsyncStd => $($name,)+ }
        on_every_server! { on_threads: Threads => $($name,)+ }
    };
    ($module:ident: $runtime:ident => $(async $name:ident,)+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $name() {
                    match crate::excuse(crate::runtimes::Runtime::$runtime, stringify!($name)) {
                        Some(reason) => println!("not played: {reason}"),
                        None => super::$name(crate::runtimes::Runtime::$runtime).await,
                    }
                }
            )+
        }
    };
    ($module:ident: $runtime:ident => $($name:ident,)+) => {
        mod $module {
            $(
                #[test]
                fn $name() {
                    match crate::excuse(crate::runtimes::Runtime::$runtime, stringify!($name)) {
                        Some(reason) => println!("not played: {reason}"),
                        None => super::$name(crate::runtimes::Runtime::$runtime),
                    }
                }
            )+
        }
    };
}
pub(crate) use on_every_server;

/// Octets that show where each of them belongs.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(octet).collect()
}

fn octet(at: usize) -> u8 {
    (at * 31 + at / 251) as u8
}
