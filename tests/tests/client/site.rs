//! [`Site`]: a client in a world, whose servers are played by the test.

use bytes::Bytes;
use http::{Request, Response};
use http_driver::{Body, BodyError, Client, ClientBuilder, ClientExchange, Phases, RequestError};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tests::memory::{Lines, Outcome, Peer, Task, World, send};

pub(super) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
pub(super) const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

pub(super) struct Site {
    pub(super) world: World,
    pub(super) lines: Lines,
    pub(super) client: Client<Lines>,
}

pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn get() -> Request<Body> {
    get_from("http://example.com/")
}

pub(super) fn get_from(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

pub(super) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("http://example.com/").body(body.into()).unwrap()
}

impl Site {
    pub(super) fn new() -> Self {
        Site::with(|client| client)
    }

    /// With what `set` sets.
    pub(super) fn with(set: impl FnOnce(ClientBuilder<Lines>) -> ClientBuilder<Lines>) -> Self {
        let world = World::new();
        let lines = Lines::new(&world);
        let client = lines.client(set);
        Site { world, lines, client }
    }

    pub(super) fn send(&mut self, request: Request<Body>) -> Task<Outcome> {
        let task = send(&self.world, &self.client, request);
        self.world.turn();
        task
    }

    /// Sends a request on a new connection.
    pub(super) fn open(&mut self, request: Request<Body>) -> (Task<Outcome>, Peer) {
        let task = self.send(request);
        (task, self.lines.peer())
    }

    /// Sends octets of a server.
    pub(super) fn answer(&mut self, peer: &Peer, octets: impl AsRef<[u8]>) {
        peer.send(octets);
        self.world.turn();
    }

    /// A connection that has served one request, and is idle.
    pub(super) fn idle(&mut self) -> Peer {
        let (task, peer) = self.open(get());
        self.answer(&peer, NO_CONTENT);
        task.done().unwrap();
        peer.read();
        assert_eq!(self.client.connections().idle, 1);
        peer
    }

    /// Runs a future until it waits.
    pub(super) fn task<T: Send + 'static>(&mut self, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let task = Task::new(&self.world, future);
        self.world.turn();
        task
    }

    pub(super) fn collect(&mut self, mut body: Body) -> Task<Result<Bytes, BodyError>> {
        self.task(async move { body.collect(1 << 20).await })
    }

    /// All content of an answer, which must have come.
    pub(super) fn text(&mut self, response: Response<Body>) -> String {
        let content = self.collect(response.into_body()).done().unwrap();
        String::from_utf8(content.to_vec()).unwrap()
    }

    /// No connection is left, and nobody waits for one.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.client.connections();
        (state.connections, state.idle, state.waiting) == (0, 0, 0)
    }
}

pub(super) fn exchange(response: &Response<Body>) -> ClientExchange {
    response.extensions().get::<ClientExchange>().expect("an exchange").clone()
}

pub(super) fn phases(response: &Response<Body>) -> Phases {
    exchange(response).phases()
}

/// Why a request got no answer, shown where it did.
pub(super) fn error(task: &Task<Outcome>) -> RequestError {
    match task.done() {
        Err(error) => error,
        Ok(response) => panic!("{response:?}"),
    }
}

/// Polls a future once.
pub(super) fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Looks at an exchange, and for idle connections, at the moment at which it is woken.
pub(super) struct Looks {
    pub(super) client: Client<Lines>,
    pub(super) exchange: ClientExchange,
    pub(super) seen: Mutex<Option<(Phases, usize)>>,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let seen = (self.exchange.phases(), self.client.connections().idle);
        *self.seen.lock().unwrap() = Some(seen);
    }
}

impl Looks {
    /// Waits for content in this way.
    pub(super) fn wait(site: &Site, response: &mut Response<Body>) -> Arc<Self> {
        let (client, exchange) = (site.client.clone(), exchange(response));
        let looks = Arc::new(Looks { client, exchange, seen: Mutex::new(None) });
        let waker = Waker::from(Arc::clone(&looks));
        let body = Pin::new(response.body_mut());
        assert!(http_body::Body::poll_frame(body, &mut Context::from_waker(&waker)).is_pending());
        looks
    }

    /// What it saw.
    pub(super) fn seen(&self) -> (Phases, usize) {
        self.seen.lock().unwrap().take().expect("it was woken")
    }
}
