//! Feature `tls`: TLS for both ends, by rustls. [`Tls`] is a [`crate::Transport`] over any other one, so every runtime has
//! it, and all have the same; here is nothing that knows a runtime or a message.
//!
//! `session` is TLS without a transport, `stream` joins the two; `server`, `handshake` and `accept` are what servers do with
//! it, `connect` is what clients do.

pub(crate) mod accept;
pub(crate) mod connect;
mod error;
mod handshake;
mod info;
mod server;
mod session;
mod stream;

pub use error::{TlsError, TlsErrorKind};
pub use handshake::Handshake;
pub use info::TlsInfo;
pub use server::ServerTls;
pub use stream::Tls;

use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;

/// What is spoken here, as ALPN names it (RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";
const HTTP_1_0: &[u8] = b"http/1.0";

/// The configuration, naming HTTP/1.1 and HTTP/1.0 if it names no protocol.
pub(crate) fn server_config(mut config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    if config.alpn_protocols.is_empty() {
        Arc::make_mut(&mut config).alpn_protocols = vec![HTTP_1_1.to_vec(), HTTP_1_0.to_vec()];
    }
    config
}

/// The configuration, naming HTTP/1.1 if it names no protocol.
pub(crate) fn client_config(mut config: Arc<ClientConfig>) -> Arc<ClientConfig> {
    if config.alpn_protocols.is_empty() {
        Arc::make_mut(&mut config).alpn_protocols = vec![HTTP_1_1.to_vec()];
    }
    config
}
