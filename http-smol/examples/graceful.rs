//! An end in good order: no new connection, but every answer that was begun is finished. A second signal cuts short what
//! is left; ten seconds do, too.
//!
//! `cargo run --release -p http-smol --example graceful [PORT]`, and then
//! - `curl http://127.0.0.1:8080/5`, which takes five seconds; Ctrl-C on the server meanwhile (or `kill PID`)

/// What it answers. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/graceful.rs"]
mod app;

use async_signal::{Signal, Signals};
use http_smol::{Body, BoxError, Request, Response, serve, service_fn};
use smol::future::or;
use smol::net::TcpListener;
use smol::stream::StreamExt;
use std::time::Duration;

async fn sleep(time: Duration) {
    smol::Timer::after(time).await;
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        // Ctrl-C; and SIGTERM, where there is such a thing.
        let mut signals = Signals::new([Signal::Int].into_iter().chain(cfg!(unix).then_some(Signal::Term)))?;
        let server = serve(listener, service_fn(app::slow)).spawn();

        signals.next().await;
        println!("ending");
        let cut_short = async {
            signals.next().await;
            server.dispose().await
        };
        let report = or(server.shutdown(Duration::from_secs(10)), cut_short).await;
        println!("{} connections were open, {} of them were cut off", report.connections, report.cut_off);
        Ok(())
    })
}
