//! The chunked coding: through a connection against the reference, and the decoder alone at every split.

use super::control;
use crate::differential::{agree, error_is_certain_at_its_octet};
use crate::drive::{Setup, Storage};
use crate::reference::{Outstanding, Role};
use http_proto::Limits;
use http_proto::syntax::{ChunkDecoder, ChunkItem};

/// A control octet, then what follows the head of a chunked message.
pub fn chunked(data: &[u8]) {
    let Some((setup, eof, body)) = control(data) else { return };
    let (setup, head) = match setup.role {
        Role::Server => (setup, &b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"[..]),
        Role::Client => {
            let requests = vec![Outstanding { method: b"GET".to_vec(), upgrade: false }; 2];
            (Setup { requests, ..setup }, &b"HTTP/1.1 200 OK\r\ntransfer-encoding: x, chunked\r\n\r\n"[..])
        }
    };
    let input = [head, body].concat();
    let outcome = agree(&setup, &input, eof);
    error_is_certain_at_its_octet(&setup, &input, &outcome);
    let silent = setup.whole(&input, None);
    for storage in [Storage::Slice, Storage::BytesMut] {
        assert_eq!(setup.run(storage, input.chunks(1), None), silent);
    }

    let limits = &setup.config.limits;
    let whole = decode([body].into_iter(), limits);
    assert_eq!(decode(body.chunks(1), limits), whole);
    for at in 1..body.len().min(64) {
        let (front, back) = body.split_at(at);
        assert_eq!(decode([front, back].into_iter(), limits), whole, "split at {at}");
    }
}

/// The data, and where and how the decoding ended.
fn decode<'i>(pieces: impl Iterator<Item = &'i [u8]>, limits: &Limits) -> (Vec<u8>, usize, String) {
    let mut decoder = ChunkDecoder::default();
    let (mut data, mut consumed) = (Vec::new(), 0);
    for piece in pieces {
        let mut rest = piece;
        loop {
            let (length, item) = match decoder.decode(rest, limits) {
                Ok(found) => found,
                Err(fault) => return (data, consumed + fault.at, format!("{:?}", fault.kind)),
            };
            assert!(length <= rest.len());
            consumed += length;
            match item {
                ChunkItem::NeedInput => {
                    assert_eq!(length, rest.len(), "the decoder keeps nothing back");
                    break;
                }
                ChunkItem::Data(octets) => {
                    assert!(octets > 0 && octets <= length);
                    data.extend_from_slice(&rest[length - octets..length]);
                }
                ChunkItem::LastChunk => {
                    // What follows is none of the decoder's, however often it is asked.
                    let behind = [&rest[length..], b"\r\n"].concat();
                    assert_eq!(decoder.decode(&behind, limits), Ok((0, ChunkItem::LastChunk)));
                    return (data, consumed, "last chunk".into());
                }
            }
            rest = &rest[length..];
        }
    }
    (data, consumed, "more".into())
}
