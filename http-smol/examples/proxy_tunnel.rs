//! A proxy that makes tunnels, as clients want it for https: `cargo run --release -p http-smol --example proxy_tunnel
//! [PORT]`, then `curl --proxy http://127.0.0.1:3128 https://example.com/`. What goes through a tunnel it cannot read.

/// Who gets a tunnel. It takes what it uses from here: so it runs on any runtime.
#[path = "../../apps/proxy_tunnel.rs"]
mod app;

use http_smol::{Body, BoxError, Exchange, Request, Response, Stream, serve, service_fn, tunnel};
use smol::net::{TcpListener, TcpStream};

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(3128), |port| port.parse())?;
    smol::block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        println!("http://{}", listener.local_addr()?);
        serve(listener, service_fn(connect)).await;
        Ok(())
    })
}

async fn connect(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let status = |status: u16| Ok(Response::builder().status(status).body(Body::empty())?);
    let (target, exchange) = match app::asked(&request) {
        Ok(asked) => asked,
        Err(declined) => return status(declined),
    };
    let Ok(server) = TcpStream::connect(target.as_str()).await else { return status(502) };
    let upgrade = exchange.upgrade();
    smol::spawn(async move {
        if let Ok(client) = upgrade.await {
            app::tell(&target, tunnel(client, Stream::from(server)).await);
        }
    })
    .detach();
    status(200)
}
