//! Response heads. Ours: octets to `HeadersComplete` on a connection that has sent a GET, with everything that the
//! client decides by then. Connection and request are prepared. Theirs: tokens.

use super::supply::{HEADERS, Heads};
use crate::candidate::Candidate;
use http_proto::{BodyLength, Client, Config, Connection, Event, RecvBuf, RequestHead, SendBuf};
use std::hint::black_box;
use std::sync::Arc;

pub(crate) struct Ours {
    heads: Heads,
    config: Arc<Config>,
    connections: Vec<Connection<Client>>,
    input: RecvBuf<&'static [u8]>,
    out: SendBuf,
}

impl Ours {
    pub(crate) fn new(heads: Heads) -> Self {
        Ours {
            heads,
            config: Arc::new(Config::client()),
            connections: Vec::new(),
            input: RecvBuf::new(),
            out: SendBuf::new(),
        }
    }
}

impl Candidate for Ours {
    fn prepare(&mut self, messages: usize) {
        self.connections.clear();
        for _ in 0..messages {
            let mut connection = Connection::client(self.config.clone());
            let started = connection.start(&RequestHead::get("example.org", "/"), BodyLength::Empty, &mut self.out);
            started.expect("a valid request");
            self.out.advance(self.out.len());
            self.connections.push(connection);
        }
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
            let mut head = httparse::Response::new(&mut self.headers);
            match head.parse(black_box(self.heads.next())) {
                Ok(httparse::Status::Complete(length)) => {
                    black_box((&head, length));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
