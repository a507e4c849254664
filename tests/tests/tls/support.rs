//! A server with TLS in a world.

use http::{Request, Response};
use http_driver::rustls::ServerConfig;
use http_driver::{Body, BoxError, Exchange, Server, ServerHandle};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::certificates::{Authority, Identity};
use tests::memory::{Backlog, Dial, Peer, Secret, Shape, Spawner, World, site};
use tests::scenario::{App, app};

pub(crate) const NAME: &str = "example.com";
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What hooks were told.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) dial: Dial,
    pub(crate) handle: ServerHandle<App>,
    pub(crate) authority: Authority,
    pub(crate) log: Log,
}

/// Tells what is known of its connection.
pub(crate) async fn about(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().unwrap();
    let tls = exchange.connection().tls().expect("every connection has TLS");
    let certificates = tls.peer_certificates().len();
    let alpn = tls.alpn().map(|name| name.escape_ascii().to_string());
    let text = format!("{:?} {:?} {:?} {certificates}", tls.version(), tls.server_name(), alpn);
    Ok(Response::new(text.into()))
}

pub(crate) type Set = fn(Server<Spawner, Backlog, App>) -> Server<Spawner, Backlog, App>;

impl Site {
    pub(crate) fn new() -> Self {
        let (authority, identity) = authority();
        Self::with(authority, identity.server(), app(about), |server| server)
    }

    pub(crate) fn with(authority: Authority, config: ServerConfig, app: App, set: Set) -> Self {
        let world = World::new();
        let log = Log::default();
        let (connected, failed, closed) = (Arc::clone(&log), Arc::clone(&log), Arc::clone(&log));
        let (dial, handle) = site(&world, app, move |server| {
            let server = server
                .on_connect(move |_| connected.lock().unwrap().push("connected".into()))
                .on_tls_error(move |_, error| failed.lock().unwrap().push(format!("{:?}", error.kind())))
                .on_close(move |_, ended| {
                    let cause = ended.transport.as_ref().map(|error| error.kind());
                    closed.lock().unwrap().push(format!("closed {cause:?}"));
                });
            set(server).tls(Arc::new(config))
        });
        Site { world, dial, handle, authority, log }
    }

    /// What hooks were told since the last time.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// A client in the clear, with nothing sent.
    pub(crate) fn open(&mut self, shape: Shape) -> Peer {
        let peer = self.dial.open(shape);
        self.world.turn();
        peer
    }

    /// A client that has not begun.
    pub(crate) fn client(&mut self) -> Secret {
        let config = self.authority.client();
        Secret::client(self.open(Shape::default()), &config, NAME)
    }

    /// Lets client and server talk until both rest.
    pub(crate) fn talk(&mut self, client: &mut Secret) {
        self.world.turn();
        while client.pump() {
            self.world.turn();
        }
    }

    /// A client behind its handshake.
    pub(crate) fn ready(&mut self) -> Secret {
        let mut client = self.client();
        self.talk(&mut client);
        assert!(!client.tls.is_handshaking());
        client
    }

    /// The answer to a request of this client.
    #[track_caller]
    pub(crate) fn ask(&mut self, client: &mut Secret, request: impl AsRef<[u8]>) -> String {
        client.send(request);
        self.world.turn();
        client.text()
    }
}

pub(crate) fn authority() -> (Authority, Identity) {
    let authority = Authority::new();
    let identity = authority.identity(&[NAME]);
    (authority, identity)
}

/// The content of an answer that is there whole.
pub(crate) fn content(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}
