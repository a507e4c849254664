//! What connections are accepted from, and what they are served on.

use http_smol::{Body, Request, Response, Smol, serve, service_fn};
use smol::{Async, Executor, channel};
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;
use tests::scenario::{DEADLINE, SHORT, block_on};

async fn hello(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(format!("on {}", thread::current().name().unwrap_or("?")).into()))
}

fn ask(mut stream: impl Read + Write) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask_tcp(address: SocketAddr) -> String {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    ask(stream)
}

#[test]
fn all_listeners_of_smol_serve() {
    let bound = || TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = smol::net::TcpListener::try_from(bound()).unwrap();
    let server = serve(listener, service_fn(hello)).spawn();
    assert!(ask_tcp(server.local_addr().tcp().unwrap()).ends_with("on http-smol-1"));
    block_on(server.dispose());

    let server = serve(Async::new(bound()).unwrap(), service_fn(hello)).spawn();
    assert!(ask_tcp(server.local_addr().tcp().unwrap()).ends_with("on http-smol-1"));
    block_on(server.dispose());

    let path = std::env::temp_dir().join(format!("http-smol-listeners-{}", std::process::id()));
    let server = serve(Async::new(UnixListener::bind(&path).unwrap()).unwrap(), service_fn(hello)).spawn();
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    assert!(ask(stream).ends_with("on http-smol-1"));
    block_on(server.dispose());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_static_executor_serves() {
    static EXECUTOR: Executor<'static> = Executor::new();
    let (stop, stopped) = channel::bounded::<()>(1);
    let run = move || smol::block_on(EXECUTOR.run(stopped.recv()));
    let running = thread::Builder::new().name("mine".into()).spawn(run).unwrap();
    let listener = Async::new(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let server = Smol::on_static(&EXECUTOR).serve(listener, service_fn(hello)).spawn();
    assert!(ask_tcp(server.local_addr().tcp().unwrap()).ends_with("on mine"));
    assert_eq!(block_on(server.shutdown(DEADLINE)).cut_off, 0);
    drop(stop);
    assert!(running.join().unwrap().is_err());
}

/// Its tasks do not keep it.
#[test]
fn a_server_ends_with_its_executor() {
    let executor = Arc::new(Executor::new());
    let listener = Async::new(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let server = Smol::on(&executor).serve(listener, service_fn(hello)).spawn();
    let address = server.local_addr().tcp().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    // Its request is never complete.
    client.write_all(b"GET /").unwrap();
    smol::block_on(executor.run(async {
        while server.connections().is_empty() {
            smol::future::yield_now().await;
        }
        // An executor that goes does not drop a task that is being woken in another thread.
        smol::Timer::after(SHORT).await;
    }));
    drop(executor);
    assert!(!matches!(client.read(&mut [0; 1]), Ok(1..)));
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(block_on(server.shutdown(DEADLINE)).connections, 0);
}
