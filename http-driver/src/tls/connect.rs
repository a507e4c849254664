//! What a client does with TLS: its configuration, and the handshake within its deadline.

use super::client_config;
use super::error::{TlsError, TlsErrorKind};
use super::info::TlsInfo;
use super::stream::Tls;
use crate::client::{Target, UriError, within};
use crate::watched::lock;
use crate::{BoxTransport, ConnectError, Timer};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a client speaks TLS. Clones share the configuration that is made by default.
#[derive(Clone)]
pub(crate) struct ClientTls {
    config: Arc<Mutex<Option<Arc<ClientConfig>>>>,
    pub(crate) timeout: Duration,
}

/// TLS to a target, and how long the handshake took.
pub(crate) struct Shaken {
    pub(crate) tls: Tls<BoxTransport>,
    pub(crate) info: TlsInfo,
    pub(crate) took: Duration,
}

impl Default for ClientTls {
    fn default() -> Self {
        ClientTls { config: Arc::default(), timeout: Duration::from_secs(10) }
    }
}

impl ClientTls {
    pub(crate) fn set(&mut self, config: Arc<ClientConfig>) {
        self.config = Arc::new(Mutex::new(Some(client_config(config))));
    }

    fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let mut config = lock(&self.config);
        if let Some(config) = &*config {
            return Ok(Arc::clone(config));
        }
        // Reads the system's certificates, so only once, and only where they are needed.
        let missing = || TlsError::config(rustls::Error::General("no cryptography is installed".into()));
        let made = ClientConfig::builder_with_provider(provider().ok_or_else(missing)?)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(TlsError::config)?;
        Ok(Arc::clone(config.insert(client_config(Arc::new(made.with_no_client_auth())))))
    }

    /// Makes the handshake with `to` over `io`.
    pub(crate) async fn secure(
        &self,
        io: BoxTransport,
        to: &Target,
        timer: impl Timer,
    ) -> Result<Shaken, ConnectError> {
        let name = ServerName::try_from(to.host().to_owned()).map_err(|_| UriError::InvalidHost)?;
        let mut tls = Tls::client(io, self.config()?, name)?;
        let shaken = within(self.timeout, timer, tls.handshake()).await;
        let (shaken, took) = shaken.ok_or(TlsError::new(TlsErrorKind::Timeout))?;
        shaken?;
        match tls.info() {
            Some(info) if info.is_http1() => Ok(Shaken { tls, info, took }),
            Some(_) | None => Err(TlsError::new(TlsErrorKind::Incompatible).into()),
        }
    }
}

/// The process's choice, if it has made one; else that of the features, if they make one.
fn provider() -> Option<Arc<CryptoProvider>> {
    if let Some(chosen) = CryptoProvider::get_default() {
        return Some(Arc::clone(chosen));
    }
    #[cfg(feature = "tls")]
    let chosen = Some(rustls::crypto::ring::default_provider());
    #[cfg(all(feature = "tls-aws-lc", not(feature = "tls")))]
    let chosen = Some(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(any(feature = "tls", feature = "tls-aws-lc")))]
    let chosen: Option<CryptoProvider> = None;
    chosen.map(Arc::new)
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
