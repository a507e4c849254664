//! A request head that comes in pieces. Ours: every piece is put behind the octets of the receive buffer as a read
//! would put it, and a step tries to go on. Theirs: the peer keeps nothing between calls, so it begins again on all
//! octets so far with every piece.

use super::supply::HEADERS;
use crate::candidate::Candidate;
use http_proto::{Config, Connection, RecvBuf, Server, Step};
use std::hint::black_box;
use std::sync::Arc;

pub(crate) struct Ours {
    head: Vec<u8>,
    piece: usize,
    config: Arc<Config>,
    connections: Vec<Connection<Server>>,
    input: RecvBuf<Vec<u8>>,
}

impl Ours {
    pub(crate) fn new(head: Vec<u8>, piece: usize) -> Self {
        let config = Arc::new(Config::server());
        Ours { head, piece, config, connections: Vec::new(), input: RecvBuf::new() }
    }
}

impl Candidate for Ours {
    fn prepare(&mut self, messages: usize) {
        self.connections.clear();
        self.connections.resize_with(messages, || Connection::server(self.config.clone()));
    }

    fn run(&mut self) {
        for connection in &mut self.connections {
            let mut complete = false;
            for piece in black_box(&self.head).chunks(self.piece) {
                assert!(!complete, "complete before the last piece");
                self.input.spare_mut()[..piece.len()].copy_from_slice(piece);
                self.input.commit(piece.len());
                complete = match connection.step(&mut self.input) {
                    Ok(Step::Event) => true,
                    Ok(Step::NeedInput) => false,
                    other => panic!("{other:?}"),
                };
            }
            assert!(complete, "incomplete after the last piece");
            black_box(&connection.event(&self.input));
        }
    }
}

pub(crate) struct Theirs {
    head: &'static [u8],
    piece: usize,
    headers: [httparse::Header<'static>; HEADERS],
    messages: usize,
}

impl Theirs {
    pub(crate) fn new(head: Vec<u8>, piece: usize) -> Self {
        Theirs { head: head.leak(), piece, headers: [httparse::EMPTY_HEADER; HEADERS], messages: 0 }
    }
}

impl Candidate for Theirs {
    fn prepare(&mut self, messages: usize) {
        self.messages = messages;
    }

    fn run(&mut self) {
        for _ in 0..self.messages {
            let mut end = 0;
            while end < self.head.len() {
                end = (end + self.piece).min(self.head.len());
                let mut head = httparse::Request::new(&mut self.headers);
                match head.parse(black_box(&self.head[..end])) {
                    Ok(status) => assert_eq!(status.is_complete(), end == self.head.len()),
                    Err(error) => panic!("{error}"),
                }
                black_box(&head);
            }
        }
    }
}
