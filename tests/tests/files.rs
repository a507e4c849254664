//! N23: files as bodies.

use http_tokio::{Body, BoxError, FileBody, Request, Response, serve_stream, service_fn};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::timeout;

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(60);
/// Several pieces and a bit.
const LENGTH: usize = 3 * 256 * 1024 + 17;

/// A file that is removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("http-files-{}-{name}", std::process::id()));
        std::fs::File::create(&path).unwrap().write_all(content).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn content() -> Vec<u8> {
    (0..LENGTH).map(|at| (at * 31 % 251) as u8).collect()
}

/// What a client reads up to the end of the connection, from a server that answers with `body`.
async fn served(body: FileBody, method: &str) -> Vec<u8> {
    let (mut client, io) = duplex(64 * 1024);
    let body = Arc::new(Mutex::new(Some(body)));
    let service = service_fn(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().expect("one request");
        async { Ok::<_, BoxError>(Response::new(Body::from(body))) }
    });
    tokio::spawn(serve_stream(io, service));
    let mut read = Vec::new();
    timeout(DEADLINE, async {
        let head = format!("{method} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.read_to_end(&mut read).await.unwrap();
    })
    .await
    .expect("the deadline of the test");
    read
}

/// Head, and content, of an answer.
fn split(answer: &[u8]) -> (String, &[u8]) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8(answer[..end].to_vec()).unwrap(), &answer[end..])
}

/// Who holds `&Request<Body>` across an await is a task that can move to another thread all the same.
#[test]
fn bodies_can_be_shared() {
    const fn shared<T: Send + Sync>() {}
    const { shared::<Request<Body>>() }
}

#[tokio::test]
async fn whole_and_ranges() {
    let (scratch, content) = (Scratch::new("whole", &content()), content());
    let mut file = File::open(&scratch.0).await.unwrap();
    // Wherever it was read last.
    file.read_exact(&mut [0; 100]).await.unwrap();
    let answer = served(FileBody::new(file).await.unwrap(), "GET").await;
    let (head, octets) = split(&answer);
    assert!(head.contains(&format!("\r\nContent-Length: {LENGTH}\r\n")), "{head}");
    assert!(octets == content);
    for (from, to) in [(0, 1), (5, 5), (1, 300_000), (262_144, 524_288), (LENGTH - 1, LENGTH)] {
        let file = File::open(&scratch.0).await.unwrap();
        let body = FileBody::range(file, from as u64, (to - from) as u64).await.unwrap();
        let answer = served(body, "GET").await;
        let (head, octets) = split(&answer);
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", to - from)), "{head}");
        assert!(octets == &content[from..to], "{from}..{to}");
    }
}

#[tokio::test]
async fn nothing_is_read_for_head() {
    let scratch = Scratch::new("head", &content());
    let answer = served(FileBody::new(File::open(&scratch.0).await.unwrap()).await.unwrap(), "HEAD").await;
    let (head, octets) = split(&answer);
    assert!(head.contains(&format!("\r\nContent-Length: {LENGTH}\r\n")), "{head}");
    assert!(octets.is_empty());
}

#[tokio::test]
async fn an_empty_file_is_an_answer() {
    let scratch = Scratch::new("empty", b"");
    let answer = served(FileBody::new(File::open(&scratch.0).await.unwrap()).await.unwrap(), "GET").await;
    assert!(split(&answer).0.contains("\r\nContent-Length: 0\r\n"));
}

#[tokio::test]
async fn a_file_that_shrinks_is_never_a_short_success() {
    let (scratch, content) = (Scratch::new("shrinks", &content()), content());
    let body = FileBody::new(File::open(&scratch.0).await.unwrap()).await.unwrap();
    let kept = LENGTH - 20;
    std::fs::OpenOptions::new().write(true).open(&scratch.0).unwrap().set_len(kept as u64).unwrap();
    let answer = served(body, "GET").await;
    let (head, octets) = split(&answer);
    assert!(head.contains(&format!("\r\nContent-Length: {LENGTH}\r\n")), "{head}");
    assert!(octets.len() <= kept && content.starts_with(octets));

    let mut body: Body = FileBody::range(File::open(&scratch.0).await.unwrap(), kept as u64, 1).await.unwrap().into();
    let error = body.chunk().await.expect("an end before the end").expect_err("an error");
    assert_eq!(error.to_string(), "the file is shorter than the length announced");
}

#[tokio::test]
async fn a_file_that_grows_ends_where_it_was_said() {
    let (scratch, content) = (Scratch::new("grows", &content()), content());
    let body = FileBody::new(File::open(&scratch.0).await.unwrap()).await.unwrap();
    std::fs::OpenOptions::new().append(true).open(&scratch.0).unwrap().write_all(b"more").unwrap();
    assert!(split(&served(body, "GET").await).1 == content);
}
