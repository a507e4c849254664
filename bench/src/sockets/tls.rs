//! The certificate of all servers with TLS, made anew by each bench and handed to its candidates; and what both ends are
//! configured with.

use rcgen::generate_simple_self_signed;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::{Arc, LazyLock};

/// What the servers are called in it.
pub(crate) const NAME: &str = "localhost";
/// The variable of the environment by which candidates get it.
pub(crate) const VARIABLE: &str = "BENCH_IDENTITY";

/// The certificate and its key, in PEM.
pub(crate) static IDENTITY: LazyLock<String> = LazyLock::new(|| {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        let made = generate_simple_self_signed([NAME.to_owned()]).expect("a certificate can be made");
        made.cert.pem() + &made.signing_key.serialize_pem()
    })
});

pub(crate) fn server() -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from_pem_slice(IDENTITY.as_bytes()).expect("the identity has a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate()], key));
    Arc::new(config.expect("the identity can be used"))
}

pub(crate) fn client() -> Arc<ClientConfig> {
    static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let mut roots = RootCertStore::empty();
        roots.add(certificate()).expect("the certificate can be trusted");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what they need");
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    });
    Arc::clone(&CONFIG)
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(IDENTITY.as_bytes()).expect("the identity has a certificate")
}
