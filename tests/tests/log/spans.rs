//! What subscribers of `tracing` see of a server.

use crate::{GET, Paper, connect, server, talk, within};
use std::sync::Once;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tracing_subscriber::fmt::format::FmtSpan;

thread_local! {
    /// What happens on this thread: the server of a test runs on its own.
    static PAPER: Paper = Paper::default();
}

/// Before anything else that could be traced: whether somebody wants to know is remembered of every place in the code.
pub fn subscribe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_writer(|| PAPER.with(Paper::clone))
            .init();
    });
}

/// The paper of this thread, empty.
fn paper() -> Paper {
    let paper = PAPER.with(Paper::clone);
    paper.0.lock().unwrap().clear();
    paper
}

/// The lines, without the blanks that align levels.
fn seen(paper: &Paper) -> Vec<String> {
    paper.text().lines().map(|line| line.trim_start().to_owned()).collect()
}

// N42
#[tokio::test]
async fn requests_have_spans() {
    let paper = paper();
    let server = server().await.spawn();
    let requests = format!("{GET}POST /fails HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    talk(connect(server.local_addr()).await, requests).await;
    within(server.shutdown(Duration::ZERO)).await;
    let first = r#"request{id=1-1 connection=1 method="GET" target="/""#;
    let second = r#"request{id=1-2 connection=1 method="POST" target="/fails""#;
    let expected = [
        format!("INFO {first}}}: http_driver: new"),
        format!("INFO {first}}}: log: in the handler"),
        format!("INFO {first} status=200}}: http_driver: close"),
        format!("INFO {second}}}: http_driver: new"),
        format!("INFO {second}}}: log: in the handler"),
        format!("INFO {second} status=500}}: http_driver: close"),
        "DEBUG http_driver: closed connection=1 cut_off=0 upgraded=false".to_owned(),
    ];
    assert_eq!(seen(&paper), expected);
}

// N42
#[tokio::test]
async fn refusals_are_told() {
    let paper = paper();
    let server = server().await.spawn();
    talk(connect(server.local_addr()).await, "GET / HTTP/1.1\r\nHost : h\r\n\r\n").await;
    within(server.shutdown(Duration::ZERO)).await;
    let seen = seen(&paper);
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert!(seen[0].starts_with("DEBUG http_driver: refused connection=1 error="), "{seen:#?}");
    assert!(seen[0].ends_with(" status=400"), "{seen:#?}");
    assert!(seen[1].starts_with("DEBUG http_driver: closed connection=1 error="), "{seen:#?}");
    assert!(seen[1].ends_with(" cut_off=0 upgraded=false"), "{seen:#?}");
}

// N42
#[tokio::test]
async fn cut_offs_are_told() {
    let paper = paper();
    let server = server().await.spawn();
    let mut stream = connect(server.local_addr()).await;
    within(stream.write_all(b"GET /never HTTP/1.1\r\nHost: h\r\n\r\n")).await.unwrap();
    crate::until(|| paper.text().contains("in the handler")).await;
    within(server.dispose()).await;
    let span = r#"request{id=1-1 connection=1 method="GET" target="/never"}: "#;
    let expected = [
        format!("INFO {span}http_driver: new"),
        format!("INFO {span}log: in the handler"),
        format!("DEBUG {span}http_driver: cut off"),
        format!("INFO {span}http_driver: close"),
        "DEBUG http_driver: closed connection=1 cut_off=1 upgraded=false".to_owned(),
    ];
    assert_eq!(seen(&paper), expected);
}
