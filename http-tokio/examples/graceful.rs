//! An end in good order: no new connection, but every answer that was begun is finished. A second signal cuts short what
//! is left; ten seconds do, too.
//!
//! `cargo run --release -p http-tokio --example graceful [PORT]`, and then
//! - `curl http://127.0.0.1:8080/5`, which takes five seconds; Ctrl-C on the server meanwhile (or `kill PID`)

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/graceful.rs"]
mod app;

use http_tokio::{Body, BoxError, Request, Response, serve, service_fn};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Waits for Ctrl-C, or SIGTERM.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminated.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let server = serve(listener, service_fn(app::slow)).spawn();

    interrupted().await?;
    println!("ending");
    let report = tokio::select! {
        report = server.shutdown(Duration::from_secs(10)) => report,
        _ = interrupted() => server.dispose().await,
    };
    println!("{} connections were open, {} of them were cut off", report.connections, report.cut_off);
    Ok(())
}
