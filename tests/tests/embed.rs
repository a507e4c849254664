//! N4: the examples that embed the core in an epoll loop and in an io_uring, driven by raw sockets and by curl. The books
//! that the second keeps of lent buffers are also tested without the kernel.

#[path = "../../http-proto/examples/embed/mod.rs"]
mod embed;
#[path = "../../http-proto/examples/embed/loans.rs"]
mod loans;
#[path = "embed/memory.rs"]
mod memory;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Far more than anything here takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(30);

const PIPELINE: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n\
    HEAD / HTTP/1.1\r\nHost: h\r\n\r\n\
    POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
    POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0001\r\na\r\n0\r\n\r\n\
    PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\
    GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const BAD: &str = "GET / HTTP/1.1\r\nHost : h\r\n\r\n";
const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn answer(status: &str, media: &str, framing: &str, content: &str) -> String {
    format!("HTTP/1.1 {status}\r\nServer: embedded\r\nContent-Type: {media}\r\n{framing}\r\n\r\n{content}")
}

fn hello(content: &str) -> String {
    answer("200 OK", "text/plain", "Content-Length: 14", content)
}

/// What answers `PIPELINE`, however it comes in pieces.
fn answers() -> String {
    let echo = |framing, content| answer("200 OK", "application/octet-stream", framing, content);
    [
        hello("Hello, World!\n"),
        hello(""),
        echo("Content-Length: 5", "hello"),
        echo("Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n"),
        answer("404 Not Found", "text/plain", "Content-Length: 14", "Nothing here.\n"),
        hello("Hello, World!\n"),
    ]
    .concat()
}

/// An example that runs.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// `None` where the kernel refuses what it needs.
    fn start(example: &str) -> Option<Self> {
        let mut child = Command::new(tests::examples::build("http-proto", example))
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, heard) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = out.read_line(&mut line);
            let _ = said.send(line);
        });
        let line = heard.recv_timeout(DEADLINE).inspect_err(|_| child.kill().unwrap()).expect("a line in time");
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            assert_eq!(child.wait().unwrap().code(), Some(3), "{line}");
            return None;
        };
        Some(Server { address: address.parse().unwrap(), child })
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect_timeout(&self.address, DEADLINE).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Client(stream)
    }

    /// The sockets that it has, the listening one included; `None` where they cannot be counted.
    fn sockets(&self) -> Option<usize> {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?;
        let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        Some(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
    }

    /// Waits until it has given up every connection.
    fn settles(&self) {
        let end = Instant::now() + DEADLINE;
        while let Some(sockets @ 2..) = self.sockets() {
            assert!(Instant::now() < end, "{sockets} sockets are left");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client(TcpStream);

impl Client {
    fn send(mut self, octets: impl AsRef<[u8]>) -> Self {
        self.0.write_all(octets.as_ref()).unwrap();
        self
    }

    fn half_close(self) -> Self {
        self.0.shutdown(Shutdown::Write).unwrap();
        self
    }

    fn expect(mut self, answers: &str) -> Self {
        let mut read = vec![0; answers.len()];
        self.0.read_exact(&mut read).unwrap();
        assert_eq!(String::from_utf8_lossy(&read), answers);
        self
    }

    /// Everything up to the close, which must be an orderly one.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}

#[test]
fn n4_epoll() {
    drive(&Server::start("embed_mio").expect("mio needs nothing that can be refused"));
}

#[test]
fn n4_io_uring() {
    match Server::start("embed_io_uring") {
        Some(server) => drive(&server),
        None => {
            eprintln!("the kernel refuses io_uring: only its half in memory is tested");
            memory::n4_lent_buffers();
        }
    }
}

/// Too few descriptors do for a kernel that refuses.
#[cfg(target_os = "linux")]
#[test]
fn n4_without_io_uring_the_example_says_so() {
    let example = tests::examples::build("http-proto", "embed_io_uring");
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 4; exec \"$0\" 127.0.0.1:0"])
        .arg(example)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + DEADLINE;
    while child.try_wait().unwrap().is_none() && Instant::now() < end {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let ran = child.wait_with_output().unwrap();
    assert_eq!((ran.status.code(), ran.stdout), (Some(3), Vec::new()));
    assert!(ran.stderr.starts_with(b"no io_uring here: "), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Everything that a client may do to it.
fn drive(server: &Server) {
    exchanges(server);
    faults(server);
    the_linger_ends_by_itself(server);
    a_client_that_does_not_read_is_not_read(server);
    curl(server, &[]);
    curl(server, &["--header", "Transfer-Encoding: chunked"]);
    curl(server, &["--header", "Expect: 100-continue", "--expect100-timeout", "60"]);
    server.settles();
}

fn exchanges(server: &Server) {
    // Many at once, each used again, with the last answer after the half-close.
    let clients: Vec<_> = (0..20).map(|_| server.connect().send(PIPELINE)).collect();
    let clients: Vec<_> = clients.into_iter().map(|client| client.expect(&answers()).send(PIPELINE)).collect();
    for client in clients {
        assert_eq!(client.half_close().rest(), answers());
    }
    // Octet by octet.
    let request = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    let client = request.bytes().fold(server.connect(), |client, octet| client.send([octet]));
    assert_eq!(client.half_close().rest(), hello(""));
    // Closed by request.
    let client = server.connect().send(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    assert_eq!(client.rest(), hello("").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
}

fn faults(server: &Server) {
    // What follows is not read as HTTP, nor does it destroy the answer.
    let client = server.connect().send([PIPELINE, BAD, &"x".repeat(100_000)].concat());
    assert_eq!(client.rest(), answers() + REFUSAL);
    assert_eq!(server.connect().send("GET / HT").half_close().rest(), REFUSAL);
    // Where the answer has begun it is cut off, so that nobody takes it for the whole.
    let mut client =
        server.connect().send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    client.0.read_exact(&mut [0; 12]).unwrap();
    let mut client = client.send("cd");
    assert_eq!(client.0.read_to_end(&mut Vec::new()).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// The half-close comes first: the client knows the end of the answer while its own octets are still swallowed. It does
/// nothing more, so it is the deadline that ends the connection.
fn the_linger_ends_by_itself(server: &Server) {
    server.settles();
    // Whoever sees the end too late, for this machine is busy, tries again.
    let lingers = (0..5).any(|_| {
        let mut client = server.connect().send(BAD).expect(REFUSAL);
        assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
        let lingers = server.sockets() != Some(1);
        server.settles();
        lingers
    });
    assert!(lingers, "closed at once");
}

fn a_client_that_does_not_read_is_not_read(server: &Server) {
    const LENGTH: usize = 64 << 20;
    let head = format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {LENGTH}\r\n\r\n");
    let mut client = server.connect().send(head);
    client.0.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let piece = pattern(64 << 10);
    let mut sent = 0;
    let blocked = loop {
        match client.0.write(&piece[sent % piece.len()..]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < LENGTH, "all of it is buffered");
    };
    assert!(matches!(blocked.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{blocked}");
    // Now it reads, and all goes on.
    let mut reader = client.0.try_clone().unwrap();
    let echo = thread::spawn(move || {
        let mut echo = Vec::with_capacity(LENGTH + 200);
        let _ = reader.read_to_end(&mut echo).unwrap();
        echo
    });
    client.0.set_write_timeout(Some(DEADLINE)).unwrap();
    while sent < LENGTH {
        let from = sent % piece.len();
        sent += client.0.write(&piece[from..piece.len().min(from + LENGTH - sent)]).unwrap();
    }
    let _client = client.half_close();
    let echo = echo.join().unwrap();
    let content = &echo[echo.len() - LENGTH..];
    assert!(content.chunks(piece.len()).all(|chunk| chunk == piece));
}

/// 1 MiB, there and back.
fn curl(server: &Server, arguments: &[&str]) {
    let content = pattern(1 << 20);
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30", "--noproxy", "*", "--data-binary", "@-"])
        .args(arguments)
        .arg(format!("http://{}/echo", server.address))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl must be installed");
    let (mut stdin, sent) = (child.stdin.take().unwrap(), content.clone());
    let writer = thread::spawn(move || stdin.write_all(&sent));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success() && output.stdout == content, "curl {arguments:?}: {}", output.stdout.len());
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}
