//! A proxy that makes tunnels, as clients want it for https: `cargo run --release -p http-tokio --example proxy_tunnel
//! [PORT]`, then `curl --proxy http://127.0.0.1:3128 https://example.com/`. What goes through a tunnel it cannot read.

use http_tokio::{Body, BoxError, Exchange, Request, Response, Upgraded, serve, service_fn};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(3128), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, service_fn(tunnel)).await;
    Ok(())
}

async fn tunnel(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let status = |status: u16| Ok(Response::builder().status(status).body(Body::empty())?);
    let (Some(exchange), Some(target)) = (request.extensions().get::<Exchange>(), request.uri().authority()) else {
        return status(400);
    };
    if request.method() != "CONNECT" {
        return status(405);
    }
    // A proxy that is open to others asks here who they are and where they may go.
    let Ok(mut server) = TcpStream::connect(target.as_str()).await else { return status(502) };
    let upgrade = exchange.upgrade();
    let target = target.to_string();
    tokio::spawn(async move {
        let Ok(client) = upgrade.await else { return };
        match copy_bidirectional(&mut Upgraded::from(client), &mut server).await {
            Ok((out, back)) => println!("{target}: {out} octets out, {back} back"),
            Err(error) => println!("{target}: {error}"),
        }
    });
    status(200)
}
