//! Fragmentation: however the input is cut, whatever it is stored in, the outcome is that of the whole.

use super::control;
use crate::drive::{Setup, Storage};
use http_proto::End;

/// A control octet, an octet that counts cuts, the distances between them, then what arrives.
pub fn recv_split(data: &[u8]) {
    let Some((setup, ends, [count, rest @ ..])) = control(data) else { return };
    let (cuts, input) = rest.split_at(rest.len().min(usize::from(count % 16)));
    let end = match (ends, count & 16) {
        (false, _) => None,
        (true, 0) => Some(End::Clean),
        (true, _) => Some(End::Aborted),
    };
    let whole = setup.whole(input, end);
    if end != Some(End::Aborted) {
        let early = Setup { end_with_last: true, ..setup.clone() };
        assert_eq!(early.run(Storage::Slice, pieces(input, cuts), end), whole, "the end with the last piece");
    }
    for storage in Storage::ALL {
        assert_eq!(setup.run(storage, pieces(input, cuts), end), whole, "{storage:?}, cut at {cuts:?}");
        assert_eq!(setup.run(storage, input.chunks(1), end), whole, "{storage:?}, octet by octet");
    }
    for at in 1..input.len().min(256) {
        let (front, back) = input.split_at(at);
        assert_eq!(setup.run(Storage::Slice, [front, back], end), whole, "split at {at}");
    }
}

/// The input cut after each of these distances; what is left is the last piece.
fn pieces<'i>(input: &'i [u8], cuts: &[u8]) -> impl Iterator<Item = &'i [u8]> {
    let mut rest = input;
    let mut pieces: Vec<_> = cuts
        .iter()
        .map(|&cut| {
            let (piece, behind) = rest.split_at(rest.len().min(cut.into()));
            rest = behind;
            piece
        })
        .collect();
    pieces.push(rest);
    pieces.into_iter()
}
