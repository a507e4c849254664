//! Sockets and other streams: their options, their number, and that any will do.

use super::running::{App, on_thread};
use super::{
    Build, Client, DEADLINE, GET, Permits, Rig, SHORT, Sockets, alone, app, block_on, get, start_routes, text, within,
};
use http_driver::Listener;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

// N2
pub fn socket_options_are_set(rig: impl Rig) {
    let (send, address) = mpsc::channel();
    let (done, accepted) = mpsc::channel();
    let server = on_thread(rig, move || async move {
        for nodelay in [true, false] {
            let sockets = Sockets {
                nodelay: Some(nodelay),
                receive_buffer: Some(20_000),
                send_buffer: Some(30_000),
                ..Sockets::default()
            };
            let mut listener = rig.listen(ANY, sockets).unwrap();
            send.send(listener.local_addr().tcp().unwrap()).unwrap();
            let accepted = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            let socket = rig_socket(rig, &accepted.io);
            assert_eq!(socket.tcp_nodelay().unwrap(), nodelay);
            // Linux doubles them, for its own use.
            let (receive, send) = (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap());
            assert!([20_000, 40_000].contains(&receive) && [30_000, 60_000].contains(&send), "{receive} {send}");
            done.send(accepted.peer.tcp().unwrap()).unwrap();
        }
    });
    for _ in 0..2 {
        let client = TcpStream::connect(address.recv_timeout(DEADLINE).unwrap()).unwrap();
        assert_eq!(accepted.recv_timeout(DEADLINE).unwrap(), client.local_addr().unwrap());
    }
    server.join().unwrap();
}

fn rig_socket<R: Rig>(_: R, io: &<R::Tcp as Listener>::Io) -> socket2::SockRef<'_> {
    R::socket(io)
}

// N2: connections that nobody accepts wait up to the backlog, and a port may be shared.
pub fn backlog_and_port_are_as_asked(rig: impl Rig) {
    let (send, address) = mpsc::channel();
    let over = Arc::new(Permits::default());
    let wait = Arc::clone(&over);
    let server = on_thread(rig, move || async move {
        let shared = Sockets { backlog: Some(2), reuse_port: true, ..Sockets::default() };
        let listener = rig.listen(ANY, shared).unwrap();
        let address = listener.local_addr().tcp().unwrap();
        drop(rig.listen(address, shared).unwrap());
        let alone = Sockets { reuse_port: false, ..shared };
        assert!(rig.listen(address, alone).is_err());
        send.send(address).unwrap();
        wait.taken().await;
        drop(listener);
    });
    let address = address.recv_timeout(DEADLINE).unwrap();
    // The kernel takes one more than asked.
    let waiting: Vec<_> = (0..8).map(|_| TcpStream::connect_timeout(&address, 2 * SHORT)).collect();
    let taken = waiting.iter().filter(|connected| connected.is_ok()).count();
    assert!((2..=4).contains(&taken), "{taken} connections wait");
    over.add(1);
    server.join().unwrap();
}

// X8
pub fn a_unix_socket_serves(rig: impl Rig) {
    use std::os::unix::net::{UnixListener, UnixStream};
    let path = std::env::temp_dir().join(format!("scenario-{}-{:?}", std::process::id(), std::thread::current().id()));
    let listener = UnixListener::bind(&path).unwrap();
    let (send, handle) = mpsc::channel();
    let over = Arc::new(Permits::default());
    let wait = Arc::clone(&over);
    let server = on_thread(rig, move || {
        let service = app(|request| async move {
            let exchange = super::exchange_of(&request);
            text(format!("{} {}", exchange.connection().local(), exchange.connection().peer()))
        });
        send.send(rig.serve_unix(listener, service).spawn()).unwrap();
        async move { wait.taken().await }
    });
    let handle = handle.recv_timeout(DEADLINE).unwrap();
    assert_eq!(handle.local_addr().to_string(), format!("unix:{}", path.display()));
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut client = Client::new(stream);
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(client.answer().text(), format!("unix:{} unix", path.display()));
    }
    let idle = std::thread::spawn(|| client.rest());
    assert_eq!(block_on(handle.shutdown(DEADLINE)).cut_off, 0);
    assert_eq!(idle.join().unwrap(), "");
    over.add(1);
    server.join().unwrap();
    std::fs::remove_file(path).unwrap();
}

// X8
pub fn any_stream_serves(rig: impl Rig) {
    for room in [1, 7, 64 * 1024] {
        let (send, output) = mpsc::channel();
        let server = on_thread(rig, move || {
            let echo: App = app(|request| async move { text(request.into_body()) });
            let mut input = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".repeat(2);
            input += &get("/last").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
            let served = rig.serve_in_memory(echo, input.into_bytes(), room);
            async move { send.send(served.await).unwrap() }
        });
        let output = String::from_utf8(output.recv_timeout(DEADLINE).unwrap()).unwrap();
        assert_eq!(output.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{output}");
        assert_eq!(output.matches("\r\n\r\nabc").count(), 2, "{output}");
        assert!(output.ends_with("\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") || output.ends_with("\r\n\r\n"));
        server.join().unwrap();
    }
}

// L1: in a process of its own, where nobody else opens any.
pub fn descriptors_come_back(rig: impl Rig) {
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(GET);
    client.answer();
    drop(client);
    within(|| server.handle.connections().is_empty());
    let before = descriptors();
    for round in 0..2000 {
        let mut clients: Vec<_> = (0..5).map(|_| server.client()).collect();
        for (which, client) in clients.iter_mut().enumerate() {
            match (round + which) % 5 {
                0 => {}
                1 => client.send("GET / HT"),
                2 => client.send(get("/gate")),
                3 => client.send("GET / HTTP/1.0\r\n\r\n"),
                _ => client.send(GET),
            }
        }
        for (which, mut client) in clients.into_iter().enumerate() {
            match (round + which) % 5 {
                0 | 1 => drop(client),
                2 => client.reset(),
                3 => assert!(client.rest().ends_with("Hello, World!")),
                _ => assert_eq!(client.answer().text(), "Hello, World!"),
            }
        }
    }
    within(|| server.handle.connections().is_empty());
    within(|| descriptors() <= before);
}
