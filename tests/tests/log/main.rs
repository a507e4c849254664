//! The access log to the letter, loggers that fail or are swapped, names for addresses, spans. Everything goes over real
//! sockets; only the clock's part of what is logged is replaced by constants.

mod formats;
mod loggers;
#[cfg(feature = "reverse-dns")]
mod reverse_dns;
#[cfg(feature = "tracing")]
mod spans;

use http_tokio::{
    Body, BodyError, Entry, Exchange, HttpService, IntoListener, Logger, Request, Response, Server, Tcp, Upgraded,
    serve, service_fn,
};
use std::io::{self, Write};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline of the test")
}

/// Waits until it is so.
async fn until(mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within(waiting).await;
}

/// Answers by the path.
async fn answer(request: Request<Body>) -> Result<Response<Body>, BodyError> {
    #[cfg(feature = "tracing")]
    tracing::info!("in the handler");
    let answer = Response::builder();
    let answer = match request.uri().path() {
        "/never" => std::future::pending().await,
        "/fails" => panic!("as it should"),
        "/empty" => answer.status(204).body(Body::empty()),
        "/upgrade" => {
            let upgrade = request.extensions().get::<Exchange>().unwrap().upgrade();
            tokio::spawn(async move {
                let mut other = Upgraded::from(upgrade.await.unwrap());
                other.write_all(b"ready").await.unwrap();
                other.shutdown().await.unwrap();
            });
            answer.status(101).header("Upgrade", "echo").body(Body::empty())
        }
        "/id" => answer.body(Body::from(request.extensions().get::<Exchange>().unwrap().id())),
        _ => answer.body(Body::from("Hello, World!")),
    };
    Ok(answer.unwrap())
}

/// A server that is still to be told of its logger.
async fn server() -> Server<Tcp, impl HttpService<Answer: Send, Content: Send> + Clone + Send + 'static> {
    server_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
}

fn server_on<L: IntoListener>(
    listener: L,
) -> Server<L::Listener, impl HttpService<Answer: Send, Content: Send> + Clone + Send + 'static> {
    #[cfg(feature = "tracing")]
    spans::subscribe();
    serve(listener, service_fn(answer))
}

/// Sends requests, the last of which ends the connection, and returns everything that is answered.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, requests: impl AsRef<[u8]>) -> String {
    let mut answers = Vec::new();
    within(stream.write_all(requests.as_ref())).await.unwrap();
    within(stream.shutdown()).await.unwrap();
    within(stream.read_to_end(&mut answers)).await.unwrap();
    String::from_utf8(answers).unwrap()
}

async fn connect(address: &http_tokio::Address) -> TcpStream {
    within(TcpStream::connect(address.tcp().unwrap())).await.unwrap()
}

/// Hands entries to the test.
struct Tell(Sender<Entry>);

impl Logger for Tell {
    fn log(&self, entry: Entry) {
        let _ = self.0.send(entry);
    }
}

/// What was written so far, for a test to look at.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// All of it, once there are so many lines.
    async fn lines(&self, count: usize) -> Vec<String> {
        until(|| self.text().lines().count() >= count).await;
        assert!(self.text().ends_with('\n'));
        self.text().lines().map(str::to_owned).collect()
    }
}

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One exchange as a logger is told of it.
async fn entry(request: &str) -> Entry {
    let (tell, told) = std::sync::mpsc::channel();
    let server = server().await.logger(Tell(tell)).spawn();
    talk(connect(server.local_addr()).await, request).await;
    within(server.shutdown(Duration::ZERO)).await;
    told.recv_timeout(DEADLINE).unwrap()
}
