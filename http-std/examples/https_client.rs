//! Fetches a page over TLS, and says with whom it has spoken:
//! `cargo run --release -p http-std --features tls --example https_client URL [AUTHORITY [PROXY]]`. AUTHORITY is a file
//! in PEM with the certificates that are trusted, `-` for those of the system; PROXY the URL of a proxy, which is asked for
//! a tunnel.

/// Whom it trusts, and what it says. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/https_client.rs"]
mod app;

use http_std::{Body, BoxError, Client, ClientExchange, ConnectError, Dialer, RequestError, rustls};
use std::process::ExitCode;

fn main() -> ExitCode {
    app::end(fetch())
}

fn fetch() -> Result<(), BoxError> {
    let (url, client) = app::from_arguments()?;
    let mut answer = client.get(url).send()?;
    let content = answer.body_mut().collect(Body::LIMIT)?;
    app::tell(answer.extensions().get::<ClientExchange>().cloned(), &content);
    Ok(())
}
