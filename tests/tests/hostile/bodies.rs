//! Content that comes slowly, in the smallest pieces, or that nobody wants.

use crate::server::{Level, Make, Server, under_attack};
use std::thread;
use std::time::Duration;
use tests::raw::End;

under_attack! {
    a_slow_body_is_cut_off_at_its_deadline,
    the_smallest_chunks,
    an_upload_that_nobody_wants_is_answered_and_not_swallowed,
    a_small_rest_is_swallowed_and_the_connection_goes_on,
    an_answer_survives_a_rest_that_makes_no_sense,
    a_rest_that_does_not_come_ends_the_connection,
    an_octet_now_and_then_puts_neither_drain_nor_linger_off,
    many_uploads_at_once_are_not_kept_in_memory,
}

const CHUNKS: usize = 100_000;
const GIB: u64 = 1 << 30;

fn a_slow_body_is_cut_off_at_its_deadline(make: Make) {
    let server = Server::start(make, &[("body", 300)]);
    for framing in ["Content-Length: 1000\r\n\r\nbegin", "Transfer-Encoding: chunked\r\n\r\n3e8\r\nbegin"] {
        let mut peer = server.connect();
        peer.send(format!("POST /count HTTP/1.1\r\nHost: x\r\n{framing}"));
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.closes()), (408, true), "{}", answer.head);
        assert_eq!(peer.rest(), (Vec::new(), End::Closed));
    }
    let counts = server.until(|counts| counts.connections == 1);
    assert_eq!(counts.handlers, 1, "only the one that counts");
}

fn the_smallest_chunks(make: Make) {
    let server = Server::start(make, &[]);
    let before = server.memory();
    let head = "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    // At once, each with a write of its own, and octet by octet.
    for (count, at_once) in [(CHUNKS, usize::MAX), (CHUNKS, 6), (CHUNKS / 10, 1)] {
        let mut peer = server.connect();
        peer.send(head);
        let chunks = [b"1\r\nx\r\n".repeat(count), b"0\r\n\r\n".to_vec()].concat();
        chunks.chunks(at_once.min(chunks.len())).for_each(|piece| peer.send(piece));
        assert_eq!(peer.answer().text(), count.to_string());
        peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(peer.answer().text(), "Hello, World!");
    }
    assert!(server.most_memory() < before + 2048, "{} KiB, then {}", before, server.most_memory());
}

fn an_upload_that_nobody_wants_is_answered_and_not_swallowed(make: Make) {
    let server = Server::start(make, &[]);
    let before = server.memory();
    let piece = vec![b'.'; 64 * 1024];
    let chunk = [b"10000\r\n", &piece[..], b"\r\n"].concat();
    let length = format!("Content-Length: {GIB}");
    for (framing, piece) in [(&length[..], &piece), ("Transfer-Encoding: chunked", &chunk)] {
        let read = server.until(|counts| counts.connections == 1).read;
        let mut peer = server.connect();
        peer.send(format!("POST /refuse HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n"));
        let mut at = 0;
        let mut sent = 0;
        // The peer looks at what has come before every piece that it sends.
        while peer.look().expect("an answer before a reset") == 0
            && let Ok(count) = peer.offer(&piece[at..])
        {
            (at, sent) = ((at + count) % piece.len(), sent + count as u64);
        }
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.text()), (413, "refused"));
        while peer.look().is_ok()
            && let Ok(count) = peer.offer(&piece[at..])
        {
            (at, sent) = ((at + count) % piece.len(), sent + count as u64);
            assert!(sent < GIB, "{framing}: everything was taken");
        }
        // Twice a quarter of a MiB, drained and lingered over; what was read ahead, and a buffer beyond that.
        let read = server.until(|counts| counts.connections == 1).read - read;
        assert!(read < 1 << 20, "{framing}: {read} octets were read");
    }
    assert!(server.most_memory() < before + 2048, "{} KiB, then {}", before, server.most_memory());
}

fn a_small_rest_is_swallowed_and_the_connection_goes_on(make: Make) {
    let server = Server::start(make, &[]);
    let mut peer = server.connect();
    for _ in 0..10 {
        peer.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
        let answer = peer.answer();
        assert_eq!((answer.status(), answer.closes()), (413, false));
        peer.send(vec![b'.'; 200_000]);
    }
    peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(peer.answer().text(), "Hello, World!");
}

fn an_answer_survives_a_rest_that_makes_no_sense(make: Make) {
    let server = Server::start(make, &[]);
    let mut peer = server.connect();
    peer.send("POST /refuse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n...\r\n");
    // Nothing is read before the connection is over.
    server.until(|counts| counts.requests > 1);
    peer.send("nonsense\r\n");
    let counts = server.until(|counts| counts.connections == 2);
    assert_eq!(peer.answer().text(), "refused");
    assert_eq!(peer.rest(), (Vec::new(), End::Closed), "{counts:?}");
}

fn a_rest_that_does_not_come_ends_the_connection(make: Make) {
    let server = Server::start(make, &[("drain", 300), ("linger", 300)]);
    let mut peer = server.connect();
    peer.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n...");
    assert_eq!(peer.answer().status(), 413);
    assert_eq!(peer.rest(), (Vec::new(), End::Closed));
}

fn an_octet_now_and_then_puts_neither_drain_nor_linger_off(make: Make) {
    let server = Server::start(make, &[("drain", 300), ("linger", 300)]);
    let unread = "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
    let last = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (request, status) in [(unread, 413), (last, 200), ("nonsense\r\n\r\n", 400)] {
        let mut peer = server.connect();
        peer.send(request);
        assert_eq!(peer.answer().status(), status);
        // Until nobody takes it any more; what the peer gets is the end alone.
        while peer.offer(b".").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(peer.rest().0.is_empty());
    }
    server.until(|counts| counts.connections == 1);
}

fn many_uploads_at_once_are_not_kept_in_memory(make: Make) {
    const UPLOADS: usize = 200;
    let server = Server::start(make, &[]);
    let before = server.memory();
    let mut peers: Vec<_> = (0..UPLOADS).map(|_| server.connect()).collect();
    let piece = vec![b'.'; 256 * 1024];
    for peer in &mut peers {
        peer.send("POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
        let _taken = peer.offer(&piece).expect("somebody takes it");
    }
    // The connections of earlier questions are over soon.
    server.until(|counts| (counts.handlers, counts.connections) == (UPLOADS + 1, UPLOADS + 1));
    // Nobody reads but a little ahead; or content is read as it comes, into a buffer that grows to its bound.
    let each = if make.1 == Level::Service { 40 } else { 300 };
    let most = server.most_memory();
    assert!(most < before + 2048 + UPLOADS * each, "{make:?}: {before} KiB, then {most}");
}
