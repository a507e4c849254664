//! curl as the client: another implementation must understand every answer.

use super::{Rig, start_routes};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Whom curl is to trust.
#[cfg(feature = "tls")]
fn authority() -> [&'static str; 2] {
    ["--cacert", &super::wired::keys().authority]
}

#[cfg(not(feature = "tls"))]
fn authority() -> [&'static str; 0] {
    []
}

/// Runs curl with `content` on its standard input.
fn curl(arguments: &[&str], content: &[u8]) -> Output {
    let mut child = Command::new("curl")
        .args(authority())
        .args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("curl must be installed");
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // What curl makes of it shows in its output.
        scope.spawn(move || stdin.write_all(content));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "curl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

pub fn get(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let output = curl(&["--include", &server.url("/")], b"");
    let answer = String::from_utf8(output.stdout).unwrap();
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nDate: "), "{head}");
    assert!(head.ends_with(" GMT\r\ncontent-type: text/plain\r\nContent-Length: 13"), "{head}");
    assert_eq!(content, "Hello, World!");
}

pub fn head_has_the_length_and_no_content(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let url = server.url("");
    let output = curl(&["--head", &format!("{url}/"), &format!("{url}/frames")], b"");
    let heads = String::from_utf8(output.stdout).unwrap();
    let (whole, stream) = heads.split_once("\r\n\r\n").unwrap();
    assert!(whole.ends_with("\r\nContent-Length: 13"), "{whole}");
    assert!(stream.starts_with("HTTP/1.1 200 OK\r\n") && stream.ends_with(" GMT\r\n\r\n"), "{stream}");
}

pub fn echo_with_content_length(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let content = pattern(1024 * 1024);
    let url = server.url("/echo");
    let output = curl(&["--header", "Expect:", "--data-binary", "@-", &url], &content);
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

pub fn echo_chunked(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let content = pattern(1024 * 1024);
    let url = server.url("/echo");
    let arguments = ["--header", "Transfer-Encoding: chunked", "--header", "Expect:", "--data-binary", "@-", &url];
    let output = curl(&arguments, &content);
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

// X2
pub fn echo_after_100_continue(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let content = pattern(1024 * 1024);
    let url = server.url("/echo");
    // Without a 100 curl would wait for a minute.
    let arguments =
        ["--expect100-timeout", "60", "--header", "Expect: 100-continue", "--data-binary", "@-", "-v", &url];
    let output = curl(&arguments, &content);
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
    assert!(String::from_utf8_lossy(&output.stderr).contains("< HTTP/1.1 100 Continue"));
}

pub fn connections_are_used_again(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let url = server.url("/");
    let output = curl(&["--write-out", " %{num_connects}\n", &url, &url], b"");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Hello, World! 1\nHello, World! 0\n");
}

pub fn http10(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let url = server.url("");
    let output = curl(&["--http1.0", "--include", &format!("{url}/")], b"");
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("\r\n\r\nHello, World!"), "{answer}");
    // Of unknown length, so until the close.
    let content = pattern(100_000);
    let output = curl(&["--http1.0", "--data-binary", "@-", &format!("{url}/echo")], &content);
    assert!(output.stdout == content, "{} octets came back", output.stdout.len());
}

// X3
pub fn frames_and_trailers(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let output = curl(&["--raw", &server.url("/frames")], b"");
    let chunks = String::from_utf8(output.stdout).unwrap();
    assert_eq!(chunks, "3\r\none\r\n3\r\ntwo\r\n0\r\nchecksum: 12\r\n\r\n");
}
