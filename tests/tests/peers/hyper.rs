//! hyper's client: heads, order, interim responses, other protocols.

use crate::runtimes::Runtime;
use crate::service::echoes;
use crate::{on_every_server, pattern, start, within};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

on_every_server! {
    async many_kinds_of_exchanges_on_one_connection,
    async a_request_follows_on_the_heels_of_an_answer,
    async many_connections_at_once,
    async head_of_a_stream_has_no_length_and_no_content,
    async early_hints_come_before_the_answer,
    async an_upgrade_is_another_protocol_in_both_directions,
    async a_refused_upgrade_leaves_the_connection_as_it_was,
    async a_tunnel_leads_to_another_server,
    async a_tunnel_that_cannot_be_built_is_refused,
}

pub(crate) type Content = UnsyncBoxBody<Bytes, Infallible>;

pub(crate) struct Client {
    sender: SendRequest<Content>,
    authority: String,
}

impl Client {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(to)).await.expect("a connection");
        let (sender, connection) = within(handshake(TokioIo::new(stream))).await.expect("a handshake");
        tokio::spawn(connection.with_upgrades());
        Client { sender, authority: to.to_string() }
    }

    pub(crate) fn request(&self, method: Method, path: &str, content: Content) -> Request<Content> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, &self.authority);
        request.body(content).expect("a request")
    }

    /// Begins an exchange; more than one may be begun before the first is over.
    pub(crate) fn begin(
        &mut self,
        request: Request<Content>,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        self.sender.send_request(request)
    }

    pub(crate) async fn send(&mut self, request: Request<Content>) -> Response<Incoming> {
        within(self.sender.ready()).await.expect("a connection that goes on");
        within(self.begin(request)).await.expect("an answer")
    }

    pub(crate) async fn get(&mut self, path: &str) -> (Response<()>, Bytes) {
        let request = self.request(Method::GET, path, empty());
        whole(self.send(request).await).await
    }
}

pub(crate) fn empty() -> Content {
    full(b"")
}

pub(crate) fn full(content: &[u8]) -> Content {
    Full::new(Bytes::copy_from_slice(content)).boxed_unsync()
}

/// An answer with its whole content.
pub(crate) async fn whole(response: Response<Incoming>) -> (Response<()>, Bytes) {
    let (head, body) = response.into_parts();
    let content = within(body.collect()).await.expect("all of the content");
    (Response::from_parts(head, ()), content.to_bytes())
}

async fn many_kinds_of_exchanges_on_one_connection(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    for round in 0..50 {
        let (response, content) = client.get("/").await;
        assert_eq!((response.status(), &content[..]), (StatusCode::OK, &b"Hello, World!"[..]));
        let request = client.request(Method::HEAD, "/", empty());
        let (response, content) = whole(client.send(request).await).await;
        assert_eq!((response.headers()[header::CONTENT_LENGTH].as_bytes(), content.len()), (&b"13"[..], 0));
        let sent = pattern(round * 97);
        let request = client.request(Method::POST, "/echo", full(&sent));
        assert_eq!(whole(client.send(request).await).await.1, sent);
        let (response, content) = client.get("/empty").await;
        assert_eq!((response.status(), content.len()), (StatusCode::NO_CONTENT, 0));
        let (_, content) = client.get("/chunked/1000").await;
        assert_eq!(content, pattern(1000));
    }
    let connections = server.connections();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].statistics().requests, 250);
}

async fn a_request_follows_on_the_heels_of_an_answer(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    let mut answer = None;
    for round in 0..200 {
        let request = client.request(Method::GET, &format!("/target/{round}"), empty());
        // The connection is free as soon as the last octet is there, whether or not somebody has taken it.
        let (next, content) = tokio::join!(client.send(request), async {
            match answer.take() {
                Some(answer) => Some(whole(answer).await.1),
                None => None,
            }
        });
        answer = Some(next);
        assert_eq!(content, (round > 0).then(|| format!("/target/{}", round - 1).into()));
    }
    assert_eq!(server.connections().len(), 1);
}

async fn many_connections_at_once(on: Runtime) {
    let (server, address) = start(on);
    let clients = (0..32).map(|number| {
        tokio::spawn(async move {
            let mut client = Client::connect(address).await;
            for round in 0..20 {
                let sent = pattern(number * 1000 + round);
                let request = client.request(Method::PUT, "/echo", full(&sent));
                assert_eq!(whole(client.send(request).await).await.1, sent);
            }
            client
        })
    });
    // Collected, so that none has to wait for the one before it.
    let clients: Vec<_> = clients.collect();
    let mut kept = Vec::new();
    for client in clients {
        kept.push(within(client).await.expect("no client fails"));
    }
    assert_eq!(server.connections().len(), 32);
}

async fn head_of_a_stream_has_no_length_and_no_content(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    for (path, length) in [("/chunked/100000", None), ("/sized/100000", Some("100000"))] {
        let request = client.request(Method::HEAD, path, empty());
        let (response, content) = whole(client.send(request).await).await;
        let announced = response.headers().get(header::CONTENT_LENGTH).map(|value| value.to_str().unwrap());
        assert_eq!((announced, content.len()), (length, 0));
    }
    assert_eq!(client.get("/").await.1, "Hello, World!");
}

async fn early_hints_come_before_the_answer(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    let mut request = client.request(Method::GET, "/hints", empty());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    hyper::ext::on_informational(&mut request, move |interim| {
        noted.lock().unwrap().push((interim.status().as_u16(), interim.headers()[header::LINK].clone()));
    });
    let (response, content) = whole(client.send(request).await).await;
    assert_eq!((response.status(), &content[..]), (StatusCode::OK, &b"page"[..]));
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|(status, link)| *status == 103 && link == "</a.css>; rel=preload"), "{seen:?}");
}

async fn an_upgrade_is_another_protocol_in_both_directions(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    let mut request = client.request(Method::GET, "/upgrade", empty());
    request.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
    request.headers_mut().insert(header::CONNECTION, "upgrade".parse().unwrap());
    let response = client.send(request).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()[header::UPGRADE], "echo");
    let upgraded = within(hyper::upgrade::on(response)).await.expect("the other protocol");
    let sent = pattern(3_000_000);
    assert!(within(echoes(TokioIo::new(upgraded), &sent)).await == sent);
    assert!(server.connections().is_empty(), "it is no HTTP connection any more");
}

async fn a_refused_upgrade_leaves_the_connection_as_it_was(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    for _ in 0..3 {
        let mut request = client.request(Method::POST, "/upgrade", full(b"content"));
        request.headers_mut().insert(header::UPGRADE, "something".parse().unwrap());
        request.headers_mut().insert(header::CONNECTION, "upgrade".parse().unwrap());
        let (response, _) = whole(client.send(request).await).await;
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    }
    assert_eq!(client.get("/").await.1, "Hello, World!");
    assert_eq!(server.connections().len(), 1);
}

async fn a_tunnel_leads_to_another_server(on: Runtime) {
    let (_proxy, proxy) = start(on);
    let (_origin, origin) = start(on);
    let mut client = Client::connect(proxy).await;
    let request = Request::connect(origin.to_string()).header(header::HOST, origin.to_string());
    let response = client.send(request.body(empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let upgraded = within(hyper::upgrade::on(response)).await.expect("a tunnel");
    let (mut sender, connection) = within(handshake::<_, Content>(upgraded)).await.expect("HTTP inside");
    tokio::spawn(connection);
    let request = Request::get("/chunked/1000000").header(header::HOST, origin.to_string()).body(empty()).unwrap();
    let (_, content) = whole(within(sender.send_request(request)).await.unwrap()).await;
    assert!(content == pattern(1_000_000));
}

async fn a_tunnel_that_cannot_be_built_is_refused(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    // A port on which nobody listens any more.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let request = Request::connect(nobody.to_string()).header(header::HOST, nobody.to_string());
    let response = client.send(request.body(empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(whole(response).await.1, "nobody there");
}
