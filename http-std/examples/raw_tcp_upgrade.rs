//! Connections that leave HTTP: to a protocol of lines by Upgrade, or to another server by CONNECT. What the client has
//! sent ahead behind its request is not lost: it is read first. Each gets a thread of its own.
//!
//! `cargo run --release -p http-std --example raw_tcp_upgrade [PORT]`, and then
//! - `printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nhello\nquit\n' | nc 127.0.0.1 8080`
//! - `curl --proxytunnel --proxy http://127.0.0.1:8080 http://127.0.0.1:8080/`: through itself to itself
//!
//! It tunnels to loopback addresses alone, or it would be an open proxy.

/// What it says in HTTP.
#[path = "../../apps/raw_tcp_upgrade/answers.rs"]
mod answers;

use http::{Method, StatusCode};
use http_std::{Body, BoxError, Exchange, Request, Response, Upgraded, handler_fn, serve};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().ok_or("no HTTP server")?;
    if request.method() == Method::CONNECT {
        return Ok(connect(&request, exchange));
    }
    if !answers::offered(request.headers()) {
        return answers::hint();
    }
    // It is there once the answer below has gone out.
    let upgrade = exchange.upgrade();
    thread::spawn(move || {
        let lines = upgrade.wait().map_err(BoxError::from).and_then(lines);
        lines.inspect_err(|error| eprintln!("{error}"))
    });
    answers::switching()
}

/// Every line comes back with its number, until one says `quit`.
fn lines(connection: Upgraded) -> Result<(), BoxError> {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if connection.read_line(&mut line)? == 0 || line.trim_end() == "quit" {
            break;
        }
        connection.get_mut().write_all(format!("{number} {}\n", line.trim_end()).as_bytes())?;
    }
    Ok(connection.get_mut().shutdown()?)
}

/// A tunnel to another server.
fn connect(request: &Request<Body>, exchange: &Exchange) -> Response<Body> {
    let Some(target) = answers::target(request) else { return answers::status(StatusCode::FORBIDDEN) };
    let Ok(there) = TcpStream::connect(target) else { return answers::status(StatusCode::BAD_GATEWAY) };
    let upgrade = exchange.upgrade();
    thread::spawn(move || tunnel(upgrade.wait()?, there).map_err(BoxError::from));
    answers::status(StatusCode::OK)
}

/// Carries octets in both directions, until both have ended.
fn tunnel(mut here: Upgraded, mut there: TcpStream) -> io::Result<()> {
    let (mut from_there, mut to_here) = (there.try_clone()?, here.try_clone()?);
    let back = thread::spawn(move || {
        io::copy(&mut from_there, &mut to_here)?;
        to_here.shutdown()
    });
    io::copy(&mut here, &mut there)?;
    there.shutdown(Shutdown::Write)?;
    back.join().unwrap_or(Ok(()))
}

fn main() -> Result<(), BoxError> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, handler_fn(answer)).run()?;
    Ok(())
}
