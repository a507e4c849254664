//! HTTP/1 servers on tokio.
//!
//! [`serve`] runs a [`Service`] on a listener: plain requests and responses, bodies in both directions with
//! backpressure, keep-alive and pipelining, all deadlines and bounds of [`Config`], graceful shutdown. Everything that
//! HTTP demands is decided by [`http_proto`]; this crate gives it sockets, time and tasks.
//!
//! ```no_run
//! use http_tokio::{Request, Response, serve, service_fn};
//! use std::convert::Infallible;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     let hello = async |_: Request| Ok::<_, Infallible>(Response::new(200).body("Hello, World!"));
//!     serve(listener, service_fn(hello)).await;
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]

mod body;
mod connection;
mod date;
mod request;
mod response;
mod server;
mod service;
mod shutdown;

pub use body::{Body, BodyError};
pub use http_proto::{Config, FieldBlock, Fields, HalfClose, Limits, MethodKind, Timeouts, Version};
pub use request::Request;
pub use response::{Frame, Response};
pub use server::{Report, Server, ServerHandle, serve};
pub use service::{BoxError, Service, ServiceFn, service_fn};
