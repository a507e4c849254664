//! The crate for plain threads, as the file has it.

use http_std as http;
use std::net::TcpListener;

#[path = "everywhere.rs"]
mod everywhere;
