//! The crate for smol, as the files have it.

use ::smol::net::TcpListener;
use http_smol as http;

#[path = "awaited.rs"]
mod awaited;
#[path = "everywhere.rs"]
mod everywhere;
