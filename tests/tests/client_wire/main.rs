//! The client of level 1 on real sockets, against servers that do what they want: scripts of octets, and this library's
//! own server. What it decides is tested in memory; here it is that nothing of it is lost on a socket.

mod both_ends;
mod deadlines;
mod duplex;
mod exchanges;
mod hostile;
mod upgrades;

use http_driver::{Dialer, connect_with};
use http_tokio::role::Client;
use http_tokio::{
    BodyLength, ClientConnection, Config, ConnectError, Error, ErrorKind, Inbox, RequestHead, Socket, State, Tokio,
};
use std::sync::Arc;
use std::time::Duration;
use tests::memory::Seen;
use tests::raw_server::RawServer;

/// Far more than anything takes: who hangs fails.
const LONGEST: Duration = Duration::from_secs(30);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Runs the client's part.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(LONGEST, work).await.expect("it comes to an end") })
}

/// A connection of a client, and what it has received.
struct Wire {
    conn: ClientConnection,
    inbox: Inbox,
}

impl Wire {
    async fn open(server: &RawServer) -> Self {
        Wire::open_with(server, Config::client()).await
    }

    async fn open_with(server: &RawServer, config: Config) -> Self {
        Wire::try_open(server, config).await.expect("a connection")
    }

    async fn try_open(server: &RawServer, config: Config) -> Result<Self, ConnectError> {
        let uri = format!("http://{}/", server.address());
        let conn = connect_with(uri, &Dialer::<Tokio>::default(), Arc::new(config)).await?;
        Ok(Wire { conn, inbox: Inbox::new() })
    }

    fn start(&mut self, method: &str, body: BodyLength) {
        self.conn.start(&RequestHead::new(method, "/").host("h"), body).unwrap();
    }

    fn get(&mut self) {
        self.start("GET", BodyLength::Empty);
    }

    async fn next(&mut self) -> Result<Seen, Error> {
        self.conn.next_event(&mut self.inbox).await.map(Seen::new::<Client>)
    }

    /// Room for content, or an event.
    async fn room(&mut self) -> Result<Option<Seen>, Error> {
        Ok(self.conn.ready_or_event(&mut self.inbox).await?.map(Seen::new::<Client>))
    }

    /// Waits until there is something to be read.
    async fn readable(&self) {
        match self.conn.io().and_then(|io| io.plain()).expect("a socket").get_ref() {
            Socket::Tcp(stream) => stream.readable().await.expect("a socket"),
            other => panic!("{other:?}"),
        }
    }

    /// All events up to the first that is such a one; payloads joined.
    async fn until(&mut self, last: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await.expect("no error"));
            if events.last().is_some_and(&last) {
                return Seen::joined(events);
            }
        }
    }

    /// All events of an answer.
    async fn answer(&mut self) -> Vec<Seen> {
        self.until(|event| matches!(event, Seen::Complete(_))).await
    }

    /// All events, and the error behind them; then it is over.
    async fn failure(&mut self) -> (Vec<Seen>, Error) {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Ok(Seen::Closed) => panic!("closed behind {events:?}"),
                Ok(event) => events.push(event),
                Err(error) => {
                    self.is_over().await;
                    return (Seen::joined(events), error);
                }
            }
        }
    }

    async fn is_over(&mut self) {
        for _ in 0..2 {
            assert_eq!(self.next().await.expect("told once"), Seen::Closed);
        }
        assert_eq!(self.conn.state(), State::Closed);
    }
}

/// A head of these lines.
fn head(text: &str) -> Seen {
    Seen::Head(text.to_owned())
}

fn content(text: &str) -> Seen {
    Seen::Payload(text.into())
}

fn complete(trailers: &str) -> Seen {
    Seen::Complete(trailers.to_owned())
}

/// The kind of an error of the core by its name, or that of the transport.
fn name(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Received(error) => error.kind().name().to_owned(),
        ErrorKind::Transport(error) => error.kind().to_string(),
        other => format!("{other:?}"),
    }
}
