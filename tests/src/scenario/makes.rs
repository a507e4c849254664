//! TLS of other makes as peers: OpenSSL's client and server, and Node's, both ways.

use super::dialing::run;
use super::requests::{client_with, content, dialer};
use super::routes::exchange_of;
use super::wired::keys;
use super::{GET, Rig, Running, app, serve, start_routes, text, within};
use http_driver::{Body, RequestError};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const CLOSE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// A program that runs, for so long as a test may take.
struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    seen: String,
}

impl Program {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new("timeout")
            .args(["60", name])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is installed");
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Program { child, input, output: BufReader::new(output), seen: String::new() }
    }

    /// Types something, if it is still there.
    fn type_in(&mut self, text: &str) {
        let _ = self.input.as_mut().unwrap().write_all(text.as_bytes());
    }

    /// Reads until it has printed this.
    fn until(&mut self, part: &str) -> &str {
        while !self.seen.contains(part) {
            let octets = self.output.fill_buf().unwrap();
            assert!(!octets.is_empty(), "no {part:?} in {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(octets));
            let count = octets.len();
            self.output.consume(count);
        }
        &self.seen
    }

    /// What it prints in all, with nothing more to read.
    fn rest(mut self) -> String {
        self.input = None;
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).unwrap();
        self.child.wait().unwrap();
        self.seen.clone() + &String::from_utf8_lossy(&rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells of the version.
fn versions<R: Rig>(rig: R) -> Running<super::App> {
    serve(
        rig,
        app(|request| async move {
            let exchange = exchange_of(&request);
            text(format!("{:?}", exchange.connection().tls().unwrap().version()))
        }),
    )
}

// I26
pub fn openssl_is_served(rig: impl Rig) {
    let server = versions(rig);
    let to = server.address.to_string();
    for (option, version) in [("-tls1_2", "TLSv1_2"), ("-tls1_3", "TLSv1_3")] {
        let arguments = ["s_client", "-quiet", "-ign_eof", "-alpn", "http/1.1", option, "-connect", &to];
        let mut openssl = Program::start("openssl", &arguments);
        openssl.type_in(CLOSE);
        let answer = openssl.rest();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(version), "{answer}");
    }
}

// I26
pub fn node_is_served(rig: impl Rig) {
    let server = versions(rig);
    let script = format!(
        "const https = require('https');
        const ca = require('fs').readFileSync('{}');
        const agent = new https.Agent({{ keepAlive: true, ca }});
        const get = then => https.get('{}', {{ agent }}, answer => {{
            answer.on('data', data => process.stdout.write(data + ' '));
            answer.on('end', then);
        }});
        get(() => get(() => agent.destroy()));",
        keys().authority,
        server.url("/")
    );
    assert_eq!(Program::start("node", &["-e", &script]).rest(), "TLSv1_3 TLSv1_3 ");
}

// I26
pub fn node_serves(rig: impl Rig) {
    let identity = keys().signer.identity(&["127.0.0.1"]);
    let script = format!(
        "const server = require('https').createServer({{ cert: `{}`, key: `{}` }}, (request, answer) => {{
            answer.end(request.socket.getProtocol() + ' ' + request.socket.alpnProtocol);
        }});
        server.listen(0, '127.0.0.1', () => console.log(server.address().port + '.'));",
        identity.certificate_pem, identity.key_pem
    );
    let mut node = Program::start("node", &["-e", &script]);
    let port = node.until(".").trim_end_matches(['.', '\n']).to_owned();
    run(rig, async move {
        let client = client_with(rig, |client| client.connector(dialer(rig)));
        for _ in 0..2 {
            let answer = client.get(format!("https://127.0.0.1:{port}/")).send().await;
            assert_eq!(content(answer).await, "TLSv1.3 http/1.1");
        }
        assert_eq!(client.connections().connections, 1);
    });
}

// I26: RFC 5746 section 4 lets either end decline, and rustls always does. What the other one makes of that is its affair.
pub fn a_client_asks_to_negotiate_again(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let to = server.address.to_string();
    // It says on the other channel what it does.
    let command = format!("exec openssl s_client -tls1_2 -connect {to} 2>&1");
    let mut openssl = Program::start("sh", &["-c", &command]);
    openssl.type_in(GET);
    openssl.until("Hello, World!");
    openssl.type_in("R\n");
    openssl.until("RENEGOTIATING");
    let mut client = server.client();
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, World!");
    drop(client);
    openssl.type_in(CLOSE);
    openssl.rest();
    within(|| server.handle.connections().is_empty());
}

// I26
pub fn a_server_asks_to_negotiate_again(rig: impl Rig) {
    let identity = keys().signer.identity(&["127.0.0.1"]);
    let path = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("openssl-{}-{:p}-{name}.pem", std::process::id(), &identity));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [certificate, key] = [path("cert", &identity.certificate_pem), path("key", &identity.key_pem)];
    let arguments = ["s_server", "-tls1_2", "-accept", "127.0.0.1:0", "-cert", &certificate, "-key", &key];
    let mut openssl = Program::start("openssl", &arguments);
    let line = openssl.until("ACCEPT 127.0.0.1:").to_owned();
    let port = match line.split_once("127.0.0.1:").unwrap().1.split_once('\n') {
        Some((port, _)) => port.to_owned(),
        None => panic!("{line}"),
    };
    let serving = std::thread::spawn(move || {
        openssl.until("GET / HTTP/1.1");
        openssl.type_in("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        openssl.type_in("\n");
        std::thread::sleep(super::SHORT);
        openssl.type_in("r\n");
        std::thread::sleep(super::SHORT);
        openssl.type_in("four");
        std::thread::sleep(super::SHORT);
        openssl
    });
    run(rig, async move {
        let client = client_with(rig, |client| client.connector(dialer(rig)));
        // Whole or broken: it comes to an end, and part of it is not taken for the whole.
        match client.get(format!("https://127.0.0.1:{port}/")).send().await {
            Ok(mut answer) => match answer.body_mut().collect(Body::LIMIT).await {
                Ok(content) => assert_eq!(content.len(), 10),
                Err(error) => println!("{error}"),
            },
            Err(RequestError::Broken(error)) => println!("{error}"),
            Err(other) => panic!("{other:?}"),
        }
    });
    drop(serving.join().unwrap());
    for file in [certificate, key] {
        std::fs::remove_file(file).unwrap();
    }
}
