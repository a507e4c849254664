//! The tokio server on real sockets: loopback, a port of the system's choice, and a deadline on every wait.

mod curl;
mod lifecycle;
mod service;
mod wire;

use service::Probe;

use http_tokio::{Config, ServerHandle, serve, service_fn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline of the test")
}

/// A server with the routes of `service.rs`, and what it has seen.
async fn start(adjust: impl FnOnce(&mut Config)) -> (ServerHandle, Arc<Probe>) {
    let mut config = Config::server();
    adjust(&mut config);
    let probe = Arc::new(Probe::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let seen = Arc::clone(&probe);
    let service = service_fn(move |request| service::answer(request, Arc::clone(&seen)));
    (serve(listener, service).config(Arc::new(config)).spawn().unwrap(), probe)
}

/// A client that writes and reads octets.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer: its head as text, and its content.
#[derive(Debug, PartialEq)]
struct Answer {
    head: String,
    content: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        &self.head[9..12]
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap()
    }

    fn closes(&self) -> bool {
        self.head.contains("\r\nConnection: close\r\n")
    }
}

impl Client {
    async fn connect(to: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(to)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, read: Vec::new() }
    }

    async fn send(&mut self, octets: impl AsRef<[u8]>) {
        within(self.stream.write_all(octets.as_ref())).await.unwrap();
    }

    /// The next answer with a Content-Length, or without content.
    async fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |digits| digits.parse().unwrap());
        while self.read.len() < length {
            self.more().await;
        }
        Answer { head, content: self.read.drain(..length).collect() }
    }

    async fn more(&mut self) {
        let count = within(self.stream.read_buf(&mut self.read)).await.unwrap();
        assert!(count > 0, "closed behind {:?}", self.read.escape_ascii().to_string());
    }

    /// Everything up to the close, which must be an orderly one.
    async fn rest(mut self) -> String {
        within(self.stream.read_to_end(&mut self.read)).await.unwrap();
        String::from_utf8(self.read).unwrap()
    }
}
