//! Chunk-size lines: a content of 64 chunks of 16 octets. Ours decodes the whole coding, data and what stands around it
//! included; the peer reads size lines alone, so what calls it steps over the data and checks the line ends behind them.

use crate::candidate::Candidate;
use http_proto::Config;
use http_proto::syntax::{ChunkDecoder, ChunkItem};
use std::hint::black_box;

const CHUNKS: usize = 64;
const CHUNK: usize = 16;

/// The content, up to the line of the last chunk.
pub(crate) fn stream() -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..CHUNKS {
        stream.extend_from_slice(format!("{CHUNK:x}\r\n").as_bytes());
        stream.extend_from_slice(&[b'x'; CHUNK]);
        stream.extend_from_slice(b"\r\n");
    }
    stream.extend_from_slice(b"0\r\n");
    stream
}

pub(crate) struct Ours {
    stream: Vec<u8>,
    config: Config,
    messages: usize,
}

impl Ours {
    pub(crate) fn new(stream: Vec<u8>) -> Self {
        Ours { stream, config: Config::server(), messages: 0 }
    }
}

impl Candidate for Ours {
    fn prepare(&mut self, messages: usize) {
        self.messages = messages;
    }

    fn run(&mut self) {
        for _ in 0..self.messages {
            let mut decoder = ChunkDecoder::new();
            let (mut rest, mut total) = (black_box(&self.stream).as_slice(), 0);
            loop {
                match decoder.decode(rest, &self.config.limits) {
                    Ok((consumed, ChunkItem::Data(length))) => {
                        total += length;
                        rest = &rest[consumed..];
                    }
                    Ok((consumed, ChunkItem::LastChunk)) => {
                        rest = &rest[consumed..];
                        break;
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!((total, rest.len()), (CHUNKS * CHUNK, 0));
        }
    }
}

pub(crate) struct Theirs {
    stream: Vec<u8>,
    messages: usize,
}

impl Theirs {
    pub(crate) fn new(stream: Vec<u8>) -> Self {
        Theirs { stream, messages: 0 }
    }
}

impl Candidate for Theirs {
    fn prepare(&mut self, messages: usize) {
        self.messages = messages;
    }

    fn run(&mut self) {
        for _ in 0..self.messages {
            let (mut rest, mut total) = (black_box(&self.stream).as_slice(), 0);
            loop {
                match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((line, 0))) => {
                        rest = &rest[line..];
                        break;
                    }
                    Ok(httparse::Status::Complete((line, length))) => {
                        total += length as usize;
                        rest = rest[line + length as usize..].strip_prefix(b"\r\n").expect("a line end");
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!((total, rest.len()), (CHUNKS * CHUNK, 0));
        }
    }
}
