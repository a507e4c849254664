//! Certificates made for a test, and configurations with them.

use http_driver::rustls::client::danger::ServerCertVerifier;
use http_driver::rustls::crypto::{CryptoProvider, ring};
use http_driver::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use http_driver::rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use http_driver::rustls::sign::CertifiedKey;
use http_driver::rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, client::WebPkiServerVerifier, version,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Both versions of TLS.
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    pem: String,
}

/// A certificate and its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
    /// Both as text.
    pub certificate_pem: String,
    pub key_pem: String,
}

fn provider() -> Arc<CryptoProvider> {
    // Chosen by hand: where several are compiled in, rustls does not choose.
    Arc::new(ring::default_provider())
}

impl Authority {
    #[expect(clippy::new_without_default, reason = "two are not the same")]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // No two have the same name.
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let name = format!("authority {}", LAST.fetch_add(1, Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (root, pem) = (certificate.der().clone(), certificate.pem());
        Authority { issuer: Issuer::new(params, key), root, pem }
    }

    /// Its own certificate as text.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for these names and addresses.
    pub fn identity(&self, names: &[&str]) -> Identity {
        self.identity_with(names, |_| {})
    }

    /// One that has expired.
    pub fn expired(&self, names: &[&str]) -> Identity {
        self.identity_with(names, |params| params.not_after = date_time_ymd(2020, 1, 1))
    }

    fn identity_with(&self, names: &[&str], set: impl FnOnce(&mut CertificateParams)) -> Identity {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        set(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            key,
        }
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        Arc::new(roots)
    }

    /// A server that wants certificates of its clients, signed here.
    pub fn demanding_server(&self, identity: &Identity) -> ServerConfig {
        let verifier = WebPkiClientVerifier::builder_with_provider(self.roots(), provider()).build().unwrap();
        ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(identity.chain(), identity.key())
            .unwrap()
    }

    /// A client that trusts what is signed here.
    pub fn client(&self) -> ClientConfig {
        self.client_of(&VERSIONS)
    }

    /// The same with these versions.
    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_webpki_verifier(self.verifier())
            .with_no_client_auth()
    }

    /// The same with a certificate to show.
    pub fn client_showing(&self, identity: &Identity, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_webpki_verifier(self.verifier())
            .with_client_auth_cert(identity.chain(), identity.key())
            .unwrap()
    }

    fn verifier(&self) -> Arc<WebPkiServerVerifier> {
        WebPkiServerVerifier::builder_with_provider(self.roots(), provider()).build().unwrap()
    }

    /// What verifies servers, for who makes a configuration of its own.
    pub fn server_verifier(&self) -> Arc<dyn ServerCertVerifier> {
        self.verifier()
    }
}

impl Identity {
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// A server with this certificate.
    pub fn server(&self) -> ServerConfig {
        self.server_of(&VERSIONS)
    }

    /// The same with these versions.
    pub fn server_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain(), self.key())
            .unwrap()
    }
}

/// A server with a certificate for every name, chosen by what clients ask for.
pub fn server_of_names(identities: &[(&str, &Identity)]) -> ServerConfig {
    let mut resolver = ResolvesServerCertUsingSni::new();
    for (name, identity) in identities {
        let key = CertifiedKey::from_der(identity.chain(), identity.key(), &provider()).unwrap();
        resolver.add(name, key).unwrap();
    }
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver))
}
