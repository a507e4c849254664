//! The crate for tokio, as the files have it.

use ::tokio::net::TcpListener;
use http_tokio as http;

#[path = "awaited.rs"]
mod awaited;
#[path = "everywhere.rs"]
mod everywhere;
