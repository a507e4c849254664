//! [`http_proto::SendBuf`].

use bytes::Bytes;
use http_proto::{BodyLength, Chunk, Flow, ResponseHead, SendBuf, Server, WaterMarks};
use std::io::IoSlice;
use tests::pair::one::One;

/// A server behind CONNECT: what it sends goes out as it is.
fn raw(marks: WaterMarks) -> One<Server> {
    let mut server = One::server();
    server.hear("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
    server.connection.upgrade(&ResponseHead::new(200), &mut server.out).unwrap();
    server.out = SendBuf::with_marks(marks);
    server
}

/// What `io_slices` sets, with so many slices.
fn slices(out: &SendBuf, count: usize) -> Vec<Vec<u8>> {
    let mut slices = vec![IoSlice::new(b""); count];
    let set = out.io_slices(&mut slices);
    slices[..set].iter().map(|slice| slice.to_vec()).collect()
}

fn send(server: &mut One<Server>, parts: &[&str]) {
    for part in parts {
        let flow = match part.split_at(1) {
            ("s", octets) => server.connection.send(octets.as_bytes(), &mut server.out),
            ("o", octets) => server.connection.send_owned(Bytes::copy_from_slice(octets.as_bytes()), &mut server.out),
            (_, octets) => server.connection.send_external(octets.len() as u64, &mut server.out),
        };
        assert_eq!(flow, Ok(Flow::Ready));
    }
}

#[test]
fn an_empty_buffer() {
    let mut out = SendBuf::new();
    assert_eq!((out.len(), out.is_empty(), out.written(), out.front()), (0, true, 0, None));
    assert!(!out.advance(5), "more than there is counts as all");
    assert_eq!((out.written(), out.pop_owned()), (0, None));
    assert_eq!(slices(&out, 3), Vec::<Vec<u8>>::new());
    assert!(out.release());
}

#[test]
fn io_slices_stop_in_front_of_an_external_marker() {
    let mut server = raw(WaterMarks::default());
    send(&mut server, &["sab", "sc", "od", "oef", "sg", "xhij", "sk", "ol"]);
    assert_eq!(server.out.len(), 12);
    assert_eq!(slices(&server.out, 8), [b"abc".to_vec(), b"d".to_vec(), b"ef".to_vec(), b"g".to_vec()]);
    assert_eq!(slices(&server.out, 2), [b"abc".to_vec(), b"d".to_vec()]);
    assert!(!server.out.advance(6), "abcdef");
    assert_eq!(slices(&server.out, 8), [b"g"]);
    server.out.advance(1);
    assert_eq!(server.out.front(), Some(Chunk::External(3)));
    assert!(slices(&server.out, 8).is_empty());
    assert_eq!(server.out.pop_owned(), None);
    server.out.advance(2);
    assert_eq!(server.out.front(), Some(Chunk::External(1)), "a marker shrinks");
    server.out.advance(1);
    assert_eq!(slices(&server.out, 8), [b"k", b"l"]);
}

#[test]
fn advance_stops_anywhere_and_loses_nothing() {
    let parts = ["sab", "oc", "sdef", "xghi", "oj", "sk", "sl", "omno"];
    for step in 1..=8 {
        let mut server = raw(WaterMarks::default());
        send(&mut server, &parts);
        let mut seen = Vec::new();
        while let Some(chunk) = server.out.front() {
            let count = match chunk {
                Chunk::Octets(octets) => {
                    let octets = &octets[..octets.len().min(step)];
                    seen.extend_from_slice(octets);
                    octets.len()
                }
                Chunk::External(count) => {
                    let count = step.min(count as usize);
                    seen.extend(std::iter::repeat_n(b'?', count));
                    count
                }
            };
            server.out.advance(count as u64);
            assert_eq!(server.out.written(), seen.len() as u64);
        }
        assert_eq!(seen, b"abcdef???jklmno", "{step} at a time");
        assert!(server.out.is_empty());
    }
}

#[test]
fn popped_octets_belong_to_the_length_until_they_are_written() {
    let mut server = raw(WaterMarks::default());
    send(&mut server, &["sab", "ocd", "se"]);
    let first = server.out.pop_owned().unwrap();
    let second = server.out.pop_owned().unwrap();
    assert_eq!((&first[..], &second[..], server.out.len()), (&b"ab"[..], &b"cd"[..], 5));
    assert!(!server.out.release(), "they are in flight");
    send(&mut server, &["sf"]);
    server.out.advance(3);
    assert_eq!((server.out.len(), server.out.written()), (3, 3));
    assert_eq!(server.out.pop_owned().unwrap(), "ef");
    assert_eq!((server.out.front(), server.out.is_empty()), (None, false));
    assert_eq!(server.out.pop_owned(), None);
    server.out.advance(3);
    assert!(server.out.is_empty() && server.out.release());
}

// What was handed out is in the way of what is sent behind it no longer than until it is written.
#[test]
fn popped_octets_are_over_when_they_are_written() {
    let mut server = raw(WaterMarks::default());
    for _ in 0..3 {
        send(&mut server, &["shello"]);
        assert_eq!(server.out.pop_owned().unwrap(), "hello");
        server.out.advance(5);
        send(&mut server, &["sworld", "o!"]);
        server.out.advance(5);
        assert_eq!((server.out.front(), server.out.len()), (Some(Chunk::Octets(b"!")), 1));
        server.out.advance(1);
        assert_eq!((server.out.front(), server.out.len()), (None, 0));
    }
}

#[test]
fn popping_the_flat_octets_takes_them_whole() {
    let mut server = raw(WaterMarks::default());
    send(&mut server, &["sabc"]);
    let place = match server.out.front() {
        Some(Chunk::Octets(octets)) => octets.as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(server.out.pop_owned().unwrap().as_ptr(), place, "no copy");
    send(&mut server, &["sdef"]);
    server.out.advance(4);
    assert_eq!(slices(&server.out, 1), [b"ef"]);
    assert_eq!(server.out.pop_owned().unwrap(), "ef");
}

#[test]
fn n18_full_at_the_high_mark_and_drained_at_the_low() {
    let mut server = raw(WaterMarks { high: 10, low: 4, copied: 1000 });
    let send = |server: &mut One<Server>, count| {
        server.connection.send_owned(Bytes::from(vec![b'o'; count]), &mut server.out).unwrap()
    };
    assert_eq!(send(&mut server, 9), Flow::Ready);
    assert_eq!(send(&mut server, 1), Flow::Full);
    assert!(!server.out.advance(5));
    assert!(server.out.advance(1));
    assert!(!server.out.advance(1), "once");
    assert_eq!(send(&mut server, 1), Flow::Ready);
}

#[test]
fn n18_copied_octets_have_a_mark_of_their_own() {
    let mut server = raw(WaterMarks { high: 1000, low: 100, copied: 8 });
    let send = |server: &mut One<Server>, count| server.connection.send(&vec![b's'; count], &mut server.out).unwrap();
    assert_eq!(send(&mut server, 7), Flow::Ready);
    assert_eq!(send(&mut server, 1), Flow::Full);
    assert_eq!(send(&mut server, 1), Flow::Full);
    let drains: Vec<bool> = (0..9).map(|_| server.out.advance(1)).collect();
    assert_eq!(drains.iter().filter(|drained| **drained).count(), 1);
    assert!(drains[6], "at a quarter of the mark: {drains:?}");
    // External octets cost no memory, but count for the high mark.
    let flow = server.connection.send_external(999, &mut server.out).unwrap();
    assert_eq!(flow, Flow::Ready);
    assert_eq!(server.connection.send_external(1, &mut server.out), Ok(Flow::Full));
}

#[test]
fn n18_the_marks_are_as_documented() {
    let marks = WaterMarks::default();
    assert_eq!((marks.high, marks.low, marks.copied), (512 * 1024, 128 * 1024, 64 * 1024));
}

#[test]
fn empty_pieces_leave_no_trace() {
    let mut server = One::server();
    server.hear("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.connection.respond(&ResponseHead::new(200), BodyLength::Unknown, &mut server.out).unwrap();
    server.written();
    let _ = server.connection.send(b"", &mut server.out).unwrap();
    let _ = server.connection.send_owned(Bytes::new(), &mut server.out).unwrap();
    let _ = server.connection.send_external(0, &mut server.out).unwrap();
    assert!(server.out.is_empty(), "an empty chunk would be the last one");
}

#[test]
fn a_long_stream_of_small_pieces_keeps_the_buffer_small() {
    let mut server = raw(WaterMarks::default());
    for round in 0..10_000u64 {
        let _ = server.connection.send(&[b's'; 100], &mut server.out).unwrap();
        if round > 0 {
            server.out.advance(100);
        }
    }
    assert_eq!((server.out.len(), server.out.written()), (100, 999_900));
    assert!(format!("{:?}", server.out).len() < 200_000, "what was written is not kept");
}

// An empty buffer that called itself full would wait for a drain that never comes.
#[test]
fn n18_an_empty_buffer_is_never_full() {
    let mut server = raw(WaterMarks { high: 0, low: 0, copied: 0 });
    assert_eq!(server.connection.send(b"", &mut server.out), Ok(Flow::Ready));
    assert_eq!(server.connection.send(b"a", &mut server.out), Ok(Flow::Full));
    assert!(server.out.advance(u64::MAX) && !server.out.advance(u64::MAX));
}
