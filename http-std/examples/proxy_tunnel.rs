//! A proxy that makes tunnels, as clients want it for https: `cargo run --release -p http-std --example proxy_tunnel
//! [PORT]`, then `curl --proxy http://127.0.0.1:3128 https://example.com/`. What goes through a tunnel it cannot read.

/// Who gets a tunnel. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/proxy_tunnel.rs"]
mod app;

use http_std::{Body, BoxError, Exchange, Request, Response, Socket, Stream, handler_fn, serve, tunnel};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(3128), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, handler_fn(connect)).run()?;
    Ok(())
}

fn connect(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let status = |status: u16| Ok(Response::builder().status(status).body(Body::empty())?);
    let (target, exchange) = match app::asked(&request) {
        Ok(asked) => asked,
        Err(declined) => return status(declined),
    };
    let Ok(server) = TcpStream::connect(target.as_str()) else { return status(502) };
    let upgrade = exchange.upgrade();
    thread::spawn(move || {
        if let Ok(client) = upgrade.wait() {
            app::tell(&target, tunnel(client, Stream::from(Socket::from(server))));
        }
    });
    status(200)
}
