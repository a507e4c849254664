//! The cases of suite `parse`.

mod requests;

use crate::candidate::Case;
use crate::{heads, mixed};
use requests::Heads;

const HTTPARSE: &str = "httparse";

/// Messages to a batch where one message is one head.
const BATCH: usize = 32;

pub(crate) fn parse() -> Vec<Case> {
    vec![
        request("request 170", Heads::new([heads::request_170()])),
        request("request 703", Heads::new([heads::request_703()])),
        request("request 1180", Heads::new([heads::request_1180()])),
        request("request mixed", Heads::new(mixed::requests())),
    ]
}

fn request(name: &'static str, heads: Heads) -> Case {
    Case {
        name,
        peer: HTTPARSE,
        octets: heads.mean(),
        batch: BATCH,
        ours: Box::new(requests::Ours::new(heads.clone())),
        theirs: Box::new(requests::Theirs::new(heads)),
    }
}
