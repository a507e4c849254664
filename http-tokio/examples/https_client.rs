//! Fetches a page over TLS, and says with whom it has spoken:
//! `cargo run --release -p http-tokio --features tls --example https_client URL [AUTHORITY [PROXY]]`. AUTHORITY is a file
//! in PEM with the certificates that are trusted, `-` for those of the system; PROXY the URL of a proxy, which is asked for
//! a tunnel.

use http_tokio::rustls::pki_types::CertificateDer;
use http_tokio::rustls::pki_types::pem::PemObject;
use http_tokio::rustls::{ClientConfig, RootCertStore, crypto::ring};
use http_tokio::{Body, BoxError, Client, ClientExchange, ConnectError, Dialer, RequestError};
use std::process::ExitCode;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Of several makes of cryptography rustls chooses none by itself.
    let _first = ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some(url) = arguments.first() else {
        eprintln!("usage: https_client URL [AUTHORITY [PROXY]]");
        return ExitCode::from(2);
    };
    let (authority, proxy) = (arguments.get(1).filter(|file| *file != "-"), arguments.get(2));
    match fetch(url, authority.map(String::as_str), proxy.map(String::as_str)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What is wrong with TLS has a kind, for those who want to act upon it.
            match error.downcast_ref() {
                Some(RequestError::Connect(ConnectError::Tls(tls))) => eprintln!("{url}: {:?}: {tls}", tls.kind()),
                _ => eprintln!("{url}: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

async fn fetch(url: &str, authority: Option<&str>, proxy: Option<&str>) -> Result<(), BoxError> {
    let mut dialer = Dialer::default();
    if let Some(file) = authority {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file)? {
            roots.add(certificate?)?;
        }
        dialer = dialer.tls(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()));
    }
    let mut client = Client::builder().connector(dialer);
    if let Some(proxy) = proxy {
        client = client.proxy(&proxy.parse()?)?;
    }
    let mut answer = client.build().get(url).send().await?;
    if let Some(exchange) = answer.extensions().get::<ClientExchange>()
        && let Some(tls) = exchange.connection().tls()
    {
        println!("{:?} {:?}, {:?} for the handshake", tls.version(), tls.cipher_suite(), exchange.phases().tls);
    }
    print!("{}", String::from_utf8_lossy(&answer.body_mut().collect(Body::LIMIT).await?));
    Ok(())
}
