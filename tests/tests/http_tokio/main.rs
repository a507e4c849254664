//! http-tokio plays the scenarios, on one thread and on several.

use http_driver::{HttpService, Server};
use http_tokio::{Tcp, serve};
use std::net::TcpListener;
use std::time::Duration;
use tests::scenario::Rig;
use tokio::runtime::Builder;

/// tokio in one of its flavours.
#[derive(Debug, Clone, Copy)]
enum Tokio {
    CurrentThread,
    MultiThread,
}

impl Rig for Tokio {
    type Runtime = http_tokio::Tokio;
    type Tcp = Tcp;

    fn run(self, main: impl Future<Output = ()> + Send + 'static) {
        let mut builder = match self {
            Tokio::CurrentThread => Builder::new_current_thread(),
            Tokio::MultiThread => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(main);
        runtime.shutdown_timeout(Duration::from_secs(10));
    }

    fn runtime(self) -> http_tokio::Tokio {
        http_tokio::Tokio
    }

    fn serve<S>(self, listener: TcpListener, service: S) -> Server<http_tokio::Tokio, Tcp, S>
    where
        S: HttpService + Clone + Send + 'static,
        S::Answer: Send,
        S::Content: Send,
    {
        listener.set_nonblocking(true).unwrap();
        serve(tokio::net::TcpListener::from_std(listener).unwrap(), service)
    }
}

mod current_thread {
    use crate::Tokio;

    tests::scenarios!(Tokio::CurrentThread);
}

mod multi_thread {
    use crate::Tokio;

    tests::scenarios!(Tokio::MultiThread);
}
