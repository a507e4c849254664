//! A server with TLS: `cargo run --release -p http-tokio --features tls --example https_server [PORT [CERTIFICATE KEY]]`,
//! two files in PEM. When the first one changes, new connections get the new certificate. Without them it makes a
//! certificate for itself, and says where that is, for `curl --cacert FILE https://localhost:8443/`.

use http_tokio::rustls::pki_types::pem::PemObject;
use http_tokio::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use http_tokio::rustls::{ServerConfig, crypto::ring};
use http_tokio::{Body, BoxError, Exchange, Request, Response, serve, service_fn};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    // Of several makes of cryptography rustls chooses none by itself.
    let _first = ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let port: u16 = arguments.first().map_or(Ok(8443), |port| port.parse())?;
    let (certificate, key) = match &arguments[..] {
        [_, certificate, key] => (certificate.into(), key.into()),
        _ => self_signed()?,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("https://localhost:{}", listener.local_addr()?.port());
    println!("{}", certificate.display());
    let server = serve(listener, service_fn(about))
        .tls(config(&certificate, &key)?)
        .on_tls_error(|connection, error| eprintln!("{}: {error}", connection.peer()))
        .spawn();
    let mut known = changed(&certificate);
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = changed(&certificate);
        if now == known {
            continue;
        }
        match config(&certificate, &key) {
            Ok(config) => {
                server.set_tls(config);
                known = now;
                println!("a new certificate");
            }
            // Half written, perhaps: it is looked at again. Until then the old one serves.
            Err(error) => eprintln!("{}: {error}", certificate.display()),
        }
    }
}

/// Says what the two ends have agreed upon.
async fn about(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().ok_or("every request has one")?;
    let tls = exchange.connection().tls().ok_or("every connection has TLS")?;
    let name = tls.server_name().unwrap_or("no name");
    Ok(Response::new(format!("{:?} {:?} {name}\n", tls.version(), tls.cipher_suite()).into()))
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, BoxError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    Ok(Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?))
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
