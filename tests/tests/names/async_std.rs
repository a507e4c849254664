//! The crate for async-std, as the files have it.

use ::async_std::net::TcpListener;
use http_std::async_std as http;

#[path = "awaited.rs"]
mod awaited;
#[path = "everywhere.rs"]
mod everywhere;
