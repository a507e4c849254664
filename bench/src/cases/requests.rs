//! Request heads. Ours: octets of a new connection to `HeadersComplete`, with everything that the server decides by
//! then. The connection is prepared, its tables live in the receive buffer and are reused. Theirs: tokens.

use super::supply::{HEADERS, Heads};
use crate::candidate::Candidate;
use http_proto::{Config, Connection, Event, RecvBuf, Server};
use std::hint::black_box;
use std::sync::Arc;

pub(crate) struct Ours {
    heads: Heads,
    config: Arc<Config>,
    connections: Vec<Connection<Server>>,
    input: RecvBuf<&'static [u8]>,
}

impl Ours {
    pub(crate) fn new(heads: Heads) -> Self {
        Ours { heads, config: Arc::new(Config::server()), connections: Vec::new(), input: RecvBuf::new() }
    }
}

impl Candidate for Ours {
    fn prepare(&mut self, messages: usize) {
        self.connections.clear();
        self.connections.resize_with(messages, || Connection::server(self.config.clone()));
    }

    fn run(&mut self) {
        for connection in &mut self.connections {
            self.input.feed(black_box(self.heads.next()));
            match connection.recv(&mut self.input) {
                Ok(Event::HeadersComplete(head)) => {
                    black_box(&head);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

pub(crate) struct Theirs {
    heads: Heads,
    headers: [httparse::Header<'static>; HEADERS],
    messages: usize,
}

impl Theirs {
    pub(crate) fn new(heads: Heads) -> Self {
        Theirs { heads, headers: [httparse::EMPTY_HEADER; HEADERS], messages: 0 }
    }
}

impl Candidate for Theirs {
    fn prepare(&mut self, messages: usize) {
        self.messages = messages;
    }

    fn run(&mut self) {
        for _ in 0..self.messages {
            let mut head = httparse::Request::new(&mut self.headers);
            match head.parse(black_box(self.heads.next())) {
                Ok(httparse::Status::Complete(length)) => {
                    black_box((&head, length));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
