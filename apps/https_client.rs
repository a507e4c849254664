//! What the examples `https_client` have in common, on whatever runtime: whom they trust, and what they say.

use crate::rustls::pki_types::CertificateDer;
use crate::rustls::pki_types::pem::PemObject;
use crate::rustls::{ClientConfig, RootCertStore, crypto::ring};
use crate::{BoxError, Client, ClientExchange, ConnectError, Dialer, RequestError};
use std::process::ExitCode;
use std::sync::Arc;

/// The URL that is asked for, and the client that asks, as the arguments have it.
pub(crate) fn from_arguments() -> Result<(String, Client), BoxError> {
    // Of several makes of cryptography rustls chooses none by itself.
    let _first = ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: https_client URL [AUTHORITY [PROXY]]")?;
    let mut dialer = Dialer::default();
    if let Some(file) = arguments.next().filter(|file| file != "-") {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file)? {
            roots.add(certificate?)?;
        }
        dialer = dialer.tls(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()));
    }
    let mut client = Client::builder().connector(dialer);
    if let Some(proxy) = arguments.next() {
        client = client.proxy(&proxy.parse()?)?;
    }
    Ok((url, client.build()))
}

/// Says with whom it was spoken, and what came.
pub(crate) fn tell(exchange: Option<ClientExchange>, content: &[u8]) {
    if let Some(exchange) = exchange
        && let Some(tls) = exchange.connection().tls()
    {
        println!("{:?} {:?}, {:?} for the handshake", tls.version(), tls.cipher_suite(), exchange.phases().tls);
    }
    print!("{}", String::from_utf8_lossy(content));
}

pub(crate) fn end(fetched: Result<(), BoxError>) -> ExitCode {
    let Err(error) = fetched else { return ExitCode::SUCCESS };
    // What is wrong with TLS has a kind, for those who want to act upon it.
    match error.downcast_ref() {
        Some(RequestError::Connect(ConnectError::Tls(tls))) => eprintln!("https_client: {:?}: {tls}", tls.kind()),
        _ => eprintln!("https_client: {error}"),
    }
    ExitCode::FAILURE
}
