//! The examples that ask: what they print, what they send, and the code they end with.

use crate::server::{DEADLINE, Server};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use tests::raw_server::RawServer;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What became of an example.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs an example to its end.
fn run(package: &str, example: &str, arguments: &[&str], input: &'static str) -> Ran {
    let mut command = Command::new(tests::examples::build(package, example));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the example starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who wants nothing of it need not take it.
    thread::spawn(move || stdin.write_all(input.as_bytes()));
    let id = child.id().to_string();
    let (ended, end) = channel();
    thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(DEADLINE) else {
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        panic!("{example} {arguments:?} goes on");
    };
    let output = output.expect("it ends");
    let text = |octets| String::from_utf8(octets).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{name}.{}", std::process::id()))
}

fn url(server: &RawServer) -> String {
    format!("http://{}/", server.address())
}

pub(crate) fn client_get(package: &str) {
    let server = Server::start(package, "hello", &[]);
    let url = format!("http://{}", server.address());
    let ran = run(package, "client_get", &[&format!("{url}/")], "");
    let (head, content) = ran.out.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("\ncontent-length: 13"), "{head}");
    assert_eq!((content, ran.err.as_str(), ran.code), ("Hello, World!", "", Some(0)));
    let ran = run(package, "client_get", &[&format!("{url}/elsewhere")], "");
    assert!(ran.out.starts_with("HTTP/1.1 404 Not Found\n") && ran.out.ends_with("\n\nNot found\n"), "{}", ran.out);
    assert_eq!(ran.code, Some(3));

    let file = temporary(&format!("client_get-{package}"));
    let name = file.to_str().unwrap();
    let ran = run(package, "client_get", &[&format!("{url}/"), name], "");
    assert!(ran.out.ends_with("\n\n"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "Hello, World!");
    std::fs::remove_file(&file).unwrap();
}

// N31
pub(crate) fn client_get_says_what_is_wrong(package: &str) {
    let cut_off = RawServer::answering(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "hello"]);
    let file = temporary(&format!("client_get_part-{package}"));
    let ran = run(package, "client_get", &[&url(&cut_off), file.to_str().unwrap()], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(": ") && !ran.err.contains("Error("), "{}", ran.err);
    assert!(!file.exists(), "half of it is there as if it were the whole");
    std::fs::remove_file(file.with_extension(format!("{}.part", std::process::id()))).unwrap();

    let nonsense = RawServer::answering(["SSH-2.0-OpenSSH_9.2\r\n"]);
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, said) in [
        (url(&nonsense), ""),
        (format!("http://{refusing}/"), "no connection could be opened: "),
        ("ftp://127.0.0.1/".to_owned(), "the scheme is neither http nor https"),
        ("http://user:secret@127.0.0.1/".to_owned(), "a user's name or password"),
        ("127.0.0.1".to_owned(), "the URI names no target"),
    ] {
        let ran = run(package, "client_get", &[&url], "");
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{url}");
        assert!(ran.err.starts_with(&format!("{url}: ")) && ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(run(package, "client_get", &[], "").code, Some(2));
}

// X3
pub(crate) fn upload(package: &str) {
    let server = Server::start(package, "hello", &[]);
    let url = format!("http://{}/echo", server.address());
    // The server sends back what it gets: a length, or chunks and what stands behind them.
    let ran = run(package, "upload", &["--post", &url], "some words\n");
    let (head, rest) = ran.out.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("\ntransfer-encoding: chunked"), "{head}");
    assert_eq!((rest, ran.code), ("some words\n\nx-octets: 11\n\n", Some(0)));
    let file = temporary(&format!("upload-{package}"));
    let content = "0123456789abcdef".repeat(100_000);
    std::fs::write(&file, &content).unwrap();
    let ran = run(package, "upload", &["--post", &url, file.to_str().unwrap()], "");
    let (head, rest) = ran.out.split_once("\n\n").unwrap();
    assert!(head.contains(&format!("\ncontent-length: {}", content.len())), "{head}");
    assert!(rest == content && ran.code == Some(0));
    std::fs::write(&file, "").unwrap();
    assert_eq!(run(package, "upload", &["--post", "--expect", &url, file.to_str().unwrap()], "").code, Some(0));
    std::fs::remove_file(&file).unwrap();
    // Only POST is allowed there; the standard input is not waited for.
    assert_eq!(run(package, "upload", &[&url], "").code, Some(3));
    let ran = run(package, "upload", &[&url, "/no/such/file"], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with(&format!("{url}: No such file")), "{}", ran.err);
    assert_eq!(run(package, "upload", &["--get", &url], "").code, Some(2));
}

// X1, X2
pub(crate) fn upload_waits_to_be_asked_for(package: &str) {
    let server = RawServer::start(|_, mut peer| {
        let head = peer.head();
        assert!(head.starts_with("PUT / HTTP/1.1\r\n") && head.contains("\r\nExpect: 100-continue\r\n"), "{head}");
        assert!(head.contains("\r\ntrailer: x-octets\r\n"), "{head}");
        peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        let content = "5\r\nhello\r\n0\r\nx-octets: 5\r\n\r\n";
        assert_eq!(peer.octets(content.len()), content.as_bytes());
        let chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nDigest: x\r\n\r\n";
        peer.send(format!("HTTP/1.1 201 Created\r\n{chunked}"));
    });
    let ran = run(package, "upload", &["--expect", &url(&server)], "hello");
    let expected = "103 Early Hints\nlink: </a>\n\n100 Continue\n\nHTTP/1.1 201 Created\ntransfer-encoding: chunked\n\n\
                    ok\ndigest: x\n\n";
    assert_eq!((ran.out.as_str(), ran.err.as_str(), ran.code), (expected, "", Some(0)));
    server.finish();

    // Who does not want the content says so, and gets none of it.
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(peer.rest().0, b"");
    });
    assert_eq!(run(package, "upload", &["--expect", &url(&server)], "hello").code, Some(3));
    server.finish();
}

// X5
pub(crate) fn pipelining_client(package: &str) {
    // Of the third connection on, all that were opened on level 1, each closes behind its fifth answer.
    let server = RawServer::start(|number, mut peer| {
        for seen in 1..=9 {
            if number > 1 && seen > 5 {
                return;
            }
            peer.head();
            // The answers wait until four requests are there, behind the one that opens the connection.
            let at_once = match number {
                0 => 1,
                1 => [0, 1, 0, 0, 0, 4, 0, 0, 0, 4][seen],
                2 => [0, 0, 0, 0, 4, 1][seen],
                _ => 1,
            };
            peer.send(OK.repeat(at_once));
        }
    });
    let ran = run(package, "pipelining_client", &[&url(&server), "8", "4"], "");
    let said: Vec<_> = ran.out.lines().map(|line| line.split_once(" in ").unwrap().0).collect();
    assert_eq!(
        said,
        [
            "one at a time: 8 answers on 1 connections",
            "pipelined: 8 answers on 1 connections",
            "pipelined on level 1: 8 answers on 2 connections",
        ],
        "{}",
        ran.err
    );
    assert_eq!((ran.code, server.connections()), (Some(0), 4));

    let server = Server::start(package, "hello", &[]);
    let ran = run(package, "pipelining_client", &[&format!("http://{}/", server.address()), "100", "10"], "");
    assert_eq!((ran.out.lines().count(), ran.code), (3, Some(0)), "{}", ran.err);
}
