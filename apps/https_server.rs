//! What the examples `https_server` have in common, on whatever runtime: where the certificate comes from, and the answer.

use crate::rustls::pki_types::pem::PemObject;
use crate::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use crate::rustls::{ServerConfig, crypto::ring};
use crate::{Body, BoxError, Exchange, Request, Response};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the files are looked at.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

/// A certificate and its key, in files.
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// When the certificate that is used was written.
    known: Option<SystemTime>,
}

impl Files {
    /// The port to listen at, and the files: two in PEM, or new ones with a certificate for this host.
    pub(crate) fn from_arguments() -> Result<(u16, Self), BoxError> {
        // Of several makes of cryptography rustls chooses none by itself.
        let _first = ring::default_provider().install_default();
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        let port = arguments.first().map_or(Ok(8443), |port| port.parse())?;
        let (certificate, key) = match &arguments[..] {
            [_, certificate, key] => (certificate.into(), key.into()),
            _ => self_signed()?,
        };
        Ok((port, Files { known: changed(&certificate), certificate, key }))
    }

    /// Says where the server is, and its certificate.
    pub(crate) fn tell(&self, port: u16) {
        println!("https://localhost:{port}");
        println!("{}", self.certificate.display());
    }

    pub(crate) fn config(&self) -> Result<Arc<ServerConfig>, BoxError> {
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(&self.key)?;
        Ok(Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?))
    }

    /// The configuration, if the certificate is another one than before.
    pub(crate) fn renewed(&mut self) -> Option<Arc<ServerConfig>> {
        let now = changed(&self.certificate);
        if now == self.known {
            return None;
        }
        match self.config() {
            Ok(config) => {
                self.known = now;
                println!("a new certificate");
                Some(config)
            }
            // Half written, perhaps: it is looked at again. Until then the old one serves.
            Err(error) => {
                eprintln!("{}: {error}", self.certificate.display());
                None
            }
        }
    }
}

/// Says what the two ends have agreed upon.
pub(crate) fn about(request: &Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().ok_or("every request has one")?;
    let tls = exchange.connection().tls().ok_or("every connection has TLS")?;
    let name = tls.server_name().unwrap_or("no name");
    Ok(Response::new(format!("{:?} {:?} {name}\n", tls.version(), tls.cipher_suite()).into()))
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

/// A certificate for this host, and its key, in a folder for temporary files.
fn self_signed() -> Result<(PathBuf, PathBuf), BoxError> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let folder = std::env::temp_dir().join(format!("https_server-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    Ok((certificate, key))
}
