//! Suites `server`, `idle`, `body` and `tls`: the servers. Ours: the wire itself, a service, an axum router. The peers: what
//! others have made, and what a server costs that parses nothing. One is added by a line here and a function that serves
//! on a listener.

mod axum;
mod hyper;
pub(crate) mod nothing;
mod on_smol;
mod on_threads;
pub(crate) mod on_tokio;
mod rustls_alone;
mod service;
mod threads;
mod tiny;
mod wire;

use super::tls;
use http_driver::{Tls, service_fn};
use http_std::handler_fn;
use http_tokio::role;
use hyper_util::rt::TokioIo;
use smol::Async;
use smol_hyper::rt::FuturesIo;
use std::io;
use std::net::{self, TcpListener};
use tokio::net::TcpStream;

/// Serves on a listener for ever.
pub(crate) type Run = fn(TcpListener) -> io::Result<()>;

/// A server that can be measured.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Answers every request with [`super::content::HELLO`].
    pub(crate) requests: Run,
    /// Serves large content.
    pub(crate) bodies: Option<Run>,
    /// Is measured in suite `idle`: it can keep 10,000 connections, and shows something of its own there.
    pub(crate) idles: bool,
}

/// Servers that are compared with each other, as they run on the same.
pub(crate) struct Group {
    pub(crate) subjects: &'static [Server],
    pub(crate) peers: &'static [Server],
}

pub(crate) const GROUPS: &[Group] = &[TOKIO, SMOL, THREADS];

const TOKIO: Group = Group {
    subjects: &[
        Server {
            name: "http-tokio L1",
            requests: |listener| on_tokio::each(listener, |stream| wire::hello(tokio_wire(stream))),
            bodies: Some(|listener| on_tokio::each(listener, |stream| wire::content(tokio_wire(stream)))),
            idles: true,
        },
        Server {
            name: "http-tokio L2",
            requests: |listener| {
                on_tokio::run(listener, |listener| http_tokio::serve(listener, service_fn(service::hello)))
            },
            bodies: Some(|listener| {
                on_tokio::run(listener, |listener| http_tokio::serve(listener, service_fn(service::content)))
            }),
            idles: true,
        },
        Server {
            name: "http-tokio axum",
            requests: |listener| on_tokio::run(listener, |listener| http_tokio::serve(listener, service::router())),
            bodies: None,
            idles: false,
        },
    ],
    peers: &[
        Server {
            name: "hyper",
            requests: |listener| on_tokio::each(listener, |stream| hyper::requests(TokioIo::new(stream))),
            bodies: Some(|listener| on_tokio::each(listener, |stream| hyper::bodies(TokioIo::new(stream)))),
            idles: true,
        },
        Server {
            name: "axum::serve",
            requests: |listener| on_tokio::run(listener, axum::requests),
            bodies: None,
            idles: false,
        },
        Server {
            name: "tokio loop",
            requests: |listener| on_tokio::each(listener, nothing::requests),
            bodies: Some(|listener| on_tokio::each(listener, nothing::bodies)),
            idles: true,
        },
    ],
};

const SMOL: Group = Group {
    subjects: &[
        Server {
            name: "http-smol L1",
            requests: |listener| on_smol::each(listener, |stream| wire::hello(smol_wire(stream))),
            bodies: Some(|listener| on_smol::each(listener, |stream| wire::content(smol_wire(stream)))),
            idles: true,
        },
        Server {
            name: "http-smol L2",
            requests: |listener| {
                on_smol::run(listener, |listener, smol| smol.serve(listener, service_fn(service::hello)))
            },
            bodies: Some(|listener| {
                on_smol::run(listener, |listener, smol| smol.serve(listener, service_fn(service::content)))
            }),
            idles: true,
        },
    ],
    peers: &[
        Server {
            name: "hyper on smol",
            requests: |listener| on_smol::each(listener, |stream| hyper::requests(FuturesIo::new(stream))),
            bodies: Some(|listener| on_smol::each(listener, |stream| hyper::bodies(FuturesIo::new(stream)))),
            idles: true,
        },
        Server {
            name: "smol loop",
            requests: |listener| on_smol::each(listener, |stream| nothing::requests(on_smol::Socket::from(stream))),
            bodies: Some(|listener| on_smol::each(listener, |stream| nothing::bodies(on_smol::Socket::from(stream)))),
            idles: true,
        },
    ],
};

const THREADS: Group = Group {
    subjects: &[
        Server {
            name: "http-std L1",
            requests: |listener| on_threads::each(listener, |stream| threads::wire_hello(threads_wire(stream))),
            bodies: Some(|listener| on_threads::each(listener, |stream| threads::wire_content(threads_wire(stream)))),
            idles: true,
        },
        Server {
            name: "http-std L2",
            requests: |listener| http_std::serve(listener, handler_fn(threads::hello)).run().map(drop),
            bodies: Some(|listener| http_std::serve(listener, handler_fn(threads::content)).run().map(drop)),
            idles: true,
        },
    ],
    peers: &[
        Server { name: "tiny_http", requests: tiny::requests, bodies: Some(tiny::bodies), idles: false },
        Server {
            name: "thread loop",
            requests: |listener| on_threads::each(listener, |stream| on_threads::block_on(stream, nothing::requests)),
            bodies: Some(|listener| on_threads::each(listener, |stream| on_threads::block_on(stream, nothing::bodies))),
            idles: true,
        },
    ],
};

/// Those of suite `tls`.
pub(crate) const TLS: Group = Group {
    subjects: &[
        Server {
            name: "http-tokio L1 TLS",
            requests: |listener| on_tokio::each(listener, |stream| wire::hello(tokio_tls_wire(stream))),
            bodies: None,
            idles: true,
        },
        Server {
            name: "http-tokio L2 TLS",
            requests: |listener| {
                on_tokio::run(listener, |listener| {
                    http_tokio::serve(listener, service_fn(service::hello)).tls(tls::server())
                })
            },
            bodies: None,
            idles: true,
        },
    ],
    peers: &[
        Server {
            name: "hyper TLS",
            requests: |listener| on_tokio::each_tls(listener, |stream| hyper::requests(TokioIo::new(stream))),
            bodies: None,
            idles: true,
        },
        Server {
            name: "tokio loop TLS",
            requests: |listener| on_tokio::each_tls(listener, nothing::requests),
            bodies: None,
            idles: true,
        },
    ],
};

/// With it the rest of suite `tls` is compared.
pub(crate) const RUSTLS_ALONE: Server =
    Server { name: "rustls alone", requests: rustls_alone::requests, bodies: None, idles: true };

pub(crate) fn find(name: &str) -> Option<&'static Server> {
    all().find(|server| server.name == name)
}

fn all() -> impl Iterator<Item = &'static Server> {
    let groups = GROUPS.iter().chain([&TLS]).flat_map(|group| group.subjects.iter().chain(group.peers));
    groups.chain([&RUSTLS_ALONE])
}

fn tokio_wire(stream: TcpStream) -> http_tokio::Connection<role::Server> {
    http_tokio::Connection::server(stream, wire::config())
}

fn tokio_tls_wire(
    stream: TcpStream,
) -> http_driver::Connection<role::Server, Tls<http_tokio::Stream>, http_tokio::Sleep> {
    let tls = Tls::server(http_tokio::Stream::from(stream), tls::server()).expect("the configuration can be used");
    http_driver::Connection::server(tls, wire::config())
}

fn smol_wire(stream: Async<net::TcpStream>) -> http_smol::Connection<role::Server, Async<net::TcpStream>> {
    http_smol::Connection::server(stream, wire::config())
}

fn threads_wire(stream: net::TcpStream) -> http_std::Connection<role::Server> {
    http_std::Connection::server(stream, wire::config())
}
