//! The half of the io_uring example that needs no kernel: buffers that are lent, filled in part and given back.

use super::embed::{Session, Site};
use super::loans::Loans;
use super::{BAD, PIPELINE, REFUSAL, answer, answers, pattern};
use std::io::ErrorKind;

/// The other end of a queue: completes reads and writes in any order and for any part.
struct Kernel {
    random: u64,
}

impl Kernel {
    fn below(&mut self, bound: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % bound
    }

    /// Runs a connection to its end; the input ends where it says nothing more, or where it wants to.
    fn run(&mut self, mut input: &[u8], half_closes: bool) -> Vec<u8> {
        let mut loans = Loans::new(Session::new(Site::new().unwrap()));
        let (mut reading, mut writing, mut output) = (None, None, Vec::new());
        for _ in 0..1_000_000 {
            loans.session.take_events();
            let next = loans.session.interest();
            if next.close {
                assert!(!next.abort && writing.is_none());
                return output;
            }
            reading = reading.or_else(|| loans.lend());
            writing = writing.or_else(|| loans.pop());
            assert!(reading.is_none() || loans.lend().is_none(), "lent twice");
            assert!(writing.is_none() || loans.pop().is_none(), "popped twice");
            let ended = input.is_empty() && (half_closes || next.shutdown_write);
            if self.below(2) == 0 && (!input.is_empty() || ended) {
                let Some(mut buffer) = reading.take() else { continue };
                let room = buffer.capacity() - buffer.len();
                assert!(room >= 8 * 1024);
                let piece = [1, 10, 100, room][self.below(4)];
                let (now, later) = input.split_at(input.len().min(1 + self.below(piece)));
                buffer.extend_from_slice(now);
                input = later;
                loans.restore(buffer, Ok(now.len()));
            } else if let Some(octets) = writing.take() {
                let count = 1 + self.below(octets.len());
                output.extend_from_slice(&octets[..count]);
                loans.advance(octets, Ok(count));
            }
        }
        panic!("no end behind {} octets of output", output.len());
    }
}

#[test]
pub(crate) fn n4_lent_buffers() {
    let content = pattern(300_000);
    let head = format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", content.len());
    let input = [PIPELINE.as_bytes(), head.as_bytes(), &content, PIPELINE.as_bytes()].concat();
    let length = format!("Content-Length: {}", content.len());
    let echo = answer("200 OK", "application/octet-stream", &length, "");
    let output = [answers().as_bytes(), echo.as_bytes(), &content, answers().as_bytes()].concat();
    let bad = [&input, BAD.as_bytes(), &content].concat();
    let refused = [&output, REFUSAL.as_bytes()].concat();
    for random in 0..50 {
        assert!(Kernel { random }.run(&input, true) == output, "{random}");
        assert!(Kernel { random }.run(&bad, false) == refused, "{random}");
    }
}

/// The events of what has been read wait as well.
#[test]
fn n4_pipelined_requests_are_not_answered_while_nothing_is_written() {
    let mut loans = Loans::new(Session::new(Site::new().unwrap()));
    let mut requests = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".bytes().cycle();
    let mut read = 0;
    while let Some(mut buffer) = loans.lend() {
        buffer.extend(requests.by_ref().take(8 * 1024));
        loans.restore(buffer, Ok(8 * 1024));
        loans.session.take_events();
        read += 8 * 1024;
        assert!(read < 1 << 20, "it reads on");
    }
    let length = loans.session.out.len();
    assert!((64 * 1024..65 * 1024).contains(&length), "{length} octets of answers after {read} of requests");
}

#[test]
fn n4_no_buffer_is_lent_while_nothing_is_written() {
    let mut loans = Loans::new(Session::new(Site::new().unwrap()));
    let mut input = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n".to_vec();
    let mut read = 0;
    while let Some(mut buffer) = loans.lend() {
        input.resize(8 * 1024, b'x');
        buffer.append(&mut input);
        loans.restore(buffer, Ok(8 * 1024));
        loans.session.take_events();
        read += 8 * 1024;
        assert!(read < 1 << 20, "it reads on");
    }
    // One write later it goes on.
    let octets = loans.pop().unwrap();
    let count = octets.len();
    assert!(loans.lend().is_none());
    loans.advance(octets, Ok(count));
    loans.session.take_events();
    assert!(loans.lend().is_some());
}

#[test]
fn n4_a_failed_operation_ends_the_connection() {
    let reset = || Err(ErrorKind::ConnectionReset.into());
    let mut loans = Loans::new(Session::new(Site::new().unwrap()));
    let mut buffer = loans.lend().unwrap();
    buffer.extend_from_slice(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    loans.restore(buffer, Ok(27));
    loans.session.take_events();
    let octets = loans.pop().unwrap();
    loans.advance(octets, reset());
    assert!(loans.session.interest().close);

    let mut loans = Loans::new(Session::new(Site::new().unwrap()));
    let buffer = loans.lend().unwrap();
    loans.restore(buffer, reset());
    loans.session.take_events();
    assert!(loans.session.interest().close);
}
