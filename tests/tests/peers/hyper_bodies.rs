//! hyper's client: content in both directions, as it comes.

use crate::hyper_client::{Client, Content, empty, whole};
use crate::runtimes::Runtime;
use crate::{octet, on_every_server, pattern, start, until, within};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use std::convert::Infallible;
use tokio::sync::mpsc;

on_every_server! {
    async large_uploads,
    async large_downloads,
    async each_piece_comes_back_before_the_next_is_sent,
    async trailers_arrive_in_both_directions,
    async content_is_sent_when_100_asks_for_it,
    async an_upload_held_back_is_answered_early_and_the_connection_goes_on,
    async an_answer_that_is_cut_off_is_not_taken_for_whole,
    async a_client_that_goes_away_in_the_middle_leaves_nothing_behind,
}

const LARGE: usize = 16 << 20;

/// Content that is sent piece by piece.
pub(crate) fn channel() -> (mpsc::Sender<Frame<Bytes>>, Content) {
    let (sender, receiver) = mpsc::channel(1);
    let frames = futures_util::stream::unfold(receiver, async |mut receiver: mpsc::Receiver<_>| {
        let frame = receiver.recv().await?;
        Some((Ok::<_, Infallible>(frame), receiver))
    });
    (sender, StreamBody::new(frames).boxed_unsync())
}

pub(crate) async fn send_pattern(sender: &mpsc::Sender<Frame<Bytes>>, length: usize) {
    for from in (0..length).step_by(50_000) {
        let piece: Bytes = (from..length.min(from + 50_000)).map(octet).collect();
        within(sender.send(Frame::data(piece))).await.expect("the client takes it");
    }
}

async fn large_uploads(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    for announced in [false, true] {
        let (sender, content) = channel();
        let mut request = client.request(Method::POST, "/count", content);
        if announced {
            request.headers_mut().insert(header::CONTENT_LENGTH, LARGE.into());
        }
        let upload = async {
            send_pattern(&sender, LARGE).await;
            drop(sender);
        };
        let (response, ()) = tokio::join!(client.send(request), upload);
        assert_eq!(whole(response).await.1, format!("{LARGE} true none"));
    }
}

async fn large_downloads(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    for path in ["sized", "chunked"] {
        let (response, content) = client.get(&format!("/{path}/{LARGE}")).await;
        assert_eq!(response.headers().contains_key(header::CONTENT_LENGTH), path == "sized");
        assert!(content == pattern(LARGE), "{path}: {} octets", content.len());
    }
}

async fn each_piece_comes_back_before_the_next_is_sent(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    let (sender, content) = channel();
    let request = client.request(Method::POST, "/echo", content);
    // The answer begins before any content is there.
    let mut response = client.send(request).await;
    for round in 1..200 {
        let piece = Bytes::from(pattern(round));
        within(sender.send(Frame::data(piece.clone()))).await.unwrap();
        let mut back = Vec::new();
        while back.len() < round {
            let frame = within(response.frame()).await.expect("more").expect("no error");
            back.extend_from_slice(frame.data_ref().expect("content"));
        }
        assert_eq!(back, piece);
    }
    drop(sender);
    assert!(within(response.frame()).await.is_none());
    assert_eq!(client.get("/").await.1, "Hello, World!");
}

async fn trailers_arrive_in_both_directions(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    for path in ["/count", "/echo"] {
        let (sender, content) = channel();
        let mut request = client.request(Method::POST, path, content);
        request.headers_mut().insert(header::TRAILER, "checksum".parse().unwrap());
        let upload = async {
            send_pattern(&sender, 100_000).await;
            let trailers = HeaderMap::from_iter([("checksum".parse().unwrap(), "4711".parse().unwrap())]);
            within(sender.send(Frame::trailers(trailers))).await.expect("the client takes them");
            drop(sender);
        };
        let (response, ()) = tokio::join!(client.send(request), upload);
        let collected = within(response.into_body().collect()).await.expect("all of it");
        let trailers = collected.trailers().cloned();
        let content = collected.to_bytes();
        if path == "/count" {
            assert_eq!((content, trailers), ("100000 true 4711".into(), None));
        } else {
            assert!(content == pattern(100_000));
            assert_eq!(trailers.expect("trailers")["checksum"], "4711");
        }
    }
    let request = client.request(Method::GET, "/trailers", empty());
    let collected = within(client.send(request).await.into_body().collect()).await.expect("all of it");
    assert_eq!(collected.trailers().expect("trailers")["checksum"], "12");
    assert_eq!(collected.to_bytes(), "onetwo");
}

async fn content_is_sent_when_100_asks_for_it(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    for path in ["/count", "/echo"] {
        let (sender, content) = channel();
        let mut request = client.request(Method::PUT, path, content);
        request.headers_mut().insert(header::EXPECT, "100-continue".parse().unwrap());
        let (told, asked) = mpsc::channel(4);
        hyper::ext::on_informational(&mut request, move |interim| {
            told.try_send(interim.status().as_u16()).expect("one 100");
        });
        let upload = async {
            let mut asked = asked;
            assert_eq!(within(asked.recv()).await, Some(100));
            send_pattern(&sender, 200_000).await;
            drop(sender);
            assert!(asked.try_recv().is_err(), "asked twice");
        };
        let (response, ()) = tokio::join!(client.send(request), upload);
        let content = whole(response).await.1;
        assert!(content == "200000 true none" || content == pattern(200_000), "{path}: {content:?}");
    }
}

async fn an_upload_held_back_is_answered_early_and_the_connection_goes_on(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    for _ in 0..3 {
        let (sender, content) = channel();
        let request = client.request(Method::POST, "/refuse", content);
        send_pattern(&sender, 1).await;
        let (response, content) = whole(client.send(request).await).await;
        assert_eq!((response.status(), &content[..]), (StatusCode::PAYLOAD_TOO_LARGE, &b"refused"[..]));
        drop(sender);
    }
    assert_eq!(client.get("/").await.1, "Hello, World!");
    assert_eq!(server.connections().len(), 1);
}

async fn an_answer_that_is_cut_off_is_not_taken_for_whole(on: Runtime) {
    let (_server, address) = start(on);
    let mut client = Client::connect(address).await;
    let request = client.request(Method::GET, "/cut", empty());
    // The reset may overtake the head.
    if let Ok(response) = within(client.begin(request)).await {
        assert!(within(response.into_body().collect()).await.is_err());
    }
}

async fn a_client_that_goes_away_in_the_middle_leaves_nothing_behind(on: Runtime) {
    let (server, address) = start(on);
    let mut client = Client::connect(address).await;
    let request = client.request(Method::GET, "/chunked/1000000000", empty());
    let mut response = client.send(request).await;
    let _ = within(response.frame()).await.expect("a piece").expect("no error");
    drop((response, client));
    until(|| server.connections().is_empty()).await;
}
