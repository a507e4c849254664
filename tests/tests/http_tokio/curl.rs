//! curl as the client: another implementation must understand every answer.

use crate::{start, within};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Runs curl with `content` on its standard input.
async fn curl(arguments: &[&str], content: &[u8]) -> Output {
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("curl must be installed");
    let mut stdin = child.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = tokio::spawn(async move { stdin.write_all(&content).await });
    let output = within(child.wait_with_output()).await.unwrap();
    let _ = writer.await.unwrap();
    assert!(output.status.success(), "curl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[tokio::test]
async fn get() {
    let (server, _) = start(|_| {}).await;
    let output = curl(&["--include", &format!("http://{}/", server.local_addr())], b"").await;
    let answer = String::from_utf8(output.stdout).unwrap();
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nDate: "), "{head}");
    assert!(head.ends_with(" GMT\r\nContent-Type: text/plain\r\nContent-Length: 13"), "{head}");
    assert_eq!(content, "Hello, World!");
}

#[tokio::test]
async fn head_has_the_length_and_no_content() {
    let (server, _) = start(|_| {}).await;
    let url = format!("http://{}", server.local_addr());
    let output = curl(&["--head", &format!("{url}/"), &format!("{url}/frames")], b"").await;
    let heads = String::from_utf8(output.stdout).unwrap();
    let (whole, stream) = heads.split_once("\r\n\r\n").unwrap();
    assert!(whole.ends_with("\r\nContent-Length: 13"), "{whole}");
    assert!(stream.starts_with("HTTP/1.1 200 OK\r\n") && stream.ends_with(" GMT\r\n\r\n"), "{stream}");
}

#[tokio::test]
async fn echo_with_content_length() {
    let (server, _) = start(|_| {}).await;
    let content = pattern(1024 * 1024);
    let url = format!("http://{}/echo", server.local_addr());
    let output = curl(&["--header", "Expect:", "--data-binary", "@-", &url], &content).await;
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

#[tokio::test]
async fn echo_chunked() {
    let (server, _) = start(|_| {}).await;
    let content = pattern(1024 * 1024);
    let url = format!("http://{}/echo", server.local_addr());
    let arguments = ["--header", "Transfer-Encoding: chunked", "--header", "Expect:", "--data-binary", "@-", &url];
    let output = curl(&arguments, &content).await;
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

// X2
#[tokio::test]
async fn echo_after_100_continue() {
    let (server, _) = start(|_| {}).await;
    let content = pattern(1024 * 1024);
    let url = format!("http://{}/echo", server.local_addr());
    // Without a 100 curl would wait for a minute.
    let arguments =
        ["--expect100-timeout", "60", "--header", "Expect: 100-continue", "--data-binary", "@-", "-v", &url];
    let output = curl(&arguments, &content).await;
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
    assert!(String::from_utf8_lossy(&output.stderr).contains("< HTTP/1.1 100 Continue"));
}

#[tokio::test]
async fn connections_are_used_again() {
    let (server, _) = start(|_| {}).await;
    let url = format!("http://{}/", server.local_addr());
    let output = curl(&["--write-out", " %{num_connects}\n", &url, &url], b"").await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Hello, World! 1\nHello, World! 0\n");
}

#[tokio::test]
async fn http10() {
    let (server, _) = start(|_| {}).await;
    let url = format!("http://{}", server.local_addr());
    let output = curl(&["--http1.0", "--include", &format!("{url}/")], b"").await;
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("\r\n\r\nHello, World!"), "{answer}");
    // Of unknown length, so until the close.
    let content = pattern(100_000);
    let output = curl(&["--http1.0", "--data-binary", "@-", &format!("{url}/echo")], &content).await;
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

// X3
#[tokio::test]
async fn frames_and_trailers() {
    let (server, _) = start(|_| {}).await;
    let output = curl(&["--raw", &format!("http://{}/frames", server.local_addr())], b"").await;
    let chunks = String::from_utf8(output.stdout).unwrap();
    assert_eq!(chunks, "3\r\none\r\n3\r\ntwo\r\n0\r\nChecksum: 12\r\n\r\n");
}
