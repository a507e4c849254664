//! TLS of a client, in memory: what it makes of servers, and how its connections end.

use crate::support::{NAME, authority, secs};
use http::{Request, StatusCode};
use http_driver::rustls::{ClientConfig, Error, ServerConfig};
use http_driver::{
    Address, Body, BodyError, Client, ClientBuilder, ClientExchange, ConnectError, Dial, Dialer, Opened, Phase,
    RequestError, Runtime, TlsErrorKind,
};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tests::certificates::{Authority, VERSIONS};
use tests::memory::{Peer, Secret, Shape, Spawner, Task, Ticker, Wire, World, wire};

const URI: &str = "https://example.com/";
const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A runtime whose connections lead to the test.
#[derive(Clone)]
struct Net {
    spawner: Spawner,
    peers: Arc<Mutex<VecDeque<Peer>>>,
}

impl Runtime for Net {
    type Timer = Ticker;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(task);
    }
}

impl Net {
    fn open(&self) -> impl Future<Output = io::Result<Opened<Wire>>> + Send + 'static {
        let (io, peer) = wire(Shape::default());
        self.peers.lock().unwrap().push_back(peer);
        std::future::ready(Ok(Opened { io, local: Address::Unknown, peer: Address::Unknown }))
    }
}

impl Dial for Net {
    type Io = Wire;

    fn tcp(&self, _: SocketAddr, _: Option<IpAddr>) -> impl Future<Output = io::Result<Opened<Wire>>> + Send + 'static {
        self.open()
    }

    fn unix(&self, _: &Path) -> impl Future<Output = io::Result<Opened<Wire>>> + Send + 'static {
        self.open()
    }

    fn lookup(&self, _: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        std::future::ready(Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]))
    }
}

struct Site {
    world: World,
    net: Net,
    client: Client<Dialer<Net>>,
    server: ServerConfig,
}

type Outcome = Task<Result<http::Response<Body>, RequestError>>;

impl Site {
    fn new() -> Self {
        let (authority, identity) = authority();
        Self::with(authority.client(), identity.server(), |client| client)
    }

    fn with(
        config: ClientConfig,
        server: ServerConfig,
        set: impl FnOnce(ClientBuilder<Dialer<Net>>) -> ClientBuilder<Dialer<Net>>,
    ) -> Self {
        let world = World::new();
        let net = Net { spawner: world.spawner(), peers: Arc::default() };
        let dialer = Dialer::new(net.clone()).tls(Arc::new(config));
        let client = set(ClientBuilder::new(dialer)).build();
        Site { world, net, client, server }
    }

    fn send(&mut self, uri: &str) -> Outcome {
        let (client, request) = (self.client.clone(), Request::get(uri).body(Body::empty()).unwrap());
        let task = Task::new(&self.world, async move { client.execute(request).await });
        self.world.turn();
        task
    }

    /// The other end of the connection opened next, in the clear.
    fn peer(&mut self) -> Peer {
        self.net.peers.lock().unwrap().pop_front().expect("a connection has been opened")
    }

    fn opened(&self) -> usize {
        self.net.peers.lock().unwrap().len()
    }

    fn talk(&mut self, server: &mut Secret) {
        self.world.turn();
        while server.pump() {
            self.world.turn();
        }
    }

    /// The other end of the connection opened next, behind its handshake.
    fn server(&mut self) -> Secret {
        let mut server = Secret::server(self.peer(), &self.server);
        self.talk(&mut server);
        server
    }

    fn answer(&mut self, server: &mut Secret, octets: &str) {
        server.send(octets);
        self.world.turn();
    }

    fn collect(&mut self, mut body: Body) -> Task<Result<bytes::Bytes, BodyError>> {
        let task = Task::new(&self.world, async move { body.collect(1 << 20).await });
        self.world.turn();
        task
    }

    /// Why a request fails whose server speaks as in `play`.
    fn failure(mut self, play: impl FnOnce(&mut Self)) -> RequestError {
        let task = self.send(URI);
        play(&mut self);
        self.world.turn();
        task.done().unwrap_err()
    }
}

#[track_caller]
fn kind(error: RequestError) -> TlsErrorKind {
    assert!(error.may_retry());
    match error {
        RequestError::Connect(ConnectError::Tls(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

// L4, N26, X6, X7
#[test]
fn requests_share_a_connection_with_tls() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let mut site = Site::with(authority.client_of(&[version]), identity.server(), |client| client);
        let task = site.send(URI);
        site.world.advance(secs(2));
        let mut server = site.server();
        assert_eq!(server.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
        site.answer(&mut server, HELLO);
        let answer = task.done().unwrap();
        let exchange = answer.extensions().get::<ClientExchange>().unwrap().clone();
        assert_eq!(exchange.phases().tls, Some(secs(2)));
        assert_eq!(exchange.phases().ready, secs(2));
        let tls = exchange.connection().tls().unwrap().clone();
        assert_eq!(tls.version(), version.version);
        assert_eq!(tls.server_name(), Some(NAME));
        assert_eq!(tls.alpn(), None, "the server knows none");
        assert_eq!(tls.peer_certificates(), identity.chain());
        assert_eq!(site.collect(answer.into_body()).done().unwrap(), "hello");

        let task = site.send("https://example.com:443/second");
        site.answer(&mut server, HELLO);
        let answer = task.done().unwrap();
        let exchange = answer.extensions().get::<ClientExchange>().unwrap();
        assert_eq!((exchange.number(), exchange.phases().tls), (2, None));
        // In the clear it is another origin.
        site.send("http://example.com:443/");
        assert_eq!(site.opened(), 1);
        assert_eq!(site.peer().text(), "GET / HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    }
}

#[test]
fn a_certificate_is_shown_to_servers_that_want_one() {
    let (authority, identity) = authority();
    let mine = authority.identity(&["client"]);
    for version in VERSIONS {
        let config = authority.client_showing(&mine, &[version]);
        let mut site = Site::with(config, authority.demanding_server(&identity), |client| client);
        let task = site.send(URI);
        let mut server = site.server();
        assert_eq!(server.tls.peer_certificates().unwrap(), mine.chain());
        site.answer(&mut server, HELLO);
        assert_eq!(task.done().unwrap().status(), StatusCode::OK);
        // Without one, the server says why it refuses; under TLS 1.3 behind the handshake.
        let site = Site::with(authority.client_of(&[version]), authority.demanding_server(&identity), |client| client);
        let error = site.failure(|site| _ = site.server());
        match error {
            RequestError::Connect(ConnectError::Tls(error)) => assert_eq!(error.kind(), TlsErrorKind::Refused),
            RequestError::Broken(error) => assert!(format!("{error}").contains("CertificateRequired"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

// X6
#[test]
fn every_failure_has_its_kind() {
    let (authority, identity) = authority();
    let site = |server: ServerConfig| Site::with(authority.client(), server, |client| client);
    let handshake = |site: &mut Site| _ = site.server();
    // Whoever is not trusted is told why.
    let refused = |server: ServerConfig| {
        let mut told = None;
        let kind = kind(site(server).failure(|site| told = site.server().error));
        assert!(matches!(told, Some(Error::AlertReceived(_))), "{kind:?}: {told:?}");
        kind
    };
    let strange = Authority::new().identity(&[NAME]);
    assert_eq!(refused(strange.server()), TlsErrorKind::Untrusted);
    let expired = authority.expired(&[NAME]);
    assert_eq!(refused(expired.server()), TlsErrorKind::Expired);
    let other = authority.identity(&["example.org"]);
    assert_eq!(refused(other.server()), TlsErrorKind::WrongName);

    let new = authority.client_of(&[VERSIONS[1]]);
    let old = Site::with(new, identity.server_of(&[VERSIONS[0]]), |client| client);
    assert_eq!(kind(old.failure(handshake)), TlsErrorKind::Refused);
    let mut h2 = identity.server();
    h2.alpn_protocols = vec![b"h2".to_vec()];
    assert_eq!(kind(site(h2).failure(handshake)), TlsErrorKind::Refused);

    let plain = |site: &mut Site| site.peer().send("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(kind(site(identity.server()).failure(plain)), TlsErrorKind::Protocol);
    assert_eq!(kind(site(identity.server()).failure(|site| site.peer().fin())), TlsErrorKind::Closed);
    assert_eq!(kind(site(identity.server()).failure(|site| site.peer().reset())), TlsErrorKind::Transport);

    let silent = site(identity.server()).failure(|site| {
        let peer = site.peer();
        site.world.advance(secs(9));
        assert!(!peer.counts().dropped);
        site.world.advance(secs(1));
        assert!(peer.counts().dropped);
    });
    assert!(matches!(silent, RequestError::Timeout(Phase::Tls)), "{silent:?}");
    assert!(silent.may_retry());
}

// N31: whoever cuts the connection off between the two must not decide where content ends.
#[test]
fn content_that_ends_with_the_connection_ends_with_close_notify() {
    for version in VERSIONS {
        let pieces = ["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "hel", "lo"];
        let begin = || {
            let (authority, identity) = authority();
            let mut site = Site::with(authority.client_of(&[version]), identity.server(), |client| client);
            let task = site.send(URI);
            let mut server = site.server();
            server.read();
            let octets: Vec<_> = pieces.iter().map(|piece| server.seal(piece)).collect();
            (site, task, server, octets)
        };
        let (mut site, task, mut server, octets) = begin();
        server.peer.send(octets.concat());
        server.close();
        server.peer.fin();
        site.world.turn();
        let body = task.done().unwrap().into_body();
        assert_eq!(site.collect(body).done().unwrap(), "hello");

        let (head, all) = (octets[0].len(), octets.concat().len());
        for cut in 0..=all {
            let (mut site, task, server, octets) = begin();
            server.peer.send_last(&octets.concat()[..cut]);
            site.world.turn();
            let answer = task.done();
            assert_eq!(answer.is_ok(), cut >= head, "{cut} octets");
            if let Ok(answer) = answer {
                site.collect(answer.into_body()).done().unwrap_err();
            }
        }
    }
}

#[test]
fn content_of_known_length_needs_no_close_notify() {
    let mut site = Site::new();
    let task = site.send(URI);
    let mut server = site.server();
    server.send(HELLO);
    server.peer.fin();
    site.world.turn();
    let body = task.done().unwrap().into_body();
    assert_eq!(site.collect(body).done().unwrap(), "hello");
}

#[test]
fn connections_that_are_over_end_with_close_notify() {
    // One that served for long enough, one that its server gives up, one that goes with the client.
    for way in 0..3 {
        let mut site = Site::new();
        let task = site.send(URI);
        let mut server = site.server();
        server.read();
        let head = if way == 1 { "HTTP/1.1 200 OK\r\nConnection: close\r\n" } else { "HTTP/1.1 200 OK\r\n" };
        site.answer(&mut server, &format!("{head}Content-Length: 5\r\n\r\nhello"));
        let body = task.done().unwrap().into_body();
        assert_eq!(site.collect(body).done().unwrap(), "hello");
        match way {
            0 => site.world.advance(secs(3600)),
            1 => site.world.turn(),
            _ => {
                drop(site.client);
                site.world.turn();
            }
        }
        assert_eq!(server.last(), "", "{way}");
        assert!(server.peer.saw_fin());
    }
}

#[test]
fn a_request_that_is_given_up_is_reset() {
    let mut site = Site::new();
    let client = site.client.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let mut request = Box::pin(async move { client.execute(Request::get(URI).body(Body::empty()).unwrap()).await });
    site.world.spawn(std::future::poll_fn(move |cx| {
        assert!(request.as_mut().poll(cx).is_pending());
        stopped.try_recv().map_or(std::task::Poll::Pending, |()| std::task::Poll::Ready(()))
    }));
    site.world.turn();
    let mut server = site.server();
    server.read();
    stop.send(()).unwrap();
    server.send("HTTP/1.1 100 Continue\r\n\r\n");
    site.world.turn();
    assert!(server.peer.saw_reset());
    assert!(!server.read().1);
}

fn proxied(uri: &str, authority: &Authority, server: ServerConfig) -> Site {
    Site::with(authority.client(), server, |client| client.proxy(&uri.parse().unwrap()).unwrap())
}

/// Plays a proxy in the clear: the rest of the connection leads to the server.
fn tunnel(site: &mut Site) -> Peer {
    let peer = site.peer();
    assert_eq!(peer.text(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    peer
}

// N48
#[test]
fn a_proxy_makes_a_tunnel_for_https() {
    let (authority, identity) = authority();
    let mut site = proxied("http://proxy.example:3128", &authority, identity.server());
    let task = site.send(URI);
    let peer = tunnel(&mut site);
    site.world.advance(secs(3));
    peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
    site.world.turn();
    let mut server = Secret::server(peer, &site.server);
    site.talk(&mut server);
    assert_eq!(server.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    site.answer(&mut server, HELLO);
    let answer = task.done().unwrap();
    let exchange = answer.extensions().get::<ClientExchange>().unwrap().clone();
    assert_eq!(exchange.connection().tls().unwrap().server_name(), Some(NAME));
    assert_eq!(exchange.phases().connect, Some(secs(3)));
    drop(answer);
    // The tunnel is kept for its origin; what is in the clear goes to the proxy itself.
    let again = site.send(URI);
    site.answer(&mut server, HELLO);
    assert!(again.done().is_ok());
    site.send("http://example.com/plain");
    let plain = site.peer().text();
    assert!(plain.starts_with("GET http://example.com/plain HTTP/1.1\r\n"), "{plain}");
}

// N48
#[test]
fn a_proxy_may_speak_tls_itself() {
    let authority = Authority::new();
    let both = authority.identity(&[NAME, "proxy.example"]);
    let mut site = proxied("https://proxy.example", &authority, both.server());
    let task = site.send(URI);
    let mut proxy = site.server();
    assert_eq!(proxy.text(), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    proxy.send("HTTP/1.1 200 OK\r\n\r\n");
    site.world.turn();
    // A second wire stands for what is inside of the first.
    let (_wire, inner) = wire(Shape::default());
    let mut server = Secret::server(inner, &site.server);
    let relay = |site: &mut Site, server: &mut Secret, proxy: &mut Secret, more: &str| {
        let mut out = if more.is_empty() { Vec::new() } else { server.seal(more) };
        loop {
            let (inside, _) = proxy.read();
            let mut rest = &inside[..];
            while !rest.is_empty() {
                server.tls.read_tls(&mut rest).unwrap();
                server.tls.process_new_packets().unwrap();
            }
            out.extend(server.wants());
            if out.is_empty() {
                return;
            }
            proxy.send(std::mem::take(&mut out));
            site.world.turn();
        }
    };
    relay(&mut site, &mut server, &mut proxy, "");
    assert_eq!(server.text(), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    relay(&mut site, &mut server, &mut proxy, HELLO);
    assert_eq!(task.done().unwrap().status(), StatusCode::OK);
}

// N48, X6
#[test]
fn a_proxy_may_refuse_break_off_or_never_answer() {
    let (authority, identity) = authority();
    let site = || proxied("http://proxy.example:3128", &authority, identity.server());
    for answer in ["407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nbody", "204 No Content\r\n\r\n"] {
        let error = site().failure(|site| tunnel(site).send(format!("HTTP/1.1 {answer}")));
        let status: u16 = answer[..3].parse().unwrap();
        match error {
            RequestError::Connect(ConnectError::ProxyRefused(refused)) => assert_eq!(refused, status),
            other => panic!("{other:?}"),
        }
    }
    let error = site().failure(|site| tunnel(site).fin());
    assert!(matches!(error, RequestError::Connect(ConnectError::Proxy(_))), "{error:?}");
    let error = site().failure(|site| {
        let _peer = tunnel(site);
        site.world.advance(secs(30));
    });
    assert!(matches!(error, RequestError::Timeout(Phase::Tunnel)), "{error:?}");
    // A tunnel to somebody else.
    let strange = Authority::new().identity(&[NAME]);
    let error = site().failure(|site| {
        let peer = tunnel(site);
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        site.world.turn();
        let mut server = Secret::server(peer, &strange.server());
        site.talk(&mut server);
    });
    assert_eq!(kind(error), TlsErrorKind::Untrusted);
}
