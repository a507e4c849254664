//! An end in good order: no new connection, but every answer that was begun is finished. A second signal cuts short what
//! is left; ten seconds do, too.
//!
//! `cargo run --release -p http-std --example graceful [PORT]`, and then
//! - `curl http://127.0.0.1:8080/5`, which takes five seconds; Ctrl-C on the server meanwhile (or `kill PID`)

/// What it answers. It takes what it uses from here: so it runs on any runtime, or none.
#[path = "../../apps/graceful.rs"]
mod app;

use http_std::{Body, BoxError, Request, Response, serve, service_fn};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// Here a task is a thread, which sleeps.
async fn sleep(time: Duration) {
    thread::sleep(time);
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    let server = serve(listener, service_fn(app::slow)).spawn()?;

    signals.forever().next();
    println!("ending");
    let impatient = server.clone();
    thread::spawn(move || signals.forever().next().map(|_| impatient.dispose()));
    let report = server.shutdown(Duration::from_secs(10));
    println!("{} connections were open, {} of them were cut off", report.connections, report.cut_off);
    Ok(())
}
