//! [`ServerTls`]: what a server has been told about TLS.

use super::error::TlsError;
use super::server_config;
use crate::guarded::guarded;
use crate::info::ConnInfo;
use crate::watched::lock;
use rustls::ServerConfig;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Hook = Box<dyn Fn(&ConnInfo, &TlsError) + Send + Sync>;

/// How a server speaks TLS, if it does.
pub struct ServerTls {
    config: Mutex<Option<Arc<ServerConfig>>>,
    /// How long a client may take for the handshake.
    pub timeout: Duration,
    /// Told of every handshake that has failed.
    pub on_error: Option<Hook>,
}

impl Default for ServerTls {
    fn default() -> Self {
        ServerTls { config: Mutex::new(None), timeout: Duration::from_secs(10), on_error: None }
    }
}

impl ServerTls {
    /// Speaks TLS from now on, as the configuration has it.
    pub fn set(&self, config: Arc<ServerConfig>) {
        *lock(&self.config) = Some(server_config(config));
    }

    /// What is spoken on new connections.
    pub fn config(&self) -> Option<Arc<ServerConfig>> {
        lock(&self.config).clone()
    }

    /// Tells of a handshake that has failed.
    pub fn failed(&self, connection: &ConnInfo, error: &TlsError) {
        if let Some(hook) = &self.on_error {
            guarded(|| hook(connection, error));
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
