//! A first server: `cargo run --release -p http-tokio --example hello [PORT]`, then `curl http://127.0.0.1:8080/` or
//! `curl --data-binary @FILE http://127.0.0.1:8080/echo`. The port may also come from the environment variable PORT;
//! with 0 the system chooses one. Ctrl-C shuts down in good order.

use http_tokio::{BoxError, Request, Response, serve, service_fn};
use tokio::net::TcpListener;

async fn hello(request: Request) -> Result<Response, BoxError> {
    let path = request.target().split('?').next().unwrap_or_default();
    Ok(match (request.method(), path) {
        ("GET" | "HEAD", "/") => {
            Response::new(200).field("Content-Type", "text/plain; charset=utf-8").body("Hello, World!")
        }
        ("POST", "/echo") => {
            let content_type = request.fields().get("content-type").unwrap_or(b"application/octet-stream");
            Response::new(200).field("Content-Type", content_type).stream(request.body)
        }
        (_, "/") => Response::new(405).field("Allow", "GET, HEAD"),
        (_, "/echo") => Response::new(405).field("Allow", "POST"),
        _ => Response::new(404).field("Content-Type", "text/plain; charset=utf-8").body("Not found\n"),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let port = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = port.map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    let report = serve(listener, service_fn(hello)).with_graceful_shutdown(interrupted).await;
    println!("connections cut off: {}", report.cut_off);
    Ok(())
}
