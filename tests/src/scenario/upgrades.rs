//! Other protocols on a connection that spoke HTTP, and refusals of them.

use super::routes::exchange_of;
use super::running::{Spawner, spawner};
use super::{App, Build, GET, Permits, Rig, SHORT, app, serve, start, within};
use http::header::UPGRADE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_driver::{Body, BoxError, Exchange, NotUpgraded, Transport};
use http_proto::Config;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::thread;

/// Sends everything back, until the peer closes its side.
async fn echo(exchange: Exchange) {
    let Ok(mut stream) = exchange.upgrade().await else { return };
    let mut room = [0; 1024];
    loop {
        let read = poll_fn(|cx| stream.poll_read(cx, &mut room)).await;
        let Ok(count @ 1..) = read else { break };
        let mut rest = &room[..count];
        while !rest.is_empty() {
            let Ok(written) = poll_fn(|cx| stream.poll_write(cx, rest)).await else { return };
            rest = &rest[written..];
        }
    }
    let _ = poll_fn(|cx| stream.poll_shutdown(cx)).await;
}

/// Accepts the protocol "echo", and tunnels.
pub(super) fn switching(spawn: Spawner) -> App {
    app(move |request: Request<Body>| {
        let spawn = Arc::clone(&spawn);
        async move {
            let offered = request.headers().get(UPGRADE).is_some_and(|value| value == "echo");
            let tunnel = request.method() == Method::CONNECT && request.uri().host() == Some("open");
            let mut response = Response::new(Body::empty());
            if offered || tunnel {
                spawn(Box::pin(echo(exchange_of(&request))));
            }
            if offered {
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                response.headers_mut().insert(UPGRADE, HeaderValue::from_static("echo"));
            } else if !tunnel {
                *response.status_mut() = StatusCode::FORBIDDEN;
            }
            Ok(response)
        }
    })
}

const OFFER: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
const TUNNEL: &str = "CONNECT open:80 HTTP/1.1\r\nHost: open:80\r\n\r\n";

// I15, I16: what came with the handshake is handed over, wherever the network cuts.
pub fn nothing_behind_a_handshake_is_lost(rig: impl Rig) {
    let server = serve(rig, switching(spawner(rig)));
    let all = format!("{OFFER}the first octets");
    for at in 0..=all.len() {
        let mut client = server.client();
        let (first, second) = all.split_at(at);
        client.send(first);
        if !second.is_empty() && at <= OFFER.len() {
            // So that the rest is another read, as long as the connection counts them.
            let got = |read: u64| read == at as u64;
            within(|| {
                server.handle.connections().is_empty()
                    || server.handle.connections().iter().any(|one| got(one.statistics().read))
            });
        }
        client.send(second);
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        assert!(head.contains("\r\nUpgrade: echo\r\n") && head.contains("\r\nConnection: upgrade\r\n"), "{head}");
        assert_eq!(client.octets(16), b"the first octets", "cut at {at}");
        client.send("more");
        assert_eq!(client.octets(4), b"more");
        client.half_close();
        assert_eq!(client.rest(), "");
    }
}

// I17
pub fn no_deadline_of_http_runs_behind_it(rig: impl Rig) {
    let service = switching(spawner(rig));
    let server = start(rig, service, |server| {
        let mut config = Config::server();
        let timeouts = &mut config.timeouts;
        for timeout in
            [&mut timeouts.head, &mut timeouts.body, &mut timeouts.write, &mut timeouts.idle, &mut timeouts.linger]
        {
            *timeout = 4 * SHORT;
        }
        server.config(Arc::new(config))
    });
    let idle = server.client();
    let mut switched = server.client();
    switched.send(OFFER);
    assert!(switched.head().starts_with("HTTP/1.1 101 "));
    let mut tunnel = server.client();
    tunnel.send(TUNNEL);
    assert!(tunnel.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(idle.rest(), "");
    thread::sleep(10 * SHORT);
    for mut client in [switched, tunnel] {
        client.send("awake?");
        assert_eq!(client.octets(6), b"awake?");
    }
}

// X4
pub fn a_tunnel_carries_octets(rig: impl Rig) {
    let server = serve(rig, switching(spawner(rig)));
    let mut client = server.client();
    client.send(format!("{TUNNEL}{GET}"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.contains("Content-Length"), "{head}");
    assert_eq!(client.octets(GET.len()), GET.as_bytes());
    client.half_close();
    assert_eq!(client.rest(), "");
    // Refused, what follows may be of another protocol: the connection closes.
    let mut client = server.client();
    client.send("CONNECT shut:80 HTTP/1.1\r\nHost: shut:80\r\n\r\nanything");
    let answer = client.answer();
    assert!(answer.status() == "403" && answer.closes(), "{answer:?}");
    client.half_close();
    assert_eq!(client.rest(), "");
}

// I15: the handler that asks for the stream is told, and HTTP goes on.
pub fn a_declined_offer_is_told(rig: impl Rig) {
    let told = Arc::new(Permits::default());
    let tell = Arc::clone(&told);
    let spawn = spawner(rig);
    let server = serve(
        rig,
        app(move |request: Request<Body>| {
            let upgrade = exchange_of(&request).upgrade();
            let tell = Arc::clone(&tell);
            spawn(Box::pin(async move {
                if matches!(upgrade.await, Err(NotUpgraded)) {
                    tell.add(1);
                }
            }));
            // Other protocols than those offered cannot be accepted.
            let status = if request.uri() == "/other" { 101 } else { 200 };
            async move {
                Ok::<_, BoxError>(Response::builder().status(status).header(UPGRADE, "other").body(Body::empty())?)
            }
        }),
    );
    let mut client = server.client();
    client.send(OFFER);
    assert_eq!(client.answer().status(), "200");
    told.take();
    client.send(OFFER.replace("/chat", "/other"));
    assert_eq!(client.answer().status(), "500");
    told.take();
    client.send(GET);
    assert_eq!(client.answer().status(), "200");
}

// I15: an offer with content is accepted when all of that has come, read or not.
pub fn an_offer_with_content_waits_for_its_end(rig: impl Rig) {
    let server = serve(rig, switching(spawner(rig)));
    let mut client = server.client();
    client.send(OFFER.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\n") + "abc");
    assert!(client.is_silent(SHORT));
    client.send("defoctets");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.octets(6), b"octets");
}

// I17: the connection is no longer the server's, which ends without it.
pub fn an_upgraded_connection_is_not_counted(rig: impl Rig) {
    let ended = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&ended);
    let service = switching(spawner(rig));
    let server = start(rig, service, |server| {
        server.on_close(move |_, ended| tell.lock().unwrap().push((ended.upgraded, ended.cut_off)))
    });
    let mut client = server.client();
    client.send(OFFER);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    within(|| server.handle.connections().is_empty());
    assert_eq!(*ended.lock().unwrap(), [(true, 0)]);
    assert_eq!(server.shutdown(super::DEADLINE), 0);
    client.send("awake?");
    assert_eq!(client.octets(6), b"awake?");
}
