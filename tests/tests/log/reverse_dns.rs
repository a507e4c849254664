//! Names for addresses: from the system, from a slow resolver, and from a broken one.

use crate::{DEADLINE, GET, Paper, Tell, connect, entry, server, talk, until, within};
use http_tokio::{AccessLog, Entry, LogFormat, Logger, ReverseDns};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

/// Entries that wait for a name, as documented.
const QUEUE: usize = 512;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A resolver that says when it is asked, and answers when it is told to.
fn slow() -> (impl FnMut(IpAddr) -> Option<String> + Send + 'static, Receiver<IpAddr>, Sender<&'static str>) {
    let ((ask, asked), (tell, told)) = (channel(), channel());
    let resolve = move |address| {
        let _ = ask.send(address);
        told.recv().ok().map(str::to_owned)
    };
    (resolve, asked, tell)
}

fn name(told: &Receiver<Entry>) -> Option<String> {
    told.recv_timeout(DEADLINE).unwrap().remote_name.map(|name| name.to_string())
}

// P19
#[tokio::test]
async fn loopback_resolves() {
    let paper = Paper::default();
    let log = ReverseDns::new(AccessLog::new(LogFormat::Common, paper.clone())).unwrap();
    let server = server().await.logger(log).spawn();
    talk(connect(server.local_addr()).await, GET).await;
    let line = paper.lines(1).await.remove(0);
    let host = line.split(' ').next().unwrap();
    assert!(host.parse::<IpAddr>().is_err(), "{line}");
    assert!(host.contains("local"), "{line}");
}

// P19
#[tokio::test]
async fn a_slow_resolver_delays_nothing() {
    const REQUESTS: usize = QUEUE + 100;
    let (resolve, asked, tell) = slow();
    let (log, told) = channel();
    let server = server().await.logger(ReverseDns::with_resolver(Tell(log), resolve).unwrap()).spawn();
    let answers = talk(connect(server.local_addr()).await, GET).await;
    assert!(answers.ends_with("Hello, World!"));
    assert_eq!(asked.recv_timeout(DEADLINE).unwrap(), LOOPBACK);
    // Not one name is known, and everything is answered.
    let answers = talk(connect(server.local_addr()).await, GET.repeat(REQUESTS)).await;
    assert_eq!(answers.matches("Hello, World!").count(), REQUESTS);
    // For what the queue has no room for, nobody waits.
    for _ in QUEUE..REQUESTS {
        assert_eq!(name(&told), None);
    }
    assert!(told.try_recv().is_err());
    tell.send("client.example").unwrap();
    for _ in 0..=QUEUE {
        assert_eq!(name(&told).as_deref(), Some("client.example"));
    }
    // It was asked once.
    assert!(asked.try_recv().is_err());
    assert!(told.try_recv().is_err());
}

// P19
#[tokio::test]
async fn a_broken_resolver_is_asked_no_more_than_another() {
    let (log, told) = channel();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let resolve = move |_| -> Option<String> {
        counted.fetch_add(1, SeqCst);
        panic!("as it should")
    };
    let server = server().await.logger(ReverseDns::with_resolver(Tell(log), resolve).unwrap()).spawn();
    talk(connect(server.local_addr()).await, GET.repeat(3)).await;
    for _ in 0..3 {
        assert_eq!(name(&told), None);
    }
    assert_eq!(asked.load(SeqCst), 1);
}

// P19
#[tokio::test]
async fn names_that_are_none() {
    let entry = entry(GET).await;
    let named = |resolved: &str| {
        let (log, told) = channel();
        let resolved = resolved.to_owned();
        let log = ReverseDns::with_resolver(Tell(log), move |_| Some(resolved.clone())).unwrap();
        log.log(entry.clone());
        name(&told)
    };
    for host in ["localhost", "a.example", "a.example.", "host_1.xn--4ca", "1-2-3-4.dyn.example"] {
        assert_eq!(named(host).as_deref(), Some(host));
    }
    let long = format!("{}.example", "a.".repeat(125));
    for other in [
        "",
        ".",
        "10.0.0.1",
        "10.1",
        "0x7f000001",
        "a.1",
        "a.0x1.",
        "::1",
        "fe80::1%lo",
        "a b",
        "a\nb",
        "a\"",
        "ü",
        &long,
    ] {
        assert_eq!(named(other), None, "{other:?}");
    }
}

// P19
#[tokio::test]
async fn a_logger_that_panics_is_asked_again() {
    struct Panics(Sender<Entry>, AtomicUsize);
    impl Logger for Panics {
        fn log(&self, entry: Entry) {
            assert_ne!(self.1.fetch_add(1, SeqCst), 0, "as it should");
            self.0.send(entry).unwrap();
        }
    }
    let entry = entry(GET).await;
    let (log, told) = channel();
    let log = ReverseDns::with_resolver(Panics(log, AtomicUsize::new(0)), |_| Some("a".to_owned())).unwrap();
    log.log(entry.clone());
    log.log(entry);
    assert_eq!(name(&told).as_deref(), Some("a"));
}

// P19
#[tokio::test]
async fn what_waits_is_logged_when_the_logger_is_dropped() {
    let (resolve, asked, tell) = slow();
    let (log, told) = channel();
    let server = server().await.logger(ReverseDns::with_resolver(Tell(log), resolve).unwrap()).spawn();
    talk(connect(server.local_addr()).await, GET.repeat(5)).await;
    asked.recv_timeout(DEADLINE).unwrap();
    // It does not wait for the resolver either.
    server.set_logger(None);
    assert!(told.try_recv().is_err());
    tell.send("client.example").unwrap();
    for _ in 0..5 {
        assert_eq!(name(&told).as_deref(), Some("client.example"));
    }
    // The thread is gone, with all that it had.
    assert_eq!(told.recv_timeout(DEADLINE).unwrap_err(), RecvTimeoutError::Disconnected);
    assert_eq!(asked.recv_timeout(DEADLINE).unwrap_err(), RecvTimeoutError::Disconnected);
}

// P19
#[tokio::test]
async fn a_flush_looks_nothing_up() {
    let entry = entry(GET).await;
    let (resolve, asked, tell) = slow();
    let (log, told) = channel();
    let log = Arc::new(ReverseDns::with_resolver(Tell(log), resolve).unwrap());
    // No name: it is remembered that there is none.
    log.log(entry.clone());
    asked.recv_timeout(DEADLINE).unwrap();
    log.log(entry.clone());
    let flushing = Arc::clone(&log);
    let flush = tokio::task::spawn_blocking(move || flushing.flush());
    tell.send("").unwrap();
    within(flush).await.unwrap();
    assert_eq!([told.try_recv().unwrap().remote_name, told.try_recv().unwrap().remote_name], [None, None]);
    assert!(told.try_recv().is_err());
    // As the logger of a server, with a hand on it.
    let server = server().await.logger(Arc::clone(&log)).spawn();
    talk(connect(server.local_addr()).await, GET).await;
    until(|| server.connections().is_empty()).await;
    within(tokio::task::spawn_blocking(move || log.flush())).await.unwrap();
    assert!(told.try_recv().is_ok());
}
