//! A server with TLS: `cargo run --release -p http-tokio --features tls --example https_server [PORT [CERTIFICATE KEY]]`,
//! two files in PEM. When the first one changes, new connections get the new certificate. Without them it makes a
//! certificate for itself, and says where that is, for `curl --cacert FILE https://localhost:8443/`.

/// What it answers, and the files. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/https_server.rs"]
mod app;

use http_tokio::{Body, BoxError, Exchange, Request, Response, rustls, serve, service_fn};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (port, mut files) = app::Files::from_arguments()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    files.tell(listener.local_addr()?.port());
    let server = serve(listener, service_fn(async |request| app::about(&request)))
        .tls(files.config()?)
        .on_tls_error(|connection, error| eprintln!("{}: {error}", connection.peer()))
        .spawn();
    loop {
        tokio::time::sleep(app::PAUSE).await;
        if let Some(config) = files.renewed() {
            server.set_tls(config);
        }
    }
}
