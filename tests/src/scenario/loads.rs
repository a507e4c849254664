//! Large, many and never read: what a client may send must not fill the memory.

use super::{DEADLINE, GET, Rig, alone, get, post, start_routes, within};
use std::io::{ErrorKind, Write};
use std::time::Duration;

/// The most memory that this process has used, in KiB.
pub fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

// N14: in a process of its own, whose memory is measured.
pub fn a_gibibyte_goes_up_in_little_memory(rig: impl Rig) {
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    const LENGTH: usize = 1024 * 1024 * 1024;
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    let block = vec![b'x'; 1024 * 1024];
    client.send(post("/count", block.len()));
    client.send(&block);
    client.answer();
    let before = peak();
    client.send(post("/count", LENGTH));
    for _ in 0..LENGTH / block.len() {
        client.send(&block);
    }
    assert_eq!(client.answer().text(), LENGTH.to_string());
    // What the kernel counts may be a little behind.
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
}

// N14: one that nobody reads is not taken in, and cannot hold the connection.
pub fn a_gibibyte_that_nobody_reads_is_not_taken_in(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/refuse", 1024 * 1024 * 1024));
    let answer = client.answer();
    assert!(answer.status() == "401" && answer.closes(), "{answer:?}");
    let block = vec![b'x'; 256 * 1024];
    let mut sent = 0;
    let error = loop {
        match client.stream.write(&block) {
            Ok(written) => sent += written,
            Err(error) => break error,
        }
        assert!(sent < 512 * 1024 * 1024);
    };
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    within(|| server.handle.connections().is_empty());
}

// N14
pub fn chunks_of_one_octet_are_taken(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("1\r\nx\r\n".repeat(200_000));
    client.send("0\r\n\r\n");
    assert_eq!(client.answer().text(), "200000");
}

// P9: one request is with the handler, few are read ahead, the rest stays with TCP.
pub fn a_pipeline_behind_a_waiting_handler_is_not_read(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    // Until the sockets take no more.
    let requests = GET.repeat(1000);
    client.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    let mut rest = 0;
    while let Ok(written) = client.stream.write(&requests.as_bytes()[rest..]) {
        (sent, rest) = (sent + written, (rest + written) % requests.len());
        assert!(sent < 64 * 1024 * 1024, "somebody takes it in");
    }
    let read = server.handle.connections()[0].statistics().read;
    assert!(read < 128 * 1024, "{read} octets read ahead, {sent} sent");
    assert_eq!(probe.calls(), 1);
    // Nothing of it is lost.
    client.stream.set_write_timeout(Some(DEADLINE)).unwrap();
    probe.gate.add(1);
    assert_eq!(client.answer().text(), "passed");
    std::thread::scope(|scope| {
        let mut stream = client.stream.try_clone().unwrap();
        let (requests, last) = (&requests, rest);
        scope.spawn(move || stream.write_all(&requests.as_bytes()[last..]).unwrap());
        for _ in 0..(sent - rest) / GET.len() + 1000 {
            assert_eq!(client.answer().text(), "Hello, World!");
        }
    });
}

// P9, N18: 10^5 requests by a client that never reads.
pub fn requests_whose_answers_nobody_reads_stop(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |config| config.timeouts.write = Duration::from_millis(500));
    let mut client = server.client();
    let requests = get("/large").repeat(1000);
    let mut sent = 0;
    while sent < 100 && client.stream.write_all(requests.as_bytes()).is_ok() {
        sent += 1;
    }
    // What they answer with, 64 KiB each, does not fit the sockets.
    within(|| probe.calls() > 0 && server.handle.connections().is_empty());
    assert!(probe.calls() < 1000, "{} answers for a client that reads none", probe.calls());
    client.rest_until_reset();
}

// N18: what is sent ahead of a slow reader is a send buffer, and what the kernel takes.
pub fn a_slow_reader_holds_the_memory_at_the_mark(rig: impl Rig) {
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/endless"));
    client.head();
    let before = peak();
    for _ in 0..2000 {
        client.more();
        client.read.clear();
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
    client.reset();
    probe.dropped.take();
}

// N15, N18: an echo takes in no more than its reader takes out.
pub fn an_echo_is_held_back_by_its_reader(rig: impl Rig) {
    const LENGTH: usize = 64 * 1024 * 1024;
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(post("/echo", LENGTH));
    let block = vec![b'x'; 256 * 1024];
    let mut sent = 0;
    client.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while let Ok(written) = client.stream.write(&block) {
        sent += written;
        assert!(sent < LENGTH / 2, "{sent} octets taken in though nobody reads what comes back");
    }
    client.stream.set_write_timeout(Some(DEADLINE)).unwrap();
    std::thread::scope(|scope| {
        let mut stream = client.stream.try_clone().unwrap();
        scope.spawn(move || stream.write_all(&vec![b'x'; LENGTH - sent]).unwrap());
        assert_eq!(client.answer().content.len(), LENGTH);
    });
}
