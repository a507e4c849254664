//! A server's whole cycle in memory: the octets of 16 pipelined requests in, the octets of 16 answers out, on a
//! connection that lives on. Both copy the input in and the output out, and send the same answer.

use crate::candidate::Candidate;
use http_body_util::Full;
use http_proto::{
    BodyLength, Chunk, Config, Connection, Event, FieldBlock, Instant, RecvBuf, ResponseHead, SendBuf, Server,
};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;

pub(crate) const PIPELINED: usize = 16;
const CONTENT: &[u8] = b"Hello, World!";
const MEDIA_TYPE: &str = "text/plain; charset=utf-8";
/// The octets of 16 answers: status line, Content-Type, Content-Length, Date, empty line, content.
const ANSWERS: usize = PIPELINED * (17 + 41 + 20 + 37 + 2 + CONTENT.len());

pub(crate) struct Ours {
    requests: Vec<u8>,
    connection: Connection<Server>,
    input: RecvBuf<Vec<u8>>,
    out: SendBuf,
    fields: FieldBlock,
    date: [u8; 29],
    received: Vec<u8>,
    cycles: usize,
}

impl Ours {
    pub(crate) fn new(requests: Vec<u8>) -> Self {
        Ours {
            requests,
            connection: Connection::server(Arc::new(Config::server())),
            input: RecvBuf::new(),
            out: SendBuf::new(),
            fields: FieldBlock::from_fields([("Content-Type", MEDIA_TYPE.as_bytes())]).expect("a valid field"),
            date: *b"Tue, 15 Oct 2024 08:12:31 GMT",
            received: Vec::new(),
            cycles: 0,
        }
    }

    fn respond(&mut self) {
        let head = ResponseHead::new(200).block(&self.fields).date(&self.date);
        let length = BodyLength::Exact(CONTENT.len() as u64);
        self.connection.respond(&head, length, &mut self.out).expect("a request awaits it");
        let _advice = self.connection.send(CONTENT, &mut self.out).expect("of the announced length");
        self.connection.finish(None, &mut self.out).expect("all has been sent");
    }
}

impl Candidate for Ours {
    fn prepare(&mut self, messages: usize) {
        self.cycles = messages;
    }

    fn run(&mut self) {
        for _ in 0..self.cycles {
            assert_eq!(self.input.fill_from(black_box(&self.requests)), self.requests.len());
            loop {
                match self.connection.recv(&mut self.input) {
                    Ok(Event::HeadersComplete(head)) => {
                        black_box(&head);
                    }
                    Ok(Event::MessageComplete(_)) => self.respond(),
                    Ok(Event::NeedInput) => break,
                    other => panic!("{other:?}"),
                }
            }
            // What an event loop asks before it goes to wait.
            black_box(self.connection.interest(&self.out));
            black_box(self.connection.poll_timeout(Instant::ORIGIN, &self.out));
            self.received.clear();
            while let Some(Chunk::Octets(octets)) = self.out.front() {
                self.received.extend_from_slice(octets);
                let written = octets.len() as u64;
                self.out.advance(written);
            }
            assert_eq!(black_box(&self.received).len(), ANSWERS);
        }
    }
}

pub(crate) struct Theirs {
    requests: Vec<u8>,
    runtime: Runtime,
    client: DuplexStream,
    received: Vec<u8>,
    cycles: usize,
}

impl Theirs {
    pub(crate) fn new(requests: Vec<u8>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime of one thread");
        let (client, server) = tokio::io::duplex(64 * 1024);
        runtime.spawn(
            hyper::server::conn::http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(server), service_fn(answer)),
        );
        Theirs { requests, runtime, client, received: vec![0; ANSWERS + 1], cycles: 0 }
    }
}

async fn answer(_: hyper::Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let mut response = hyper::Response::new(Full::new(Bytes::from_static(CONTENT)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Ok(response)
}

impl Candidate for Theirs {
    fn prepare(&mut self, messages: usize) {
        self.cycles = messages;
    }

    fn run(&mut self) {
        let Theirs { requests, runtime, client, received, cycles } = self;
        runtime.block_on(async {
            for _ in 0..*cycles {
                client.write_all(black_box(requests)).await.expect("the server reads");
                let mut length = 0;
                while length < ANSWERS {
                    length += client.read(&mut received[length..]).await.expect("the server writes");
                }
                assert_eq!(length, ANSWERS);
            }
        });
    }
}
