//! Exhaustively: what may stand where a chunk-size line is due.

use http_proto::Limits;
use http_proto::syntax::{ChunkDecoder, ChunkItem};
use tests::differential::{agree, bounds, error_is_certain_at_its_octet};
use tests::drive::Setup;
use tests::reference::body::body;
use tests::reference::head::Framing;
use tests::reference::line::Stop;
use tests::reference::{Bounds, Role};

/// Every kind of octet of the grammar, and some of none.
const ALPHABET: [u8; 14] = *b"01aG;=\" \t\r\n\\x\x80";
/// The same with one octet of a kind.
const SMALL: [u8; 9] = *b"01;=\" \r\n\\";

const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// All lines of up to six octets through a connection. What follows an error is left out: it stays, which every run of
/// the core asserts, and the shorter lines show it of the reference.
#[test]
fn up_to_six_octets_through_a_connection() {
    let setup = Setup::server();
    let mut viable = vec![HEAD.to_vec()];
    let mut tried = 0;
    for length in 1..=6 {
        let mut longer = Vec::new();
        for line in viable {
            for octet in ALPHABET {
                let input = [&line[..], &[octet]].concat();
                let outcome = agree(&setup, &input, false);
                tried += 1;
                if outcome.error().is_some() {
                    assert_eq!(outcome.consumed as usize, line.len(), "an error is at the octet that brings it");
                    continue;
                }
                if length < 5 {
                    error_is_certain_at_its_octet(&setup, &input, &agree(&setup, &input, true));
                }
                longer.push(input);
            }
        }
        viable = longer;
    }
    assert!(tried > 50_000, "{tried}");
    assert!(viable.len() > 10_000, "{}", viable.len());
}

/// All lines of up to six octets, what follows an error too, through the decoder alone.
#[test]
fn up_to_six_octets_through_the_decoder() {
    let bounds = bounds(Role::Server, &Limits::server());
    let mut tried = 0usize;
    for length in 1..=6u32 {
        let mut line = vec![0; length as usize];
        for number in 0..SMALL.len().pow(length) {
            let mut rest = number;
            for octet in &mut line {
                *octet = SMALL[rest % SMALL.len()];
                rest /= SMALL.len();
            }
            assert_eq!(decoded(&line), expected(&line, &bounds), "{:?}", String::from_utf8_lossy(&line));
            tried += 1;
        }
    }
    assert_eq!(tried, 597_870);
}

/// What lies behind the data of a chunk is found whole as it is found in two pieces, wherever these are cut.
#[test]
fn lines_behind_data_whole_and_cut() {
    let mut tried = 0;
    let mut check = |line: &[u8], data: usize| {
        let input = [b"\r\n", line, &vec![b'x'; data]].concat();
        let whole = behind_data(&[&input]);
        for at in 1..input.len().min(10) {
            let (front, back) = input.split_at(at);
            assert_eq!(behind_data(&[front, back]), whole, "{:?}, {data}", String::from_utf8_lossy(line));
        }
        tried += 1;
    };
    let digits = *b"019aF";
    for length in 0..=5u32 {
        for number in 0..digits.len().pow(length) {
            let size: Vec<u8> =
                (0..length).map(|place| digits[number / digits.len().pow(place) % digits.len()]).collect();
            let text = std::str::from_utf8(&size).unwrap();
            let value = usize::from_str_radix(text, 16).unwrap_or(0).min(0x1_0000);
            for end in [&b"\r\n"[..], b"\r\r\n", b"\r", b"\n", b"\n\r", b";\r\n", b";a\r\n", b" \r\n", b""] {
                let line = [&size, end].concat();
                for data in [0, 8, value.saturating_sub(1), value, value + 1] {
                    check(&line, data);
                }
            }
        }
    }
    // Every octet in every place of lines of one to four digits.
    for length in 1..=4 {
        for place in 0..length + 2 {
            for c in 0..=u8::MAX {
                let mut line = [&vec![b'1'; length][..], b"\r\n"].concat();
                line[place] = c;
                check(&line, 0x1fff);
            }
        }
    }
    assert!(tried > 150_000, "{tried}");
}

/// Behind the data of a first chunk: the octets of data, and where and how the decoding ended.
fn behind_data(pieces: &[&[u8]]) -> (usize, usize, String) {
    let (mut decoder, limits) = (ChunkDecoder::new(), Limits::server());
    assert_eq!(decoder.decode(b"1\r\nx", &limits).ok(), Some((4, ChunkItem::Data(1))));
    let (mut data, mut consumed) = (0, 0);
    for piece in pieces {
        let mut at = 0;
        loop {
            match decoder.decode(&piece[at..], &limits) {
                Ok((_, ChunkItem::NeedInput)) => break,
                Ok((length, ChunkItem::Data(octets))) => (at, data) = (at + length, data + octets),
                Ok((length, ChunkItem::LastChunk)) => return (data, consumed + at + length, "last".into()),
                Err(fault) => return (data, consumed + at + fault.at, format!("{:?}", fault.kind)),
            }
        }
        consumed += piece.len();
    }
    (data, consumed, "more".into())
}

#[derive(Debug, PartialEq)]
enum Found {
    More,
    Fault(usize),
    /// The last chunk has been read.
    Last,
}

fn decoded(input: &[u8]) -> Found {
    let (mut decoder, limits) = (ChunkDecoder::new(), Limits::server());
    let mut at = 0;
    loop {
        match decoder.decode(&input[at..], &limits) {
            Ok((_, ChunkItem::NeedInput)) => return Found::More,
            Ok((_, ChunkItem::LastChunk)) => return Found::Last,
            Ok((length, ChunkItem::Data(_))) => at += length,
            Err(fault) => return Found::Fault(at + fault.at),
        }
    }
}

fn expected(input: &[u8], bounds: &Bounds) -> Found {
    let read = |input: &[u8]| body(input, 0, Framing::Chunked, false, bounds, Role::Server);
    // The decoder is done with the line of the last chunk: a trailer section is not its affair, so an empty one is lent.
    let is_last_line = |&end: &usize| {
        input[end - 1] == b'\n' && read(&[&input[..end], b"\r\n"].concat()).is_ok_and(|(_, at)| at == end + 2)
    };
    if (1..=input.len()).any(|end| is_last_line(&end)) {
        return Found::Last;
    }
    match read(input) {
        Err(Stop::Bad(fault)) => Found::Fault(fault.at),
        Ok(_) | Err(Stop::Idle | Stop::More) => Found::More,
    }
}
