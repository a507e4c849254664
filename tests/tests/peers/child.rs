//! Clients that are processes of their own.

use crate::within;
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Runs a program with `content` on its standard input.
pub(crate) async fn run(program: &str, arguments: &[&str], content: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/clients"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program} must be installed: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let write = async move {
        // Not every client wants all of it.
        let _ = stdin.write_all(content).await;
    };
    let ((), output) = within(async { tokio::join!(write, child.wait_with_output()) }).await;
    output.expect("the end of the child")
}

/// As [`run`], for one that must succeed; returns what it has written.
pub(crate) async fn succeed(program: &str, arguments: &[&str], content: &[u8]) -> Vec<u8> {
    let output = run(program, arguments, content).await;
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{complained}\n{told}", output.status);
    output.stdout
}
