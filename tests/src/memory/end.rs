//! [`End`]: a connection of level 1 on a wire, polled by hand.

use super::clock::{Clock, Ticker};
use super::pipe::{Peer, Shape, Wire, wire};
use super::world::Wakes;
use bytes::Bytes;
use http_driver::{Connection, Error, Inbox, Side};
use http_proto::{Client, Config, Event, Fields, Server};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// An event, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The start line and the fields.
    Head(String),
    /// Content.
    Payload(Vec<u8>),
    /// The trailers.
    Complete(String),
    /// The octets of the next protocol.
    Tail(Vec<u8>),
    /// A command is due.
    Paused,
    /// The last one.
    Closed,
}

fn lines(fields: Fields<'_>) -> String {
    fields.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value))).collect()
}

/// A role whose heads can be shown.
pub trait Shown: Side {
    /// A head as text.
    fn show(head: Self::Head<'_>) -> String;
}

impl Shown for Server {
    fn show(head: Self::Head<'_>) -> String {
        format!("{} {}\n{}", head.method(), head.target(), lines(head.fields()))
    }
}

impl Shown for Client {
    fn show(head: Self::Head<'_>) -> String {
        format!("{}\n{}", head.status(), lines(head.fields()))
    }
}

impl Seen {
    /// An event of a connection, kept.
    pub fn new<R: Shown>(event: Event<'_, R::Head<'_>>) -> Self {
        match event {
            Event::HeadersComplete(head) => Seen::Head(R::show(head)),
            Event::Payload(octets) => Seen::Payload(octets.to_vec()),
            Event::MessageComplete(trailers) => Seen::Complete(lines(trailers)),
            Event::UpgradeTail(octets) => Seen::Tail(octets.to_vec()),
            Event::NeedInput => panic!("never returned"),
            Event::Paused => Seen::Paused,
            Event::Closed => Seen::Closed,
        }
    }

    /// The events with payloads that follow each other joined.
    pub fn joined(events: impl IntoIterator<Item = Seen>) -> Vec<Seen> {
        let mut joined = Vec::new();
        for event in events {
            match (joined.last_mut(), event) {
                (Some(Seen::Payload(all)), Seen::Payload(more)) => all.extend(more),
                (_, event) => joined.push(event),
            }
        }
        joined
    }
}

/// A connection that is polled by hand.
pub struct End<R: Side> {
    /// The connection.
    pub conn: Connection<R, Wire, Ticker>,
    /// Its buffer.
    pub inbox: Inbox,
    /// Its clock.
    pub clock: Clock,
    /// Counts its wake-ups.
    pub wakes: Arc<Wakes>,
    waker: Waker,
}

/// A server with the default bounds.
pub fn server() -> (End<Server>, Peer) {
    server_with(Config::server(), Shape::default())
}

/// A client with the default bounds.
pub fn client() -> (End<Client>, Peer) {
    client_with(Config::client(), Shape::default())
}

/// A server.
pub fn server_with(config: Config, shape: Shape) -> (End<Server>, Peer) {
    let (wire, peer) = wire(shape);
    let clock = Clock::new();
    (End::new(Connection::server(wire, Arc::new(config)), clock), peer)
}

/// A client.
pub fn client_with(config: Config, shape: Shape) -> (End<Client>, Peer) {
    let (wire, peer) = wire(shape);
    let clock = Clock::new();
    (End::new(Connection::client(wire, Arc::new(config)), clock), peer)
}

impl<R: Shown> End<R> {
    /// A connection, and the clock that it runs on.
    pub fn new(conn: Connection<R, Wire, Ticker>, clock: Clock) -> Self {
        let wakes = Arc::<Wakes>::default();
        End { conn, inbox: Inbox::new(), clock, waker: Waker::from(Arc::clone(&wakes)), wakes }
    }

    /// Polls a future of this connection once, then drops it.
    pub fn poll<T>(&mut self, work: impl AsyncFnOnce(&mut Connection<R, Wire, Ticker>, &mut Inbox) -> T) -> Option<T> {
        let future = pin!(work(&mut self.conn, &mut self.inbox));
        match future.poll(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Polls a future of this connection anew as long as it wakes itself; `None`: it waits.
    pub fn run<T>(
        &mut self,
        mut work: impl AsyncFnMut(&mut Connection<R, Wire, Ticker>, &mut Inbox) -> T,
    ) -> Option<T> {
        for _ in 0..1_000_000 {
            self.wakes.take();
            let output = self.poll(&mut work);
            if output.is_some() || !self.wakes.take() {
                return output;
            }
        }
        panic!("it never rests");
    }

    /// The next event or error; `None`: it waits.
    pub fn try_next(&mut self) -> Option<Result<Seen, Error>> {
        self.run(async |conn, inbox| conn.next_event(inbox).await.map(Seen::new::<R>))
    }

    /// The next event.
    pub fn event(&mut self) -> Seen {
        self.try_next().expect("an event").expect("no error")
    }

    /// Waits, which must be all there is to do.
    pub fn rest(&mut self) {
        if let Some(event) = self.try_next() {
            panic!("{event:?} instead of waiting");
        }
    }

    /// All events until it waits or is closed; payloads joined.
    pub fn events(&mut self) -> Vec<Seen> {
        let mut events = Vec::new();
        while let Some(event) = self.try_next() {
            let event = event.expect("no error");
            let last = matches!(event, Seen::Closed | Seen::Paused);
            events.push(event);
            if last {
                break;
            }
        }
        Seen::joined(events)
    }

    /// All events, and the error behind them; payloads joined.
    pub fn failure(&mut self) -> (Vec<Seen>, Error) {
        let mut events = Vec::new();
        loop {
            match self.try_next() {
                Some(Ok(event)) if event != Seen::Closed => events.push(event),
                Some(Err(error)) => return (Seen::joined(events), error),
                other => panic!("{other:?} instead of an error behind {events:?}"),
            }
        }
    }

    /// The error that comes next.
    pub fn error(&mut self) -> Error {
        match self.try_next() {
            Some(Err(error)) => error,
            other => panic!("{other:?} instead of an error"),
        }
    }

    /// Waits for room; whether there is.
    pub fn ready(&mut self) -> bool {
        self.run(async |conn, _| conn.ready().await).is_some()
    }

    /// Writes everything; whether that could be done.
    pub fn flush(&mut self) -> bool {
        self.run(async |conn, _| conn.flush().await).is_some()
    }

    /// Closes in good order; `None`: that takes longer.
    pub fn close(&mut self) -> Option<Result<(), Error>> {
        self.run(async |conn, inbox| conn.close(inbox).await)
    }

    /// Hands over what the last event was about.
    pub fn retain(&mut self) -> Bytes {
        self.inbox.retain()
    }
}
