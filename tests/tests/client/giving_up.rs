//! Futures that are dropped, at every point at which they wait: nothing leaks, and who waits behind them goes on.

use super::site::{Site, exchange, get, post};
use bytes::Bytes;
use http::header::EXPIRES;
use http::{HeaderMap, Request};
use http_body::Frame;
use http_driver::{Body, Client, PoolLimits};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tests::memory::{Lines, Peer, Shape, Task};

/// A future that is dropped after so many polls: at once, or when it is woken again. Ready with whether it came to its
/// end.
struct Until<F> {
    future: Option<Pin<Box<F>>>,
    polls: usize,
    at_once: bool,
}

impl<F: Future> Future for Until<F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = &mut *self;
        let Some(future) = &mut this.future else { return Poll::Ready(false) };
        if this.polls == 0 {
            this.future = None;
            return Poll::Ready(false);
        }
        this.polls -= 1;
        if future.as_mut().poll(cx).is_ready() {
            this.future = None;
            return Poll::Ready(true);
        }
        if this.polls == 0 && this.at_once {
            this.future = None;
            return Poll::Ready(false);
        }
        Poll::Pending
    }
}

/// An exchange with its content.
async fn exchanged(client: Client<Lines>, request: Request<Body>) {
    let response = client.execute(request).await.unwrap();
    let upgraded = exchange(&response).take_upgraded();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
    drop(upgraded);
}

/// Servers that send these pieces, one each time that everything rests, behind every head of a request.
struct Servers {
    pieces: Vec<Vec<u8>>,
    peers: Vec<Server>,
}

struct Server {
    peer: Peer,
    /// The next piece to send.
    at: usize,
    read: Vec<u8>,
    /// What is read is content, to the end of the trailers.
    in_content: bool,
}

impl Servers {
    /// Whether there was anything to do.
    fn act(&mut self, site: &mut Site) -> bool {
        while self.peers.len() < site.lines.opened() {
            let peer = site.lines.peer();
            self.peers.push(Server { peer, at: usize::MAX, read: Vec::new(), in_content: false });
        }
        let mut acted = false;
        for Server { peer, at, read, in_content } in &mut self.peers {
            let octets = peer.read();
            acted |= !octets.is_empty();
            read.extend(octets);
            while (*in_content || *at >= self.pieces.len())
                && let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = read.drain(..end + 4).collect::<Vec<_>>();
                if !std::mem::replace(in_content, head.windows(7).any(|seven| seven == b"chunked")) {
                    *at = 0;
                }
            }
            if peer.counts().dropped {
                *at = usize::MAX;
            }
            if let Some(piece) = self.pieces.get(*at) {
                peer.send(piece);
                *at += 1;
                acted = true;
            }
        }
        site.world.turn();
        acted
    }
}

struct Case {
    name: &'static str,
    depth: u16,
    pieces: Vec<&'static str>,
    request: fn() -> Request<Body>,
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn expecting(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("expect", "100-continue".parse().unwrap());
    request
}

/// Content that comes in pieces, each when it is asked for once more, and trailers.
struct Trickling(usize);

impl http_body::Body for Trickling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        match self.0 {
            1 | 3 => Poll::Ready(Some(Ok(Frame::data("some".into())))),
            2 | 4 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            5 => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([(EXPIRES, "0".parse().unwrap())]))))),
            _ => Poll::Ready(None),
        }
    }
}

fn trickling() -> Body {
    Body::new(Trickling(0))
}

fn cases() -> Vec<Case> {
    let early = vec![HEAD, "3\r\nabc\r\n", "2\r\nde\r\n0\r\n", "\r\n"];
    vec![
        Case { name: "get", depth: 1, pieces: early.clone(), request: get },
        Case {
            name: "length",
            depth: 1,
            pieces: vec!["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "ab", "cd"],
            request: get,
        },
        Case {
            name: "closing",
            depth: 1,
            pieces: vec!["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", "ab"],
            request: get,
        },
        Case { name: "interim", depth: 1, pieces: vec!["HTTP/1.1 103 E\r\n\r\n", HEAD, "0\r\n\r\n"], request: get },
        Case { name: "post", depth: 1, pieces: early.clone(), request: || post(trickling()) },
        Case { name: "whole", depth: 1, pieces: early.clone(), request: || post(vec![b'x'; 100]) },
        Case {
            name: "expect",
            depth: 1,
            pieces: vec!["HTTP/1.1 100 Continue\r\n\r\n", HEAD, "3\r\nabc\r\n", "0\r\n\r\n"],
            request: || expecting(post(trickling())),
        },
        Case {
            name: "upgrade",
            depth: 1,
            pieces: vec!["HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: echo\r\n", "\r\n"],
            request: || {
                let mut request = get();
                request.headers_mut().insert("upgrade", "echo".parse().unwrap());
                request
            },
        },
        Case { name: "pipelined", depth: 4, pieces: early, request: get },
    ]
}

/// Drops the exchange of `case` after so many polls, with another one that waits for its place, and its own that was
/// begun `behind` another. Whether it came to its end.
fn drop_after(case: &Case, polls: usize, at_once: bool, behind: bool, shape: &Shape) -> bool {
    let mut limits = PoolLimits::default();
    limits.total = 1;
    let mut site = Site::with(|client| client.limits(limits).pipelining(case.depth));
    site.lines.shape(shape.clone());
    let pieces = case.pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
    let mut servers = Servers { pieces, peers: Vec::new() };
    let others = Arc::new(Mutex::new(0));
    let other = |site: &mut Site| {
        let (client, done, request) = (site.client.clone(), Arc::clone(&others), (case.request)());
        site.world.spawn(async move {
            exchanged(client, request).await;
            *done.lock().unwrap() += 1;
        });
        site.world.turn();
    };
    if behind {
        other(&mut site);
    }
    let future = Some(Box::pin(exchanged(site.client.clone(), (case.request)())));
    let given_up = Task::new(&site.world, Until { future, polls, at_once });
    site.world.turn();
    other(&mut site);
    for _ in 0..1000 {
        if !servers.act(&mut site) {
            break;
        }
    }
    let context = format!("{} after {polls} polls, at once: {at_once}, behind: {behind}", case.name);
    // It may wait for something that never comes, and be polled no more.
    let done = given_up.take();
    assert_eq!(*others.lock().unwrap(), 1 + usize::from(behind), "{context}");
    let state = site.client.connections();
    assert_eq!((state.waiting, state.connections), (0, state.idle), "{context}");
    let Site { mut world, lines, client } = site;
    drop((lines, client));
    world.turn();
    assert_eq!(world.tasks(), 0, "{context}");
    assert!(servers.peers.iter().all(|server| server.peer.counts().dropped), "{context}");
    done.unwrap_or_else(|| panic!("{context}: it waits"))
}

#[test]
fn dropped_at_every_poll() {
    let shapes = [
        Shape::default(),
        Shape { reads: vec![1], writes: vec![1], holds: false },
        Shape { reads: vec![7, 0], writes: vec![0, 5], holds: true },
    ];
    let mut dropped = 0;
    for case in cases() {
        for (at_once, behind) in [(false, false), (true, false), (false, true), (true, true)] {
            for shape in &shapes {
                let mut polls = 0;
                while !drop_after(&case, polls, at_once, behind, shape) {
                    polls += 1;
                    dropped += 1;
                    assert!(polls < 2000, "{}", case.name);
                }
            }
        }
    }

    assert!(dropped > 500, "only {dropped}");
}
