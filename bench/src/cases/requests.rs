//! Request heads. Ours: octets of a new connection to `HeadersComplete`, with everything that the server decides by
//! then. The connection is prepared, its tables live in the receive buffer and are reused. Theirs: tokens.

use crate::candidate::Candidate;
use http_proto::{Config, Connection, Event, RecvBuf, Server};
use std::hint::black_box;
use std::sync::Arc;

/// Header slots of the peer: the table that its documentation shows.
const HEADERS: usize = 64;

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

/// Heads in turn, without end.
#[derive(Clone)]
pub(crate) struct Heads {
    heads: Arc<[&'static [u8]]>,
    next: usize,
}

impl Heads {
    /// The heads live as long as the process, so that a table of headers can be reused for all of them.
    pub(crate) fn new(heads: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Heads { heads: heads.into_iter().map(|head| &*head.leak()).collect(), next: 0 }
    }

    pub(crate) fn mean(&self) -> f64 {
        let total: usize = self.heads.iter().map(|head| head.len()).sum();
        total as f64 / self.heads.len() as f64
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> &'static [u8] {
        let head = self.heads[self.next];
        self.next += 1;
        if self.next == self.heads.len() {
            self.next = 0;
        }
        head
    }
}
