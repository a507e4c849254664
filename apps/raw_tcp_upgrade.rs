//! What the examples `raw_tcp_upgrade` answer, and how they go on, on whatever runtime. Reading and writing are the
//! runtime's.

#[path = "raw_tcp_upgrade/answers.rs"]
mod answers;

use crate::{AsyncBufReadExt, AsyncWriteExt, BufReader, TcpStream, close, spawn, tunnel};
use crate::{Body, BoxError, Exchange, Request, Response, Upgraded};
use http::{Method, StatusCode};

pub(crate) async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().cloned().ok_or("no HTTP server")?;
    if request.method() == Method::CONNECT {
        return Ok(connect(&request, exchange).await);
    }
    if !answers::offered(request.headers()) {
        return answers::hint();
    }
    // The future is ready once the answer below has gone out.
    let upgrade = exchange.upgrade();
    spawn(async move {
        let lines = lines(upgrade.await?.into()).await;
        lines.inspect_err(|error| eprintln!("{error}"))
    });
    answers::switching()
}

/// Every line comes back with its number, until one says `quit`.
async fn lines(connection: Upgraded) -> Result<(), BoxError> {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if connection.read_line(&mut line).await? == 0 || line.trim_end() == "quit" {
            break;
        }
        connection.write_all(format!("{number} {}\n", line.trim_end()).as_bytes()).await?;
    }
    Ok(close(connection).await?)
}

/// A tunnel to another server.
async fn connect(request: &Request<Body>, exchange: Exchange) -> Response<Body> {
    let Some(target) = answers::target(request) else { return answers::status(StatusCode::FORBIDDEN) };
    let Ok(there) = TcpStream::connect(target).await else { return answers::status(StatusCode::BAD_GATEWAY) };
    let upgrade = exchange.upgrade();
    spawn(async move {
        tunnel(upgrade.await?.into(), there).await?;
        Ok::<_, BoxError>(())
    });
    answers::status(StatusCode::OK)
}
