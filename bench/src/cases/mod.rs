//! The cases of suite `parse`. Every one of them checks what it measures: a candidate that does not find what it must
//! find panics.

mod chunks;
mod cycle;
mod fed;
mod requests;
mod responses;
mod supply;

use crate::candidate::Case;
use crate::{heads, mixed};
use supply::Heads;

/// Messages to a batch where a message is a head that comes whole; divides the number of the mixed heads.
const HEADS: usize = 32;
/// Where a message is much more work than that.
const FEW: usize = 4;

pub(crate) fn parse() -> Vec<Case> {
    vec![
        request("request 170", Heads::new([heads::request_170()])),
        request("request 703", Heads::new([heads::request_703()])),
        request("request 1180", Heads::new([heads::request_1180()])),
        request("request mixed", Heads::new(mixed::requests())),
        fed("request 703 bytewise", heads::request_703(), 1),
        fed("request 703 slices 64", heads::request_703(), 64),
        response("response short", heads::response_short()),
        response("response 600", heads::response_600()),
        chunk_sizes(),
        cycle(),
    ]
}

fn request(name: &'static str, heads: Heads) -> Case {
    Case {
        name,
        peer: "httparse",
        octets: heads.mean(),
        batch: HEADS,
        ours: Box::new(requests::Ours::new(heads.clone())),
        theirs: Box::new(requests::Theirs::new(heads)),
    }
}

fn fed(name: &'static str, head: Vec<u8>, piece: usize) -> Case {
    Case {
        name,
        peer: "httparse",
        octets: head.len() as f64,
        batch: FEW,
        ours: Box::new(fed::Ours::new(head.clone(), piece)),
        theirs: Box::new(fed::Theirs::new(head, piece)),
    }
}

fn response(name: &'static str, head: Vec<u8>) -> Case {
    let heads = Heads::new([head]);
    Case {
        name,
        peer: "httparse",
        octets: heads.mean(),
        batch: HEADS,
        ours: Box::new(responses::Ours::new(heads.clone())),
        theirs: Box::new(responses::Theirs::new(heads)),
    }
}

fn chunk_sizes() -> Case {
    let stream = chunks::stream();
    Case {
        name: "chunk sizes",
        peer: "httparse",
        octets: stream.len() as f64,
        batch: FEW,
        ours: Box::new(chunks::Ours::new(stream.clone())),
        theirs: Box::new(chunks::Theirs::new(stream)),
    }
}

fn cycle() -> Case {
    let requests = heads::request_170().repeat(cycle::PIPELINED);
    Case {
        name: "cycle 16",
        peer: "hyper",
        octets: requests.len() as f64,
        batch: FEW,
        ours: Box::new(cycle::Ours::new(requests.clone())),
        theirs: Box::new(cycle::Theirs::new(requests)),
    }
}
