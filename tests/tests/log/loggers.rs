//! Writers that fail, threads that log at the same time, loggers that are swapped.

use crate::{DEADLINE, GET, Paper, Tell, connect, server, talk, within};
use http_tokio::{AccessLog, LogFormat};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a writer does at its next calls; afterwards it takes everything.
enum Mood {
    Takes(usize),
    Fails(io::ErrorKind),
    Panics,
}

struct Moody(Paper, Vec<Mood>);

impl Write for Moody {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self.1.pop() {
            Some(Mood::Takes(count)) => self.0.write(&octets[..count.min(octets.len())]),
            Some(Mood::Fails(kind)) => Err(kind.into()),
            Some(Mood::Panics) => panic!("as it should"),
            None => self.0.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What four requests leave on the paper: the first octets of each line, up to the address's end.
async fn after(mut moods: Vec<Mood>) -> Vec<String> {
    moods.reverse();
    let paper = Paper::default();
    let server = server().await.logger(AccessLog::new(LogFormat::Common, Moody(paper.clone(), moods))).spawn();
    let requests: String = (1..=4).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: h\r\n\r\n")).collect();
    let answers = talk(connect(server.local_addr()).await, requests).await;
    assert_eq!(answers.matches("Hello, World!").count(), 4);
    within(server.shutdown(Duration::ZERO)).await;
    paper.text().split('\n').map(|line| line.get(..9).unwrap_or(line).to_owned() + &path(line)).collect()
}

fn path(line: &str) -> String {
    line.split('"').nth(1).and_then(|request| request.split(' ').nth(1)).unwrap_or_default().to_owned()
}

// N42
#[tokio::test]
async fn a_writer_that_fails() {
    use Mood::{Fails, Panics, Takes};
    let all = ["127.0.0.1/1", "127.0.0.1/2", "127.0.0.1/3", "127.0.0.1/4", ""];
    assert_eq!(after(vec![]).await, all);
    assert_eq!(after(vec![Takes(1), Fails(io::ErrorKind::Interrupted), Takes(2)]).await, all);
    for failed in [|| Fails(io::ErrorKind::StorageFull), || Takes(0), || Panics] {
        assert_eq!(after(vec![failed(), failed()]).await, all[2..]);
        assert_eq!(after(vec![Takes(7), failed(), failed()]).await, [&["127.0.0"], &all[2..]].concat());
        // The end of the torn line goes out, and no more.
        assert_eq!(after(vec![Takes(7), failed(), Takes(1), failed()]).await, [&["127.0.0"], &all[2..]].concat());
    }
}

// N42
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lines_stay_whole() {
    const REQUESTS: usize = 50;
    const CLIENTS: usize = 8;
    let paper = Paper::default();
    // An octet at a time, and with other threads in between.
    struct Slow(Paper);
    impl Write for Slow {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            std::thread::yield_now();
            self.0.write(&octets[..1])
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = server().await.logger(AccessLog::new(LogFormat::Json, Slow(paper.clone()))).spawn();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let stream = connect(server.local_addr()).await;
        clients.push(tokio::spawn(talk(stream, GET.repeat(REQUESTS))));
    }
    for client in clients {
        within(client).await.unwrap();
    }
    within(server.shutdown(DEADLINE)).await;
    let lines = paper.text();
    let ids: BTreeSet<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((lines.lines().count(), ids.len()), (CLIENTS * REQUESTS, CLIENTS * REQUESTS));
}

// P14
#[tokio::test]
async fn loggers_are_swapped() {
    let ((first, first_told), (second, second_told)) = (channel(), channel());
    let server = server().await.logger(Tell(first)).spawn();
    let mut stream = connect(server.local_addr()).await;
    let mut get = async |target: &str| {
        within(stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"Hello, World!") {
            assert_ne!(within(stream.read_buf(&mut answer)).await.unwrap(), 0);
        }
    };
    get("/first").await;
    assert_eq!(first_told.recv_timeout(DEADLINE).unwrap().record.target, "/first");
    server.set_logger(Some(Arc::new(Tell(second))));
    // The old one is gone: nobody can tell any more.
    assert!(
        first_told.recv_timeout(DEADLINE).is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
    get("/second").await;
    assert_eq!(second_told.recv_timeout(DEADLINE).unwrap().record.target, "/second");
    server.set_logger(None);
    get("/nobody").await;
    assert!(second_told.recv().is_err());
    let (third, third_told) = channel();
    server.set_logger(Some(Arc::new(Tell(third))));
    get("/third").await;
    assert_eq!(third_told.recv_timeout(DEADLINE).unwrap().record.target, "/third");
}
