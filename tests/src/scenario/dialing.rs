//! How connections are opened, on real sockets: addresses that do not answer, names, deadlines, and level 1 from a URI.

use super::running::on_thread;
use super::{Build, DEADLINE, Rig, SHORT, app, exchange_of, start_routes, text};
use http_driver::{
    Address, Connect, ConnectError, Connection, Dialer, Inbox, Resolve, Target, Timer, Transport, UriError,
    connect_with,
};
use http_proto::{BodyLength, Client, Config, Event, RequestHead};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, mpsc};

/// What `work` comes to, on a runtime of its own.
pub(super) fn run<F>(rig: impl Rig, work: F) -> F::Output
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let (send, receive) = mpsc::channel();
    let thread = on_thread(rig, move || async move { send.send(work.await).unwrap() });
    match receive.recv_timeout(DEADLINE) {
        Ok(output) => {
            thread.join().unwrap();
            output
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the deadline of the test"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Where a name leads.
pub(super) fn to(addresses: impl Into<Vec<SocketAddr>>) -> impl Resolve {
    let addresses = addresses.into();
    move |_: &str, _: u16| std::future::ready(Ok(addresses.clone()))
}

/// The two ends of the connection that a dialer opens with what `set` sets.
fn dial<R: Rig>(
    rig: R,
    set: impl FnOnce(Dialer<R::Runtime>) -> Dialer<R::Runtime> + Send + 'static,
) -> Result<(Address, Address), ConnectError> {
    run(rig, async move {
        let connected = set(Dialer::new(rig.runtime())).connect(&target("http://name/")).await?;
        Ok((connected.socket.local, connected.socket.peer))
    })
}

fn target(uri: &str) -> Target {
    Target::of(&uri.parse().unwrap()).unwrap()
}

pub(super) fn socket() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn listener() -> (TcpListener, SocketAddr) {
    let (socket, address) = socket();
    socket.listen(8).unwrap();
    (socket.into(), address)
}

/// A listener with a full backlog: who knocks hears nothing.
pub(super) fn black_hole() -> (Socket, Vec<TcpStream>, SocketAddr) {
    let (socket, address) = socket();
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    let mut unheard = 0;
    while unheard < 2 {
        match TcpStream::connect_timeout(&address, SHORT) {
            Ok(stream) => waiting.push(stream),
            Err(_) => unheard += 1,
        }
        assert!(waiting.len() < 100, "no end of the backlog");
    }
    (socket, waiting, address)
}

/// One exchange: the content of the answer.
async fn ask<Io: Transport, T: Timer>(http: &mut Connection<Client, Io, T>, target: &str) -> String {
    http.start(&RequestHead::get("h", target), BodyLength::Empty).unwrap();
    let mut inbox = Inbox::new();
    let mut content = Vec::new();
    loop {
        match http.next_event(&mut inbox).await.unwrap() {
            Event::HeadersComplete(response) => assert_eq!(response.status(), 200),
            Event::Payload(octets) => content.extend(octets),
            Event::MessageComplete(_) => return String::from_utf8(content).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

// N50
pub fn an_address_that_refuses_gives_way(rig: impl Rig) {
    // Bound, so that nobody else listens there.
    let (_refuses, first) = socket();
    let (_listens, second) = listener();
    let ends = dial(rig, move |dialer| dialer.resolver(to([first, second])));
    assert_eq!(ends.unwrap().1, Address::Tcp(second));
    match dial(rig, move |dialer| dialer.resolver(to([first]))) {
        Err(ConnectError::Connect(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        other => panic!("{other:?}"),
    }
}

// N50
pub fn an_address_that_does_not_answer_gives_way(rig: impl Rig) {
    let (_hole, _full, first) = black_hole();
    let (_listens, second) = listener();
    let ends = dial(rig, move |dialer| dialer.resolver(to([first, second])).attempt_delay(SHORT));
    assert_eq!(ends.unwrap().1, Address::Tcp(second));
}

// X6: resolve, connect
pub fn opening_a_connection_has_deadlines(rig: impl Rig) {
    let (_hole, _full, address) = black_hole();
    let ends = dial(rig, move |dialer| dialer.resolver(to([address])).connect_timeout(SHORT));
    assert!(matches!(ends, Err(ConnectError::ConnectTimeout)));
    let never = |_: &str, _: u16| std::future::pending();
    let ends = dial(rig, move |dialer| dialer.resolver(never).resolve_timeout(SHORT));
    assert!(matches!(ends, Err(ConnectError::ResolveTimeout)));
}

// N50: the name of loopback is known everywhere, whatever family it stands for; a label of 64 octets is none.
pub fn the_system_resolves_names(rig: impl Rig) {
    let (_listens, address) = listener();
    let connected = run(rig, async move {
        let dialer = Dialer::new(rig.runtime());
        let connected = dialer.connect(&target(&format!("http://localhost:{}/", address.port()))).await.unwrap();
        assert!(connected.resolve.is_some());
        match dialer.connect(&target(&format!("http://{}/", "x".repeat(64)))).await {
            Err(ConnectError::Resolve(_)) => {}
            other => panic!("{:?}", other.map(|connected| connected.socket.peer)),
        }
        connected.socket.peer
    });
    assert_eq!(connected, Address::Tcp(address));
}

// N50
pub fn a_local_address_is_seen_by_the_server(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    // Linux has all of 127.0.0.0/8.
    let from = Ipv4Addr::new(127, 0, 0, 2);
    let uri = format!("http://{}/", server.address);
    let seen = run(rig, async move {
        let dialer = Dialer::new(rig.runtime()).local_address(from.into());
        let mut http = connect_with(uri, &dialer, Arc::new(Config::client())).await.unwrap();
        ask(&mut http, "/peer").await
    });
    assert_eq!(seen.parse::<SocketAddr>().unwrap().ip(), from);
}

// N50
pub fn a_unix_socket_is_dialed(rig: impl Rig) {
    let path = std::env::temp_dir().join(format!("dialing-{}-{:?}", std::process::id(), std::thread::current().id()));
    let listener = UnixListener::bind(&path).unwrap();
    let to = path.clone();
    let content = run(rig, async move {
        let dialer = Dialer::new(rig.runtime()).unix_socket(to);
        let service = app(|request| async move { text(exchange_of(&request).connection().local().to_string()) });
        let server = rig.serve_unix(listener, service).spawn();
        let connected = dialer.connect(&target("http://name/")).await.unwrap();
        let mut http = connect_with("http://name/", &dialer, Arc::new(Config::client())).await.unwrap();
        let content = ask(&mut http, "/").await;
        server.dispose().await;
        (content, connected.socket.peer.to_string())
    });
    let address = format!("unix:{}", path.display());
    assert_eq!(content, (address.clone(), address));
    std::fs::remove_file(path).unwrap();
}

// I18: level 1 from a URI.
pub fn a_uri_leads_to_a_connection(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let uri = format!("http://{}/ignored", server.address);
    run(rig, async move {
        let mut http = rig.connect(uri).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ask(&mut http, "/").await, "Hello, World!");
        }
        http.close(&mut Inbox::new()).await.unwrap();
    });
    assert_eq!(probe.calls(), 2);
    assert_eq!(server.shutdown(DEADLINE), 0);
}

pub fn a_uri_may_lead_nowhere(rig: impl Rig) {
    let (_refuses, address) = socket();
    run(rig, async move {
        let failed = async |uri: &str| rig.connect(uri.to_owned()).await.map(drop).unwrap_err();
        assert!(matches!(failed("http://a b/").await, ConnectError::Uri(UriError::Malformed)));
        assert!(matches!(failed("/path").await, ConnectError::Uri(UriError::NoScheme)));
        assert!(matches!(failed("http://user@h/").await, ConnectError::Uri(UriError::UserInfo)));
        #[cfg(not(feature = "tls"))]
        assert!(matches!(failed("https://h/").await, ConnectError::NoTls));
        match failed(&format!("http://{address}/")).await {
            ConnectError::Connect(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            other => panic!("{other:?}"),
        }
    });
}

// N27: what is dropped half sent is reset, so that the server cannot take a part for the whole.
pub fn a_request_that_is_given_up_is_reset(rig: impl Rig) {
    let (listener, address) = listener();
    let (sent, wait) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut octets = [0; 4];
        stream.read_exact(&mut octets).unwrap();
        assert_eq!(&octets, b"POST");
        sent.send(()).unwrap();
        std::io::read_to_string(stream).unwrap_err().kind()
    });
    run(rig, async move {
        let mut http = rig.connect(format!("http://{address}")).await.unwrap();
        http.start(&RequestHead::new("POST", "/").host("h"), BodyLength::Exact(9)).unwrap();
        http.flush().await;
        wait.recv_timeout(DEADLINE).unwrap();
    });
    assert_eq!(server.join().unwrap(), ErrorKind::ConnectionReset);
}
